package embedded_test

import (
	"context"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/core"
)

// A step that waits for a workflow of its own process cannot get the answer while
// that process stops, and does not wait for its grace to end.
func TestAStepThatWaitsForAWorkflowIsHandedBackWhenTheWorkerStops(t *testing.T) {
	attempts := make(chan int, 8)
	flow := core.NewFlow("waiting").TriggeredBy(core.Webhook("/in")).
		Then(core.Activity("demo.Wait", core.Bind{}, func(ctx context.Context, _ noteIn) (noteOut, error) {
			attempts <- core.Attempt(ctx)
			return noteOut{}, core.UntilStop(ctx, func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})
		})).Build()
	dir := t.TempDir()
	for attempt := 1; attempt <= 2; attempt++ {
		w := core.NewWorker().
			WithConfig(core.WorkerConfig{DataDir: dir, Temporal: core.Environment{}}).
			WithFlow(flow).WithProviders(core.StepProvider("demo"))
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.StartFlow(t.Context(), flow, &core.Start{WorkflowID: "one"}); err != nil {
			t.Fatal(err)
		}
		if got := <-attempts; got != attempt {
			t.Errorf("attempt %d, want %d", got, attempt)
		}
		began := time.Now()
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the stop took %s", took)
		}
	}
}
