package killtest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// moment is a point in the life of reviews at which the process is killed.
type moment struct {
	name   string
	weight int
	kinds  []kind // where it exists; everywhere when empty
	strike func(context.Context, *campaign) error
}

// Windows of the moments that are found by time. They are a bit longer than what
// they are after takes, so that it is hit in all its parts.
const (
	ackWindow     = 15 * time.Millisecond // from a webhook's first byte to its answer
	betweenWindow = 25 * time.Millisecond // from an answer to the record of it and to the next step
	reserveWindow = 30 * time.Millisecond // from the last tool's answer to the next call to the model
	settleWindow  = 12 * time.Millisecond // from the model's answer to the settlement
	startWindow   = 700 * time.Millisecond
	anyWindow     = 600 * time.Millisecond

	momentWithin = 3 * time.Second        // after this the moment does not come
	momentMore   = 250 * time.Millisecond // how long one waits for more to be held
)

var bots = []kind{byBot, moneyKind, handover}

var moments = []moment{
	{"during the webhook", 10, nil, duringWebhook},
	{"while facts are read", 4, nil, held(false, steps(stepFacts))},
	{"in a call to the model", 7, nil, held(false, steps(stepThink))},
	{"in a call to the model that was billed", 7, nil, held(true, steps(stepThink))},
	{"in a call to a tool", 6, nil, held(false, steps(stepTool))},
	{"in a call to a tool that was answered", 6, nil, held(true, steps(stepTool))},
	{"before the first post", 4, bots, held(false, steps(stepFirst))},
	{"after the first post, before its answer", 5, bots, held(true, steps(stepFirst))},
	{"before the outcome is posted", 7, nil, held(false, steps(stepReport))},
	{"after the outcome was posted, before its answer", 8, nil, held(true, steps(stepReport))},
	{"after the webhook was posted in the bot's place", 12, []kind{handover}, held(true, inPlace)},
	{"in the thread", 3, []kind{byBot}, held(true, inThread)},
	{"between steps", 9, nil, answered(betweenWindow, func(*request, []*request) bool { return true })},
	{"between the reservation and the call", 8, nil, answered(reserveWindow, lastOfTurn)},
	{"between the call's answer and the settlement", 8, nil, answered(settleWindow, func(q *request, _ []*request) bool { return strings.HasPrefix(q.step, stepThink) })},
	{"during the start", 8, nil, duringStart},
	{"at any time", 8, nil, atAnyTime},
	{"SIGTERM", 8, nil, rollingUpdate(true)},
	{"SIGTERM while steps hang", 1, nil, rollingUpdate(false)},
}

// choose picks the next moment. Some campaigns begin with a crash loop.
func (c *campaign) choose() moment {
	if loop := loopOf[c.spec.kind]; loop.strike != nil && len(c.deaths) == 0 {
		return loop
	}
	sum := 0
	var mine []moment
	for _, m := range moments {
		if len(m.kinds) == 0 || slices.Contains(m.kinds, c.spec.kind) {
			mine = append(mine, m)
			sum += m.weight
		}
	}
	n := c.rnd.IntN(sum)
	for _, m := range mine {
		if n -= m.weight; n < 0 {
			return m
		}
	}
	return mine[0]
}

func steps(prefix string) func(*request) bool {
	return func(q *request) bool { return strings.HasPrefix(q.step, prefix) }
}

// inPlace is the webhook's message where the bot is refused.
func inPlace(q *request) bool { return q.api == world.SlackWebhook }

// inThread are the further parts of a long outcome.
func inThread(q *request) bool {
	return q.step == stepReport && strings.Contains(q.mark, "/report/")
}

// lastOfTurn is the answer after which a review has nothing open: what follows is
// the next reservation.
func lastOfTurn(q *request, life []*request) bool {
	if !strings.HasPrefix(q.step, stepTool) {
		return false
	}
	return !slices.ContainsFunc(life, func(o *request) bool { return o.incident == q.incident && o.answered.IsZero() })
}

// duringWebhook kills while pages are on their way in.
func duringWebhook(ctx context.Context, c *campaign) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	n := 3 + c.rnd.IntN(5)
	c.page(ctx, n)
	if err := c.sleep(ctx, time.Duration(c.rnd.Int64N(int64(ackWindow)))); err != nil {
		return err
	}
	c.kill(n)
	return nil
}

