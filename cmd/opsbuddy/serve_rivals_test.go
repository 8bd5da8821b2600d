package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// What other on-call assistants were measured to do wrong, each as a test. Three of
// them stand elsewhere: TestSlackThatRefusesOnceShowsTheBriefOnce,
// TestPageThatComesTwiceIsReviewedOnce and, of many processes, TestCluster.

const twenty = 20

var stormSize = flag.Int("storm", 60, "how many incidents a storm has; one of 500 takes a minute and a half")

func startCrowd(t *testing.T, n, problems int) *world.World {
	t.Helper()
	company, err := world.Crowd(n, problems)
	if err != nil {
		t.Fatal(err)
	}
	return startCompany(t, company, "")
}

func rivalPage(w *world.World, i int) page { return pageOf(w, world.CrowdName(i)) }

// oneBriefEach wants one outcome an incident, all of them briefs.
func oneBriefEach(t *testing.T, s *served, w *world.World, n int) {
	t.Helper()
	wait(t, s, "an outcome of every page", func() bool { return len(outcomes(w)) >= n })
	wait(t, s, "the end of every flow", func() bool { return s.reported(t) > 0 })
	seen := map[string]int{}
	for _, o := range outcomes(w) {
		if !strings.HasPrefix(lastLine(o), "brief · ") {
			t.Errorf("an outcome ends with %q, want a brief", lastLine(o))
		}
		seen[incidentOf(t, o)]++
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s has %d outcomes", id, times)
		}
	}
	if len(seen) != n || len(w.SlackStanding()) != n {
		t.Errorf("%d incidents have an outcome and %d messages stand, want %d of each", len(seen), len(w.SlackStanding()), n)
	}
	paidOnce(t, w)
}

var incidentLine = regexp.MustCompile(`Incident: (\w+)`)

func incidentOf(t *testing.T, outcome string) string {
	t.Helper()
	m := incidentLine.FindStringSubmatch(outcome)
	if m == nil {
		t.Fatalf("an outcome names no incident:\n%s", outcome)
	}
	return m[1]
}

func TestTwentyPagesOutliveAKill(t *testing.T) {
	for _, c := range []struct {
		when string
		hang bool // the model, so that reviews are under way
	}{{"after the last answer", false}, {"while models think", true}} {
		t.Run(c.when, func(t *testing.T) {
			t.Parallel()
			w := startCrowd(t, twenty, twenty)
			if c.hang {
				w.Hang(world.Anthropic)
			}
			s := serve(t, w, t.TempDir())
			for i := range twenty {
				s.accepted(t, rivalPage(w, i))
			}
			if c.hang {
				wait(t, s, "every first message", func() bool { return len(w.SlackStanding()) == twenty && hanging(w, world.Anthropic) })
			}
			s.kill(t)
			next := serve(t, w, s.data)
			w.Heal(world.Anthropic) // by now the model knows that who asked first is gone
			oneBriefEach(t, next, w, twenty)
		})
	}
}

// A page that comes while no process takes pages is sent again, as PagerDuty does
// for 48 hours.
func TestTwentyPagesOutliveARollingUpdate(t *testing.T) {
	w := startCrowd(t, twenty, twenty)
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir())
	for i := range twenty / 2 {
		s.accepted(t, rivalPage(w, i))
	}
	wait(t, s, "reviews under way", func() bool { return hanging(w, world.Anthropic) })
	s.terminate(t)
	var again []int
	for i := twenty / 2; i < twenty; i++ {
		if a, err := s.deliver(t.Context(), rivalPage(w, i)); err != nil || a.Code != http.StatusAccepted {
			again = append(again, i)
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.Heal(world.Anthropic)
	s.gone(t)
	t.Logf("%d of %d pages are sent again", len(again), twenty)
	next := serve(t, w, s.data)
	for _, i := range again {
		if a, err := next.deliver(t.Context(), rivalPage(w, i)); err != nil || a.Code != http.StatusAccepted {
			t.Fatalf("page %d: %d %s %v", i, a.Code, a.raw, err)
		}
	}
	oneBriefEach(t, next, w, twenty)
}

// Half of them have alerts that differ by the host; people opened the others by
// hand and without an alert.
func TestTwentyIncidentsWithOneTitleAreTwentyReviews(t *testing.T) {
	alerts := regexp.MustCompile(`(?m)^      alerts:\n.*\n`)
	var incidents []string
	for i := range twenty {
		one := fmt.Sprintf(twin, strconv.Itoa(i), "service-0", "high", fmt.Sprint("db-", i), 91)
		if i%2 == 1 {
			one = alerts.ReplaceAllString(one, "")
		}
		incidents = append(incidents, one)
	}
	w := startTwins(t, incidents...)
	s := serve(t, w, t.TempDir(), "WORKER_MAX_CONCURRENT_ACTIVITIES=8")
	for i := range twenty {
		s.accepted(t, pageOf(w, fmt.Sprint("disk-", i)))
	}
	oneBriefEach(t, s, w, twenty)
	if n := len(w.ModelCalls()); n != twenty {
		t.Errorf("%d model calls, want one for each incident", n)
	}
}

func TestAHangingModelShowsFactsInSecondsAndHasAnOutcome(t *testing.T) {
	t.Parallel()
	w := startWorldFor(t, "tls-expiry")
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir(), "OPSBUDDY_SOFT_DEADLINE=4s", "OPSBUDDY_DEADLINE=8s")
	began := time.Now()
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "the first message", func() bool { return len(w.SlackStanding()) == 1 })
	first := time.Since(began)
	if text := terminal(w.SlackStanding()[0].Blocks); !strings.Contains(text, "payments-api") || len(outcomes(w)) > 0 {
		t.Errorf("the first message is not the facts:\n%s", text)
	}
	text := s.outcomeOf(t, w)
	t.Logf("facts after %s, outcome after %s: %s", first, time.Since(began), lastLine(text))
	if first > 5*time.Second || time.Since(began) > 16*time.Second {
		t.Errorf("facts after %s and the outcome after %s; the deadline is 8 s", first, time.Since(began))
	}
	if !strings.HasPrefix(lastLine(text), "facts only · ") {
		t.Errorf("the footer is %q, want one of facts only", lastLine(text))
	}
}

