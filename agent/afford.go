package agent

import (
	"cmp"
	"context"
	"fmt"
	"strings"

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
// the answer's bound, 0 when nothing fits, the ceiling that shortened it or in
// front of which another model had to give way, and what to call with the cost
// afterwards.
func (a *Activities) afford(ctx context.Context, in ThinkInput) (maxTokens int, why string, settle func(money.USD), err error) {
	settle = func(money.USD) {}
	tokens, worst := a.forms(in)
	if len(tokens) == 0 {
		return 0, fmt.Sprintf("the ceiling of %s a review", in.Ceiling), settle, nil
	}
	inPlace, affordable := a.inPlace(in)
	if tokens[0] < in.Request.MaxTokens || !affordable {
		why = fmt.Sprintf("the ceiling of %s a review", in.Ceiling)
	}
	limits := budget.Limits{Hour: money.Dollars(a.cfg.CostLimits.PerHourUSD), Day: money.Dollars(a.cfg.CostLimits.PerDayUSD)}
	if (limits == budget.Limits{}) || worst[0].Micro == 0 {
		return tokens[0], why, settle, nil
	}
	limits.Run = in.Ceiling // Spent lacks what attempts cost whose process died
	info := activity.GetInfo(ctx)
	// An attempt that died may have been billed: each attempt has its own entry.
	key := fmt.Sprintf("%s/%s/%d", info.WorkflowExecution.RunID, info.ActivityID, info.Attempt)
	book := budget.Book{Client: activity.GetClient(ctx), Type: a.ledger, Queue: a.ledgerQueue}
	ask := budget.Request{Key: key, Model: in.Model, Incident: info.WorkflowExecution.ID, Worst: worst, Limits: limits, InPlace: inPlace}
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
	return tokens[g.Choice], cmp.Or(g.Why, why), a.settler(ctx, book, key), nil
}

// inPlace is the least that the model would cost in whose place the fallback is
// asked, and whether the run's own ceiling leaves that.
func (a *Activities) inPlace(in ThinkInput) (money.USD, bool) {
	if in.Model == a.cfg.LLM.Model {
		return money.USD{}, true
	}
	in.Model = a.cfg.LLM.Model
	_, worst := a.forms(in)
	if len(worst) == 0 {
		return money.USD{}, false
	}
	return worst[len(worst)-1], true
}

// stepped says how a call was made cheaper, or other than it was meant, and why;
// empty when it was not.
func (a *Activities) stepped(in ThinkInput, asked int, why string) string {
	var how []string
	if first := a.cfg.LLM.Model; in.Model != first {
		how = append(how, in.Model+" was asked in place of "+first)
	}
	if in.Request.MaxTokens < asked {
		how = append(how, fmt.Sprintf("answers had at most %d tokens", in.Request.MaxTokens))
		why = cmp.Or(why, "a ceiling") // the ledger was asked twice, and has told before which
	}
	switch {
	case len(how) == 0:
		return ""
	case why == "":
		return how[0] + ", which did not answer"
	}
	return "money ran short at " + why + ": " + strings.Join(how, ", ")
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
	sent := a.counts.most(in.Model, in.Request)
	for n := in.Request.MaxTokens; n >= min(leastTokens, in.Request.MaxTokens) && n > 0; n /= 2 {
		w := model.WorstCase(a.cfg.LLM.ProviderType, in.Model, sent, n)
		w.Micro = max(w.Micro, in.Dearest.Micro)
		if in.Ceiling.Micro <= 0 || w.Micro <= left {
			tokens, worst = append(tokens, n), append(worst, w)
		}
	}
	return tokens, worst
}
