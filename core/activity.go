package core

import (
	"context"
	"errors"
	"log/slog"
	"time"

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
	stopped := make(chan struct{})
	defer close(stopped)
	go beat(ctx, stopped)
	go handBack(activity.GetWorkerStopChannel(ctx), stopped, a.all.grace, cancel)

	began := time.Now()
	out, err := a.Next.ExecuteActivity(ctx, in)
	if err != nil && errors.Is(context.Cause(ctx), errStopping) {
		err = temporal.NewApplicationErrorWithOptions(errStopping.Error(), ErrorRestart, temporal.ApplicationErrorOptions{})
	}
	a.observe(ctx, began, err)
	return out, forTemporal(err, a.all.redact)
}

func (a *activityInterceptor) observe(ctx context.Context, began time.Time, err error) {
	info, took := activity.GetInfo(ctx), time.Since(began)
	a.all.metrics.activity(info.ActivityType.Name, err, took)
	log := a.all.log.With("workflow_id", info.WorkflowExecution.ID, "activity", info.ActivityType.Name,
		"attempt", info.Attempt, "duration_ms", took.Milliseconds())
	if err != nil {
		log.Warn("activity failed", "error", a.all.redact(err.Error()))
		return
	}
	log.Debug("activity done")
}

// beat sends heartbeats until the attempt ends.
func beat(ctx context.Context, stopped <-chan struct{}) {
	t := time.NewTicker(heartbeatTimeout / 4)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			activity.RecordHeartbeat(ctx)
		case <-stopped:
			return
		}
	}
}

var errStopping = errors.New("the worker stopped; the step is handed back")

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
