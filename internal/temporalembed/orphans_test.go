package temporalembed

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const (
	orphanID = "orphaned"
	// soon is far below the timeouts and the retry interval of the activity, and
	// far above what a retry takes.
	soon = 20 * time.Second
	// maxAttempts of that activity, for those that it fails itself.
	maxAttempts = 2
)

// longStep waits for an activity that nothing but a kick brings back soon.
func longStep(ctx workflow.Context) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Hour, HeartbeatTimeout: 10 * time.Minute, WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 5 * time.Minute, MaximumAttempts: maxAttempts},
	})
	var out string
	err := workflow.ExecuteActivity(ctx, "long").Get(ctx, &out)
	return out, err
}

func workflowsOnly(c client.Client) (worker.Worker, error) {
	w := worker.New(c, testQueue, worker.Options{LocalActivityWorkerOnly: true})
	w.RegisterWorkflow(longStep)
	return w, w.Start()
}

func pollActivity(ctx context.Context, c client.Client) (*workflowservice.PollActivityTaskQueueResponse, error) {
	return c.WorkflowService().PollActivityTaskQueue(ctx, &workflowservice.PollActivityTaskQueueRequest{
		Namespace: defaultNamespace, Identity: "vanishing", TaskQueue: &taskqueuepb.TaskQueue{Name: testQueue},
	})
}

// startStep starts a workflow and takes its activity, which then runs as far as
// the server knows.
func startStep(ctx context.Context, c client.Client) (*workflowservice.PollActivityTaskQueueResponse, error) {
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: orphanID, TaskQueue: testQueue}, longStep)
	if err != nil {
		return nil, err
	}
	return pollActivity(ctx, c)
}

// leaveOrphan is a whole process up to the point where it is killed.
func leaveOrphan(ctx context.Context, dir string) string {
	s, err := Start(ctx, Options{DataDir: dir})
	if err != nil {
		return err.Error()
	}
	o := s.ClientOptions()
	o.Logger = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	c, err := client.Dial(o)
	if err != nil {
		return err.Error()
	}
	if _, err := workflowsOnly(c); err != nil {
		return err.Error()
	}
	task, err := startStep(ctx, c)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint("attempt ", task.GetAttempt())
}

// orphan leaves a stopped server's folder with an activity that has reported
// progress and was never answered.
func orphan(t *testing.T, before func(client.Client)) string {
	t.Helper()
	dir := t.TempDir()
	s := start(t, Options{DataDir: dir})
	c := connect(t, s)
	w, err := workflowsOnly(c)
	if err != nil {
		t.Fatal(err)
	}
	task, err := startStep(testContext(t), c)
	if err != nil {
		t.Fatal(err)
	}
	progress, err := converter.GetDefaultDataConverter().ToPayloads("page 7")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.WorkflowService().RecordActivityTaskHeartbeat(testContext(t), &workflowservice.RecordActivityTaskHeartbeatRequest{
		Namespace: defaultNamespace, TaskToken: task.GetTaskToken(), Details: progress,
	})
	if err != nil {
		t.Fatal(err)
	}
	if before != nil {
		before(c)
	}
	w.Stop()
	stop(t, s)
	return dir
}

