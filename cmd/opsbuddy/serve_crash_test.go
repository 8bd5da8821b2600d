package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// asked counts the requests to a stand-in, answered or not.
func asked(w *world.World, api world.API) int {
	n := 0
	for _, r := range w.Requests() {
		if r.API == api {
			n++
		}
	}
	return n
}

// hanging says that a stand-in holds a request.
func hanging(w *world.World, api world.API) bool {
	for _, r := range w.Requests() {
		if r.API == api && r.Status == 0 {
			return true
		}
	}
	return false
}

// healDead ends a fault after a process was killed, once the stand-in has seen that its
// callers are gone: else it answers a call of nobody, and counts it.
func healDead(t *testing.T, w *world.World, api world.API) {
	t.Helper()
	for late := time.Now().Add(waiting); w.Held(api) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%d calls of %s hang after their process died", w.Held(api), api)
		}
	}
	w.Heal(api)
}

// restart brings the program up again on the folder of a dead one, and logs how
// long it took from the start of the process to its first step outside.
func restart(t *testing.T, w *world.World, dead *served) *served {
	t.Helper()
	before, began := len(w.Requests()), time.Now()
	s := launch(t, w, dead.data)
	wait(t, s, "the first step after the restart", func() bool { return len(w.Requests()) > before })
	took := w.Requests()[before].At.Sub(began)
	t.Logf("from the restart to the first step: %s (%s)", took.Round(time.Millisecond), w.Requests()[before].Path)
	if took > 5*time.Second {
		t.Errorf("the first step came %s after the restart, want under 5 s", took)
	}
	return s
}

// betweenTurns are the requests of the tools that the model called in its first
// turn: all were answered and are in the history when the second turn begins.
func betweenTurns(w *world.World) map[string]bool {
	tools, turn := map[string]bool{}, 0
	for _, r := range w.Requests() {
		if r.API == world.Anthropic {
			turn++
		} else if turn == 1 {
			tools[ask(r)] = true
		}
	}
	return tools
}

func ask(r world.Request) string {
	return fmt.Sprintf("%s %s %s %s", r.API, r.Method, r.Path, r.Body)
}

// inMemory are lookups that every process makes once for itself.
func inMemory(r world.Request) bool {
	for _, path := range []string{"/serverInfo", "/auth.test", "/users.list", "/conversations.list"} {
		if strings.HasSuffix(r.Path, path) {
			return true
		}
	}
	return false
}

func TestReviewThatIsKilledWhileFactsAreReadEndsOnce(t *testing.T) {
	w := startWorldFor(t, "tls-expiry")
	w.Hang(world.PagerDuty)
	s := serve(t, w, t.TempDir())
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "a read of PagerDuty", func() bool { return hanging(w, world.PagerDuty) })
	s.kill(t)
	healDead(t, w, world.PagerDuty)

	text := restart(t, w, s).outcomeOf(t, w)
	if !strings.HasPrefix(lastLine(text), "brief · ") {
		t.Errorf("the outcome is %q, want a full brief", lastLine(text))
	}
	paidOnce(t, w)
}

func TestReviewThatIsKilledInAModelCallPaysNoTurnTwice(t *testing.T) {
	w := startWorldFor(t, "tls-expiry")
	w.Inject(world.Anthropic, world.Fault{Hang: true, After: 1})
	s := serve(t, w, t.TempDir())
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "the model's second turn", func() bool { return asked(w, world.Anthropic) == 2 })
	s.kill(t)
	endsOnceAfter(t, w, s, world.Anthropic)
}

func TestReviewThatIsKilledInAToolCallAsksNoFinishedToolAgain(t *testing.T) {
	w := startWorldFor(t, "tls-expiry")
	w.Inject(world.Anthropic, world.Fault{Hang: true, After: 1})
	s := serve(t, w, t.TempDir())
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "the model's second turn", func() bool { return asked(w, world.Anthropic) == 2 })
	w.Hang(world.Jira)
	w.Heal(world.Anthropic)
	wait(t, s, "a tool call to Jira", func() bool { return hanging(w, world.Jira) })
	s.kill(t)
	endsOnceAfter(t, w, s, world.Jira)
}

// endsOnceAfter restarts a review that was killed in its second turn.
func endsOnceAfter(t *testing.T, w *world.World, dead *served, held world.API) {
	t.Helper()
	done, before := betweenTurns(w), len(w.Requests())
	if len(done) < 3 {
		t.Fatalf("the first turn called %d tools; the test needs three", len(done))
	}
	if n := len(outcomes(w)); n != 0 {
		t.Fatalf("%d outcomes stand before the restart", n)
	}
	healDead(t, w, held)
	text := restart(t, w, dead).outcomeOf(t, w)
	if !strings.HasPrefix(lastLine(text), "brief · ") {
		t.Errorf("the outcome is %q, want a full brief", lastLine(text))
	}
	for _, r := range w.Requests()[before:] {
		if done[ask(r)] && !inMemory(r) {
			t.Errorf("asked again after the restart: %s", ask(r))
		}
	}
	paidOnce(t, w)
	if n := len(w.ModelCalls()); n != 3 {
		t.Errorf("the model answered %d times, want its three turns", n)
	}
}

func lastLine(text string) string { return text[strings.LastIndex(text, "\n")+1:] }

