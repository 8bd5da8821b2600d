package core

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"
)

// receiptType is the workflow type of the receipts of a flow's runs.
func receiptType(flow string) string { return "core.Receipt@" + flow }

// receiptOf is the id of the receipt of a run.
func receiptOf(run string) string { return run + "/taken" }

// runReceipt is a receipt: it waits to be run, and thereby stands for its run in a
// namespace that may forget that one. Workflow side.
func runReceipt(workflow.Context) error { return nil }

// forgetful reports whether the namespace may have forgotten a run whose webhook
// still comes again.
func (e *Engine) forgetful() bool { return e.retention > 0 && e.retention < LeastRetention }

// writeReceipt remembers that a run was started, until its webhook comes no more.
func (e *Engine) writeReceipt(ctx context.Context, queue string, f *Flow, run string) error {
	_, err := e.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: receiptOf(run), TaskQueue: queue, StaticSummary: "receipt of a run",
		StartDelay: LeastRetention, Priority: priority(false),
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, receiptType(f.name))
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if err == nil || errors.As(err, &already) {
		return nil
	}
	return fmt.Errorf("writing the receipt of %s: %w", run, err)
}