func kick(t *testing.T, s *Server, want int) {
	t.Helper()
	n, err := s.KickOrphans(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	if n != want {
		t.Errorf("kicked %d activities, want %d", n, want)
	}
}

func wantSecondAttempt(t *testing.T, c client.Client) *workflowservice.PollActivityTaskQueueResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	task, err := pollActivity(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if task.GetAttempt() != 2 {
		t.Fatalf("attempt %d within %s, want the second", task.GetAttempt(), soon)
	}
	return task
}

func TestOrphanedActivityIsRetriedAtOnce(t *testing.T) {
	s := start(t, Options{DataDir: orphan(t, nil)})
	kick(t, s, 1)
	kick(t, s, 0) // it waits for a worker now

	c := connect(t, s)
	wantNoBackoff(t, c)
	task := wantSecondAttempt(t, c)
	var progress string
	if err := converter.GetDefaultDataConverter().FromPayloads(task.GetHeartbeatDetails(), &progress); err != nil || progress != "page 7" {
		t.Errorf("progress of the first attempt: %q, %v", progress, err)
	}
	d, err := c.DescribeWorkflowExecution(testContext(t), orphanID, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := d.GetPendingActivities()[0].GetLastFailure().GetApplicationFailureInfo().GetType(); got != ProcessRestart {
		t.Errorf("failure type %q", got)
	}
	finish(t, c, task)
}

// wantNoBackoff looks at the time of the next attempt. The second attempt alone
// proves nothing: a task of the first one that the server had put on disk is
// handed out again after a restart, whatever the retry policy says.
func wantNoBackoff(t *testing.T, c client.Client) {
	t.Helper()
	d, err := c.DescribeWorkflowExecution(testContext(t), orphanID, "")
	if err != nil {
		t.Fatal(err)
	}
	a := d.GetPendingActivities()[0]
	if next := a.GetNextAttemptScheduleTime(); next != nil && time.Until(next.AsTime()) > soon {
		t.Errorf("the next attempt is due in %s", time.Until(next.AsTime()))
	}
	if got := a.GetCurrentRetryInterval().AsDuration(); got > soon {
		t.Errorf("the retry interval is %s", got)
	}
}

func finish(t *testing.T, c client.Client, task *workflowservice.PollActivityTaskQueueResponse) {
	t.Helper()
	done, err := converter.GetDefaultDataConverter().ToPayloads("done")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.WorkflowService().RespondActivityTaskCompleted(testContext(t), &workflowservice.RespondActivityTaskCompletedRequest{
		Namespace: defaultNamespace, TaskToken: task.GetTaskToken(), Result: done,
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := workflowsOnly(c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	if got := result(t, c.GetWorkflow(testContext(t), orphanID, "")); got != "done" {
		t.Errorf("result %q", got)
	}
}

func TestOrphanIsFoundThoughVisibilityLacksItsWorkflow(t *testing.T) {
	dir := orphan(t, nil)
	change(t, dir, "DELETE FROM executions_visibility")
	s := start(t, Options{DataDir: dir})
	kick(t, s, 1)
	wantSecondAttempt(t, connect(t, s))
}

func TestOrphanWhoseCancellationWasAskedForEndsCanceled(t *testing.T) {
	dir := orphan(t, func(c client.Client) {
		if err := c.CancelWorkflow(testContext(t), orphanID, ""); err != nil {
			t.Fatal(err)
		}
		for { // each describe is a call, so this does not spin
			d, err := c.DescribeWorkflowExecution(testContext(t), orphanID, "")
			if err != nil {
				t.Fatal(err)
			}
			if d.GetPendingActivities()[0].GetState() == enumspb.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED {
				return
			}
		}
	})
	s := start(t, Options{DataDir: dir})
	kick(t, s, 1)
	c := connect(t, s)
	w, err := workflowsOnly(c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	err = c.GetWorkflow(ctx, orphanID, "").Get(ctx, nil)
	if !temporal.IsCanceledError(err) {
		t.Errorf("the workflow ended with %v, want canceled", err)
	}
}

func TestActivitiesThatDoNotRunAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{DataDir: dir})
	c := connect(t, s)
	w, err := workflowsOnly(c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.ExecuteWorkflow(testContext(t), client.StartWorkflowOptions{ID: orphanID, TaskQueue: testQueue}, longStep)
	if err != nil {
		t.Fatal(err)
	}
	for !waits(t, s, defaultNamespace) { // until the activity is scheduled
	}
	w.Stop()
	kick(t, s, 0)
	if waits(t, s, "other") {
		t.Error("a run counts for another namespace too")
	}
	if err := c.TerminateWorkflow(testContext(t), orphanID, "", ""); err != nil {
		t.Fatal(err)
	}
	if waits(t, s, defaultNamespace) {
		t.Error("a terminated run still counts as one that waits")
	}
}

// waits reports whether a run has an activity.
func waits(t *testing.T, s *Server, namespace string) bool {
	t.Helper()
	runs, err := s.store.waitingRuns(testContext(t), namespace)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(runs, func(r openRun) bool { return r.activities })
}

func TestDeathsOfTheProcessUseUpNoAttempts(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{DataDir: dir})
	c := connect(t, s)
	w, err := workflowsOnly(c)
	if err != nil {
		t.Fatal(err)
	}
	task, err := startStep(testContext(t), c)
	if err != nil {
		t.Fatal(err)
	}
	w.Stop()
	for died := range int32(maxAttempts + 2) {
		if task.GetAttempt() != died+1 {
			t.Fatalf("attempt %d after %d deaths", task.GetAttempt(), died)
		}
		stop(t, s)
		s = start(t, Options{DataDir: dir})
		kick(t, s, 1)
		c = connect(t, s)
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		if task, err = pollActivity(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, c, task)
}

func TestOrphanedWorkflowTaskIsRepeatedAtOnce(t *testing.T) {
	dir := t.TempDir()
	var lines syncBuffer
	s := start(t, Options{DataDir: dir})
	c := connect(t, s)
	_, err := c.ExecuteWorkflow(testContext(t), client.StartWorkflowOptions{ID: orphanID, TaskQueue: testQueue, WorkflowTaskTimeout: time.Minute}, longStep)
	if err != nil {
		t.Fatal(err)
	}
	for attempt := range int32(3) {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		task, err := c.WorkflowService().PollWorkflowTaskQueue(ctx, &workflowservice.PollWorkflowTaskQueueRequest{
			Namespace: defaultNamespace, Identity: "vanishing", TaskQueue: &taskqueuepb.TaskQueue{Name: testQueue},
		})
		if err != nil {
			t.Fatal(err)
		}
		if task.GetAttempt() != attempt+1 {
			t.Fatalf("attempt %d within %s, want %d", task.GetAttempt(), soon, attempt+1)
		}
		stop(t, s)
		s = start(t, Options{DataDir: dir, Logger: slog.New(slog.NewTextHandler(&lines, nil))})
		kick(t, s, 0) // no activity
		c = connect(t, s)
	}
	if said := lines.String(); strings.Contains(said, "workflow task failed") {
		t.Errorf("a task that is handed back is in the log:\n%s", said)
	}
}

func TestKilledProcessLeavesAnActivityThatIsKicked(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.CommandContext(testContext(t), os.Args[0], "-orphan-dir="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || said != "attempt 1\n" {
		t.Fatalf("the process said %q, %v", said, err)
	}
	_, err = Start(testContext(t), Options{DataDir: dir})
	wantError(t, err, fmt.Sprint("in use by process ", cmd.Process.Pid))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"

	s := start(t, Options{DataDir: dir})
	kick(t, s, 1)
	c := connect(t, s)
	finish(t, c, wantSecondAttempt(t, c))
}
