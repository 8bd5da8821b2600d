package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAToolsFileIsReadWithItsVariables(t *testing.T) {
	path := file(t, `{"mcpServers": {
		"runbooks": {"url": "${BASE}/mcp", "headers": {"Authorization": "Bearer ${RUNBOOK_TOKEN}", "X-Team": "ops"}, "allowTools": ["search", ""], "type": "http"},
		"local-db": {"command": "${HOME}/bin/db", "args": ["--host", "${DB_HOST:-db.example}", "$5", "--key=${env:DB_API_KEY}"],
		             "env": {"PD": "${PAGERDUTY_USER_API_KEY}", "DB_PASSWORD": "literal-pw"}, "allowTools": ["query"]}
	}}`)
	cfg, warnings, err := Load([]string{"OPSBUDDY_TOOLS=" + path, "BASE=http://127.0.0.1:1", "RUNBOOK_TOKEN=run-tok", "HOME=/home/x",
		"DB_API_KEY=db-key", "PAGERDUTY_USER_API_KEY_FILE=" + file(t, "pd-key\n")})
	if err != nil || len(warnings) != 0 {
		t.Fatalf("err %v, warnings %v", err, warnings)
	}
	want := []ToolServer{
		{Name: "local-db", Command: "/home/x/bin/db", Args: []string{"--host", "db.example", "$5", "--key=db-key"},
			Env: map[string]Secret{"PD": NewSecret("pd-key"), "DB_PASSWORD": NewSecret("literal-pw")}, AllowTools: []string{"query"}},
		{Name: "runbooks", URL: "http://127.0.0.1:1/mcp",
			Headers: map[string]Secret{"Authorization": NewSecret("Bearer run-tok"), "X-Team": NewSecret("ops")}, AllowTools: []string{"search"}},
	}
	if diff := cmp.Diff(want, cfg.Tools.Servers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, secret := range []string{"run-tok", "db-key", "pd-key", "literal-pw"} {
		if !slices.Contains(cfg.Secrets(), secret) {
			t.Errorf("%s is not among the secrets %q", secret, cfg.Secrets())
		}
	}
	for _, harmless := range []string{"ops", "http://127.0.0.1:1", "/home/x", "db.example", "Bearer run-tok"} {
		if slices.Contains(cfg.Secrets(), harmless) {
			t.Errorf("%s is among the secrets", harmless)
		}
	}
	if got := cfg.Tools.Servers[1].String() + ", " + cfg.Tools.Servers[0].String(); got != "runbooks (at 127.0.0.1:1), local-db (command /home/x/bin/db)" {
		t.Errorf("String = %s", got)
	}
}

func TestAMistakeInTheToolsFileNamesServerAndRemedy(t *testing.T) {
	one := func(server string) string { return `{"mcpServers": {"case": ` + server + `}}` }
	tests := map[string]struct {
		file string
		want []string
	}{
		"unset variable in a header": {one(`{"url":"http://h.example","headers":{"Authorization":"Bearer ${CASE_UNSET_TOKEN}"},"allowTools":["a"]}`), []string{`"case"`, "CASE_UNSET_TOKEN", "headers Authorization", "not set"}},
		"empty variable":             {one(`{"command":"c","env":{"K":"${CASE_EMPTY}"},"allowTools":["a"]}`), []string{`"case"`, "CASE_EMPTY", "env K"}},
		"unset variable in args":     {one(`{"command":"c","args":["x-${CASE_A}-y"],"allowTools":["a"]}`), []string{`"case"`, "CASE_A", "args"}},
		"unset variable in url":      {one(`{"url":"${CASE_URL}","allowTools":["a"]}`), []string{`"case"`, "CASE_URL", "url"}},
		"odd variable":               {one(`{"command":"c","args":["${input:token}"],"allowTools":["a"]}`), []string{`"case"`, "${NAME}"}},
		"variable left open":         {one(`{"command":"c","args":["${TOKEN"],"allowTools":["a"]}`), []string{`"case"`, "${NAME}"}},
		"neither command nor url":    {one(`{"allowTools":["a"]}`), []string{`"case"`, "neither command nor url"}},
		"command and url":            {one(`{"command":"c","url":"http://h.example","allowTools":["a"]}`), []string{`"case"`, "both command and url"}},
		"headers for a command":      {one(`{"command":"c","headers":{"a":"b"},"allowTools":["a"]}`), []string{`"case"`, "headers without url"}},
		"args for a url":             {one(`{"url":"http://h.example","args":["a"],"allowTools":["a"]}`), []string{`"case"`, "without command"}},
		"url without scheme":         {one(`{"url":"h.example/mcp","allowTools":["a"]}`), []string{`"case"`, "wrong url", "https://"}},
		"allow list misspelt":        {one(`{"command":"c","allowedTools":["a"]}`), []string{`"case"`, `"allowedTools"`, "written allowTools"}},
		"allow list in lower case":   {one(`{"command":"c","allowtools":["a"]}`), []string{`"allowtools"`, "written allowTools"}},
		"allow list empty":           {one(`{"command":"c","allowTools":[" "]}`), []string{`"case"`, "empty allowTools"}},
		"args as a text":             {one(`{"command":"c","args":"a b","allowTools":["a"]}`), []string{`"case"`, "args is a JSON string", "lists for args"}},
		"server as a text":           {one(`"npx"`), []string{`"case"`, "JSON string"}},
		"name with two underscores":  {`{"mcpServers": {"a__b": {"command":"c","allowTools":["a"]}}}`, []string{`"a__b"`, "name"}},
		"name with a blank":          {`{"mcpServers": {"a b": {"command":"c","allowTools":["a"]}}}`, []string{`"a b"`, "name"}},
		"empty name":                 {`{"mcpServers": {"": {"command":"c","allowTools":["a"]}}}`, []string{`""`, "name"}},
		"name twice":                 {`{"mcpServers": {"Aa": {"command":"c","allowTools":["a"]}, "aA": {"command":"c","allowTools":["a"]}}}`, []string{`"aA"`, `"Aa"`, "only in case"}},
		"no JSON":                    {`{"mcpServers": oops SEKRIT}`, []string{"not JSON at byte 16", "mcpServers"}},
		"no servers":                 {`{"servers": {}}`, []string{"names no server", "mcpServers"}},
		"empty list":                 {`{"mcpServers": {}}`, []string{"names no server"}},
		"a list of servers":          {`{"mcpServers": []}`, []string{"JSON array"}},
		"empty file":                 {``, []string{"OPSBUDDY_TOOLS", "mcpServers"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg, _, err := Load([]string{"OPSBUDDY_TOOLS=" + file(t, tt.file), "CASE_EMPTY="})
			if err == nil || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "SEKRIT") {
				t.Fatalf("err = %v, want one line", err)
			}
			for _, fragment := range append(tt.want, "OPSBUDDY_TOOLS=") {
				if !strings.Contains(err.Error(), fragment) {
					t.Errorf("err = %q lacks %q", err, fragment)
				}
			}
			if name != "name twice" && len(cfg.Tools.Servers) != 0 {
				t.Errorf("a server with a mistake is used: %v", cfg.Tools.Servers)
			}
		})
	}
}

