package budget

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// Names that histories and clients hold. They never change.
const (
	reserveUpdate = "reserve"
	settleSignal  = "settle"
	readQuery     = "read"
)

// maxEvents is when the ledger begins a new history, well under Temporal's
// bounds.
const maxEvents = 4000

// Report is what can be read back.
type Report struct {
	Now     time.Time `json:"now"`
	Entries []Entry   `json:"entries"`
}

// Workflow is the ledger. It never ends; it begins anew when its history grows.
func Workflow(ctx workflow.Context, l Ledger) error {
	open := 0 // updates that are being answered
	err := workflow.SetUpdateHandler(ctx, reserveUpdate, func(ctx workflow.Context, r Request) (Grant, error) {
		open++
		defer func() { open-- }()
		return l.Reserve(workflow.Now(ctx), r), nil
	})
	if err != nil {
		return err
	}
	err = workflow.SetQueryHandler(ctx, readQuery, func() (Report, error) {
		return Report{Now: workflow.Now(ctx), Entries: l.Entries}, nil
	})
	if err != nil {
		return err
	}
	settle := workflow.GetSignalChannel(ctx, settleSignal)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var s Settlement
			if !settle.Receive(ctx, &s) {
				return
			}
			l.Settle(s)
		}
	})
	err = workflow.Await(ctx, func() bool {
		return workflow.GetInfo(ctx).GetCurrentHistoryLength() > maxEvents && open == 0 && settle.Len() == 0
	})
	if err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, Workflow, l)
}
