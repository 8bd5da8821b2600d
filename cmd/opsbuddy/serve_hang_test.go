package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// A tool that hangs is left when the soft deadline passes: the model concludes from
// what it has, and says what it could not ask.
func TestAHangingToolEndsWithTheSoftDeadline(t *testing.T) {
	t.Parallel()
	w := startWorldFor(t, "tls-expiry")
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir(), "OPSBUDDY_SOFT_DEADLINE=4s", "OPSBUDDY_DEADLINE=40s")
	began := time.Now()
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "the model's call", func() bool { return hanging(w, world.Anthropic) })
	w.Hang(world.Confluence) // the facts are read
	w.Heal(world.Anthropic)
	wait(t, s, "a tool that hangs", func() bool { return hanging(w, world.Confluence) })
	text := s.outcomeOf(t, w)
	t.Logf("after %s: %s", time.Since(began).Round(time.Millisecond), lastLine(text))
	if took := time.Since(began); took > 12*time.Second {
		t.Errorf("the outcome came after %s; the model had to conclude after 4 s", took)
	}
	if last := lastLine(text); !strings.HasPrefix(last, "partial brief · ") || !strings.HasSuffix(last, "told to conclude after 4s") {
		t.Errorf("the footer is %q, want one of a partial brief that was told to conclude", last)
	}
	if !strings.Contains(text, "confluence_search: it did not answer before it was time to conclude") {
		t.Errorf("the brief does not say that Confluence could not be asked:\n%s", text)
	}
	if calls := w.ModelCalls(); !calls[len(calls)-1].Final {
		t.Errorf("the last call was not one for the last word: %+v", calls)
	}
}

// A Slack that hangs holds no review: the model is asked, and what was sent while it
// hung is not sent twice when it answers.
func TestAHangingSlackHoldsNoReviewAndGetsOneMessage(t *testing.T) {
	t.Parallel()
	w := startWorldFor(t, "tls-expiry")
	w.Hang(world.Slack)
	s := serve(t, w, t.TempDir())
	began := time.Now()
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "the brief of the model", func() bool {
		calls := w.ModelCalls()
		return len(calls) > 0 && calls[len(calls)-1].Brief
	})
	t.Logf("the model's brief is there after %s", time.Since(began).Round(time.Millisecond))
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("the model's brief came after %s", took)
	}
	time.Sleep(time.Second) // its post hangs as well
	w.Heal(world.Slack)
	if last := lastLine(s.outcomeOf(t, w)); !strings.Contains(last, "brief · ") {
		t.Errorf("the footer is %q, want one of a brief", last)
	}
	paidOnce(t, w)
}

// done reports whether a step of the review has ended well. The log must be at debug.
func (s *served) done(t *testing.T, activity string) bool {
	t.Helper()
	return regexp.MustCompile(`msg="activity done" workflow_id=incident-\S+ activity=` + regexp.QuoteMeta(activity) + ` `).Match(s.logged(t))
}

// However short the deadline: the review ends with it although Slack hangs, with a
// model that hangs as well or not, and what it had to say comes when Slack answers.
func TestASilentSlackHoldsAReviewNoLongerThanItsDeadline(t *testing.T) {
	const deadline = 8 * time.Second
	for name, c := range map[string]struct {
		hang, fail []world.API
		unset      []string
	}{
		"the bot hangs":                      {hang: []world.API{world.Slack}, unset: []string{"SLACK_WEBHOOK_URL="}},
		"the bot and the model hang":         {hang: []world.API{world.Slack, world.Anthropic}, unset: []string{"SLACK_WEBHOOK_URL="}},
		"the bot hangs, the webhook fails":   {hang: []world.API{world.Slack}, fail: []world.API{world.SlackWebhook}},
		"the model hangs, the webhook fails": {hang: []world.API{world.Anthropic}, fail: []world.API{world.SlackWebhook}, unset: []string{"SLACK_BOT_TOKEN=", "SLACK_CHANNEL="}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWorldFor(t, "tls-expiry")
			for _, api := range c.hang {
				w.Hang(api)
			}
			for _, api := range c.fail {
				w.Fail(api, http.StatusInternalServerError)
			}
			s := serve(t, w, t.TempDir(), append(c.unset, "OPSBUDDY_SOFT_DEADLINE=3s", "OPSBUDDY_DEADLINE="+deadline.String(), "OPSBUDDY_LOG_LEVEL=debug")...)
			began := time.Now()
			s.accepted(t, firstPage(w, "delivery-1"))
			wait(t, s, "the step after the report", func() bool { return s.done(t, "pagerduty.WriteNote@note") })
			took := time.Since(began)
			t.Logf("the review ended after %s", took.Round(time.Millisecond))
			if took > deadline+3*time.Second {
				t.Errorf("Slack held the review for %s; its deadline is %s", took, deadline)
			}
			for _, api := range append(c.hang, c.fail...) {
				w.Heal(api)
			}
			s.outcomeOf(t, w)
			paidOnce(t, w)
		})
	}
}

// A process dies while the webhook has its message and is down until the review is due:
// the run that goes on knows that the message may stand, and sends no other.
func TestAPostThatNobodySawTheEndOfIsNotRepeatedWhenTheReviewIsDue(t *testing.T) {
	t.Parallel()
	const deadline = 6 * time.Second
	w := startWorldFor(t, "tls-expiry")
	w.Hang(world.SlackWebhook)
	settings := []string{"SLACK_BOT_TOKEN=", "SLACK_CHANNEL=", "OPSBUDDY_SOFT_DEADLINE=2s", "OPSBUDDY_DEADLINE=" + deadline.String(), "OPSBUDDY_LOG_LEVEL=debug"}
	s := serve(t, w, t.TempDir(), settings...)
	s.accepted(t, firstPage(w, "delivery-1"))
	began := time.Now()
	wait(t, s, "the post", func() bool { return hanging(w, world.SlackWebhook) })
	s.kill(t)
	healDead(t, w, world.SlackWebhook)
	time.Sleep(time.Until(began.Add(deadline)))
	again := serve(t, w, s.data, settings...)
	wait(t, again, "the run that goes on", func() bool { return again.done(t, "slack.NotifyReport@report") })
	posts := 0
	for _, r := range w.Requests() {
		if r.API == world.SlackWebhook {
			posts++
		}
	}
	if posts != 1 || !strings.Contains(string(again.logged(t)), "may have happened; it is not repeated") {
		t.Errorf("the message was sent %d times", posts)
	}
}

// One review whose model hangs does not keep another from its brief.
func TestAHangingReviewBlocksNoOther(t *testing.T) {
	t.Parallel()
	w := startCrowd(t, 2, 2)
	w.Inject(world.Anthropic, world.Fault{Hang: true, Times: 1})
	s := serve(t, w, t.TempDir())
	s.accepted(t, rivalPage(w, 0))
	wait(t, s, "the first review to hang", func() bool { return hanging(w, world.Anthropic) })
	s.accepted(t, rivalPage(w, 1))
	wait(t, s, "the other's brief", func() bool { return len(outcomes(w)) == 1 })
	if got := incidentOf(t, outcomes(w)[0]); got != w.IncidentID(world.CrowdName(1)) {
		t.Errorf("%s has the outcome", got)
	}
	w.Heal(world.Anthropic)
	oneBriefEach(t, s, w, 2)
}
