package temporalembed

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/common/tasktoken"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/opsbuddy/opsbuddy/core/attempt"
)

// ProcessRestart is the type of the failure that an activity attempt gets whose
// process died.
const ProcessRestart = "ProcessRestart"

// processEnded is what that failure says.
const processEnded = "the process that ran this attempt ended"

const (
	kickTimeout  = 30 * time.Second
	kickParallel = 8
	kickIdentity = "orphan-kick"
	// kickDelay stands in for the retry policy's interval: the attempt did not
	// fail on its own account, so there is nothing to back off from.
	kickDelay = time.Millisecond
)

// KickOrphans ends the activity attempts and the workflow tasks that the last
// process left running, so that they are repeated at once instead of after their
// heartbeat timeout and the 10 seconds of a workflow task. It returns how many
// attempts it ended. Attempts whose cancellation had been asked for end as
// canceled.
//
// Call it after Start and before any worker starts: it takes every running
// attempt for an orphan, which is right because the folder belongs to one
// process. An ended attempt uses up none of the retry policy's MaximumAttempts.
//
// It reads the server's own tables: the list that visibility gives is written
// later than the run itself and can lack a workflow that started just before
// the process died. An error leaves the rest to their heartbeat timeouts; it is
// no reason not to go on. It takes 30 seconds at most.
func (s *Server) KickOrphans(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, kickTimeout)
	defer cancel()
	runs, err := s.store.waitingRuns(ctx, s.options.Namespace)
	if err != nil {
		return 0, fmt.Errorf("looking for orphaned activities: %w", err)
	}
	var kicked atomic.Int64
	errs := make([]error, len(runs))
	var group errgroup.Group
	group.SetLimit(kickParallel)
	for i, run := range runs {
		group.Go(func() error {
			n, err := s.kickRun(ctx, run)
			kicked.Add(int64(n))
			errs[i] = err
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs, one failing run does not hold up the others
	return int(kicked.Load()), errors.Join(errs...)
}

func (s *Server) kickRun(ctx context.Context, run openRun) (int, error) {
	err := s.kickTask(ctx, run)
	if !run.activities {
		return 0, err
	}
	n, errActivities := s.kickActivities(ctx, run.WorkflowExecution)
	return n, errors.Join(err, errActivities)
}

// kickTask fails the workflow task that the dead process was at. The server has
// no call that names one, so the token is made that its worker had.
func (s *Server) kickTask(ctx context.Context, run openRun) error {
	if run.task == nil {
		return nil
	}
	token, err := tasktoken.NewSerializer().Serialize(run.task)
	if err == nil {
		_, err = s.client.WorkflowService().RespondWorkflowTaskFailed(ctx, &workflowservice.RespondWorkflowTaskFailedRequest{
			Namespace: s.options.Namespace, TaskToken: token, Identity: kickIdentity,
			Cause: enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE, Failure: processRestart(),
		})
	}
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("workflow %s: handing back its task: %w", run.GetWorkflowId(), err)
	}
	return nil
}

func (s *Server) kickActivities(ctx context.Context, run *commonpb.WorkflowExecution) (int, error) {
	d, err := s.client.WorkflowService().DescribeWorkflowExecution(ctx,
		&workflowservice.DescribeWorkflowExecutionRequest{Namespace: s.options.Namespace, Execution: run})
	if isNotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("workflow %s: looking for orphaned activities: %w", run.GetWorkflowId(), err)
	}
	kicked := 0
	var errs []error
	for _, activity := range d.GetPendingActivities() {
		ok, err := s.kick(ctx, run, activity)
		if err != nil {
			errs = append(errs, fmt.Errorf("workflow %s: handing back activity %s: %w", run.GetWorkflowId(), activity.GetActivityId(), err))
		}
		if ok {
			kicked++
		}
	}
	return kicked, errors.Join(errs...)
}

// kick reports false for an activity that no attempt was running for, or that
// ended in between.
func (s *Server) kick(ctx context.Context, run *commonpb.WorkflowExecution, a *workflowpb.PendingActivityInfo) (bool, error) {
	var err error
	switch a.GetState() {
	case enumspb.PENDING_ACTIVITY_STATE_STARTED, enumspb.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED:
		r := attempt.Run{Service: s.client.WorkflowService(), Namespace: s.options.Namespace, Execution: run, Identity: kickIdentity}
		if err := attempt.OneMore(ctx, r, a); err != nil {
			return false, err
		}
		_, err = s.client.WorkflowService().RespondActivityTaskFailedById(ctx, &workflowservice.RespondActivityTaskFailedByIdRequest{
			Namespace: s.options.Namespace, WorkflowId: run.GetWorkflowId(), RunId: run.GetRunId(),
			ActivityId: a.GetActivityId(), Identity: kickIdentity, Failure: processRestart(),
		})
	case enumspb.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED:
		_, err = s.client.WorkflowService().RespondActivityTaskCanceledById(ctx, &workflowservice.RespondActivityTaskCanceledByIdRequest{
			Namespace: s.options.Namespace, WorkflowId: run.GetWorkflowId(), RunId: run.GetRunId(),
			ActivityId: a.GetActivityId(), Identity: kickIdentity,
		})
	default:
		return false, nil
	}
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

func processRestart() *failurepb.Failure {
	return &failurepb.Failure{
		Message: processEnded,
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{
			Type: ProcessRestart, NextRetryDelay: durationpb.New(kickDelay),
		}},
	}
}

func isNotFound(err error) bool {
	var none *serviceerror.NotFound
	return errors.As(err, &none)
}