func TestMistakesOfSeveralServersAreReportedAtOnceAndTheOthersKept(t *testing.T) {
	path := file(t, `{"mcpServers": {"a": {}, "b": {"command":"c","allowTools":["t"]}, "c": {"url":"${X_TOKEN}"}}}`)
	cfg, _, err := Load([]string{"OPSBUDDY_TOOLS=" + path})
	if err == nil || !strings.Contains(err.Error(), `server "a"`) || !strings.Contains(err.Error(), `server "c"`) {
		t.Errorf("err = %v", err)
	}
	if len(cfg.Tools.Servers) != 1 || cfg.Tools.Servers[0].Name != "b" {
		t.Errorf("servers = %v", cfg.Tools.Servers)
	}
}

func TestKeysThatDoNothingAndMissingAllowListsAreWarnings(t *testing.T) {
	path := file(t, `{"$schema": "x", "mcpServers": {"a": {"command": "c", "timeout": 5, "disabled": true}}}`)
	cfg, warnings, err := Load([]string{"OPSBUDDY_TOOLS=" + path})
	if err != nil || len(cfg.Tools.Servers) != 1 || cfg.Tools.Servers[0].AllowTools != nil {
		t.Fatalf("servers %v, err %v", cfg.Tools.Servers, err)
	}
	var all []string
	for _, w := range warnings {
		all = append(all, w.String())
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{`"$schema"`, `"timeout"`, `"disabled"`, "no allowTools"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

func TestBuiltinAndExternalNeedNoFile(t *testing.T) {
	for _, source := range []string{ToolsBuiltin, ToolsExternal} {
		if cfg := load(t, "OPSBUDDY_TOOLS="+source); cfg.Tools.Source != source || cfg.Tools.Servers != nil {
			t.Errorf("%s: %v", source, cfg.Tools)
		}
	}
}
