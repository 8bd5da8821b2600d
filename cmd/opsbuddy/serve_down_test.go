package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

func TestDeadModelLeavesABriefOfFacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		fault      world.Fault
		soft, hard string // deadlines
		says       string // why, in the footer
	}{
		{"overloaded", world.Fault{Status: 529}, "2s", "5s", "model"},
		{"broken", world.Fault{Status: 500}, "2s", "5s", "model"},
		{"silent", world.Fault{Hang: true}, "10s", "20s", "model"},
		{"locked out", world.Fault{Status: 401}, "10s", "20s", "key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // they wait for deadlines, not for the processor
			w := startWorldFor(t, "tls-expiry")
			w.Inject(world.Anthropic, c.fault)
			s := serve(t, w, t.TempDir(), "OPSBUDDY_SOFT_DEADLINE="+c.soft, "OPSBUDDY_DEADLINE="+c.hard)
			s.accepted(t, firstPage(w, "delivery-1"))
			text := s.outcomeOf(t, w)
			last := lastLine(text)
			t.Log(last)
			if !strings.HasPrefix(last, "facts only · ") || !strings.Contains(last, c.says) {
				t.Errorf("the footer is %q, want one of facts only that says %q", last, c.says)
			}
			if !strings.Contains(text, "payments-api") {
				t.Errorf("the facts are missing:\n%s", text)
			}
			if n := len(w.ModelCalls()); n != 0 {
				t.Errorf("the dead model answered %d times", n)
			}
		})
	}
}

func TestAModelThatComesBackMakesABriefOfTheFacts(t *testing.T) {
	t.Parallel()
	w := startWorldFor(t, "tls-expiry")
	w.Fail(world.Anthropic, http.StatusInternalServerError)
	s := serve(t, w, t.TempDir(), "OPSBUDDY_SOFT_DEADLINE=10s", "OPSBUDDY_DEADLINE=30s")
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "the brief from facts", func() bool { return len(outcomes(w)) == 1 })
	if last := lastLine(outcomes(w)[0]); !strings.HasPrefix(last, "facts only · ") {
		t.Fatalf("the footer is %q, want one of facts only", last)
	}
	w.Heal(world.Anthropic)
	wait(t, s, "the brief of the model", func() bool { return strings.HasPrefix(lastLine(outcomes(w)[0]), "brief · ") })
	if n := len(w.SlackStanding()); n != 1 {
		t.Errorf("%d messages stand in Slack, want the one that was edited", n)
	}
	paidOnce(t, w)
	if spent := s.budget(t); !strings.Contains(spent, "claude-sonnet-4-6") {
		t.Errorf("what the second agent spent is not in the ledger:\n%s", spent)
	}
}

func TestProcessIsAliveAndReadyWhileTheWholeOutsideIsDown(t *testing.T) {
	w := startWorldFor(t, "tls-expiry")
	outside := []world.API{world.PagerDuty, world.Jira, world.Confluence, world.Slack, world.SlackWebhook, world.Anthropic}
	for _, api := range outside {
		w.Fail(api, http.StatusInternalServerError)
	}
	s := serve(t, w, t.TempDir(), "OPSBUDDY_SOFT_DEADLINE=2s", "OPSBUDDY_DEADLINE=4s")
	s.accepted(t, firstPage(w, "delivery-1"))
	healthy := func() {
		t.Helper()
		for _, path := range []string{"/health/live", "/health/ready", "/health/startup", "/metrics"} {
			if status, body := s.get(t, path); status != http.StatusOK {
				t.Errorf("%s answers %d %s, want 200", path, status, body)
			}
		}
	}
	wait(t, s, "a post that Slack refuses", func() bool { return refusedAny(w, world.Slack) && refusedAny(w, world.Anthropic) })
	healthy()
	wait(t, s, "an outcome that Slack refuses", func() bool { return refusedPosts(w) > 2 })
	healthy()
	if n := len(outcomes(w)); n != 0 {
		t.Fatalf("%d outcomes stand in a Slack that is down", n)
	}

	for _, api := range outside {
		w.Heal(api)
	}
	if last := lastLine(s.outcomeOf(t, w)); !strings.HasPrefix(last, "facts only · ") {
		t.Errorf("the footer is %q, want one of facts only", last)
	}
}

func refusedAny(w *world.World, api world.API) bool {
	for _, r := range w.Requests() {
		if r.API == api && r.Status == http.StatusInternalServerError {
			return true
		}
	}
	return false
}

// refusedPosts counts the outcomes that the webhook answered with an error: the bot
// does not post again what it cannot look for.
func refusedPosts(w *world.World) int {
	n := 0
	for _, r := range w.Requests() {
		if r.API == world.SlackWebhook && r.Status == http.StatusInternalServerError {
			n++
		}
	}
	return n
}

func TestABriefOutlastsASlackThatIsDownLongerThanItsReview(t *testing.T) {
	t.Parallel()
	w := startWorldFor(t, "tls-expiry")
	for _, api := range []world.API{world.Slack, world.SlackWebhook} {
		w.Fail(api, http.StatusInternalServerError)
	}
	data := t.TempDir()
	s := serve(t, w, data, "OPSBUDDY_SOFT_DEADLINE=1s", "OPSBUDDY_DEADLINE=3s")
	s.accepted(t, firstPage(w, "delivery-1"))
	failures := func() int {
		_, page := s.get(t, "/metrics")
		return sample(t, page, `opsbuddy_activity_failures_total{activity="slack.NotifyReport@report"}`)
	}
	// Five attempts fit into the deadline; more are made after the review's end.
	wait(t, s, "attempts beyond the deadline", func() bool { return failures() > 6 })
	s.kill(t)
	again := serve(t, w, data, "OPSBUDDY_SOFT_DEADLINE=1s", "OPSBUDDY_DEADLINE=3s")
	for _, api := range []world.API{world.Slack, world.SlackWebhook} {
		w.Heal(api)
	}
	wait(t, again, "the brief", func() bool { return len(outcomes(w)) == 1 })
	if n := len(w.SlackStanding()); n != 1 {
		t.Errorf("%d messages stand in Slack, want one", n)
	}
	paidOnce(t, w)
}

// Ten incidents do not try a login ten times that its host refuses: accounts are
// locked for less.
func TestARefusedLoginIsNotTriedByEveryReview(t *testing.T) {
	const n = 10
	w := startCrowd(t, n, n)
	refused := []world.API{world.Jira, world.Confluence, world.PagerDuty, world.Anthropic}
	for _, api := range refused {
		w.Fail(api, http.StatusUnauthorized)
	}
	s := serve(t, w, t.TempDir())
	for i := range n {
		s.accepted(t, rivalPage(w, i))
		wait(t, s, "the outcome", func() bool { return len(outcomes(w)) == i+1 })
	}
	for _, api := range refused {
		t.Logf("%s was asked %d times", api, asked(w, api))
		if got := asked(w, api); got < 1 || got > 12 { // three in a row, and PagerDuty is asked for eight things at once
			t.Errorf("%s was asked %d times by %d reviews", api, got, n)
		}
	}
	for _, o := range outcomes(w) {
		if !strings.HasPrefix(lastLine(o), "facts only · ") {
			t.Errorf("an outcome ends with %q, want one of facts only", lastLine(o))
		}
	}
}
