package problem

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/opsbuddy/opsbuddy/incident"
)

// Names that histories and clients hold. They never change.
const (
	// TypeName is the workflow's type, with "@step" behind it for a step that was
	// named with As.
	TypeName    = "problem.Board"
	claimUpdate = "claim"
)

// maxEvents is when a board begins a new history.
const maxEvents = 4000

// quiet is how long a board stays when nobody asks. It is longer than any window.
const quiet = 25 * time.Hour

// State is what a board begins with. Frozen: histories hold it.
type State struct {
	Board  Board  `json:"board"`
	Signal string `json:"signal"` // by which a lead's review is told
}

// Workflow is the board of one service. It ends when nobody asked for a day.
// Workflow side.
func Workflow(ctx workflow.Context, s State) error {
	asked := false
	err := workflow.SetUpdateHandler(ctx, claimUpdate, func(ctx workflow.Context, c Claim) (Verdict, error) {
		asked = true
		v, tell := s.Board.Claim(workflow.Now(ctx), c)
		if tell != "" {
			u := incident.Update{Kind: incident.SameProblem, At: workflow.Now(ctx), Other: c.Incident}
			// A review that has just ended cannot be told; its brief stands already.
			_ = workflow.SignalExternalWorkflow(ctx, tell, "", s.Signal, u).Get(ctx, nil)
		}
		return v, nil
	})
	if err != nil {
		return err
	}
	for {
		long := func() bool { return workflow.GetInfo(ctx).GetCurrentHistoryLength() > maxEvents }
		woke, err := workflow.AwaitWithTimeout(ctx, quiet, func() bool { return asked || long() })
		if err != nil {
			return err
		}
		if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
			return err
		}
		switch {
		case long():
			return workflow.NewContinueAsNewError(ctx, Workflow, s)
		case !woke && !asked:
			return nil
		}
		asked = false
	}
}
