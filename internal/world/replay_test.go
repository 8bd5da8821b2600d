package world

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
)

// offered are all tools of the product.
func offered() []string {
	var out []string
	for name := range tools {
		out = append(out, name)
	}
	return out
}

func called(t modeltest.Turn) []string {
	out := []string{}
	for _, c := range t.Calls {
		out = append(out, c.Tool)
	}
	return out
}

func TestTheModelPlaysItsTurnsAndEndsWithTheBrief(t *testing.T) {
	eachScenario(t, func(t *testing.T, w *World, s scenario) {
		ask := modeltest.Ask{First: "Review PagerDuty incident " + w.IncidentID("") + ".", Tools: offered()}
		for ask.Turn = range s.Model {
			got := w.replay(ask)
			if d := cmp.Diff(got, w.replay(ask)); d != "" {
				t.Errorf("turn %d: asked again it says something else: %s", ask.Turn, d)
			}
			if last := ask.Turn == len(s.Model)-1; last != (len(got.Calls) == 0) || last != strings.HasPrefix(got.Text, "# ") {
				t.Errorf("turn %d: %d calls, text %.40q", ask.Turn, len(got.Calls), got.Text)
			}
		}
		ask.Turn = 99
		if got := w.replay(ask); !strings.HasPrefix(got.Text, "# ") {
			t.Errorf("long after the end: %.40q", got.Text)
		}
		ask.Turn, ask.Final = 0, true
		if got := w.replay(ask); !strings.HasPrefix(got.Text, "# ") || len(got.Calls) != 0 {
			t.Errorf("when it must conclude: %v %.40q", called(got), got.Text)
		}
	})
}

func TestTheConversationDecidesWhichIncidentItIs(t *testing.T) {
	w := start(t, "")
	first := "Review incident " + w.IncidentID("bad-deploy") + ". Related: " + w.IncidentID("recovered") + ", " + w.IncidentID("tls-expiry")
	w.replay(modeltest.Ask{First: first, Tools: offered()})
	w.replay(modeltest.Ask{First: "Review it.", All: "the facts speak of " + w.IncidentID("recovered"), Tools: offered()})
	w.replay(modeltest.Ask{First: "Review incident " + incidentID("oom-1"), Tools: offered()})
	got := []string{}
	for _, c := range w.ModelCalls() {
		got = append(got, c.Scenario)
	}
	if d := cmp.Diff([]string{"bad-deploy", "recovered", ""}, got); d != "" {
		t.Error(d)
	}
}

func TestToolsThatAreNotOfferedAreNotCalled(t *testing.T) {
	w := start(t, "jira-down")
	ask := modeltest.Ask{First: w.IncidentID(""), Tools: []string{"mcp__pagerduty__list_incident_notes", "mcp__slack__slack_get_thread_replies"}}
	want := []string{"mcp__pagerduty__list_incident_notes", "mcp__slack__slack_get_thread_replies"}
	if d := cmp.Diff(want, called(w.replay(ask))); d != "" {
		t.Error(d)
	}
	ask.Tools = nil
	if got := w.replay(ask); !strings.HasPrefix(got.Text, "# ") {
		t.Errorf("without tools: %.40q", got.Text)
	}
}

func TestBothVendorsAreServed(t *testing.T) {
	w := start(t, "recovered")
	prompt := "Review PagerDuty incident " + w.IncidentID("")
	tool := "mcp__pagerduty__list_incident_notes"
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.AnthropicURL()+"/v1/messages", strings.NewReader(fmt.Sprintf(
		`{"model":"claude-sonnet-4-6","max_tokens":100,"messages":[{"role":"user","content":%q}],"tools":[{"name":%q,"input_schema":{"type":"object","properties":{}}}]}`, prompt, tool)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", modelKey)
	req.Header.Set("Anthropic-Version", "2023-06-01")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	openai := caller{t, w.OpenAIURL(), "Bearer " + modelKey}.send("POST", "/chat/completions", fmt.Sprintf(
		`{"model":"qwen3.5:32b","max_tokens":100,"messages":[{"role":"user","content":%q}],"tools":[{"type":"function","function":{"name":%q,"parameters":{"type":"object","properties":{}}}}]}`, prompt, tool), 200)
	if at(openai, "choices", 0, "message", "tool_calls", 0, "function", "name") != tool {
		t.Errorf("openai: %v", openai)
	}
	got := []string{}
	for i, c := range w.ModelCalls() {
		got = append(got, fmt.Sprint(c.Vendor, " ", c.Model, " ", c.Scenario, " ", w.Requests()[i].API))
	}
	if d := cmp.Diff([]string{"anthropic claude-sonnet-4-6 recovered anthropic", "openai qwen3.5:32b recovered openai"}, got); d != "" {
		t.Error(d)
	}
}
