// Package attempt grants an activity an attempt for one that was not its
// own failure. Worker side: it calls Temporal.
package attempt

import (
	"context"
	"errors"
	"fmt"

	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Run is a workflow run, and where it is.
type Run struct {
	Service   workflowservice.WorkflowServiceClient
	Namespace string
	Execution *commonpb.WorkflowExecution
	Identity  string // who asks, for Temporal's pages
}

// OneMore raises the attempts of a's retry policy by one. Else a process that
// dies at each start, for want of memory, uses up the attempts of every step
// that it meets, and loses what they were for. An activity without a bound, and
// one that ended in between, is left as it is.
func OneMore(ctx context.Context, r Run, a *workflowpb.PendingActivityInfo) error {
	if a.GetMaximumAttempts() == 0 {
		return nil
	}
	_, err := r.Service.UpdateActivityOptions(ctx, &workflowservice.UpdateActivityOptionsRequest{
		Namespace: r.Namespace, Execution: r.Execution, Identity: r.Identity,
		Activity:        &workflowservice.UpdateActivityOptionsRequest_Id{Id: a.GetActivityId()},
		ActivityOptions: &activitypb.ActivityOptions{RetryPolicy: &commonpb.RetryPolicy{MaximumAttempts: a.GetMaximumAttempts() + 1}},
		UpdateMask:      &fieldmaskpb.FieldMask{Paths: []string{"retry_policy.maximum_attempts"}},
	})
	if none := (*serviceerror.NotFound)(nil); errors.As(err, &none) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("granting activity %s one attempt more: %w", a.GetActivityId(), err)
	}
	return nil
}
