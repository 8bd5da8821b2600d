package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/agent/tool"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/money"
)

// stage is one run of the workflow over scripted activities. It counts what was
// asked, so that a test can say what was paid.
type stage struct {
	plan    Plan
	timeout time.Duration
	think   func(n int, in ThinkInput) (ThinkOutput, error) // n counts from 0
	call    func(CallInput) tool.Result
	verify  func(VerifyInput) []string
	once    bool
	// stopAfter is when the flow says stop; never when 0.
	stopAfter time.Duration

	mu     sync.Mutex
	thinks []ThinkInput
	calls  []CallInput
}

func newStage() *stage {
	return &stage{
		timeout: 15 * time.Minute,
		plan: Plan{
			Provider: "anthropic", Models: []string{"big"}, System: "system", MaxIterations: 5, MaxTokens: 1000,
			SoftDeadline: 2 * time.Minute, Threshold: 80_000, KeepRecent: 4,
			Tools: []model.Tool{{Name: "look", Schema: json.RawMessage(`{"type":"object"}`)}},
		},
		call: func(in CallInput) tool.Result { return tool.Result{Text: "saw " + string(in.Arguments)} },
	}
}

func (s *stage) run(t *testing.T) Result {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(20 * time.Second)
	register := func(name string, fn any) { env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name}) }
	register(openName, func(context.Context) (Plan, error) { return s.plan, nil })
	register(thinkName, func(_ context.Context, in ThinkInput) (ThinkOutput, error) {
		s.mu.Lock()
		n := len(s.thinks)
		s.thinks = append(s.thinks, in)
		s.mu.Unlock()
		return s.think(n, in)
	})
	register(toolName, func(_ context.Context, in CallInput) (tool.Result, error) {
		s.mu.Lock()
		s.calls = append(s.calls, in)
		s.mu.Unlock()
		return s.call(in), nil
	})
	register(verifyName, func(_ context.Context, in VerifyInput) ([]string, error) { return s.verify(in), nil })
	env.RegisterWorkflowWithOptions(Workflow, workflow.RegisterOptions{Name: workflowName})
	if s.stopAfter > 0 {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(core.StopSignal, "the incident is over") }, s.stopAfter)
	}
	env.ExecuteWorkflow(workflowName, Input{UserPrompt: "Review Q1", FirstEvidence: 7, StepTimeout: s.timeout, Once: s.once})
	if err := env.GetWorkflowError(); err != nil {
		t.Fatalf("a failing agent failed the flow: %v", err)
	}
	var res Result
	if err := env.GetWorkflowResult(&res); err != nil {
		t.Fatal(err)
	}
	return res
}

// asked is how often the model was asked; a call may outlast the run.
func (s *stage) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.thinks)
}

func says(text string, calls ...model.Call) ThinkOutput {
	stop := model.StopEnd
	if len(calls) > 0 {
		stop = model.StopTools
	}
	return ThinkOutput{
		Response: model.Response{
			Message: model.Message{Role: model.Assistant, Text: text, Calls: calls}, Stop: stop, Model: "big",
			Usage: model.Usage{Input: 100, Output: 10},
		},
		Cost: money.Dollars(0.01),
	}
}

func look(id, args string) model.Call {
	return model.Call{ID: id, Name: "look", Arguments: json.RawMessage(args)}
}

func TestToolsAreAskedAndTheirAnswersBecomeNumberedEvidence(t *testing.T) {
	s := newStage()
	s.think = func(n int, _ ThinkInput) (ThinkOutput, error) {
		if n == 0 {
			return says("", look("a", `{"q":1}`), look("b", `{"q":2}`)), nil
		}
		return says("the brief"), nil
	}
	res := s.run(t)
	if !res.Succeeded || res.StopReason != Answered || res.Response != "the brief" || res.Iterations != 2 || res.Model != "big" {
		t.Errorf("result %+v", res)
	}
	if res.TotalCost != money.Dollars(0.02) || res.Usage.Sent() != 200 || len(res.Turns) != 2 || res.Turns[0].Calls != 2 {
		t.Errorf("cost %s, usage %+v, turns %+v", res.TotalCost, res.Usage, res.Turns)
	}
	var got []string
	for _, o := range res.Observations {
		got = append(got, fmt.Sprintf("E%d %s %s", o.Number, o.Tool, o.Text))
	}
	if diff := cmp.Diff([]string{`E7 look saw {"q":1}`, `E8 look saw {"q":2}`}, got); diff != "" {
		t.Error(diff)
	}
	last := s.thinks[1].Request.Messages
	results := last[len(last)-1].Results
	if len(results) != 2 || results[0].CallID != "a" || !strings.HasPrefix(results[0].Text, "<<<E7 ") || !strings.HasSuffix(results[0].Text, " E7>>>") {
		t.Errorf("the model got %+v", results)
	}
}

