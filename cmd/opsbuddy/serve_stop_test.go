package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

func TestStopDuringAReviewHandsItToTheNextProcess(t *testing.T) {
	t.Parallel() // it waits for a stop, not for the processor
	w := startWorldFor(t, "tls-expiry")
	w.Inject(world.Anthropic, world.Fault{Hang: true, After: 1})
	s := serve(t, w, t.TempDir())
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "the model's second turn", func() bool { return asked(w, world.Anthropic) == 2 })
	began := time.Now()
	s.terminate(t)
	wait(t, s, "readiness 503", func() bool {
		status, body := s.get(t, "/health/ready")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "stopping")
	})
	s.gone(t)
	t.Logf("from SIGTERM to the end: %s", time.Since(began).Round(time.Millisecond))
	if n := len(outcomes(w)); n != 0 {
		t.Errorf("%d outcomes stand in Slack after the stop: the review was given up", n)
	}
	done, before := betweenTurns(w), len(w.Requests())
	w.Heal(world.Anthropic)

	text := serve(t, w, s.data).outcomeOf(t, w)
	if !strings.HasPrefix(lastLine(text), "brief · ") {
		t.Errorf("the outcome is %q, want a full brief", lastLine(text))
	}
	for _, r := range w.Requests()[before:] {
		if done[ask(r)] && !inMemory(r) {
			t.Errorf("asked again after the restart: %s", ask(r))
		}
	}
	paidOnce(t, w)
}

// storm is what senders saw that page during a stop.
type storm struct {
	mu       sync.Mutex
	taken    map[string]bool // incident ids answered 202
	answers  map[int]int     // by status
	refused  int             // nobody listened
	problems []string
}

// TestStopAnswersEveryPageItTakesAndKeepsIt sends 20 pages a second while the
// process stops. The reads of PagerDuty hang, so that the pages are all under
// review when the process ends.
func TestStopAnswersEveryPageItTakesAndKeepsIt(t *testing.T) {
	t.Parallel() // it waits for a stop, not for the processor
	w := startWorldFor(t, "tls-expiry")
	w.Hang(world.PagerDuty)
	s := serve(t, w, t.TempDir(), "AGENT_PROVIDER_TYPE=none")
	seen := &storm{taken: map[string]bool{}, answers: map[int]int{}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var senders sync.WaitGroup
	senders.Go(func() { seen.rage(ctx, w, s, &senders) })
	wait(t, s, "the first pages", func() bool { return seen.count() >= 5 })
	s.terminate(t)
	s.gone(t)
	cancel()
	senders.Wait()
	for _, p := range seen.problems {
		t.Error(p)
	}
	t.Logf("answers %v, %d found nobody, %d incidents taken", seen.answers, seen.refused, len(seen.taken))
	if seen.answers[http.StatusAccepted] == 0 {
		t.Fatal("no page was accepted")
	}
	for code := range seen.answers {
		if code != http.StatusAccepted && code != http.StatusServiceUnavailable {
			t.Errorf("%d pages were answered %d, want 202 or 503", seen.answers[code], code)
		}
	}

	w.Heal(world.PagerDuty)
	next := serve(t, w, s.data, "AGENT_PROVIDER_TYPE=none")
	wait(t, next, "an outcome for every page", func() bool { return len(outcomes(w)) >= len(seen.taken) })
	wait(t, next, "the end of all flows", func() bool { return next.reported(t) >= len(seen.taken) })
	ends := map[string]int{}
	for _, text := range outcomes(w) {
		for id := range seen.taken {
			if strings.Contains(text, id) {
				ends[id]++
			}
		}
	}
	for id := range seen.taken {
		if ends[id] != 1 {
			t.Errorf("incident %s was taken with 202 and has %d outcomes", id, ends[id])
		}
	}
}

func (st *storm) count() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	return len(st.taken)
}

// rage sends a page every 50 ms, each on a connection of its own, until ctx ends.
// Four deliveries in a row are about the same incident.
func (st *storm) rage(ctx context.Context, w *world.World, s *served, senders *sync.WaitGroup) {
	body, old := w.Webhook(""), []byte(w.IncidentID(""))
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		id := fmt.Sprintf("QSTORM%03d", n/4)
		p := page{body: bytes.ReplaceAll(body, old, []byte(id)), secrets: []string{secretOf(w)}, id: fmt.Sprint("storm-", n)}
		senders.Go(func() { st.note(id, s, p) })
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// note delivers a page and writes down what its sender saw. The context is not
// the storm's: a request that is on its way is answered.
func (st *storm) note(id string, s *served, p page) {
	a, err := s.deliver(context.Background(), p)
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		st.refused++
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		st.problems = append(st.problems, fmt.Sprintf("a page about %s was cut off after it was connected: %v", id, err))
	case err != nil:
		st.problems = append(st.problems, fmt.Sprintf("a page about %s was not answered: %v", id, err))
	default:
		st.answers[a.Code]++
		if a.Code == http.StatusAccepted {
			st.taken[id] = true
		}
	}
}
