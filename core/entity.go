package core

import (
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// Entity is a workflow with one run for everybody, which answers updates: a
// ledger, a board. Worker side.
type Entity struct {
	Client  client.Client
	ID      string // of its one run
	Type    string // its registered name
	Queue   string // the task queue that runs it
	Summary string // shown by Temporal's UI
	State   any    // what it begins with
}

// Ask sends an update and waits for its answer in out. The entity is started when
// there is none. id names the question: asked twice, it is answered once.
func (e Entity) Ask(ctx context.Context, update, id string, arg, out any) error {
	o := client.UpdateWorkflowOptions{
		WorkflowID: e.ID, UpdateName: update, UpdateID: id, Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	handle, err := e.Client.UpdateWorkflow(ctx, o)
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		handle, err = e.begin(ctx, o)
	}
	if err != nil {
		return err
	}
	return handle.Get(ctx, out)
}

func (e Entity) begin(ctx context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	start := e.Client.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: e.ID, TaskQueue: e.Queue, StaticSummary: e.Summary, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, e.Type, e.State)
	return e.Client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{StartWorkflowOperation: start, UpdateOptions: o})
}
