package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Trigger is what starts a flow.
type Trigger struct {
	path string
	data map[string]reflect.Type // what InputData may name
}

// Keys of a webhook's data.
const (
	WebhookPayload = "webhook_payload" // string
	WebhookHeaders = "webhook_headers" // map[string]string, canonical names
)

// Webhook starts the flow at an HTTP POST to path. What is let in is decided by
// the Door of one of the flow's steps.
func Webhook(path string) Trigger {
	return Trigger{path: path, data: map[string]reflect.Type{
		WebhookPayload: reflect.TypeFor[string](),
		WebhookHeaders: reflect.TypeFor[map[string]string](),
	}}
}

// Flow is a built flow: it can be run by a Worker and never changes.
type Flow struct {
	name    string
	trigger Trigger
	hears   []Signal
	steps   []step
	door    Door
}

// step is a node, or a condition with the steps that depend on it.
type step struct {
	node  *Node
	when  func(*FlowState) bool
	since string // in place of when: the change that brought the steps
	then  []step
}

// FlowBuilder records a flow. It does nothing until Build.
type FlowBuilder struct {
	flow  Flow
	stack []*step // open When blocks, innermost last
	errs  []error
}

// NewFlow begins a flow. The name appears in Temporal and must not change while
// runs of it are open.
func NewFlow(name string) *FlowBuilder {
	return &FlowBuilder{flow: Flow{name: name}}
}

// TriggeredBy says what starts the flow.
func (b *FlowBuilder) TriggeredBy(t Trigger) *FlowBuilder {
	b.flow.trigger = t
	return b
}

// Then adds a step.
func (b *FlowBuilder) Then(n *Node) *FlowBuilder {
	return b.add(step{node: n})
}

// When begins steps that run only if cond holds at that point. cond runs inside
// the workflow and must depend on nothing but the state.
func (b *FlowBuilder) When(cond func(*FlowState) bool) *FlowBuilder {
	b.stack = append(b.stack, &step{when: cond})
	return b
}

// Since begins steps that a later version of the flow adds, up to EndWhen. A run
// that was past this place when they came goes on without them; a step after
// them reads their outputs with OrZero. Histories keep the name of the change.
func (b *FlowBuilder) Since(change string) *FlowBuilder {
	if change == "" {
		b.errs = append(b.errs, errors.New(`Since(""): it wants a name for the change`))
	}
	b.stack = append(b.stack, &step{since: change})
	return b
}

// EndWhen ends the innermost When or Since.
func (b *FlowBuilder) EndWhen() *FlowBuilder {
	if len(b.stack) == 0 {
		b.errs = append(b.errs, errors.New("EndWhen without a When or Since before it"))
		return b
	}
	last := len(b.stack) - 1
	s := *b.stack[last]
	b.stack = b.stack[:last]
	return b.add(s)
}

func (b *FlowBuilder) add(s step) *FlowBuilder {
	if len(b.stack) > 0 {
		top := b.stack[len(b.stack)-1]
		top.then = append(top.then, s)
		return b
	}
	b.flow.steps = append(b.flow.steps, s)
	return b
}

// Build returns the checked flow. It panics with Check's error when the flow is
// wrong: a flow is part of the program's text, and so is the mistake in it.
func (b *FlowBuilder) Build() *Flow {
	if err := b.Check(); err != nil {
		panic(err)
	}
	f := b.flow
	f.walk(f.steps, func(n *Node) {
		if n.door != nil && f.door == nil {
			f.door = n.door
		}
	})
	return &f
}

// Check says everything that is wrong with the flow, each mistake with the step
// and the field that has it.
func (b *FlowBuilder) Check() error {
	c := checker{flow: &b.flow, seen: map[string]reflect.Type{}, hidden: map[string]reflect.Type{}, errs: slices.Clone(b.errs)}
	if len(b.stack) > 0 {
		c.fail("When or Since without an EndWhen after it")
	}
	if !strings.HasPrefix(b.flow.trigger.path, "/") {
		c.fail("TriggeredBy wants core.Webhook with a path that begins with /")
	}
	if len(b.flow.steps) == 0 {
		c.fail("it has no steps")
	}
	c.steps(b.flow.steps)
	if len(c.errs) == 0 {
		return nil
	}
	return fmt.Errorf("flow %q: %w", b.flow.name, errors.Join(c.errs...))
}