func TestEveryStopButAnAnswerGetsALastWordWithoutTools(t *testing.T) {
	again := func(n int, in ThinkInput) (ThinkOutput, error) {
		if in.Purpose == "final" {
			return says("best effort"), nil
		}
		return says("", look(fmt.Sprint(n), `{"q":1}`)), nil
	}
	for name, c := range map[string]struct {
		set    func(*stage)
		reason StopReason
		word   string
	}{
		"iterations": {func(s *stage) {
			s.call = func() func(CallInput) tool.Result {
				n := 0
				return func(CallInput) tool.Result { n++; return tool.Result{Text: fmt.Sprint("other ", n)} }
			}()
		}, MaxIterations, "best effort"},
		"loop": {func(*stage) {}, Looping, "best effort"},
		"money": {func(s *stage) {
			s.think = func(n int, in ThinkInput) (ThinkOutput, error) {
				if n > 0 && in.Purpose == "" {
					return ThinkOutput{Problem: problemBudget, Message: "the ceiling is near"}, nil
				}
				return again(n, in)
			}
		}, OutOfMoney, "best effort"},
		"soft deadline": {func(s *stage) { s.plan.SoftDeadline = 0 }, OutOfTime, "best effort"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage()
			s.think = again
			c.set(s)
			res := s.run(t)
			if res.Succeeded || res.StopReason != c.reason || res.Response != c.word || res.Detail == "" {
				t.Errorf("%+v", res)
			}
			last := s.thinks[len(s.thinks)-1]
			if last.Purpose != "final" || !last.Request.Final || !strings.Contains(last.Request.Messages[len(last.Request.Messages)-1].Text, "Stop here") {
				t.Errorf("the last call was %q, final %v", last.Purpose, last.Request.Final)
			}
		})
	}
}

func TestALoopIsNoticedAcrossCompaction(t *testing.T) {
	s := newStage()
	s.plan.MaxIterations, s.plan.Threshold, s.plan.KeepRecent = 30, 150, 1
	s.call = func(CallInput) tool.Result {
		return tool.Result{Text: "PLAT-892 at https://jira.example/browse/PLAT-892"}
	}
	s.think = func(n int, in ThinkInput) (ThinkOutput, error) {
		switch in.Purpose {
		case "compact":
			return says("we looked once"), nil
		case "final":
			return says("done"), nil
		}
		out := says("", look(fmt.Sprint(n), `{"q":1}`))
		out.Response.Usage.Input = 200
		return out, nil
	}
	res := s.run(t)
	if res.StopReason != Looping || len(s.calls) != sameCallLimit {
		t.Errorf("%s after %d calls", res.StopReason, len(s.calls))
	}
	compacted := false
	for _, in := range s.thinks {
		m := in.Request.Messages
		if m[0].Text != s.thinks[0].Request.Messages[0].Text {
			t.Errorf("the first message became %q", m[0].Text)
		}
		if len(m) > 2 && strings.Contains(m[1].Text, "we looked once") {
			compacted = true
			if !strings.Contains(m[1].Text, "PLAT-892") || !strings.Contains(m[1].Text, "https://jira.example/browse/PLAT-892") {
				t.Errorf("lost by compaction: %q", m[1].Text)
			}
		}
	}
	if !compacted {
		t.Error("nothing was compacted")
	}
}

func TestAConversationThatDoesNotFitIsCompactedOnce(t *testing.T) {
	s := newStage()
	s.plan.KeepRecent = 1
	refused := 0
	s.think = func(n int, in ThinkInput) (ThinkOutput, error) {
		switch {
		case in.Purpose == "compact":
			return ThinkOutput{}, errNever // no summary: what code keeps must do
		case n < 2:
			return says("", look(fmt.Sprint(n), fmt.Sprintf(`{"q":%d}`, n))), nil
		case refused == 0:
			refused++
			return ThinkOutput{Problem: string(model.KindTooLong), Message: "too long"}, nil
		}
		if !strings.Contains(in.Request.Messages[1].Text, "Kept word for word") {
			t.Error("not compacted")
		}
		return says("the brief"), nil
	}
	if res := s.run(t); !res.Succeeded {
		t.Errorf("%+v", res)
	}
}

