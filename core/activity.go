package core

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
)

// interceptors wraps every activity of a worker: heartbeats, error kinds, one
// log line, one observation. Worker side.
type interceptors struct {
	interceptor.WorkerInterceptorBase
	log     *slog.Logger
	redact  func(string) string
	metrics *metrics
	grace   time.Duration // what a stopping worker grants a running activity
	service workflowservice.WorkflowServiceClient
}

func (i *interceptors) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	a := &activityInterceptor{all: i}
	a.Next = next
	return a
}

type activityInterceptor struct {
	interceptor.ActivityInboundInterceptorBase
	all *interceptors
}

// ExecuteActivity runs one attempt.
func (a *activityInterceptor) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	left := &note{text: LastNote(ctx)} // a word stands until another takes its place
	ctx = context.WithValue(ctx, noteKey{}, left)
	stopped := make(chan struct{})
	defer close(stopped)
	go beat(ctx, stopped)
	go handBack(activity.GetWorkerStopChannel(ctx), stopped, a.all.grace, cancel)

	a.all.spare(ctx)
	began := time.Now()
	out, err := a.Next.ExecuteActivity(ctx, in)
	if err != nil && (errors.Is(context.Cause(ctx), errStopping) || errors.Is(err, errStopping)) {
		err = temporal.NewApplicationErrorWithOptions(errStopping.Error(), ErrorRestart, temporal.ApplicationErrorOptions{Details: left.words()})
	}
	a.observe(ctx, began, err)
	return out, forTemporal(err, a.all.redact, left.words()...)
}

func (a *activityInterceptor) observe(ctx context.Context, began time.Time, err error) {
	info, took := activity.GetInfo(ctx), time.Since(began)
	a.all.metrics.activity(info.ActivityType.Name, err, took)
	trace.SpanFromContext(ctx).SetAttributes(attribute.Int("temporalAttempt", int(info.Attempt)))
	log := a.all.log.With("workflow_id", info.WorkflowExecution.ID, "activity", info.ActivityType.Name,
		"attempt", info.Attempt, "duration_ms", took.Milliseconds())
	if err != nil {
		log.Warn("activity failed", "error", a.all.redact(err.Error()))
		return
	}
	log.Debug("activity done")
}

// Run names the run that an activity belongs to; empty outside of one. Two runs
// over the same incident have different ones. A step that goes on late still
// belongs to its flow's run.
func Run(ctx context.Context) string {
	if !activity.IsActivity(ctx) {
		return ""
	}
	at := activity.GetInfo(ctx).WorkflowExecution
	if run, late := lateOf(at.ID); late {
		return run
	}
	return at.RunID
}

// Attempt counts the attempts of an activity from 1; it is 1 outside of one. A
// step that goes on late has been attempted before.
func Attempt(ctx context.Context) int {
	if !activity.IsActivity(ctx) {
		return 1
	}
	info := activity.GetInfo(ctx)
	if _, late := lateOf(info.WorkflowExecution.ID); late {
		return int(info.Attempt) + leastAttempts
	}
	return int(info.Attempt)
}

var errStopping = errors.New("the worker stopped; the step is handed back")

// UntilStop is ctx until the worker begins to stop. It is for waiting for a
// workflow of the same process, which does not go on from then: its answer would
// not come in the time that a running step is granted. When do fails for that
// reason, the step is handed back at once.
func UntilStop(ctx context.Context, do func(context.Context) error) error {
	if !activity.IsActivity(ctx) {
		return do(ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopped := make(chan struct{})
	defer close(stopped)
	go handBack(activity.GetWorkerStopChannel(ctx), stopped, 0, cancel)
	err := do(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errStopping) {
		return errStopping
	}
	return err
}

// handBack ends an attempt that outlasts the grace of a stopping worker, so that
// Temporal hears of it now and not by a missing heartbeat.
func handBack(stopping, stopped <-chan struct{}, grace time.Duration, cancel context.CancelCauseFunc) {
	select {
	case <-stopped:
		return
	case <-stopping:
	}
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-stopped:
	case <-t.C:
		cancel(errStopping)
	}
}
