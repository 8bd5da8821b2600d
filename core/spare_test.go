package core

import (
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func timedOut(kind enumspb.TimeoutType, beat time.Duration) *workflowpb.PendingActivityInfo {
	end := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a := &workflowpb.PendingActivityInfo{
		Attempt: 4, ScheduledTime: timestamppb.New(end.Add(800 * time.Millisecond)), // after 0.2 and 0.4
		LastFailure: &failurepb.Failure{FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
			TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{TimeoutType: kind},
		}},
	}
	if beat > 0 {
		a.LastHeartbeatTime = timestamppb.New(end.Add(-beat))
	}
	return a
}

// A step that takes too long must not be taken for a process that died: it would
// be repeated without end.
func TestAProcessThatDiedIsToldFromAStepThatTakesTooLong(t *testing.T) {
	const heartbeat, whole = enumspb.TIMEOUT_TYPE_HEARTBEAT, enumspb.TIMEOUT_TYPE_START_TO_CLOSE
	for name, c := range map[string]struct {
		last  *workflowpb.PendingActivityInfo
		bound time.Duration
		want  bool
	}{
		"no heartbeat in time":                      {timedOut(heartbeat, 10*time.Second), time.Minute, true},
		"time over, beating":                        {timedOut(whole, 3*time.Second), time.Minute, false},
		"time over, silent for long":                {timedOut(whole, 8*time.Second), time.Minute, true},
		"time over, no heartbeat at all":            {timedOut(whole, 0), 10 * time.Second, true},
		"time over before a heartbeat was due":      {timedOut(whole, 0), 2 * time.Second, false},
		"time over, the heartbeat of one before it": {timedOut(whole, time.Hour), 2 * time.Second, false},
		"failed by itself":                          {&workflowpb.PendingActivityInfo{LastFailure: &failurepb.Failure{Message: "503"}}, time.Minute, false},
		"ended":                                     {nil, time.Minute, false},
	} {
		if got := vanished(c.last, c.bound); got != c.want {
			t.Errorf("%s: vanished is %t", name, got)
		}
	}
}
