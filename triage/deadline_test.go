package triage_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/opsbuddy/opsbuddy/agent"
)

func TestTheDeadlineCountsFromTheFirstLookAtTheFacts(t *testing.T) {
	w := startScenario(t, "recurring-502")
	var given agent.Input
	p := &play{world: w}
	p.paged(t, w.Webhook(""), func(env *testsuite.TestWorkflowEnvironment) {
		env.SetOnChildWorkflowStartedListener(func(_ *workflow.Info, _ workflow.Context, args converter.EncodedValues) {
			if err := args.Get(&given); err != nil {
				t.Error(err)
			}
		})
	})
	if diff := cmp.Diff(worldNow, given.Began); diff != "" {
		t.Error(diff)
	}
}
