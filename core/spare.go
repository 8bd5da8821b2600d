package core

import (
	"context"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"

	"github.com/opsbuddy/opsbuddy/core/attempt"
)

// silence is two heartbeats that did not come.
const silence = 2 * heartbeatEvery

// spareTimeout bounds what an attempt does for its successors.
const spareTimeout = 5 * time.Second

// spare grants one attempt more when the one before died with its process: the
// step did not fail. It runs before the step, so that it also holds for an
// attempt that dies in its turn. An embedded server's process has done it at its
// start already. Without it the step has its attempts as they are.
func (i *interceptors) spare(ctx context.Context) {
	info := activity.GetInfo(ctx)
	if info.Attempt == 1 || i.service == nil { // Temporal's test environment has none
		return
	}
	ctx, cancel := context.WithTimeout(ctx, spareTimeout)
	defer cancel()
	run := attempt.Run{
		Service: i.service, Namespace: info.Namespace, Identity: "core",
		Execution: &commonpb.WorkflowExecution{WorkflowId: info.WorkflowExecution.ID, RunId: info.WorkflowExecution.RunID},
	}
	a, err := pending(ctx, run, info.ActivityID)
	if err == nil && vanished(a, info.Deadline.Sub(info.StartedTime)) {
		err = attempt.OneMore(ctx, run, a)
	}
	if err != nil {
		i.log.Warn("attempts of a step not spared", "workflow_id", info.WorkflowExecution.ID, "activity", info.ActivityType.Name, "error", i.redact(err.Error()))
	}
}

// pending is what Temporal knows of an activity; nil when it has ended.
func pending(ctx context.Context, run attempt.Run, id string) (*workflowpb.PendingActivityInfo, error) {
	d, err := run.Service.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{Namespace: run.Namespace, Execution: run.Execution})
	for _, a := range d.GetPendingActivities() {
		if a.GetActivityId() == id {
			return a, err
		}
	}
	return nil, err
}

// vanished reports that the last attempt's process was heard of no more. bound is
// the time of an attempt: when it is no longer than a heartbeat's, it ends first,
// and only silence tells a dead process from a step that takes too long.
func vanished(a *workflowpb.PendingActivityInfo, bound time.Duration) bool {
	switch a.GetLastFailure().GetTimeoutFailureInfo().GetTimeoutType() {
	case enumspb.TIMEOUT_TYPE_HEARTBEAT:
		return true
	case enumspb.TIMEOUT_TYPE_START_TO_CLOSE:
		silent := bound
		if beat := a.GetLastHeartbeatTime(); beat != nil {
			ended := a.GetScheduledTime().AsTime().Add(-waitBefore(a.GetAttempt()))
			silent = min(silent, ended.Sub(beat.AsTime()))
		}
		return silent >= silence
	default:
		return false
	}
}

// waitBefore is what the retry policy waits before an attempt.
func waitBefore(attempt int32) time.Duration {
	wait := retryInitial
	for n := int32(2); n < attempt && wait < retryMax; n++ {
		wait = min(wait*retryFactor, retryMax)
	}
	return wait
}
