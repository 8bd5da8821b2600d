package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const sekrit = "SEKRIT-VALUE-1"

// printed gives everything that ways of printing make of v.
func printed(t *testing.T, v any) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10s", "%-10v", "%t"} {
		out[verb] = fmt.Sprintf(verb, v)
	}
	out["error"] = fmt.Errorf("wrapped: %v", v).Error()
	out["panic"] = fmt.Sprint(v)
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out["json"] = string(j)
	y, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out["yaml"] = string(y)
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("message", "value", v, slog.Group("group", "value", v))
		out[name] = b.String()
	}
	return out
}

func TestASecretShowsInNoForm(t *testing.T) {
	type hiding struct{ inner Secret }
	s := NewSecret(sekrit)
	for name, v := range map[string]any{
		"itself":     s,
		"pointer":    &s,
		"list":       []Secret{s},
		"map":        map[string]Secret{"k": s},
		"field":      struct{ Exported Secret }{s},
		"unexported": hiding{s},
		"pointed at": &hiding{s},
		"config":     load(t, "SLACK_BOT_TOKEN="+sekrit, "PAGERDUTY_WEBHOOK_SECRET="+sekrit),
		"server":     ToolServer{Name: "n", URL: "https://h.example/x?key=" + sekrit, Args: []string{sekrit}, Headers: map[string]Secret{"k": s}},
		"tools":      Tools{Servers: []ToolServer{{Name: "n", Command: "c", Args: []string{sekrit}}}, secrets: []Secret{s}},
	} {
		for form, text := range printed(t, v) {
			if strings.Contains(text, sekrit) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", sekrit)) {
				t.Errorf("%s as %s shows the secret: %s", name, form, text)
			}
		}
	}
	for form, text := range printed(t, s) {
		if form != "%T" && !strings.Contains(text, "[redacted]") {
			t.Errorf("%s = %s", form, text)
		}
	}
}

func TestASecretThatIsNotSetShowsAsNothing(t *testing.T) {
	var s Secret
	if got := fmt.Sprintf("%v|%s|%q|%#v", s, s, s, s); got != `||""|""` {
		t.Errorf("got %s", got)
	}
	if s.IsSet() || s.Reveal() != "" || !s.Equal(NewSecret("")) || s.Equal(NewSecret("x")) {
		t.Error("the zero Secret is not empty")
	}
}

func TestASecretIsReadAndRevealed(t *testing.T) {
	var s Secret
	if err := s.UnmarshalText([]byte(sekrit)); err != nil || s.Reveal() != sekrit || !s.IsSet() || !s.Equal(NewSecret(sekrit)) {
		t.Errorf("got %q, %v", s.Reveal(), err)
	}
}

func TestPrintShowsEverySettingAndNoSecret(t *testing.T) {
	path := file(t, `{"mcpServers":{"n":{"command":"c","args":["`+sekrit+`"],"allowTools":["t"]}}}`)
	environ := []string{"AGENT_MODEL=qwen", "AGENT_COST_LIMIT_PER_RUN_USD=0.5", "OPSBUDDY_DEADLINE=90s", "OPSBUDDY_TOOLS=" + path,
		"PAGERDUTY_ALLOWED_SERVICES=A, B", "JIRA_USERNAME=a", "CONFLUENCE_USERNAME=a", "PAGERDUTY_WEBHOOK_SECRET=" + sekrit + "," + sekrit}
	settings := new(Config).settings()
	for _, s := range settings {
		if s.secret() && s.name != "PAGERDUTY_WEBHOOK_SECRET" {
			environ = append(environ, s.name+"=http://x.example/"+sekrit)
		}
		if s.check == "headers" {
			environ = append(environ, s.name+"=authorization=Bearer%20"+sekrit)
		}
	}
	cfg := load(t, environ...)
	var b bytes.Buffer
	if err := cfg.Print(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Contains(text, sekrit) {
		t.Errorf("a secret is shown:\n%s", text)
	}
	for _, s := range settings {
		want := "\n" + s.name + "="
		if s.secret() {
			want += "[redacted]"
		}
		if !strings.Contains("\n"+text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	for _, want := range []string{"AGENT_MODEL=qwen\n", "AGENT_COST_LIMIT_PER_RUN_USD=0.5\n", "OPSBUDDY_DEADLINE=1m30s\n", "PAGERDUTY_ALLOWED_SERVICES=A,B\n",
		"PAGERDUTY_WEBHOOK_SECRET=[redacted],[redacted]\n", "AGENT_API_KEY=[redacted]\n", "AGENT_MAX_TURNS=30\n", "OPSBUDDY_ALLOW_UNSIGNED=false\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	b.Reset()
	if err := load(t).Print(&b); err != nil || !strings.Contains(b.String(), "AGENT_API_KEY=\n") {
		t.Errorf("a secret that is not set: %v\n%s", err, b.String())
	}
	if err := cfg.Print(failing{}); err == nil {
		t.Error("a failed write is not reported")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no room") }
