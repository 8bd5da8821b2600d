package triage_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/core/coretest"
	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/triage"
)

// silence is a Slack that takes what it is sent and does not answer in time.
type silence struct{ reports int }

func (s *silence) RoundTrip(*http.Request) (*http.Response, error) {
	s.reports++
	return nil, context.DeadlineExceeded
}

// A Slack that hangs costs each attempt all of its time. Together with the waits
// between them they hold a review no longer than its deadline; then a run of its own
// goes on.
func TestASlackThatHangsHoldsAReviewNoLongerThanItsDeadline(t *testing.T) {
	const attempt, deadline = 30 * time.Second, 15 * time.Minute
	s := &silence{}
	flow := triage.BuildFlow(triage.FlowConfig{
		AllowUnsigned: true, Deadline: deadline, LLM: agent.LLMConfig{ProviderType: "none"},
		Slack: triage.SlackConfig{WebhookURL: "https://hooks.slack.example/services/T/B/x"}, HTTP: &http.Client{Transport: s},
	})
	env := coretest.New(t, flow)
	payload, err := json.Marshal(pagerduty.Event{Type: pagerduty.Triggered, Incident: incident.Incident{ID: "Q1", Title: "Disk full"}}.Payload())
	if err != nil {
		t.Fatal(err)
	}
	began := env.Now()
	env.ExecuteWorkflow(triage.FlowName, core.Input{Data: map[string]json.RawMessage{core.WebhookPayload: payload}})
	waited := env.Now().Sub(began)
	if env.GetWorkflowError() == nil || s.reports < 10 {
		t.Fatalf("the report was tried %d times, and the flow ended with %v", s.reports, env.GetWorkflowError())
	}
	if held := waited + time.Duration(s.reports)*attempt; held > deadline {
		t.Errorf("%d attempts and %s between them hold a review for %s", s.reports, waited, held)
	}
}
