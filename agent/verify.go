package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/core"
)

// Verify holds an answer against what is known and says what it does not carry,
// one sentence each. context is what the flow bound to NodeConfig.Context. Worker
// side; it makes no network call.
type Verify func(answer string, seen []Observation, context json.RawMessage) ([]string, error)

// VerifyInput is an answer to be verified. Frozen: histories hold it.
type VerifyInput struct {
	Answer  string        `json:"answer"`
	Seen    []Observation `json:"seen,omitempty"`
	Context any           `json:"context"`
}

const (
	verifyName    = "agent.Verify"
	verifyAttempt = 30 * time.Second
	// maxProblems is how many the model is told of.
	maxProblems = 20
)

// Verify runs the configured check.
func (a *Activities) Verify(_ context.Context, in VerifyInput) ([]string, error) {
	if a.cfg.Verify == nil { // the configuration changed while the run was open
		return nil, nil
	}
	raw, err := json.Marshal(in.Context)
	if err != nil {
		return nil, core.Permanent(fmt.Errorf("what an answer is verified with: %w", err))
	}
	return a.cfg.Verify(in.Answer, in.Seen, raw)
}

// correct gives the model one chance to mend what its answer does not carry, when
// time and money allow. Whatever happens, there is an answer: the check of the
// brief holds for the second one too.
func (r *run) correct(ctx workflow.Context) {
	if !r.plan.Verifies || r.reason != Answered || workflow.Now(ctx).Sub(r.started) >= r.plan.SoftDeadline {
		return
	}
	actx := core.WithActivity(ctx, core.ActivityOptions{Attempt: verifyAttempt, Retry: verifyAttempt, Summary: "verify"})
	var problems []string
	f := workflow.ExecuteActivity(actx, core.ActivityName(actx, verifyName), VerifyInput{Answer: r.answer, Seen: r.observations, Context: r.in.Context})
	if err := r.await(ctx, f, &problems); err != nil || len(problems) == 0 {
		return
	}
	problems = problems[:min(len(problems), maxProblems)]
	ask := model.Message{Role: model.User, Text: "Your answer was held against the evidence. It does not carry this:\n- " + strings.Join(problems, "\n- ") +
		"\nWrite the whole answer once more. Correct each of these from the evidence or leave it out, and change nothing else."}
	out, ok := r.think(ctx, "correct", append(r.messages(), ask), r.plan.MaxTokens)
	r.stepped(out)
	if text := out.Response.Message.Text; ok && strings.TrimSpace(text) != "" && out.Response.Stop == model.StopEnd {
		r.answer = text
	}
}
