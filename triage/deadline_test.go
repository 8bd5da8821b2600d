package triage_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/core/coretest"
	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/triage"
)

func TestTheDeadlineCountsFromTheFirstLookAtTheFacts(t *testing.T) {
	company, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.Start(company, world.Options{Scenario: "recurring-502", Now: worldNow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	p := &play{world: w}
	env := coretest.New(t, p.flow(t))
	env.SetStartTime(worldNow)
	var given agent.Input
	env.SetOnChildWorkflowStartedListener(func(_ *workflow.Info, _ workflow.Context, args converter.EncodedValues) {
		if err := args.Get(&given); err != nil {
			t.Error(err)
		}
	})
	event, err := pagerduty.DecodeEvent(w.Webhook(""))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(event.Payload())
	if err != nil {
		t.Fatal(err)
	}
	env.ExecuteWorkflow(triage.FlowName, core.Input{Data: map[string]json.RawMessage{core.WebhookPayload: payload}})
	if diff := cmp.Diff(worldNow, given.Began); diff != "" {
		t.Error(diff)
	}
}
