package core

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// namedStarter remembers which flow was started.
type namedStarter struct {
	flows []string
	err   error
}

func (n *namedStarter) start(_ context.Context, f *Flow, _ *Start) (bool, error) {
	n.flows = append(n.flows, f.name)
	return true, n.err
}

func (n *namedStarter) tell(context.Context, *Tell) (bool, error) { return false, n.err }

func flowNamed(name string) *Flow {
	return NewFlow(name).TriggeredBy(Webhook("/" + name)).Then(parse().As(name)).Build()
}

func TestAStartMayNameAnotherFlowThanItsDoors(t *testing.T) {
	n := &namedStarter{}
	a, b := flowNamed("a"), flowNamed("b")
	take := newGate([]*Flow{a, b}, n, slog.New(slog.DiscardHandler)).taker(a)
	for _, flow := range []string{"", "b"} {
		if err := take(t.Context(), Admission{Start: &Start{WorkflowID: "x", Flow: flow}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := take(t.Context(), Admission{Status: 200, Reason: "not for us"}); err != nil {
		t.Errorf("what is turned away was kept: %v", err)
	}
	if err := take(t.Context(), Admission{Start: &Start{WorkflowID: "x", Flow: "c"}}); err == nil || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("a flow that is not there: %v", err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, n.flows); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCannotBeStartedIsNotTaken(t *testing.T) {
	n := &namedStarter{err: errors.New("no Temporal")}
	a := flowNamed("a")
	if err := newGate([]*Flow{a}, n, slog.New(slog.DiscardHandler)).taker(a)(t.Context(), Admission{Start: &Start{WorkflowID: "x"}}); err == nil {
		t.Error("the sender would forget it")
	}
}

// listening hands on one request, and ends with its context.
type listening struct{ taken, ended chan struct{} }

func (l listening) Listen(ctx context.Context, take func(context.Context, Admission) error) {
	if take(ctx, Admission{Start: &Start{WorkflowID: "x"}}) == nil {
		close(l.taken)
	}
	<-ctx.Done()
	close(l.ended)
}

func TestASourceIsHeardUntilTheWorkerStops(t *testing.T) {
	s := listening{make(chan struct{}), make(chan struct{})}
	f := NewFlow("a").TriggeredBy(Webhook("/a")).Then(parse().As("a").WithSource(s)).Build()
	l := &life{}
	l.listenTo(f, newGate([]*Flow{f}, &namedStarter{}, slog.New(slog.DiscardHandler)))
	<-s.taken
	if err := l.unwind(); err != nil {
		t.Fatal(err)
	}
	<-s.ended
}

func TestTwoFlowsMayNotShareAStep(t *testing.T) {
	step := func() *Node { return parse().As("same") }
	w := NewWorker().
		WithFlow(NewFlow("a").TriggeredBy(Webhook("/a")).Then(step()).Build()).
		WithFlow(NewFlow("b").TriggeredBy(Webhook("/b")).Then(step()).Build())
	if err := w.check(); err == nil || !strings.Contains(err.Error(), `step "same" stands in flow "a" and in flow "b"`) {
		t.Errorf("check: %v", err)
	}
}
