package agent

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/opsbuddy/opsbuddy/agent/compact"
	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/money"
)

// run is the state of one run. Workflow side: plain values, rebuilt by replay.
type run struct {
	in      Input
	plan    Plan
	started time.Time
	hard    workflow.Future // ready when the step's time is over
	told    workflow.Future // ready when the flow says stop; its value is the reason

	mark    string            // delimits tool results; random to the outside
	prompt  model.Message     // the first message, never compacted
	known   known             // its lines
	summary string            // of what was compacted
	history []model.Message   // since then
	size    int               // input tokens that the next call will send, about
	counter model.Calibration // corrects our own counts by what the vendor reports
	next    int               // number of the next piece of evidence

	models       int // index of the model in use
	maxTokens    int
	iterations   int
	pauses       int
	widened      bool // there was an answer cut for length
	nudged       bool // there was an empty answer
	tooLong      bool // the vendor said that the conversation does not fit
	guard        guard
	spent        money.USD
	dearest      money.USD // of its calls
	usage        model.Usage
	turns        []Turn
	observations []Observation

	answer string
	reason StopReason
	detail string

	mayComeBack bool // the model failed in a way that passes
}

var (
	errDeadline = errors.New("the deadline passed")
	errTold     = errors.New("the flow said stop")
)

// hear listens for the flow's word to stop.
func (r *run) hear(ctx workflow.Context) {
	told, settable := workflow.NewFuture(ctx)
	r.told = told
	workflow.Go(ctx, func(ctx workflow.Context) {
		var why string
		workflow.GetSignalChannel(ctx, core.StopSignal).Receive(ctx, &why)
		r.stop(Interrupted, why)
		settable.Set(why, nil)
	})
}

// await waits for f, but not beyond the step's deadline or the flow's word to stop.
func (r *run) await(ctx workflow.Context, f workflow.Future, out any) error {
	var err error
	s := workflow.NewSelector(ctx)
	s.AddFuture(f, func(f workflow.Future) { err = f.Get(ctx, out) })
	s.AddFuture(r.told, func(workflow.Future) { err = errTold })
	s.AddFuture(r.hard, func(workflow.Future) { err = errDeadline })
	s.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) { err = ctx.Err() })
	s.Select(ctx)
	return err
}

// stop ends the run. The first reason stands.
func (r *run) stop(reason StopReason, detail string) {
	if r.reason == "" {
		r.reason, r.detail = reason, detail
	}
}

// wantsLastWord tells whether one more call may give an answer.
func (r *run) wantsLastWord() bool {
	switch r.reason {
	case MaxIterations, OutOfMoney, Looping:
		return r.answer == ""
	case OutOfTime:
		return r.answer == "" && !r.hard.IsReady()
	default:
		return false
	}
}

// partial keeps a text that is better than none.
func (r *run) partial(text string) {
	if r.answer == "" {
		r.answer = text
	}
}

// messages is the conversation as the next call sends it.
func (r *run) messages() []model.Message {
	return append(r.opening(), r.history...)
}

// opening is what every call begins with. The first message stays as it was when a
// summary comes, so that the vendor's cache still has the facts.
func (r *run) opening() []model.Message {
	if r.summary == "" {
		return []model.Message{r.prompt}
	}
	return []model.Message{r.prompt, {Role: model.Assistant, Text: r.summary}, {Role: model.User, Text: compact.GoOn}}
}

// think makes one call to the model, or to its fallback when the first can not
// be used. It reports false when there is no answer; then the reason is set.
func (r *run) think(ctx workflow.Context, purpose string, messages []model.Message, maxTokens int) (ThinkOutput, bool) {
	if maxTokens == 0 {
		maxTokens, r.maxTokens = r.plan.MaxTokens, r.plan.MaxTokens
	}
	for {
		out, err := r.thinkOnce(ctx, ThinkInput{
			Model: r.plan.Models[r.models], Ceiling: r.plan.PerRun, Spent: r.spent, Dearest: r.dearest, Purpose: purpose,
			Request: model.Request{
				System: r.plan.System, Messages: messages, Tools: r.plan.Tools,
				Final: purpose != "", MaxTokens: maxTokens,
			},
		})
		if err == nil && out.Problem == "" {
			r.book(purpose, out)
			return out, true
		}
		if err == nil && out.Problem == string(model.KindTooLong) && purpose == "" && !r.tooLong {
			r.tooLong = true
			r.compact(ctx)
			messages = r.messages()
			continue
		}
		if r.models+1 < len(r.plan.Models) && !errors.Is(err, errDeadline) && !errors.Is(err, errTold) {
			r.models++
			continue
		}
		r.failed(out, err)
		return ThinkOutput{}, false
	}
}

