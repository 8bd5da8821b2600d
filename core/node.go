package core

import (
	"context"
	"reflect"
	"strings"
	"time"
)

// Defaults of a step, where the flow does not say otherwise.
const (
	defaultAttempt = 30 * time.Second // one attempt of an activity
	defaultRetry   = 2 * time.Minute  // attempts are repeated for about so long
)

type nodeKind int

const (
	activityNode nodeKind = iota
	childNode
)

// Node is one step as a flow records it. Workflow side it is a name, the types
// of its input and output, and references; what it runs lives on the worker.
type Node struct {
	kind     string // "pagerduty.ParseWebhook": provider, dot, step
	name     string // As, or the kind
	run      nodeKind
	bind     Bind
	in, out  reflect.Type
	timeout  time.Duration
	retry    time.Duration
	late     time.Duration
	due      func(*FlowState) time.Time // workflow side
	least    time.Duration              // of a step with due
	door     Door
	source   Source
	stopWhen func(*FlowState) string                     // workflow side, for childNode
	part     string                                      // of the outside, see WithHealth
	health   func() string                               // worker side
	activity any                                         // worker side, for activityNode
	setup    func(reg Registry, activityName Name) error // worker side
}

// Activity makes a step that is one activity. run is worker side: it may hold
// configuration and secrets; only In and Out cross into Temporal. Out must be a
// struct for its fields to be referred to.
func Activity[In, Out any](kind string, bind Bind, run func(context.Context, In) (Out, error)) *Node {
	return &Node{
		kind: kind, name: kind, run: activityNode, bind: bind,
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), activity: run,
	}
}

// Setup registers on the worker what a Child step needs. name turns
// the step's own names into registered ones (see ActivityName).
type Setup func(reg Registry, name Name) error

// Name makes the registered name of an activity of one step: the same kind may
// stand twice in a flow, with other configuration.
type Name func(base string) string

// Child makes a step that runs as a child workflow with its own history; setup
// registers the workflow under name(kind). A field "StepTimeout
// time.Duration" of In receives the step's timeout: a child that is cut by
// Temporal has no outcome, so it is told its time instead.
func Child[In, Out any](kind string, bind Bind, setup Setup) *Node {
	return &Node{
		kind: kind, name: kind, run: childNode, bind: bind, setup: setup,
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
	}
}

// As names the step, for references and for people.
func (n *Node) As(name string) *Node {
	n.name = name
	return n
}

// WithTimeout bounds one attempt of an activity (30 s when not set) or tells a
// child its time.
//
// It is deliberately not a bound from schedule to close: such a clock also runs
// while the process is down or the queue is long, and a page must not be lost
// for that (but see WithDue).
func (n *Node) WithTimeout(d time.Duration) *Node {
	n.timeout = d
	return n
}

// WithRetry keeps trying a failing activity for about d of working time (2 min
// when not set). Permanent failures are not repeated.
func (n *Node) WithRetry(d time.Duration) *Node {
	n.retry = d
	return n
}

// WithDoor makes the step decide about webhooks before anything is started.
func (n *Node) WithDoor(d Door) *Node {
	n.door = d
	return n
}

// WithSetup registers on the worker what an activity step needs beside itself,
// such as the workflow of an Entity that it asks.
func (n *Node) WithSetup(s Setup) *Node {
	n.setup = s
	return n
}

// WithSource lets the step take requests over a connection of its own.
func (n *Node) WithSource(s Source) *Node {
	n.source = s
	return n
}

// WithHealth lets the step tell how a part of the outside is doing, from what it
// saw last: an empty text is well. Readiness shows it and does not depend on it.
func (n *Node) WithHealth(part string, reason func() string) *Node {
	n.part, n.health = part, reason
	return n
}

// provider is the part of the kind before the dot.
func (n *Node) provider() string {
	p, _, _ := strings.Cut(n.kind, ".")
	return p
}

// registered is the name under which base is registered for this step.
func (n *Node) registered(base string) string {
	if n.name == n.kind {
		return base
	}
	return base + "@" + n.name
}