var errNever = errors.New("never works")

func TestTheFallbackModelIsTriedWhenTheFirstFails(t *testing.T) {
	s := newStage()
	s.plan.Models = []string{"big", "small"}
	s.think = func(_ int, in ThinkInput) (ThinkOutput, error) {
		if in.Model == "big" {
			return ThinkOutput{}, core.After(errNever, 0)
		}
		return says("from " + in.Model), nil
	}
	if res := s.run(t); !res.Succeeded || res.Response != "from small" || res.Model != "small" {
		t.Errorf("%+v", res)
	}
}

func TestAModelThatFailsIsAnOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		think  func(int, ThinkInput) (ThinkOutput, error)
		reason StopReason
	}{
		"always an error": {func(int, ThinkInput) (ThinkOutput, error) { return ThinkOutput{}, errNever }, ModelFailed},
		"refused key": {func(int, ThinkInput) (ThinkOutput, error) {
			return ThinkOutput{Problem: "refused", Message: "401"}, nil
		}, ModelFailed},
		"empty answers": {func(int, ThinkInput) (ThinkOutput, error) { return says(""), nil }, ModelFailed},
		"declines": {func(int, ThinkInput) (ThinkOutput, error) {
			out := says("")
			out.Response.Stop = model.StopRefusal
			return out, nil
		}, Refused},
		"always cut": {func(int, ThinkInput) (ThinkOutput, error) {
			out := says("half a", look("x", `{}`))
			out.Response.Stop = model.StopLength
			return out, nil
		}, ModelFailed},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage()
			s.think = c.think
			res := s.run(t)
			if res.Succeeded || res.StopReason != c.reason || res.Detail == "" {
				t.Errorf("%+v", res)
			}
			if len(s.calls) != 0 {
				t.Errorf("calls of a turn that was cut were run: %v", s.calls)
			}
		})
	}
}

func TestTheFlowsWordToStopEndsARunWithoutALastWord(t *testing.T) {
	for name, s := range map[string]*stage{"while the model thinks": newStage(), "while tools are asked": newStage()} {
		s.stopAfter = time.Second
		hang := func() { time.Sleep(3 * time.Second) } // the environment's clock follows a running activity
		s.think = func(n int, _ ThinkInput) (ThinkOutput, error) {
			if strings.Contains(name, "thinks") || n > 0 {
				hang()
			}
			return says("", look("x", `{}`)), nil
		}
		s.call = func(CallInput) tool.Result {
			hang()
			return tool.Result{Text: "late"}
		}
		res := s.run(t)
		if n := s.asked(); res.StopReason != Interrupted || res.Detail != "the incident is over" || res.Succeeded || n != 1 {
			t.Errorf("%s: %+v after %d calls", name, res, n)
		}
	}
}

func TestAnAnswerThatIsNotCarriedIsMendedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		second ThinkOutput
		want   string
	}{
		"mended":          {says("the truth"), "the truth"},
		"empty":           {says(""), "a lie"},
		"cut":             {func() ThinkOutput { o := says("half"); o.Response.Stop = model.StopLength; return o }(), "a lie"},
		"no money for it": {ThinkOutput{Problem: problemBudget, Message: "the ceiling is reached"}, "a lie"},
		"a lie again":     {says("another lie"), "another lie"},
	} {
		s := newStage()
		s.plan.Verifies = true
		s.verify = func(in VerifyInput) []string { return []string{"ticket FER-9 is in no evidence"} }
		s.think = func(n int, in ThinkInput) (ThinkOutput, error) {
			if n == 0 {
				return says("a lie"), nil
			}
			if last := in.Request.Messages[len(in.Request.Messages)-1].Text; in.Purpose != "correct" || !in.Request.Final || !strings.Contains(last, "- ticket FER-9 is in no evidence") {
				t.Errorf("%s: asked with purpose %q: %s", name, in.Purpose, last)
			}
			return c.second, nil
		}
		res := s.run(t)
		if res.Response != c.want || !res.Succeeded || res.Iterations != 1 || len(s.thinks) != 2 {
			t.Errorf("%s: %+v after %d calls", name, res, len(s.thinks))
		}
	}
}