func (r *run) thinkOnce(ctx workflow.Context, in ThinkInput) (ThinkOutput, error) {
	summary := "think"
	if in.Purpose != "" {
		summary += " (" + in.Purpose + ")"
	}
	// Attempts end well before the deadline, so that the outcome can say what the
	// model answered and not only that time was up.
	left := r.left(ctx)
	retry := min(thinkRetry, left/2)
	if r.plan.Patient && r.iterations == 0 {
		retry = left
	}
	actx := core.WithActivity(ctx, core.ActivityOptions{Attempt: thinkAttempt, Retry: retry, Bounded: true, Late: r.plan.Patient, Summary: summary})
	var out ThinkOutput
	err := r.await(ctx, workflow.ExecuteActivity(actx, core.ActivityName(actx, thinkName), in), &out)
	return out, err
}

// left is what remains of the step's time.
func (r *run) left(ctx workflow.Context) time.Duration {
	began := r.in.Began
	if began.IsZero() {
		began = r.started
	}
	return max(0, r.in.StepTimeout-workflow.Now(ctx).Sub(began))
}

// failed says why there was no answer.
func (r *run) failed(out ThinkOutput, err error) {
	r.mayComeBack = err != nil || out.Passing
	switch {
	case errors.Is(err, errDeadline):
		r.stop(OutOfTime, "the deadline passed while the model was asked")
	case err != nil:
		r.stop(ModelFailed, "the model did not answer: "+core.Reason(err))
	case out.Problem == problemBudget:
		r.stop(OutOfMoney, out.Message)
	default:
		r.stop(ModelFailed, out.Message)
	}
}

// book counts an answered call.
func (r *run) book(purpose string, out ThinkOutput) {
	u := out.Response.Usage
	if purpose == "" {
		r.iterations++
	}
	r.usage = r.usage.Add(u)
	r.spent = r.spent.Add(out.Cost)
	if out.Cost.Micro > r.dearest.Micro {
		r.dearest = out.Cost
	}
	r.counter = r.counter.Correct(u.Sent(), int(float64(out.Estimated)*r.counter.Factor))
	r.size = u.Sent() + u.Output
	r.turns = append(r.turns, Turn{
		Model: out.Response.Model, Purpose: purpose, Usage: u, Cost: out.Cost, Took: out.Took,
		Calls: len(out.Response.Message.Calls), Stop: out.Response.Stop, Warning: out.Response.Warning,
	})
}

// compactIfLong shortens the conversation when it has passed the threshold.
func (r *run) compactIfLong(ctx workflow.Context) {
	if r.plan.Threshold > 0 && r.size > r.plan.Threshold {
		r.compact(ctx)
	}
}

// compact replaces the older part of the conversation by a summary. What code
// can keep (ids, numbers, links) is kept whatever the model's summary says, and
// also when the model gives none.
func (r *run) compact(ctx workflow.Context) {
	old, recent := compact.Split(r.history, r.plan.KeepRecent)
	if len(old) == 0 {
		return
	}
	kept := compact.Digest(r.summary, old)
	words := ""
	ask := append(r.opening(), old...)
	ask = append(ask, model.Message{Role: model.User, Text: compact.Ask})
	in := ThinkInput{
		Model: r.plan.Models[r.models], Ceiling: r.plan.PerRun, Spent: r.spent, Dearest: r.dearest, Purpose: "compact",
		Request: model.Request{System: r.plan.System, Messages: ask, Tools: r.plan.Tools, Final: true, MaxTokens: compact.MaxTokens},
	}
	if out, err := r.thinkOnce(ctx, in); err == nil && out.Problem == "" {
		r.book("compact", out)
		words = out.Response.Message.Text
	}
	r.summary = compact.Join(words, kept)
	r.history = recent
	r.size = 0 // known again after the next call
}

func (r *run) result(ctx workflow.Context) Result {
	res := Result{
		Response: r.answer, Succeeded: r.reason == Answered, StopReason: r.reason, Detail: r.detail,
		TotalCost: r.spent, MayComeBack: r.reason == ModelFailed && r.mayComeBack, Duration: workflow.Now(ctx).Sub(r.started), Iterations: r.iterations,
		Provider: r.plan.Provider, Usage: r.usage, Turns: r.turns, Observations: r.observations, Down: r.plan.Down,
	}
	if len(r.plan.Models) > 0 {
		res.Model = r.plan.Models[r.models]
	}
	return res
}