func TestAStormIsAnsweredSharedAndCheap(t *testing.T) {
	n, problems := *stormSize, max(2, *stormSize/25)
	w := startCrowd(t, n, problems)
	s := serve(t, w, t.TempDir())
	for i := range n {
		due := time.After(time.Minute / 500) // 500 a minute
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if a, err := s.deliver(ctx, rivalPage(w, i)); err != nil || a.Code != http.StatusAccepted {
			t.Fatalf("page %d: %d %s %v", i, a.Code, a.raw, err)
		}
		cancel()
		<-due
	}
	wait(t, s, "an outcome of every page", func() bool { return len(outcomes(w)) >= n })
	seen, kinds := map[string]bool{}, map[string]int{}
	for _, o := range outcomes(w) {
		seen[incidentOf(t, o)] = true
		kind, _, _ := strings.Cut(lastLine(o), " · ")
		kinds[kind]++
	}
	calls := w.ModelCalls()
	_, metrics := s.get(t, "/metrics")
	tokens := 0
	for _, kind := range []string{"input", "output", "cache_read", "cache_write"} {
		tokens += sample(t, metrics, `opsbuddy_model_tokens_total{kind="`+kind+`",model="claude-sonnet-4-6"}`)
	}
	t.Logf("%d incidents of %d problems: %v, %d model calls, %d tokens, peak %d MiB", n, problems, kinds, len(calls), tokens, s.peak(t)>>20)
	if len(seen) != n || len(outcomes(w)) != n || kinds["brief"] != problems || kinds["same problem"] != n-problems {
		t.Errorf("%d incidents have %d outcomes: %v, want one each, and a brief a problem", len(seen), len(outcomes(w)), kinds)
	}
	if len(calls) != 2*problems || tokens == 0 || tokens > 20_000*problems {
		t.Errorf("%d calls and %d tokens for %d problems", len(calls), tokens, problems)
	}
	if s.peak(t) > 600<<20 {
		t.Errorf("peak memory is %d MiB, want less than 600", s.peak(t)>>20)
	}
}

// peak is the most memory that the process had, in bytes.
func (s *served) peak(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(raw)
	if m == nil {
		t.Fatalf("no VmHWM in\n%s", raw)
	}
	kb, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

func TestNoMoreReviewsThinkAtOnceThanTheSettingSays(t *testing.T) {
	const n, most = 10, 3
	w := startCrowd(t, n, n)
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir(), fmt.Sprint("WORKER_MAX_CONCURRENT_ACTIVITIES=", most))
	for i := range n {
		s.accepted(t, rivalPage(w, i))
	}
	wait(t, s, "every first message, though none has an answer", func() bool { return len(w.SlackStanding()) == n })
	wait(t, s, "as many calls as may be", func() bool { return asked(w, world.Anthropic) >= most })
	time.Sleep(time.Second) // one more would be on its way
	if got := asked(w, world.Anthropic); got != most {
		t.Errorf("%d reviews think at once, want %d", got, most)
	}
	w.Heal(world.Anthropic)
	oneBriefEach(t, s, w, n)
}
