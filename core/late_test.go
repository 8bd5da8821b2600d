package core

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
)

// outage is a step that fails until it has been tried often enough.
type outage struct {
	works     int
	tries     int
	permanent bool
	runs      map[string]bool
	attempts  []int
}

func (o *outage) post(ctx context.Context, _ patientIn) (postOut, error) {
	o.tries++
	o.runs[Run(ctx)] = true
	o.attempts = append(o.attempts, Attempt(ctx))
	switch {
	case o.permanent && o.tries < o.works:
		return postOut{}, forTemporal(Permanent(errors.New("no such channel")), func(s string) string { return s })
	case o.tries < o.works:
		return postOut{}, errors.New("slack is down")
	}
	return postOut{TS: "posted"}, nil
}

func runOutage(t *testing.T, o *outage) (Outputs, error) {
	t.Helper()
	o.runs = map[string]bool{}
	f := NewFlow("f").TriggeredBy(Webhook("/in")).
		Then(Activity("test.Post", nil, o.post).As("report").WithRetry(time.Second).WithLate(time.Hour)).
		Then(Activity("test.Next", nil, func(context.Context, patientIn) (postOut, error) { return postOut{TS: "next"}, nil }).As("next")).
		Build()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	if err := f.RegisterOn(envRegistry{env}); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal("Q1")
	if err != nil {
		t.Fatal(err)
	}
	env.ExecuteWorkflow(f.name, Input{Data: map[string]json.RawMessage{WebhookPayload: raw}})
	var out Outputs
	if err := env.GetWorkflowError(); err != nil {
		return out, err
	}
	return out, env.GetWorkflowResult(&out)
}

func TestAStepThatGoesOnLateDoesNotKeepItsFlow(t *testing.T) {
	o := &outage{works: 20}
	out, err := runOutage(t, o)
	if err != nil {
		t.Fatal(err)
	}
	var next postOut
	if ok, err := out.Get("next", &next); !ok || err != nil || next.TS != "next" {
		t.Errorf("the flow did not go on: %+v %v", next, err)
	}
	if o.tries != 20 || len(o.runs) != 1 {
		t.Errorf("%d tries, in the name of %d runs", o.tries, len(o.runs))
	}
	for i, n := range o.attempts[4:] {
		if n < 2 {
			t.Errorf("late try %d takes itself for the first", i)
		}
	}
}

func TestAFailureThatPeopleMendIsTriedOnInRounds(t *testing.T) {
	o := &outage{works: 4, permanent: true}
	if _, err := runOutage(t, o); err != nil || o.tries != 4 {
		t.Errorf("%d tries, %v", o.tries, err)
	}
}
