package embedded_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/core"
	_ "github.com/opsbuddy/opsbuddy/core/embedded"
)

// told is what an attempt of a step knows of those before it.
type told struct {
	attempt int
	word    string
}

// A step that is due ends on Temporal's clock, whether its attempt ends or
// not. What goes on for it knows what the last attempt was about.
func TestAStepThatIsDueHandsItsLastWordToTheRunThatGoesOn(t *testing.T) {
	const due = 2 * time.Second
	for name, fails := range map[string]bool{"an attempt that fails in time": true, "an attempt that hangs": false} {
		t.Run(name, func(t *testing.T) {
			began, free := time.Now(), make(chan struct{})
			late, next := make(chan told, 1), make(chan time.Duration, 1)
			flow := core.NewFlow("posting").TriggeredBy(core.Webhook("/in")).
				Then(core.Activity("demo.Post", core.Bind{}, func(ctx context.Context, _ noteIn) (noteOut, error) {
					if core.Attempt(ctx) > 1 {
						late <- told{core.Attempt(ctx), core.LastNote(ctx)}
						return noteOut{Done: true}, nil
					}
					if err := core.Note(ctx, "sending"); err != nil {
						return noteOut{}, err
					}
					if fails {
						return noteOut{}, core.After(errors.New("no answer"), time.Minute) // which is too late
					}
					<-free
					return noteOut{}, nil
				}).WithRetry(time.Minute).WithDue(func(*core.FlowState) time.Time { return began.Add(due) }, time.Second).WithLate(time.Hour)).
				Then(core.Activity("demo.Next", core.Bind{}, func(context.Context, noteIn) (noteOut, error) {
					next <- time.Since(began)
					return noteOut{}, nil
				})).Build()
			run(t, flow, func() { close(free) })
			if took := <-next; took > due+2*time.Second {
				t.Errorf("the flow went on after %s, due was %s", took, due)
			}
			if got := <-late; got.attempt < 4 || got.word != "sending" {
				t.Errorf("what goes on is told %+v", got)
			}
		})
	}
}

// However late a step begins, it has its least.
func TestAStepThatBeginsWhenItIsDueHasItsLeast(t *testing.T) {
	had := make(chan time.Duration, 1)
	flow := core.NewFlow("posting").TriggeredBy(core.Webhook("/in")).
		Then(core.Activity("demo.Post", core.Bind{}, func(ctx context.Context, _ noteIn) (noteOut, error) {
			end, _ := ctx.Deadline()
			had <- time.Until(end)
			return noteOut{}, nil
		}).WithDue(func(*core.FlowState) time.Time { return time.Time{} }, 5*time.Second).WithLate(time.Hour)).Build()
	run(t, flow, func() {})
	if left := <-had; left < 3*time.Second || left > 5*time.Second {
		t.Errorf("it has %s, want 5 s", left)
	}
}

// run starts a worker, and one run of its flow.
func run(t *testing.T, flow *core.Flow, stopping func()) *core.Worker {
	t.Helper()
	w := core.NewWorker().
		WithConfig(core.WorkerConfig{DataDir: t.TempDir(), Temporal: core.Environment{}}).
		WithFlow(flow).WithProviders(core.StepProvider("demo"))
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stopping()
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
	})
	if _, err := w.StartFlow(t.Context(), flow, &core.Start{WorkflowID: "one"}); err != nil {
		t.Fatal(err)
	}
	return w
}
