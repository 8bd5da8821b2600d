package core

import "context"

// Registry is where a step's parts are registered on the worker.
type Registry interface {
	// Activity registers an activity on the flow's own queue.
	Activity(name string, fn any)
	// Bounded registers an expensive activity: at most
	// WorkerConfig.MaxConcurrent of all such run at once in this process.
	Bounded(name string, fn any)
	// Workflow registers a child workflow.
	Workflow(name string, fn any)
	// Shared registers a workflow of which one run serves all processes, also those
	// with a queue of their own (WorkerConfig.Private), and returns the queue to
	// start it on. Several steps may share one of a name. Runs that an earlier
	// version started on the flow's queue go on.
	Shared(name string, fn any) (queue string)
	// OnStop gives something back after the worker stopped, bounded by ctx.
	OnStop(what string, run func(context.Context) error)
}

// Provider stands for a package that steps come from. A worker that runs a flow
// needs the provider of each of its steps.
type Provider interface {
	Name() string // the part before the dot in the kinds of its steps
}

// A Provider may also be an Opener or a Closer.
type (
	// Opener prepares what the provider's steps share. It runs once, before the
	// worker starts.
	Opener interface {
		Open(context.Context) error
	}
	// Closer gives it back. It runs once, after the worker stopped, bounded by ctx.
	Closer interface {
		Close(context.Context) error
	}
)

type stepProvider string

// StepProvider is a provider whose steps need nothing but their own activities.
func StepProvider(name string) Provider { return stepProvider(name) }

func (p stepProvider) Name() string { return string(p) }
