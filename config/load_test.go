package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// file writes a file for one test and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, environ ...string) Config {
	t.Helper()
	cfg, _, err := Load(environ)
	if err != nil {
		t.Fatalf("Load(%q): %v", environ, err)
	}
	return cfg
}

func TestAnEmptyEnvironmentGivesTheDefaults(t *testing.T) {
	cfg, warnings, err := Load(nil)
	if err != nil || len(warnings) != 0 {
		t.Fatalf("err %v, warnings %v", err, warnings)
	}
	want := Config{
		PagerDuty: PagerDuty{APIHost: "https://api.pagerduty.com", Events: []string{"incident.triggered"}},
		Agent:     Agent{Provider: "anthropic", Model: "claude-sonnet-4-6", MaxTokens: 8192, MaxTurns: 30},
		Limits:    Limits{PerRunUSD: 2, PerHourUSD: 20, PerDayUSD: 100},
		Deadlines: Deadlines{Soft: 2 * time.Minute, Hard: 15 * time.Minute},
		Slack:     Slack{APIURL: "https://slack.com/api/"},
		Tools:     Tools{Source: "builtin"},
		Server:    Server{WebhookAddr: ":8080", HealthAddr: ":8081", TemporalUIAddr: "127.0.0.1:8233", DataDir: "opsbuddy-data"},
		Worker:    Worker{MaxConcurrentActivities: 2},
		Log:       Log{Level: "info", Format: "text"},
		Telemetry: Telemetry{ServiceName: "opsbuddy", Protocol: "http/protobuf", Timeout: 10000, Sampler: "parentbased_always_on"},
	}
	if diff := cmp.Diff(want, cfg, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Config{}, Tools{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEmptyVariablesCountAsNotSet(t *testing.T) {
	var environ []string
	for _, s := range new(Config).settings() {
		if s.empty == "" {
			environ = append(environ, s.name+"=", s.name+"_FILE= ")
		}
	}
	if diff := cmp.Diff(load(t), load(t, environ...), cmpopts.IgnoreUnexported(Config{}, Tools{})); diff != "" {
		t.Errorf("(-default +empty):\n%s", diff)
	}
}

func TestValuesAreTrimmedListsCleanedAndAddressesEvened(t *testing.T) {
	cfg := load(t,
		"PAGERDUTY_WEBHOOK_SECRET= case-secret-1 ,, case-secret-2, ",
		"PAGERDUTY_ALLOWED_SERVICES= Checkout API ,,PABC123,",
		"PAGERDUTY_API_HOST=https://api.eu.pagerduty.com///",
		"OPSBUDDY_EVENTS=incident.triggered, incident.reopened,",
		"AGENT_MAX_TURNS= 12 ", "AGENT_PROVIDER_TYPE= Ollama ", "AGENT_MODEL=qwen3.5:32b", "AGENT_BASE_URL=http://127.0.0.1:1/v1/",
		"AGENT_COST_LIMIT_PER_RUN_USD=0.05", "OPSBUDDY_SOFT_DEADLINE=90s", "OPSBUDDY_ALLOW_UNSIGNED=TRUE",
		"JIRA_URL=http://127.0.0.1:2/jira/", "JIRA_PERSONAL_TOKEN=case-pat", "SLACK_API_URL=http://127.0.0.1:3/api",
		"OPSBUDDY_LOG_LEVEL=DEBUG", "OPSBUDDY_TEMPORAL_UI_ADDR= ", "SLACK_WEBHOOK_URL=http://127.0.0.1:4/services/x",
		"TEMPORAL_ADDRESS=[::1]:7233", "AGENT_MODEL=last-wins",
	)
	type flat struct {
		Secrets, Services, Events                     []string
		Host, Provider, Model, Base, Jira, API, Level string
		UI, Hook, Temporal                            string
		Turns                                         int
		Run                                           float64
		Soft                                          time.Duration
		Unsigned                                      bool
	}
	var secrets []string
	for _, s := range cfg.PagerDuty.WebhookSecrets {
		secrets = append(secrets, s.Reveal())
	}
	got := flat{
		secrets, cfg.PagerDuty.AllowedServices, cfg.PagerDuty.Events,
		cfg.PagerDuty.APIHost, cfg.Agent.Provider, cfg.Agent.Model, cfg.Agent.BaseURL, cfg.Jira.URL, cfg.Slack.APIURL, cfg.Log.Level,
		cfg.Server.TemporalUIAddr, cfg.Slack.WebhookURL.Reveal(), cfg.Temporal.Address,
		cfg.Agent.MaxTurns, cfg.Limits.PerRunUSD, cfg.Deadlines.Soft, cfg.PagerDuty.AllowUnsigned,
	}
	want := flat{
		[]string{"case-secret-1", "case-secret-2"}, []string{"Checkout API", "PABC123"}, []string{"incident.triggered", "incident.reopened"},
		"https://api.eu.pagerduty.com", "ollama", "last-wins", "http://127.0.0.1:1/v1", "http://127.0.0.1:2/jira", "http://127.0.0.1:3/api/", "debug",
		"", "http://127.0.0.1:4/services/x", "[::1]:7233",
		12, 0.05, 90 * time.Second, true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestASecretListOfCommasIsNoKeyThatEverybodyKnows(t *testing.T) {
	for _, value := range []string{",", " , ,", ",,,"} {
		cfg, warnings, err := Load([]string{"PAGERDUTY_WEBHOOK_SECRET=" + value})
		if err != nil || len(cfg.PagerDuty.WebhookSecrets) != 0 || len(warnings) != 1 {
			t.Errorf("%q: %d secrets, warnings %v, err %v", value, len(cfg.PagerDuty.WebhookSecrets), warnings, err)
		}
		if err := cfg.CheckServe(); err == nil || !strings.Contains(err.Error(), "PAGERDUTY_WEBHOOK_SECRET") {
			t.Errorf("%q: CheckServe = %v", value, err)
		}
	}
}

type mistake struct {
	environ []string
	want    []string // fragments of the one line
}

func TestAWrongValueIsNamedWithWhatWasReadAndWhatIsWanted(t *testing.T) {
	checkMistakes(t, map[string]mistake{
		"turns in words":         {[]string{"AGENT_MAX_TURNS=many"}, []string{`AGENT_MAX_TURNS="many"`, "whole number above 0", "such as 30"}},
		"turns of zero":          {[]string{"AGENT_MAX_TURNS=0"}, []string{`AGENT_MAX_TURNS="0"`, "whole number above 0"}},
		"turns with quotes":      {[]string{`AGENT_MAX_TURNS="30"`}, []string{`AGENT_MAX_TURNS: read "30"`, "the quotes are part of the value", "AGENT_MAX_TURNS=30"}},
		"model with quotes":      {[]string{"AGENT_MODEL='claude-sonnet-4-6'"}, []string{"'claude-sonnet-4-6'", "the quotes are part of the value"}},
		"services in quotes":     {[]string{`PAGERDUTY_ALLOWED_SERVICES=A,"Checkout API"`}, []string{"PAGERDUTY_ALLOWED_SERVICES", `"Checkout API"`, "quotes are part"}},
		"secret with quotes":     {[]string{`JIRA_API_TOKEN="SEKRIT"`, "JIRA_USERNAME=a", "JIRA_URL=https://acme.atlassian.net"}, []string{"JIRA_API_TOKEN:", "quotes are part of it"}},
		"too many turns":         {[]string{"AGENT_MAX_TURNS=5000"}, []string{`"5000"`, "from 1 to 500"}},
		"beyond 64 bits":         {[]string{"AGENT_MAX_TOKENS=99999999999999999999"}, []string{"AGENT_MAX_TOKENS", "from 1 to 1000000"}},
		"fractional tokens":      {[]string{"AGENT_MAX_TOKENS=1e3"}, []string{`"1e3"`, "whole number"}},
		"workers below zero":     {[]string{"WORKER_MAX_CONCURRENT_ACTIVITIES=-1"}, []string{`"-1"`, "whole number above 0", "such as 2"}},
		"ceiling NaN":            {[]string{"AGENT_COST_LIMIT_PER_RUN_USD=NaN"}, []string{`AGENT_COST_LIMIT_PER_RUN_USD="NaN"`, "finite number above 0"}},
		"ceiling infinite":       {[]string{"AGENT_COST_LIMIT_PER_HOUR_USD=+Inf"}, []string{"AGENT_COST_LIMIT_PER_HOUR_USD", "finite"}},
		"ceiling out of range":   {[]string{"AGENT_COST_LIMIT_PER_DAY_USD=1e999"}, []string{"AGENT_COST_LIMIT_PER_DAY_USD", "finite"}},
		"ceiling with a sign":    {[]string{"AGENT_COST_LIMIT_PER_DAY_USD=$5"}, []string{`"$5"`, "without a currency sign"}},
		"ceiling of zero":        {[]string{"AGENT_COST_LIMIT_PER_RUN_USD=0"}, []string{`"0"`, "above 0"}},
		"duration unitless":      {[]string{"OPSBUDDY_DEADLINE=900"}, []string{`"900"`, "with its unit", "such as 15m"}},
		"duration negative":      {[]string{"OPSBUDDY_DEADLINE=-5m"}, []string{"OPSBUDDY_DEADLINE", "above 0"}},
		"duration of days":       {[]string{"OPSBUDDY_DEADLINE=48h"}, []string{"at most 24h"}},
		"bool in words":          {[]string{"OPSBUDDY_ALLOW_UNSIGNED=maybe"}, []string{`"maybe"`, "true or false"}},
		"provider":               {[]string{"AGENT_PROVIDER_TYPE=openai"}, []string{`"openai"`, "anthropic, ollama, openai-compat, none"}},
		"log level":              {[]string{"OPSBUDDY_LOG_LEVEL=loud"}, []string{`"loud"`, "debug, info, warn, error"}},
		"log format":             {[]string{"OPSBUDDY_LOG_FORMAT=xml"}, []string{"text, json"}},
		"event":                  {[]string{"OPSBUDDY_EVENTS=incident.trigger"}, []string{`"incident.trigger"`, "nearest: incident.triggered", "incident.workflow.completed"}},
		"url without scheme":     {[]string{"JIRA_URL=acme.atlassian.net", "JIRA_PERSONAL_TOKEN=t"}, []string{`"acme.atlassian.net"`, "write https://"}},
		"url of another kind":    {[]string{"PAGERDUTY_API_HOST=ftp://x.example"}, []string{"PAGERDUTY_API_HOST", "begin with https:// or http://"}},
		"url without host":       {[]string{"ANTHROPIC_BASE_URL=https:///v1"}, []string{"names no host"}},
		"url with a query":       {[]string{"SLACK_API_URL=https://slack.com/api/?x=1"}, []string{"SLACK_API_URL", "base address alone"}},
		"url with a login":       {[]string{"CONFLUENCE_URL=https://me:SEKRIT@wiki.example", "CONFLUENCE_PERSONAL_TOKEN=t"}, []string{"CONFLUENCE_URL:", "holds a login"}},
		"url with bad port":      {[]string{"JIRA_URL=https://x.example:port", "JIRA_PERSONAL_TOKEN=t"}, []string{"JIRA_URL", "no address"}},
		"trigger in capitals":    {[]string{"SLACK_WEBHOOK_URL=HTTPS://HOOKS.SLACK.COM/Triggers/T000/1/SEKRIT"}, []string{"SLACK_WEBHOOK_URL:", "Workflow Builder"}},
		"channel's page":         {[]string{"SLACK_WEBHOOK_URL=https://acme.slack.com/archives/SEKRIT"}, []string{"SLACK_WEBHOOK_URL:", "incoming webhook"}},
		"slack's api":            {[]string{"SLACK_WEBHOOK_URL=https://slack.com/api/chat.postMessage?x=SEKRIT"}, []string{"SLACK_WEBHOOK_URL:", "incoming webhook"}},
		"webhook cut short":      {[]string{"SLACK_WEBHOOK_URL=https://hooks.slack.com/services/"}, []string{"SLACK_WEBHOOK_URL:", "incoming webhook"}},
		"trigger":                {[]string{"SLACK_WEBHOOK_URL=https://hooks.slack.com/triggers/T000/1/SEKRIT"}, []string{"SLACK_WEBHOOK_URL:", "Workflow Builder", "incoming webhook", "hooks.slack.com/services/"}},
		"workflow":               {[]string{"SLACK_WEBHOOK_URL=https://hooks.slack.com/workflows/T000/A/1/SEKRIT"}, []string{"Workflow Builder"}},
		"hook of no kind":        {[]string{"SLACK_WEBHOOK_URL=https://hooks.slack.com/SEKRIT"}, []string{"no incoming webhook"}},
		"hook in the clear":      {[]string{"SLACK_WEBHOOK_URL=http://hooks.slack.com/services/T/B/SEKRIT"}, []string{"begin with https://"}},
		"channel's address":      {[]string{"SLACK_CHANNEL=https://acme.slack.com/archives/C1", "SLACK_BOT_TOKEN=t"}, []string{"SLACK_CHANNEL", "ID or the name"}},
		"hook as channel":        {[]string{"SLACK_CHANNEL=https://hooks.slack.com/services/T/B/SEKRIT", "SLACK_BOT_TOKEN=t"}, []string{"SLACK_CHANNEL:", "ID or the name"}},
		"bot's token as app's":   {[]string{"SLACK_APP_TOKEN=xoxb-SEKRIT"}, []string{"SLACK_APP_TOKEN:", "xapp-"}},
		"app token as bot's":     {[]string{"SLACK_BOT_TOKEN=xapp-SEKRIT"}, []string{"SLACK_BOT_TOKEN:", "xoxb-"}},
		"temporal url":           {[]string{"TEMPORAL_ADDRESS=http://127.0.0.1:9"}, []string{`TEMPORAL_ADDRESS="http://127.0.0.1:9"`, "host:port without a scheme"}},
		"temporal, no port":      {[]string{"TEMPORAL_ADDRESS=temporal.example"}, []string{"TEMPORAL_ADDRESS", "host:port"}},
		"temporal, port zero":    {[]string{"TEMPORAL_ADDRESS=temporal.example:0"}, []string{"TEMPORAL_ADDRESS"}},
		"listen, port alone":     {[]string{"OPSBUDDY_WEBHOOK_ADDR=8080"}, []string{`"8080"`, ":port", "such as :8080"}},
		"listen, big port":       {[]string{"OPSBUDDY_HEALTH_ADDR=:99999"}, []string{"OPSBUDDY_HEALTH_ADDR"}},
		"data in a shell's home": {[]string{"OPSBUDDY_DATA_DIR=~/opsbuddy"}, []string{`OPSBUDDY_DATA_DIR="~/opsbuddy"`, "whole path"}},
		"hook without scheme":    {[]string{"SLACK_WEBHOOK_URL=hooks.slack.com/services/T/B/SEKRIT"}, []string{"SLACK_WEBHOOK_URL:", "write https://"}},
		"token of two lines":     {[]string{"SLACK_BOT_TOKEN=SEKRIT\nX"}, []string{"SLACK_BOT_TOKEN:", "line break"}},
		"key as provider":        {[]string{"AGENT_PROVIDER_TYPE=sk-ant-SEKRIT"}, []string{"AGENT_PROVIDER_TYPE:", "want one of"}},
	})
}

func TestAWrongFileOrCombinationIsNamedWithItsRemedy(t *testing.T) {
	jira := "JIRA_URL=https://acme.atlassian.net"
	checkMistakes(t, map[string]mistake{
		"soft after hard":      {[]string{"OPSBUDDY_SOFT_DEADLINE=10m", "OPSBUDDY_DEADLINE=5m"}, []string{"OPSBUDDY_SOFT_DEADLINE", "shorter than OPSBUDDY_DEADLINE (5m0s)"}},
		"soft after default":   {[]string{"OPSBUDDY_SOFT_DEADLINE=20m"}, []string{"raise OPSBUDDY_DEADLINE"}},
		"channel, no token":    {[]string{"SLACK_CHANNEL=#incidents"}, []string{`SLACK_CHANNEL="#incidents"`, "needs SLACK_BOT_TOKEN"}},
		"same port twice":      {[]string{"OPSBUDDY_HEALTH_ADDR=127.0.0.1:8080"}, []string{"OPSBUDDY_HEALTH_ADDR", "OPSBUDDY_WEBHOOK_ADDR listens there already"}},
		"jira, no login":       {[]string{jira}, []string{`JIRA_URL="https://acme.atlassian.net"`, "no login", "JIRA_API_TOKEN", "JIRA_PERSONAL_TOKEN"}},
		"jira, no token":       {[]string{jira, "JIRA_USERNAME=a@b.example"}, []string{"JIRA_API_TOKEN:", "JIRA_USERNAME is set without it"}},
		"confluence, no user":  {[]string{"CONFLUENCE_URL=https://acme.atlassian.net/wiki", "CONFLUENCE_API_TOKEN=SEKRIT"}, []string{"CONFLUENCE_USERNAME:", "e-mail"}},
		"compat, no address":   {[]string{"AGENT_PROVIDER_TYPE=openai-compat", "AGENT_MODEL=m"}, []string{"AGENT_BASE_URL:", "openai-compat needs"}},
		"prompt not there":     {[]string{"AGENT_SYSTEM_PROMPT_FILE=/nonexistent/prompt.md"}, []string{`AGENT_SYSTEM_PROMPT_FILE="/nonexistent/prompt.md"`, "no such file"}},
		"prompt is a folder":   {[]string{"AGENT_SYSTEM_PROMPT_FILE=" + t.TempDir()}, []string{"AGENT_SYSTEM_PROMPT_FILE", "no file"}},
		"prompt is empty":      {[]string{"AGENT_SYSTEM_PROMPT_FILE=" + file(t, " \n")}, []string{"AGENT_SYSTEM_PROMPT_FILE", "empty"}},
		"secret file missing":  {[]string{"PAGERDUTY_WEBHOOK_SECRET_FILE=/nonexistent/secret"}, []string{`PAGERDUTY_WEBHOOK_SECRET_FILE="/nonexistent/secret"`, "no such file"}},
		"secret file empty":    {[]string{"ANTHROPIC_API_KEY_FILE=" + file(t, "\n")}, []string{"ANTHROPIC_API_KEY_FILE", "empty"}},
		"secret file a folder": {[]string{"SLACK_BOT_TOKEN_FILE=" + t.TempDir()}, []string{"SLACK_BOT_TOKEN_FILE", "no file"}},
		"secret file too big":  {[]string{"SLACK_BOT_TOKEN_FILE=" + file(t, strings.Repeat("x", maxSecretFile+1))}, []string{"larger than"}},
		"secret twice":         {[]string{"AGENT_API_KEY=SEKRIT", "AGENT_API_KEY_FILE=" + file(t, "SEKRIT")}, []string{"AGENT_API_KEY:", "both AGENT_API_KEY and AGENT_API_KEY_FILE"}},
		"secret of two lines":  {[]string{"PAGERDUTY_WEBHOOK_SECRET_FILE=" + file(t, "SEKRIT1\nSEKRIT2\n")}, []string{"PAGERDUTY_WEBHOOK_SECRET_FILE:", "one line", "commas"}},
		"trigger in a file":    {[]string{"SLACK_WEBHOOK_URL_FILE=" + file(t, "https://hooks.slack.com/triggers/SEKRIT\n")}, []string{"SLACK_WEBHOOK_URL_FILE:", "Workflow Builder"}},
		"tools not there":      {[]string{"OPSBUDDY_TOOLS=buildin"}, []string{`OPSBUDDY_TOOLS="buildin"`, "no such file", "builtin, external, or the path"}},
	})
}

func checkMistakes(t *testing.T, tests map[string]mistake) {
	t.Helper()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := Load(tt.environ)
			var problems Problems
			if !errors.As(err, &problems) || len(problems) != 1 {
				t.Fatalf("err = %v, want one problem", err)
			}
			for _, fragment := range tt.want {
				if !strings.Contains(err.Error(), fragment) {
					t.Errorf("err = %q lacks %q", err, fragment)
				}
			}
			if strings.Contains(err.Error(), "SEKRIT") || strings.Contains(err.Error(), "\n") {
				t.Errorf("err = %q shows a secret or is not one line", err)
			}
		})
	}
}

func TestAllMistakesAreReportedAtOnceAndTheRestIsLoaded(t *testing.T) {
	cfg, _, err := Load([]string{
		"AGENT_MAX_TURNS=many", "AGENT_COST_LIMIT_PER_RUN_USD=NaN", "TEMPORAL_ADDRESS=http://x:1", "JIRA_URL=https://jira.example",
		"PAGERDUTY_WEBHOOK_SECRET_FILE=/nonexistent", "SLACK_CHANNEL=C1", "AGENT_MODEL=kept",
	})
	all := Join(err, cfg.CheckServe())
	lines := strings.Split(all.Error(), "\n")
	for _, name := range []string{"AGENT_MAX_TURNS", "AGENT_COST_LIMIT_PER_RUN_USD", "TEMPORAL_ADDRESS", "JIRA_URL", "PAGERDUTY_WEBHOOK_SECRET_FILE", "SLACK_CHANNEL", "SLACK_WEBHOOK_URL", "ANTHROPIC_API_KEY"} {
		if n := len(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, name+":") && !strings.HasPrefix(l, name+"=") })); n != 1 {
			t.Errorf("%s is named on %d lines of\n%v", name, n, all)
		}
	}
	if len(lines) != 8 {
		t.Errorf("%d lines:\n%v", len(lines), all)
	}
	if cfg.Agent.Model != "kept" || cfg.Agent.MaxTurns != 30 {
		t.Errorf("cfg = %+v", cfg.Agent)
	}
}