// checker walks a flow in the order in which it will run.
type checker struct {
	flow   *Flow
	seen   map[string]reflect.Type // outputs that a step here can rely on
	hidden map[string]reflect.Type // outputs of steps inside a When that has ended
	errs   []error
}

func (c *checker) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

func (c *checker) steps(steps []step) {
	for _, s := range steps {
		if s.node != nil {
			c.node(s.node)
			continue
		}
		if s.when == nil && s.since == "" {
			c.fail("When(nil): it wants a condition")
		}
		inner := checker{flow: c.flow, seen: maps.Clone(c.seen), hidden: c.hidden}
		inner.steps(s.then)
		c.errs = append(c.errs, inner.errs...)
		if len(s.then) == 0 {
			c.fail("When … EndWhen holds no steps")
		}
		for name, out := range inner.seen {
			if _, ok := c.seen[name]; !ok {
				c.hidden[name] = out
			}
		}
	}
}

func (c *checker) node(n *Node) {
	_, taken := c.seen[n.name]
	if _, hidden := c.hidden[n.name]; taken || hidden {
		c.fail("step %q stands twice: give one of them another name with As", n.name)
	}
	if n.name == "" || strings.Contains(n.name, ".") && n.name != n.kind {
		c.fail("step %q: a name given with As is not empty and has no dot", n.name)
	}
	for _, field := range n.boundFields() {
		if err := c.reference(n, field); err != nil {
			c.fail("step %q, field %s: %w", n.name, field, err)
		}
	}
	c.seen[n.name] = n.out
}

func (c *checker) reference(n *Node, field string) error {
	r := n.bind[field]
	got, err := c.typeOf(r)
	if err != nil {
		return err
	}
	want, err := fieldType(n.in, field)
	if err != nil {
		return err
	}
	if !got.AssignableTo(want) {
		return fmt.Errorf("%s is a %s, the step wants a %s", r, got, want)
	}
	return nil
}

func (c *checker) typeOf(r Ref) (reflect.Type, error) {
	if r.step == "" {
		t, ok := c.flow.dataType(r.field)
		if !ok {
			return nil, fmt.Errorf("%s: the trigger has no such data; it has %s", r, strings.Join(sortedKeys(c.flow.trigger.data), ", "))
		}
		return t, nil
	}
	out, ok := c.seen[r.step]
	skipped, hidden := c.hidden[r.step]
	if hidden && r.maybe {
		out, ok = skipped, true
	}
	switch {
	case !ok && hidden:
		return nil, fmt.Errorf("%s: step %q runs only inside a When that has ended here; use OrZero if it may be missing", r, r.step)
	case !ok:
		return nil, fmt.Errorf("%s: there is no step %q before this one; there is %s", r, r.step, strings.Join(sortedKeys(c.seen), ", "))
	case r.field == "":
		return out, nil
	}
	t, err := fieldType(out, r.field)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r, err)
	}
	return t, nil
}

// walk calls visit for every node, in the order of the text.
func (f *Flow) walk(steps []step, visit func(*Node)) {
	for _, s := range steps {
		if s.node != nil {
			visit(s.node)
		}
		f.walk(s.then, visit)
	}
}

// nodes lists every step.
func (f *Flow) nodes() []*Node {
	var all []*Node
	f.walk(f.steps, func(n *Node) { all = append(all, n) })
	return all
}

// Name is the flow's name, which is also its workflow type.
func (f *Flow) Name() string { return f.name }

// decodeData turns the stored data of a start into the trigger's types.
func (f *Flow) decodeData(raw map[string]json.RawMessage) (map[string]any, error) {
	data := make(map[string]any, len(raw))
	for _, key := range sortedKeys(f.trigger.data) {
		v := reflect.New(f.trigger.data[key])
		if item, ok := raw[key]; ok {
			if err := json.Unmarshal(item, v.Interface()); err != nil {
				return nil, fmt.Errorf("flow %q: data %q: %w", f.name, key, err)
			}
		}
		data[key] = v.Elem().Interface()
	}
	return data, nil
}

// boundFields lists the fields that have a reference, in a fixed order.
func (n *Node) boundFields() []string {
	return slices.DeleteFunc(sortedKeys(n.bind), func(field string) bool { return n.bind[field].IsZero() })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