func TestWhatIsKnownIsAskedForInOneCall(t *testing.T) {
	for first, calls := range map[string]int{"the brief": 1, "": 2} {
		s := newStage()
		s.once = true
		s.think = func(n int, in ThinkInput) (ThinkOutput, error) {
			if in.Request.Final != (n == 0) {
				t.Errorf("call %d: without tools %v", n, in.Request.Final)
			}
			if n == 0 {
				return says(first), nil
			}
			return says("the brief"), nil
		}
		if res := s.run(t); res.Response != "the brief" || !res.Succeeded || res.Iterations != 1 || len(s.thinks) != calls {
			t.Errorf("%q: %+v after %d calls", first, res, len(s.thinks))
		}
	}
}

func TestAnAnswerThatIsCarriedIsNotAskedForAgain(t *testing.T) {
	s := newStage()
	s.plan.Verifies = true
	var seen VerifyInput
	s.verify = func(in VerifyInput) []string { seen = in; return nil }
	s.think = func(n int, _ ThinkInput) (ThinkOutput, error) {
		if n == 0 {
			return says("", look("a", `{}`)), nil
		}
		return says("the truth"), nil
	}
	if res := s.run(t); res.Response != "the truth" || len(s.thinks) != 2 || len(seen.Seen) != 1 || seen.Answer != "the truth" {
		t.Errorf("%+v after %d calls, verified %+v", res, len(s.thinks), seen)
	}
}

func TestAnEmptyTurnIsAskedAgainOnce(t *testing.T) {
	s := newStage()
	s.think = func(n int, _ ThinkInput) (ThinkOutput, error) { return says(strings.Repeat("the brief", n)), nil }
	if res := s.run(t); !res.Succeeded || res.Iterations != 2 {
		t.Errorf("%+v", res)
	}
}

func TestNoModelIsAnOutcome(t *testing.T) {
	s := newStage()
	s.plan.Models = nil
	if res := s.run(t); res.StopReason != NoModel || len(s.thinks) != 0 {
		t.Errorf("%+v", res)
	}
}

func TestArgumentsThatCouldNotBeReadAreNewsForTheModel(t *testing.T) {
	s := newStage()
	s.think = func(n int, in ThinkInput) (ThinkOutput, error) {
		if n == 0 {
			c := look("a", `{}`)
			c.Problem = "not a JSON object"
			return says("", c), nil
		}
		m := in.Request.Messages
		if r := m[len(m)-1].Results[0]; !r.Failed || !strings.Contains(r.Text, "not a JSON object") {
			t.Errorf("the model got %+v", r)
		}
		return says("the brief"), nil
	}
	if res := s.run(t); !res.Succeeded || len(s.calls) != 0 {
		t.Errorf("%+v, calls %v", res, s.calls)
	}
}

func TestMoreCallsThanATurnMayHaveAreNotRun(t *testing.T) {
	s := newStage()
	s.think = func(n int, _ ThinkInput) (ThinkOutput, error) {
		if n > 0 {
			return says("the brief"), nil
		}
		var calls []model.Call
		for i := range maxCallsInTurn + 3 {
			calls = append(calls, look(fmt.Sprint(i), fmt.Sprintf(`{"q":%d}`, i)))
		}
		return says("", calls...), nil
	}
	res := s.run(t)
	if len(s.calls) != maxCallsInTurn || len(res.Observations) != maxCallsInTurn+3 || !res.Observations[maxCallsInTurn].Failed {
		t.Errorf("%d calls, %d observations", len(s.calls), len(res.Observations))
	}
}

func TestGuardComparesArgumentsWhateverTheirOrder(t *testing.T) {
	var g guard
	g.saw("look", json.RawMessage(`{"a":1,"b":2}`), "x")
	g.saw("look", json.RawMessage(`{"b":2, "a":1}`), "x")
	if g.saw("look", json.RawMessage(`{"a":1,"b":2}`), "y") {
		t.Error("another answer is no loop")
	}
	if !g.saw("look", json.RawMessage(`{"a":1,"b":2}`), "x") {
		t.Error("the third same answer is a loop")
	}
}

func TestAToolHasNoLongerThanUntilTheModelMustConclude(t *testing.T) {
	s := newStage()
	s.plan.SoftDeadline = 30 * time.Second
	s.think = func(n int, _ ThinkInput) (ThinkOutput, error) {
		if n == 0 {
			return says("", model.Call{ID: "1", Name: "look", Arguments: json.RawMessage(`{}`)}), nil
		}
		return says("done"), nil
	}
	s.run(t)
	if within := s.calls[0].Within; within <= 20*time.Second || within > 30*time.Second {
		t.Errorf("the tool has %s, want what is left of 30 s", within)
	}
}