func TestProblemsAreErrorsThatCanBeTakenApart(t *testing.T) {
	_, _, err := Load([]string{"AGENT_MAX_TURNS=x"})
	other := errors.New("disk full")
	all := Join(nil, err, other, nil)
	var one Problem
	if !errors.As(all, &one) || one.Name != "AGENT_MAX_TURNS" || one.Read != "x" || !strings.Contains(all.Error(), "disk full") {
		t.Errorf("all = %v, one = %+v", all, one)
	}
	if err := Join(nil, nil); err != nil {
		t.Errorf("Join of nothing = %v", err)
	}
}

func TestEverySecretCanComeFromAFileWithoutItsLineBreak(t *testing.T) {
	for _, s := range new(Config).settings() {
		if !s.secret() {
			continue
		}
		value, more := "case-secret", []string(nil)
		switch s.check {
		case "slackhook":
			value = "http://127.0.0.1:1/case-secret"
		case "headers": // the value alone is a secret as well
			value, more = "x-key=case-secret", []string{"case-secret"}
		}
		for _, end := range []string{"", "\n", "\r\n"} {
			cfg := load(t, s.name+"_FILE="+file(t, value+end), "JIRA_USERNAME=a", "CONFLUENCE_USERNAME=a")
			if diff := cmp.Diff(append([]string{value}, more...), cfg.Secrets()); diff != "" {
				t.Errorf("%s with %q (-want +got):\n%s", s.name, end, diff)
			}
		}
	}
}

