package embedded_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/opsbuddy/opsbuddy/core"
	_ "github.com/opsbuddy/opsbuddy/core/embedded"
)

type (
	slowIn  struct{ StepTimeout time.Duration }
	slowOut struct{ Done bool }
)

// peer is what every run asks: it hangs for the first so many.
type peer struct {
	hangs             int32
	asked, now, worst atomic.Int32
	free              chan struct{}
}

func (p *peer) ask(context.Context) (slowOut, error) {
	p.worst.Store(max(p.worst.Load(), p.now.Add(1)))
	defer p.now.Add(-1)
	if p.asked.Add(1) <= p.hangs {
		<-p.free
	}
	return slowOut{Done: true}, nil
}

func askPeer(ctx workflow.Context, _ slowIn) (slowOut, error) {
	ctx = core.WithActivity(ctx, core.ActivityOptions{Attempt: time.Minute, Bounded: true})
	var out slowOut
	err := workflow.ExecuteActivity(ctx, core.ActivityName(ctx, "demo.Ask")).Get(ctx, &out)
	return out, err
}

// answered starts six runs on a worker with room for two steps, and waits a while
// for want of them to be answered. It reports how many were.
func answered(t *testing.T, p *peer, overdue time.Duration, want int) int {
	t.Helper()
	flow := core.NewFlow("asking").TriggeredBy(core.Webhook("/in")).
		Then(core.Child[slowIn, slowOut]("demo.Peer", core.Bind{}, func(r core.Registry, name core.Name) error {
			r.Workflow(name("demo.Peer"), askPeer)
			r.Bounded(name("demo.Ask"), p.ask)
			return nil
		}).WithTimeout(time.Minute)).Build()
	w := core.NewWorker().
		WithConfig(core.WorkerConfig{DataDir: t.TempDir(), Temporal: core.Environment{}, MaxConcurrent: 2, Overdue: overdue}).
		WithFlow(flow).WithProviders(core.StepProvider("demo"))
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		close(p.free)
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
	}()
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		if _, err := w.StartFlow(t.Context(), flow, &core.Start{WorkflowID: id}); err != nil {
			t.Fatal(err)
		}
	}
	done := func() int { return int(p.asked.Load() - p.now.Load()) }
	for end := time.Now().Add(20 * time.Second); done() < want && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(time.Second) // for those that should not be
	return done()
}

func TestAPeerThatNeverAnswersDoesNotHoldUpTheOthers(t *testing.T) {
	for name, c := range map[string]struct {
		hangs     int32
		overdue   time.Duration
		want      int
		wantWorst int32
	}{
		"two hang, and are overdue":              {2, 100 * time.Millisecond, 4, 4},
		"two hang, and are not overdue yet":      {2, time.Minute, 0, 2},
		"all hang: there is an end to the slots": {6, 100 * time.Millisecond, 0, 4},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{hangs: c.hangs, free: make(chan struct{})}
			if got := answered(t, p, c.overdue, c.want); got != c.want {
				t.Errorf("%d runs were answered, want %d", got, c.want)
			}
			if worst := p.worst.Load(); worst > c.wantWorst {
				t.Errorf("%d steps ran at once, want %d at most", worst, c.wantWorst)
			}
		})
	}
}
