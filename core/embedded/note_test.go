package embedded_test

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/sdk/converter"

	"github.com/opsbuddy/opsbuddy/core"
	_ "github.com/opsbuddy/opsbuddy/core/embedded"
)

type (
	noteIn  struct{}
	noteOut struct{ Done bool }
)

// A note that comes after the first heartbeat is the one that the SDK would hold
// back: a process that dies right after it has to leave it behind all the same.
func TestANoteIsWithTemporalWhenItReturns(t *testing.T) {
	noted, free := make(chan error, 1), make(chan struct{})
	flow := core.NewFlow("noting").TriggeredBy(core.Webhook("/in")).
		Then(core.Activity("demo.Note", core.Bind{}, func(ctx context.Context, _ noteIn) (noteOut, error) {
			select {
			case <-time.After(3 * time.Second): // the first heartbeat comes after 2.5 s
			case <-ctx.Done():
			}
			noted <- core.Note(ctx, "sending")
			<-free
			return noteOut{Done: true}, nil
		})).Build()
	w := run(t, flow, func() { close(free) })
	if err := <-noted; err != nil {
		t.Fatal(err)
	}
	d, err := w.Engine().DescribeWorkflowExecution(t.Context(), "one", "")
	if err != nil {
		t.Fatal(err)
	}
	var text string
	details := d.GetPendingActivities()[0].GetHeartbeatDetails()
	if err := converter.GetDefaultDataConverter().FromPayloads(details, &text); err != nil || text != "sending" {
		t.Errorf("Temporal has %q (%v), want the note", text, err)
	}
}
