package core

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Input starts a flow. Frozen: histories hold it.
type Input struct {
	Data map[string]json.RawMessage `json:"data"`
}

// Outputs is a flow's result: each step's output by the step's name. Frozen.
type Outputs struct {
	Steps map[string]json.RawMessage `json:"steps"`
}

// Get decodes the output of one step into v. It reports false when the step was
// skipped.
func (o Outputs) Get(step string, v any) (bool, error) {
	raw, ok := o.Steps[step]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return false, fmt.Errorf("output of step %q: %w", step, err)
	}
	return true, nil
}

// outputsQuery answers with the outputs of the steps that have run.
const outputsQuery = "outputs"

// Execute runs the flow's steps in order. Workflow side.
func (f *Flow) Execute(ctx workflow.Context, in Input) (Outputs, error) {
	data, err := f.decodeData(in.Data)
	if err != nil {
		return Outputs{}, temporal.NewNonRetryableApplicationError(err.Error(), ErrorStep, nil)
	}
	state := &FlowState{data: data, outputs: map[string]any{}, ears: f.ears(ctx)}
	if err := workflow.SetQueryHandler(ctx, outputsQuery, state.result); err != nil {
		return Outputs{}, err
	}
	if err := runSteps(ctx, f.steps, state); err != nil {
		return Outputs{}, err
	}
	state.listen() // what comes last changes nothing, and is not left unread
	return state.result()
}

func (s *FlowState) result() (Outputs, error) {
	out := Outputs{Steps: map[string]json.RawMessage{}}
	for _, name := range sortedKeys(s.outputs) {
		raw, err := json.Marshal(s.outputs[name])
		if err != nil {
			return Outputs{}, fmt.Errorf("output of step %q: %w", name, err)
		}
		out.Steps[name] = raw
	}
	return out, nil
}

func runSteps(ctx workflow.Context, steps []step, state *FlowState) error {
	for _, s := range steps {
		if s.node == nil {
			if s.holds(ctx, state) {
				if err := runSteps(ctx, s.then, state); err != nil {
					return err
				}
			}
			continue
		}
		out, err := runNode(ctx, s.node, state)
		if err != nil {
			return fmt.Errorf("step %q: %w", s.node.name, err)
		}
		state.outputs[s.node.name] = out
	}
	return nil
}

// holds says whether the steps of a condition run.
func (s step) holds(ctx workflow.Context, state *FlowState) bool {
	if s.since != "" {
		return workflow.GetVersion(ctx, s.since, workflow.DefaultVersion, 1) != workflow.DefaultVersion
	}
	return s.when(state)
}

func runNode(ctx workflow.Context, n *Node, state *FlowState) (any, error) {
	in, err := state.input(n)
	if err != nil {
		return nil, err
	}
	if n.run == childNode {
		return runChild(ctx, n, in, state)
	}
	return runActivity(ctx, n, in, n.total(ctx, state))
}

func runActivity(ctx workflow.Context, n *Node, in any, total time.Duration) (any, error) {
	ctx = WithActivity(ctx, ActivityOptions{Attempt: n.timeout, Retry: n.retry, Total: total, Summary: n.name})
	out := reflect.New(n.out)
	err := workflow.ExecuteActivity(ctx, n.registered(n.kind), in).Get(ctx, out.Interface())
	if n.goesOn(ctx, err) {
		err = n.goOnLate(ctx, in, wordOf(err))
	}
	return out.Elem().Interface(), err
}

func runChild(ctx workflow.Context, n *Node, in any, state *FlowState) (any, error) {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:    workflow.GetInfo(ctx).WorkflowExecution.ID + "/" + n.name,
		StaticSummary: n.name,
	})
	out := reflect.New(n.out)
	err := n.await(ctx, workflow.ExecuteChildWorkflow(ctx, n.registered(n.kind), in), state, out.Interface())
	return out.Elem().Interface(), err
}

// ActivityOptions are the few settings that steps choose for their activities.
type ActivityOptions struct {
	Attempt time.Duration // bound of one attempt; 30 s when 0
	Retry   time.Duration // attempts are repeated for about so long; 2 min when 0
	Total   time.Duration // with the queue and the waits, also while the process is down; no bound when 0
	Late    bool          // goes behind all others in its queue
	Bounded bool          // runs on the queue that WorkerConfig.MaxConcurrent bounds
	Summary string        // shown by Temporal's UI, so that a run reads like the incident
}

// latest is the priority behind all others (Temporal's are 1 to 5).
const latest = 5

// heartbeatTimeout is how long a vanished worker goes unnoticed. Heartbeats are
// sent four times as often, on a clock and not on output: a model may think
// longer than this, and a false timeout buys the call twice.
const (
	heartbeatTimeout = 10 * time.Second
	heartbeatEvery   = heartbeatTimeout / 4
)

const (
	retryInitial = 200 * time.Millisecond
	retryFactor  = 2
	retryMax     = 15 * time.Second
)

// WithActivity prepares ctx for an activity of a step. Temporal's policy is the
// only owner of retries.
func WithActivity(ctx workflow.Context, o ActivityOptions) workflow.Context {
	if o.Attempt <= 0 {
		o.Attempt = defaultAttempt
	}
	if o.Retry <= 0 {
		o.Retry = defaultRetry
	}
	opts := workflow.ActivityOptions{
		StartToCloseTimeout:    o.Attempt,
		ScheduleToCloseTimeout: o.Total,
		HeartbeatTimeout:       heartbeatTimeout,
		Summary:                o.Summary,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    retryInitial,
			BackoffCoefficient: retryFactor,
			MaximumInterval:    retryMax,
			MaximumAttempts:    attempts(o.Retry),
		},
	}
	if o.Late {
		opts.Priority = temporal.Priority{PriorityKey: latest}
	}
	if o.Bounded {
		opts.TaskQueue = boundedQueue(workflow.GetInfo(ctx).TaskQueueName)
	}
	return workflow.WithActivityOptions(ctx, opts)
}

// attempts is how many attempts fit into d by the waits between them alone. A
// number is used and not a deadline, since a deadline also runs while the
// process is down.
func attempts(d time.Duration) int32 {
	n, spent := int32(1), time.Duration(0)
	for wait := retryInitial; spent+wait <= d; wait = min(wait*retryFactor, retryMax) {
		spent += wait
		n++
	}
	return max(n, leastAttempts)
}

// leastAttempts are made however short the time.
const leastAttempts = 3

// ActivityName is the registered name of an activity of the child that is running
// in ctx: base, or base@step when the step was named with As. The step's name is
// the tail of the workflow's type.
func ActivityName(ctx workflow.Context, base string) string {
	if _, step, ok := strings.Cut(workflow.GetInfo(ctx).WorkflowType.Name, "@"); ok {
		return base + "@" + step
	}
	return base
}

// boundedQueue is the task queue of the activities that MaxConcurrent bounds.
func boundedQueue(queue string) string { return queue + boundedSuffix }

const boundedSuffix = "-bounded"

// sharedQueue is the task queue of what one run does for all processes.
func sharedQueue(queue string) string { return queue + "-shared" }