// held kills while the requests of a step are held: before the stand-in takes
// them, or after, when nobody has its answer.
func held(after bool, match func(*request) bool) func(context.Context, *campaign) error {
	return func(ctx context.Context, c *campaign) error {
		h := c.rec.hold(after, match)
		defer c.rec.let(h)
		n, err := c.gather(ctx, h)
		if err != nil {
			return err
		}
		c.kill(n)
		return nil
	}
}

// gather waits until some requests are held, and says how many.
func (c *campaign) gather(ctx context.Context, h *hold) (int, error) {
	if err := c.ready(ctx); err != nil {
		return 0, err
	}
	c.feed(ctx)
	want := 1 + c.rnd.IntN(4)
	if _, err := c.until(ctx, momentWithin, func() bool { return c.rec.held(h) > 0 }); err != nil {
		return 0, err
	}
	if _, err := c.until(ctx, momentMore, func() bool { return c.rec.held(h) >= want }); err != nil {
		return 0, err
	}
	return c.rec.held(h), nil
}

// answered kills within a window after an answer.
func answered(window time.Duration, match func(*request, []*request) bool) func(context.Context, *campaign) error {
	return func(ctx context.Context, c *campaign) error {
		if err := c.ready(ctx); err != nil {
			return err
		}
		c.feed(ctx)
		skip := c.rnd.IntN(4)
		from := time.Now()
		came, err := c.until(ctx, momentWithin, func() bool { return c.rec.answers(from, match) > skip })
		if err != nil {
			return err
		}
		if err := c.sleep(ctx, time.Duration(c.rnd.Int64N(int64(window)))); err != nil {
			return err
		}
		hit := 0
		if came {
			hit = 1
		}
		c.kill(hit)
		return nil
	}
}

// duringStart kills between the start of the process and a moment after it is
// ready, up to three times in a row.
func duringStart(ctx context.Context, c *campaign) error {
	times := min(1+c.rnd.IntN(3), c.spec.kills-len(c.deaths))
	for i := range times {
		if i > 0 {
			if err := c.launch(); err != nil {
				return err
			}
		}
		if err := c.sleep(ctx, time.Duration(c.rnd.Int64N(int64(startWindow)))); err != nil {
			return err
		}
		c.kill(1)
	}
	return nil
}

func atAnyTime(ctx context.Context, c *campaign) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	c.feed(ctx)
	if err := c.sleep(ctx, time.Duration(c.rnd.Int64N(int64(anyWindow)))); err != nil {
		return err
	}
	c.kill(1)
	return nil
}

// rollingUpdate is SIGTERM while steps are open. They are answered a moment later
// and may finish; those that hang have to be handed back.
func rollingUpdate(answered bool) func(context.Context, *campaign) error {
	return func(ctx context.Context, c *campaign) error {
		places := []func(*request) bool{steps(stepFacts), steps(stepThink), steps(stepTool), steps(stepReport)}
		h := c.rec.hold(c.rnd.IntN(2) == 0, places[c.rnd.IntN(len(places))])
		defer c.rec.let(h)
		n, err := c.gather(ctx, h)
		if err != nil {
			return err
		}
		soon := time.Duration(c.rnd.Int64N(int64(300 * time.Millisecond)))
		return c.terminate(ctx, n, func() {
			if answered && c.sleep(ctx, soon) == nil {
				c.rec.let(h)
			}
		})
	}
}

// A crash loop kills at the same step of the same review over and over, more
// often than the step has attempts: a death of the process must not use them up.
const (
	loopTimes = 9
	billTimes = 4 // enough to pass a review's ceiling
)

var loopOf = map[kind]moment{
	byBot:     {name: "a crash loop before the first post", strike: crashLoop(loopTimes, false, steps(stepFirst))},
	moneyKind: {name: "a crash loop in billed calls to the model", strike: crashLoop(billTimes, true, steps(stepThink))},
}

func crashLoop(times int, after bool, match func(*request) bool) func(context.Context, *campaign) error {
	return func(ctx context.Context, c *campaign) error {
		victim := nobody
		h := c.rec.hold(after, func(q *request) bool {
			if victim == nobody && match(q) {
				victim = q.incident
			}
			return q.incident == victim && match(q)
		})
		defer c.rec.let(h)
		if err := c.ready(ctx); err != nil {
			return err
		}
		c.page(ctx, 2)
		for i := range min(times, c.spec.kills) {
			if i > 0 {
				if err := c.launch(); err != nil {
					return err
				}
			}
			if _, err := c.until(ctx, 2*momentWithin, func() bool { return c.rec.held(h) > i }); err != nil {
				return err
			}
			c.kill(c.rec.held(h))
		}
		return nil
	}
}
