package main

import (
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
