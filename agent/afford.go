package agent

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"

	"github.com/opsbuddy/opsbuddy/agent/budget"
	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/money"
)

// leastTokens is the shortest answer that is worth paying for.
const leastTokens = 700

// afford holds the worst case of a call against the ceilings of the run, the
// hour and the day, and shortens the answer when that makes it fit. It returns
// the answer's bound, 0 with the reason when nothing fits, and what to call
// with the cost afterwards.
func (a *Activities) afford(ctx context.Context, in ThinkInput) (maxTokens int, why string, settle func(money.USD), err error) {
	settle = func(money.USD) {}
	tokens, worst := a.forms(in)
	if len(tokens) == 0 {
		return 0, fmt.Sprintf("the next call could pass the ceiling of %s a review", in.Ceiling), settle, nil
	}
	limits := budget.Limits{Hour: money.Dollars(a.cfg.CostLimits.PerHourUSD), Day: money.Dollars(a.cfg.CostLimits.PerDayUSD)}
	if (limits == budget.Limits{}) || worst[0].Micro == 0 {
		return tokens[0], "", settle, nil
	}
	limits.Run = in.Ceiling // Spent lacks what attempts cost whose process died
	info := activity.GetInfo(ctx)
	// An attempt that died may have been billed: each attempt has its own entry.
	key := fmt.Sprintf("%s/%s/%d", info.WorkflowExecution.RunID, info.ActivityID, info.Attempt)
	book := budget.Book{Client: activity.GetClient(ctx), Type: a.ledger, Queue: a.ledgerQueue}
	ask := budget.Request{Key: key, Model: in.Model, Incident: info.WorkflowExecution.ID, Worst: worst, Limits: limits}
	var g budget.Grant
	err = core.UntilStop(ctx, func(ctx context.Context) (err error) {
		g, err = book.Reserve(ctx, ask)
		return err
	})
	if err != nil {
		return 0, "", settle, err
	}
	if g.Choice < 0 {
		return 0, g.Why, settle, nil
	}
	return tokens[g.Choice], "", a.settler(ctx, book, key), nil
}

// settler books a cost without keeping the review waiting for it.
func (a *Activities) settler(ctx context.Context, book budget.Book, key string) func(money.USD) {
	ctx = context.WithoutCancel(ctx)
	return func(cost money.USD) {
		a.settling.Go(func() {
			if err := book.Settle(ctx, budget.Settlement{Key: key, Cost: cost}); err != nil {
				a.log.Warn("cost not settled; its reservation stands", "error", err)
			}
		})
	}
}

// forms are the lengths of an answer that the run's own ceiling allows, the
// longest first, each with its worst case. A call with tools leaves room for
// one last word.
func (a *Activities) forms(in ThinkInput) (tokens []int, worst []money.USD) {
	left := in.Ceiling.Micro - in.Spent.Micro
	if in.Purpose == "" {
		left /= 2
	}
	sent := model.CountRequest(in.Model, in.Request)
	for n := in.Request.MaxTokens; n >= min(leastTokens, in.Request.MaxTokens) && n > 0; n /= 2 {
		w := model.WorstCase(a.cfg.LLM.ProviderType, in.Model, sent, n)
		if in.Ceiling.Micro <= 0 || w.Micro <= left {
			tokens, worst = append(tokens, n), append(worst, w)
		}
	}
	return tokens, worst
}
