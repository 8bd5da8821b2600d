package core

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// WithLate goes on trying for about d after the time of WithRetry or WithDue, in a
// run of its own: the flow ends in time, and what it had to say is not lost. The
// step's output is then the zero value.
func (n *Node) WithLate(d time.Duration) *Node {
	n.late = d
	return n
}

// WithDue ends a step at a time of Temporal's clock, with its queue, its attempts and
// the waits between them, but not before least have passed. Such a clock runs while
// the process is down as well, so it is for steps that go on late.
func (n *Node) WithDue(at func(*FlowState) time.Time, least time.Duration) *Node {
	n.due, n.least = at, least
	return n
}

// total is the time that a step has from now on, 0 when nothing bounds it. Workflow
// side.
func (n *Node) total(ctx workflow.Context, state *FlowState) time.Duration {
	if n.due == nil {
		return 0
	}
	return max(n.least, n.due(state).Sub(workflow.Now(ctx)))
}

// lateType is the workflow type of the steps of a flow that go on after it.
func lateType(flow string) string { return "core.Late@" + flow }

// lateMark stands in the id of such a run, before the id of the run it belongs to.
const lateMark = "/late/"

// lateInput is a step that goes on. Frozen: histories hold it.
type lateInput struct {
	Activity string          `json:"activity"`
	Input    json.RawMessage `json:"input"`
	Attempt  time.Duration   `json:"attempt"`
	Retry    time.Duration   `json:"retry"`
	Summary  string          `json:"summary"`
	Note     string          `json:"note,omitempty"` // the word of the last attempt before
}

// goOnLate hands a step whose time is over to a run of its own. Workflow side.
func (n *Node) goOnLate(ctx workflow.Context, in any, word string) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("input of step %q: %w", n.name, err)
	}
	info := workflow.GetInfo(ctx).WorkflowExecution
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: info.ID + "/" + n.name + lateMark + info.RunID, StaticSummary: n.name + ", late",
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
	})
	child := workflow.ExecuteChildWorkflow(ctx, lateType(workflow.GetInfo(ctx).WorkflowType.Name), lateInput{
		Activity: n.registered(n.kind), Input: raw, Attempt: n.timeout, Retry: n.late, Summary: n.name, Note: word,
	})
	return child.GetChildWorkflowExecution().Get(ctx, nil) // it outlives us once it has begun
}

// goesOn reports whether a failed step is tried on: also after a failure that
// repeating does not mend, since people mend tokens and channels.
func (n *Node) goesOn(ctx workflow.Context, err error) bool {
	return n.late > 0 && err != nil && !temporal.IsCanceledError(err) && ctx.Err() == nil
}

// latePause is between two rounds of attempts of a late step.
const latePause = 5 * time.Minute

// runLate is the run of a step that goes on after its flow. It fails with the last
// failure when its time is over. Workflow side.
func runLate(ctx workflow.Context, in lateInput) error {
	end := workflow.Now(ctx).Add(in.Retry)
	actx := WithActivity(ctx, ActivityOptions{Attempt: in.Attempt, Retry: latePause, Late: true, Summary: in.Summary})
	for {
		err := workflow.ExecuteActivity(workflow.WithValue(actx, carriedKey{}, in.Note), in.Activity, in.Input).Get(ctx, nil)
		in.Note = wordOf(err)
		if err == nil || ctx.Err() != nil || !workflow.Now(ctx).Before(end) {
			return err
		}
		if err := workflow.Sleep(ctx, latePause); err != nil {
			return err
		}
	}
}

// lateOf is the run that a late run belongs to.
func lateOf(workflowID string) (run string, late bool) {
	_, run, late = strings.Cut(workflowID, lateMark)
	return run, late
}
