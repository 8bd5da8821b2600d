package budget

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// Book is the ledger of one agent step as a worker reaches it. Worker side.
type Book struct {
	Client client.Client
	Type   string // the registered name of Workflow
	Queue  string // the task queue that runs it
}

// id names the one run of the ledger.
func (b Book) id() string { return b.Type }

// callTimeout bounds one conversation with the ledger.
const callTimeout = 10 * time.Second

// Reserve asks for money, and starts the ledger when there is none. An error
// means that the ledger could not be asked: then nothing may be spent.
func (b Book) Reserve(ctx context.Context, r Request) (Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	update := client.UpdateWorkflowOptions{
		WorkflowID: b.id(), UpdateName: reserveUpdate, UpdateID: r.Key, Args: []any{r},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	handle, err := b.Client.UpdateWorkflow(ctx, update)
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		handle, err = b.start(ctx, update)
	}
	var g Grant
	if err == nil {
		err = handle.Get(ctx, &g)
	}
	if err != nil {
		return g, fmt.Errorf("reserving money in the ledger: %w", err)
	}
	return g, nil
}

func (b Book) start(ctx context.Context, update client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	start := b.Client.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: b.id(), TaskQueue: b.Queue, StaticSummary: "spending of all reviews",
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, b.Type, Ledger{})
	return b.Client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{StartWorkflowOperation: start, UpdateOptions: update})
}

// Settle tells the ledger what a call cost. When it cannot, the reservation
// stands, which errs on the side of the ceiling.
func (b Book) Settle(ctx context.Context, s Settlement) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := b.Client.SignalWorkflow(ctx, b.id(), "", settleSignal, s); err != nil {
		return fmt.Errorf("settling %s in the ledger: %w", s.Key, err)
	}
	return nil
}

// Read returns what was spent. Nothing spent yet is an empty report.
func (b Book) Read(ctx context.Context) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var r Report
	v, err := b.Client.QueryWorkflow(ctx, b.id(), "", readQuery)
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return r, nil
	}
	if err == nil {
		err = v.Get(&r)
	}
	if err != nil {
		return r, fmt.Errorf("reading the ledger: %w", err)
	}
	return r, nil
}
