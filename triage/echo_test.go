package triage_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/brief/check"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/triage"
)

// A model that asks a tool for what it wants to claim has not found it: neither in an
// error that repeats the question nor in an answer that quotes it.
func TestWhatAModelAskedForIsNoEvidenceOfIt(t *testing.T) {
	for name, tt := range map[string]struct {
		seen  agent.Observation
		claim string
		kept  bool
	}{
		"a ticket that does not exist": {
			agent.Observation{Tool: "jira_get_issue", Arguments: json.RawMessage(`{"issue_key":"PAY-999"}`), Failed: true, Text: "Jira: PAY-999 does not exist (404)"},
			"- PAY-999 is open", false,
		},
		"a value that the language of queries refuses": {
			agent.Observation{Tool: "jira_search", Arguments: json.RawMessage(`{"jql":"key = PAY-999 AND text ~ \"v9.9.9\""}`), Failed: true, Text: "Jira: the value 'PAY-999' does not exist for the field 'key' (400), v9.9.9 is no text"},
			"- PAY-999 came with v9.9.9", false,
		},
		"a command that was looked for": {
			agent.Observation{Tool: "search", Arguments: json.RawMessage(`{"filter":{"contains":["kubectl delete ns prod"]}}`), Text: `nothing contains "kubectl delete ns prod"`},
			"1. Run `kubectl delete ns prod`", false,
		},
		"a tool that nobody has": {
			agent.Observation{Tool: "PAY-999", Failed: true, Mistake: true, Text: "there is no tool PAY-999"},
			"- PAY-999 is open", false,
		},
		"a ticket that is there": {
			agent.Observation{Tool: "jira_get_issue", Arguments: json.RawMessage(`{"issue_key":"PAY-812"}`), Text: `{"key":"PAY-812","summary":"Pool exhausted","status":"Open"}`},
			"- PAY-812 was read", true,
		},
		"what a failing tool says itself": {
			agent.Observation{Tool: "jira_search", Arguments: json.RawMessage(`{"jql":"project = PAY"}`), Failed: true, Text: "Jira answered 503 for 20 s"},
			"- Jira answered 503 for 20 s", true,
		},
	} {
		tt.seen.Number = 5
		answer := triage.Answer(agent.Result{Observations: []agent.Observation{tt.seen}})
		r := check.Brief("## Notes\n"+tt.claim+"\n", check.NewIndex(evidence.Facts{}, answer.Brought))
		if kept := strings.Contains(r.Markdown, tt.claim) && !strings.Contains(r.Markdown, check.Mark); kept != tt.kept {
			t.Errorf("%s: kept %v\n%s", name, kept, r.Markdown)
		}
	}
}
