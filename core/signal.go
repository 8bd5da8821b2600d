package core

import (
	"reflect"

	"go.temporal.io/sdk/workflow"
)

// Signal is something that a running flow can be told: values of one type under
// a name that never changes while runs are open.
type Signal struct {
	name string
	list reflect.Type                                 // of what was heard
	take func(c workflow.ReceiveChannel, had any) any // adds what has come
}

// SignalOf makes a signal of values of type T.
func SignalOf[T any](name string) Signal {
	return Signal{name: name, list: reflect.TypeFor[[]T](), take: takeAll[T]}
}

func takeAll[T any](c workflow.ReceiveChannel, had any) any {
	all, _ := had.([]T)
	for {
		var v T
		if !c.ReceiveAsync(&v) {
			return all
		}
		all = append(all, v)
	}
}

// Hears lets the flow be told things while it runs. A step reads what came until
// its start with InputData(name), as a list in the order in which it came.
func (b *FlowBuilder) Hears(s Signal) *FlowBuilder {
	b.flow.hears = append(b.flow.hears, s)
	return b
}

// Heard is what a running flow was told until now.
func Heard[T any](s *FlowState, name string) []T {
	s.listen()
	all, _ := s.data[name].([]T)
	return all
}

// dataType is the type of an item of the trigger's data, or of what is heard.
func (f *Flow) dataType(name string) (reflect.Type, bool) {
	for _, s := range f.hears {
		if s.name == name {
			return s.list, true
		}
	}
	t, ok := f.trigger.data[name]
	return t, ok
}

// ear takes one signal of a run. Workflow side.
type ear struct {
	signal  Signal
	channel workflow.ReceiveChannel
}

// ears opens what a run hears.
func (f *Flow) ears(ctx workflow.Context) []ear {
	all := make([]ear, 0, len(f.hears))
	for _, s := range f.hears {
		all = append(all, ear{s, workflow.GetSignalChannel(ctx, s.name)})
	}
	return all
}

// listen takes what has come. It is asked at every point that depends on it, so
// that nothing which came before that point is missed there.
func (s *FlowState) listen() {
	for _, e := range s.ears {
		s.data[e.signal.name] = e.signal.take(e.channel, s.data[e.signal.name])
	}
}

// StopSignal tells a child to end with what it has; its value is the reason.
const StopSignal = "stop"

// StopWhen ends a child early, as soon as reason gives one. It is asked again
// whenever something happens to the flow, and must depend on the state alone.
func (n *Node) StopWhen(reason func(*FlowState) string) *Node {
	n.stopWhen = reason
	return n
}

// await waits for a child, and tells it to stop when the step says so.
func (n *Node) await(ctx workflow.Context, child workflow.ChildWorkflowFuture, state *FlowState, out any) error {
	if n.stopWhen != nil {
		why := ""
		err := workflow.Await(ctx, func() bool {
			if !child.IsReady() {
				why = n.stopWhen(state)
			}
			return child.IsReady() || why != ""
		})
		if err == nil && why != "" {
			// A child that has just ended cannot be told, and need not.
			_ = child.SignalChildWorkflow(ctx, StopSignal, why).Get(ctx, nil)
		}
	}
	return child.Get(ctx, out)
}