func TestSettingsThatWorkTogetherAreNoContradiction(t *testing.T) {
	for name, environ := range map[string][]string{
		"jira cloud":           {"JIRA_URL=https://a.example", "JIRA_USERNAME=u", "JIRA_API_TOKEN=t"},
		"jira server":          {"JIRA_URL=https://a.example", "JIRA_PERSONAL_TOKEN=t"},
		"login without site":   {"JIRA_USERNAME=u", "JIRA_API_TOKEN=t"},
		"compat without a key": {"AGENT_PROVIDER_TYPE=openai-compat", "AGENT_BASE_URL=http://127.0.0.1:1/v1", "AGENT_MODEL=m"},
		"short hard deadline":  {"OPSBUDDY_DEADLINE=20s"},
		"ports of one host":    {"OPSBUDDY_WEBHOOK_ADDR=127.0.0.1:0", "OPSBUDDY_HEALTH_ADDR=127.0.0.1:0", "OPSBUDDY_TEMPORAL_UI_ADDR=127.0.0.1:0"},
		"ui port on a cluster": {"OPSBUDDY_HEALTH_ADDR=:8233", "TEMPORAL_ADDRESS=t.example:7233"},
		"slack's own webhook":  {"SLACK_WEBHOOK_URL=https://hooks.slack.com/services/T000/B000/x"},
		"other webhook hosts":  {"SLACK_WEBHOOK_URL=https://chat.example/hooks/triggers"},
	} {
		if cfg, _, err := Load(environ); err != nil || cfg.Deadlines.Soft >= cfg.Deadlines.Hard {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("AGENT_MAX_TURNS", "30")
	f.Add("SLACK_WEBHOOK_URL", "https://hooks.slack.com/triggers/x")
	f.Add("OPSBUDDY_EVENTS", "incident.triggered,,x")
	f.Add("OPSBUDDY_DEADLINE", "1ns")
	f.Fuzz(func(t *testing.T, name, value string) {
		if strings.HasSuffix(name, "_FILE") || name == toolsName {
			return // would read files of this machine
		}
		cfg, warnings, err := Load([]string{name + "=" + value})
		if cfg.Deadlines.Soft >= cfg.Deadlines.Hard && err == nil {
			t.Errorf("deadlines %v", cfg.Deadlines)
		}
		if !(cfg.Limits.PerRunUSD > 0) || cfg.Agent.MaxTurns <= 0 || cfg.Worker.MaxConcurrentActivities <= 0 {
			t.Errorf("cfg = %+v", cfg)
		}
		for _, w := range warnings {
			if w.Name == "" || w.Text == "" {
				t.Errorf("empty warning %+v", w)
			}
		}
	})
}
