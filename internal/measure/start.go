package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
	"github.com/opsbuddy/opsbuddy/internal/world"
)

const (
	startRuns = 5
	crashRuns = 5
	idleFor   = 3 * time.Second
)

// start measures how long a restart keeps pages out, and what an idle process
// weighs.
func start(ctx context.Context, b *bench) ([]row, error) {
	company, err := world.Crowd(1, 1)
	if err != nil {
		return nil, err
	}
	w, err := world.Start(company, world.Options{})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	data := b.folder()
	c, err := b.serve(ctx, data, w.Env()...)
	if err != nil {
		return nil, err
	}
	empty := c.ready
	if err := c.stop(); err != nil {
		return nil, err
	}
	var took []time.Duration
	var rss []int64
	for i := range startRuns {
		b.say("start: %d of %d", i+1, startRuns)
		ready, idle, err := startOnce(ctx, b, data, w.Env())
		if err != nil {
			return nil, err
		}
		took, rss = append(took, ready), append(rss, idle)
	}
	return []row{
		{"start → ready, data folder of an earlier run", fmt.Sprintf("best %s, median %s", ms(slices.Min(took)), ms(percentile(took, 50))),
			fmt.Sprintf("process start to the first 200 of /health/ready, %d starts; the first one, on an empty folder, took %s", startRuns, ms(empty))},
		{"idle memory", fmt.Sprintf("best %s, median %s", mib(slices.Min(rss)), mib(slices.Sorted(slices.Values(rss))[startRuns/2])),
			fmt.Sprintf("VmRSS %s after ready, same starts; Temporal server and UI are in the process", idleFor)},
	}, nil
}

func startOnce(ctx context.Context, b *bench, data string, env []string) (time.Duration, int64, error) {
	c, err := b.serve(ctx, data, env...)
	if err != nil {
		return 0, 0, err
	}
	defer c.kill()
	select {
	case <-time.After(idleFor):
	case <-c.died:
		return 0, 0, fmt.Errorf("the program ended by itself:\n%s", c.lastLines())
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	}
	rss, err := c.memory("VmRSS")
	if err != nil {
		return 0, 0, err
	}
	return c.ready, rss, c.stop()
}

// crash measures how soon a review goes on after kill -9 in the middle of a
// model call.
func crash(ctx context.Context, b *bench) ([]row, error) {
	company, err := world.Crowd(1, 1)
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	for i := range crashRuns {
		b.say("crash: %d of %d", i+1, crashRuns)
		again, err := crashOnce(ctx, b, company)
		if err != nil {
			return nil, err
		}
		took = append(took, again)
	}
	return []row{{
		"kill -9 in a model call → that call made again", fmt.Sprintf("median %s, best %s, worst %s", ms(percentile(took, 50)), ms(slices.Min(took)), ms(slices.Max(took))),
		fmt.Sprintf("from the start of the new process, its own start included; %d crashes, a data folder each; the review then ended with one outcome", crashRuns),
	}}, nil
}

// crashOnce kills the program while the model holds its first call, and returns
// how long after the restart the call came again. The review then has to end.
func crashOnce(ctx context.Context, b *bench, company *world.Company) (time.Duration, error) {
	w, err := world.Start(company, world.Options{})
	if err != nil {
		return 0, err
	}
	defer w.Close()
	called := make(chan time.Time, 8)
	env, end, err := modelServer(holding(called))
	if err != nil {
		return 0, err
	}
	defer end()
	env = append(w.Env(), env...)
	data := b.folder()
	c, err := b.serve(ctx, data, env...)
	if err != nil {
		return 0, err
	}
	defer func() { c.kill() }()
	if _, err := page(ctx, c, w, world.CrowdName(0)); err != nil {
		return 0, err
	}
	if _, err := next(ctx, called); err != nil {
		return 0, err
	}
	c.kill()
	if c, err = b.launch(data, env...); err != nil {
		return 0, err
	}
	again, err := next(ctx, called)
	if err != nil {
		return 0, fmt.Errorf("%w\n%s", err, c.lastLines())
	}
	return again.Sub(c.began), settled(ctx, c, w, 1)
}

// holding is a model that tells when it is called, holds its first call until the
// caller is gone, and answers those after it with a brief.
func holding(called chan<- time.Time) http.Handler {
	answer := modeltest.Handler(func(modeltest.Ask) modeltest.Turn { return modeltest.Turn{Text: scriptedBrief} })
	first := make(chan struct{}, 1)
	first <- struct{}{}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		called <- time.Now()
		select {
		case <-first:
			<-r.Context().Done()
		default:
			answer.ServeHTTP(rw, r)
		}
	})
}

// next waits for a call of the model.
func next(ctx context.Context, called <-chan time.Time) (time.Time, error) {
	select {
	case at := <-called:
		return at, nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case <-time.After(reviewWithin):
		return time.Time{}, errors.New("the model was not called within a minute")
	}
}