func TestPageThatComesTwiceIsReviewedOnce(t *testing.T) {
	w := startWorldFor(t, "tls-expiry")
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir())
	first := s.accepted(t, firstPage(w, "delivery-1"))
	again := []page{firstPage(w, "delivery-1"), firstPage(w, "delivery-of-another-subscription"), firstPage(w, "")}
	duplicates := func(when string) {
		t.Helper()
		for _, p := range again {
			a, err := s.deliver(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if a.Code != 202 || a.Status != "duplicate" || a.WorkflowID != first.WorkflowID {
				t.Errorf("%s, X-Webhook-Id %q: answered %d %s, want 202 duplicate of %s", when, p.id, a.Code, a.raw, first.WorkflowID)
			}
		}
	}
	duplicates("at once")
	wait(t, s, "the model's first turn", func() bool { return asked(w, world.Anthropic) > 0 })
	duplicates("during the review")
	w.Heal(world.Anthropic)
	s.outcomeOf(t, w)
	duplicates("after the review")
	s.terminate(t)
	s.gone(t)

	// PagerDuty repeats for 48 h: the next process has to know, too.
	s = serve(t, w, s.data)
	duplicates("after a restart")
	if n := len(outcomes(w)); n != 1 {
		t.Errorf("%d outcomes stand in Slack, want one", n)
	}
	paidOnce(t, w)
}

func TestSlackThatRefusesOnceShowsTheBriefOnce(t *testing.T) {
	for _, c := range []struct {
		name     string
		api      world.API
		fault    world.Fault
		settings []string
	}{
		{"the first message 500", world.Slack, world.Fault{Status: 500, Times: 1, Match: "chat.postMessage"}, nil},
		{"the first message 429", world.Slack, world.Fault{Status: 429, Times: 1, RetryAfter: time.Second, Match: "chat.postMessage"}, nil},
		{"the outcome 500", world.Slack, world.Fault{Status: 500, Times: 1, Match: "chat.update"}, nil},
		{"the outcome 429", world.Slack, world.Fault{Status: 429, Times: 1, RetryAfter: time.Second, Match: "chat.update"}, nil},
		{"the incoming webhook 429", world.SlackWebhook, world.Fault{Status: 429, Times: 1, RetryAfter: time.Second}, []string{"SLACK_CHANNEL="}},
		{"the incoming webhook 500", world.SlackWebhook, world.Fault{Status: 500, Times: 1}, []string{"SLACK_CHANNEL="}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := startWorldFor(t, "no-runbook")
			w.Inject(c.api, c.fault)
			s := serve(t, w, t.TempDir(), c.settings...)
			s.accepted(t, firstPage(w, "delivery-1"))
			if text := s.outcomeOf(t, w); !strings.HasPrefix(lastLine(text), "brief · ") {
				t.Errorf("the outcome is %q, want a full brief", lastLine(text))
			}
			if !failedOnce(w, c.api, c.fault.Status) {
				t.Errorf("Slack never answered %d", c.fault.Status)
			}
			paidOnce(t, w)
		})
	}
}

// The bot is locked out, and the process dies while the incoming webhook posts in
// its place: the message may stand, and nobody can look.
func TestWebhookPostThatIsCutShortIsNotRepeated(t *testing.T) {
	w := startWorldFor(t, "no-runbook")
	w.Inject(world.Slack, world.Fault{Error: "account_inactive", Match: "chat.update"})
	w.Hang(world.SlackWebhook)
	s := serve(t, w, t.TempDir())
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "a post over the webhook", func() bool { return hanging(w, world.SlackWebhook) })
	s.kill(t)
	healDead(t, w, world.SlackWebhook)
	s = serve(t, w, s.data)
	wait(t, s, "the end of the flow", func() bool { return s.reported(t) > 0 })
	if n := asked(w, world.SlackWebhook); n != 1 {
		t.Errorf("the webhook was called %d times, want once", n)
	}
}

func failedOnce(w *world.World, api world.API, status int) bool {
	n := 0
	for _, r := range w.Requests() {
		if r.API == api && r.Status == status {
			n++
		}
	}
	return n == 1
}

// budget is what `opsbuddy budget` says with the settings of serve.
func (s *served) budget(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "opsbuddy", "budget")
	cmd.Env = s.environ
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("opsbuddy budget: %v", err)
	}
	return string(out)
}

func TestBudgetShowsWhatAReviewCostWhileServingAndAfterwards(t *testing.T) {
	w := startWorldFor(t, "tls-expiry")
	s := serve(t, w, t.TempDir())
	s.accepted(t, firstPage(w, "delivery-1"))
	s.outcomeOf(t, w)
	live := s.budget(t)
	for before := ""; before != live; { // the last cost is settled a moment after the post
		before, live = live, s.budget(t)
	}
	for _, want := range []string{w.IncidentID(""), "claude-sonnet-4-6", "3 calls", "of $20.00", "of $100.00"} {
		if !strings.Contains(live, want) {
			t.Errorf("budget does not show %q:\n%s", want, live)
		}
	}
	s.terminate(t)
	s.gone(t)
	if after := s.budget(t); after != live {
		t.Errorf("after the end of serve budget shows\n%s\nwant the same as before:\n%s", after, live)
	}
}
