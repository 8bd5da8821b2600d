package triage_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/atlassian"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/core/coretest"
	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
	"github.com/opsbuddy/opsbuddy/triage"
)

var update = flag.Bool("update", false, "rewrite the wanted parts of the incident files")

// worldNow is when every incident file plays, so that ages and dates are fixed.
var worldNow = time.Date(2026, 3, 20, 14, 2, 0, 0, time.UTC)

// An incident file is a company of one incident: prose that says what it guards,
// then company.yaml (what PagerDuty, Jira, Confluence and Slack answer, and the
// model's turns), webhook.json as PagerDuty sends it, the wanted brief.md and the
// wanted slack.json. An optional settings file has KEY=value lines.
func TestIncidents(t *testing.T) {
	files, err := filepath.Glob("testdata/incidents/*.txtar")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d incident files, want at least 6 (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { playFile(t, file) })
	}
}

func playFile(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(a.Comment)) == 0 {
		t.Error("the file does not say what it guards")
	}
	company, err := world.Parse(part(a, "company.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.Start(company, world.Options{Scenario: company.Scenarios()[0].Name, Now: worldNow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	play := &play{world: w, settings: settings(part(a, "settings"))}
	brief := play.run(t, w.Webhook(""))
	standing := w.SlackStanding()
	if len(standing) == 0 {
		t.Fatal("nothing stands in Slack")
	}
	got := map[string][]byte{
		"webhook.json": []byte(stable(string(indented(t, w.Webhook(""))), w)), "brief.md": []byte(brief.Markdown), "slack.json": slackJSON(t, standing, w),
	}
	compare(t, file, a, got)
}

// compare holds what came against the wanted parts, or rewrites them.
func compare(t *testing.T, file string, a *txtar.Archive, got map[string][]byte) {
	t.Helper()
	for _, name := range []string{"webhook.json", "brief.md", "slack.json"} {
		text := append(bytes.TrimSpace(got[name]), '\n')
		if *update {
			set(a, name, text)
			continue
		}
		if diff := cmp.Diff(string(part(a, name)), string(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func part(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func set(a *txtar.Archive, name string, data []byte) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = data
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: data})
}

func settings(raw []byte) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if k, v, ok := strings.Cut(line, "="); ok {
			out[k] = v
		}
	}
	return out
}

// stable takes out of a text what differs from run to run: ports and time stamps
// of Slack.
func stable(s string, w *world.World) string {
	for name, url := range map[string]string{
		"https://pagerduty.example": w.PagerDutyURL(), "https://atlassian.example": w.JiraURL(),
		"https://slack.example": strings.TrimSuffix(w.SlackAPIURL(), "/api/"),
	} {
		s = strings.ReplaceAll(s, url, name)
	}
	return s
}

func slackJSON(t *testing.T, standing []world.Message, w *world.World) []byte {
	t.Helper()
	type shown struct {
		Kind   string          `json:"kind"`
		Text   string          `json:"text"`
		Blocks json.RawMessage `json:"blocks"`
	}
	var out []shown
	for _, m := range standing {
		out = append(out, shown{m.Kind, stable(m.Text, w), json.RawMessage(stable(string(m.Blocks), w))})
	}
	raw, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return indented(t, raw)
}

func indented(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", " "); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// play runs one incident through the real flow, with real clients over HTTP, in
// Temporal's test environment.
type play struct {
	world    *world.World
	settings map[string]string
}

func (p *play) env(name string) string {
	if v, ok := p.settings[name]; ok {
		return v
	}
	for _, kv := range p.world.Env() {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

func (p *play) flow(t *testing.T) *core.Flow {
	t.Helper()
	now := func() time.Time { return worldNow }
	pd, err := pagerduty.New(pagerduty.Config{APIKey: p.env("PAGERDUTY_USER_API_KEY"), Host: p.env("PAGERDUTY_API_HOST"), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	at, err := atlassian.New(atlassian.Config{
		JiraURL: p.env("JIRA_URL"), JiraUsername: p.env("JIRA_USERNAME"), JiraAPIToken: p.env("JIRA_API_TOKEN"),
		ConfluenceURL: p.env("CONFLUENCE_URL"), ConfluenceUsername: p.env("CONFLUENCE_USERNAME"), ConfluenceAPIToken: p.env("CONFLUENCE_API_TOKEN"),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := triage.Sources{
		PagerDuty: pd, Atlassian: at, Now: now, Channel: p.env("SLACK_CHANNEL"),
		Slack: slack.New(slack.Config{BotToken: p.env("SLACK_BOT_TOKEN"), APIURL: p.env("SLACK_API_URL")}),
	}
	return triage.BuildFlow(triage.FlowConfig{
		WebhookSecret: p.env("PAGERDUTY_WEBHOOK_SECRET"), Readers: s.Readers(), Tools: s.Tools(),
		LLM: agent.LLMConfig{
			ProviderType: p.env("AGENT_PROVIDER_TYPE"), Model: p.env("AGENT_MODEL"),
			APIKey: p.env("ANTHROPIC_API_KEY"), BaseURL: p.env("ANTHROPIC_BASE_URL"),
		},
		CostLimits: agent.CostLimits{PerRunUSD: 2},
		Slack:      triage.SlackConfig{BotToken: p.env("SLACK_BOT_TOKEN"), Channel: p.env("SLACK_CHANNEL"), APIURL: p.env("SLACK_API_URL")},
		Now:        now,
		DeliverFor: 24 * time.Hour,
	})
}

func (p *play) run(t *testing.T, webhook []byte) triage.BriefOutput {
	t.Helper()
	f := p.flow(t)
	env := coretest.New(t, f)
	env.SetStartTime(worldNow)
	event, err := pagerduty.DecodeEvent(webhook)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(event.Payload())
	if err != nil {
		t.Fatal(err)
	}
	env.ExecuteWorkflow(triage.FlowName, core.Input{Data: map[string]json.RawMessage{core.WebhookPayload: payload}})
	var out core.Outputs
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if err := env.GetWorkflowResult(&out); err != nil {
		t.Fatal(err)
	}
	var brief triage.BriefOutput
	if ok, err := out.Get("brief", &brief); !ok || err != nil {
		t.Fatalf("no brief: %v", err)
	}
	brief.Markdown = stable(brief.Markdown, p.world)
	return brief
}
