package killtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
)

// record is what Temporal knows of one incident.
type record struct {
	ends  []string        // how its flow and its review ended, "Completed" both
	steps map[string]step // by name
	// report is what the last step says of itself.
	report slack.NotifyReportOutput
}

// step is one activity that was completed.
type step struct {
	done     time.Time // the event that makes it so
	attempts int
}

// audit reads the histories of all incidents from the data folder of a process
// that has ended.
func (c *campaign) audit(ctx context.Context) (map[int]record, error) {
	engine, err := c.run.Open(ctx, c.data)
	if err != nil {
		return nil, fmt.Errorf("reading the data folder: %w", err)
	}
	out := map[int]record{}
	for id, i := range c.rec.reader.index {
		if i >= len(c.pages) {
			continue
		}
		r := record{steps: map[string]step{}}
		flow := pagerduty.WorkflowID(id)
		for _, workflow := range []string{flow, flow + "/review"} {
			if err := r.read(ctx, engine, workflow); err != nil {
				return nil, errors.Join(fmt.Errorf("history of %s: %w", workflow, err), engine.Close(ctx))
			}
		}
		out[i] = r
	}
	return out, engine.Close(ctx)
}

func (r *record) read(ctx context.Context, engine *core.Engine, workflow string) error {
	events := engine.GetWorkflowHistory(ctx, workflow, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	scheduled := map[int64]string{} // steps by event
	attempts := map[int64]int{}
	end := "is still open"
	for events.HasNext() {
		e, err := events.Next()
		var none *serviceerror.NotFound
		if errors.As(err, &none) {
			end = "is not there"
			break
		}
		if err != nil {
			return err
		}
		switch {
		case e.GetActivityTaskScheduledEventAttributes() != nil:
			if scheduled[e.GetEventId()], err = nameOf(e.GetActivityTaskScheduledEventAttributes()); err != nil {
				return err
			}
		case e.GetActivityTaskStartedEventAttributes() != nil:
			a := e.GetActivityTaskStartedEventAttributes()
			attempts[a.GetScheduledEventId()] = int(a.GetAttempt())
		case e.GetActivityTaskCompletedEventAttributes() != nil:
			a := e.GetActivityTaskCompletedEventAttributes()
			name := scheduled[a.GetScheduledEventId()]
			r.steps[name] = step{done: e.GetEventTime().AsTime(), attempts: attempts[a.GetScheduledEventId()]}
			if name == stepReport {
				if err := decode(a.GetResult(), &r.report); err != nil {
					return err
				}
			}
		default:
			if how, ok := strings.CutPrefix(e.GetEventType().String(), "WorkflowExecution"); ok && how != "Started" {
				end = how
			}
		}
	}
	r.ends = append(r.ends, end)
	return nil
}

// nameOf gives an activity the name that its requests have.
func nameOf(a *historypb.ActivityTaskScheduledEventAttributes) (string, error) {
	kind, as, _ := strings.Cut(a.GetActivityType().GetName(), "@")
	switch kind {
	case "agent.CallTool":
		var in agent.CallInput
		err := decode(a.GetInput(), &in)
		return stepTool + callWord.FindString(string(in.Arguments)), err
	case "agent.Think":
		var in agent.ThinkInput
		err := decode(a.GetInput(), &in)
		turn := 0
		for _, m := range in.Request.Messages {
			if m.Role == model.Assistant {
				turn++
			}
		}
		return thinkStep(turn, in.Purpose == "final"), err
	}
	return as, nil
}

func decode(p *commonpb.Payloads, v any) error {
	return core.DataConverter().FromPayloads(p, v)
}
