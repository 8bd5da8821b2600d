package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// twin is one of a crowd of incidents that say that a disk is full: alike but for
// the service, the urgency, the host and what was measured.
const twin = `  - slug: disk-%s
    shows: One of a crowd.
    incident:
      service: %s
      title: "Disk full"
      urgency: %s
      opened: -1m
      alerts:
        - {summary: "Disk full", severity: error, at: -1m, details: {host: %s, used: %d %%}}
    model:
      - brief: |
          # Disk full

          > **NEW ISSUE** | **Urgency**: High | **Status**: Triggered

          ## What Do I Do Right Now?
          1. Look at the disk

          ## What's Happening?
          - Disk full
`

func startTwins(t *testing.T, incidents ...string) *world.World {
	t.Helper()
	company, err := world.Shop(2, strings.Join(incidents, ""))
	if err != nil {
		t.Fatal(err)
	}
	return startCompany(t, company, "")
}

func pageOf(w *world.World, scenario string) page {
	return page{body: w.Webhook(scenario), secrets: []string{secretOf(w)}}
}

// later is what PagerDuty sends about an incident later on.
func later(t *testing.T, w *world.World, scenario, kind, status string) page {
	t.Helper()
	var p map[string]map[string]any
	if err := json.Unmarshal(w.Webhook(scenario), &p); err != nil {
		t.Fatal(err)
	}
	e := p["event"]
	e["event_type"], e["occurred_at"], e["id"] = "incident."+kind, time.Now().UTC().Format(time.RFC3339), "01EVENT"+kind
	e["agent"] = map[string]any{"id": "PUSER01", "type": "user_reference", "summary": "Ada Moreau"}
	data := e["data"].(map[string]any)
	data["status"] = status
	if kind == "annotated" {
		e["data"] = map[string]any{"incident": map[string]any{"id": data["id"], "type": "incident_reference"}, "content": "it is the log partition", "type": "incident_note"}
	}
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return page{body: raw, secrets: []string{secretOf(w)}}
}

// told sends an event that a review under way must be told.
func (s *served) told(t *testing.T, p page) {
	t.Helper()
	a, err := s.deliver(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if a.Code != http.StatusOK || a.Status != "skipped" || !strings.Contains(a.raw, "under way was told") {
		t.Fatalf("answered %d %s", a.Code, a.raw)
	}
}

func outcomeWith(t *testing.T, w *world.World, text string) string {
	t.Helper()
	for _, o := range outcomes(w) {
		if strings.Contains(o, text) {
			return o
		}
	}
	t.Fatalf("no outcome has %q:\n%s", text, strings.Join(outcomes(w), "\n=====\n"))
	return ""
}

func TestIncidentsOfOneProblemShareAReviewAndOthersDoNot(t *testing.T) {
	w := startTwins(t,
		fmt.Sprintf(twin, "a", "service-0", "high", "db-1", 91), fmt.Sprintf(twin, "b", "service-0", "high", "db-1", 93),
		fmt.Sprintf(twin, "c", "service-0", "high", "db-2", 91), fmt.Sprintf(twin, "d", "service-1", "high", "db-1", 91))
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir(), "WORKER_MAX_CONCURRENT_ACTIVITIES=8")
	s.accepted(t, pageOf(w, "disk-a"))
	wait(t, s, "the lead's model call", func() bool { return hanging(w, world.Anthropic) })
	for _, other := range []string{"disk-b", "disk-c", "disk-d"} {
		s.accepted(t, pageOf(w, other))
	}
	wait(t, s, "the short message", func() bool { return len(outcomes(w)) == 1 })
	lead := w.IncidentID("disk-a")
	short := outcomeWith(t, w, "same problem · $0.00 · ")
	for _, want := range []string{w.IncidentID("disk-b"), "Its brief is here", "Same problem as", "0 turns · no model"} {
		if !strings.Contains(short, want) {
			t.Errorf("the short message lacks %q:\n%s", want, short)
		}
	}
	w.Heal(world.Anthropic)
	wait(t, s, "every outcome", func() bool { return len(outcomes(w)) == 4 })
	if brief := outcomeWith(t, w, "Incident: "+lead); !strings.Contains(brief, "Same problem: 1 more incident: #") {
		t.Errorf("the lead does not list its follower:\n%s", brief)
	}
	if n := len(w.ModelCalls()); n != 3 {
		t.Errorf("%d model calls for three problems", n)
	}
}

func TestAHighUrgencyDoesNotFollowALowOne(t *testing.T) {
	w := startTwins(t, fmt.Sprintf(twin, "a", "service-0", "low", "db-1", 91), fmt.Sprintf(twin, "b", "service-0", "high", "db-1", 93))
	s := serve(t, w, t.TempDir())
	for i, one := range []string{"disk-a", "disk-b"} {
		s.accepted(t, pageOf(w, one))
		wait(t, s, "the outcome", func() bool { return len(outcomes(w)) == i+1 })
	}
	if n := len(w.ModelCalls()); n != 2 {
		t.Errorf("%d model calls, want one for each", n)
	}
}

func TestWhatHappensDuringAReviewStandsInTheBrief(t *testing.T) {
	w := startTwins(t, fmt.Sprintf(twin, "a", "service-0", "high", "db-1", 91))
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir())
	s.accepted(t, pageOf(w, "disk-a"))
	wait(t, s, "the model's call", func() bool { return hanging(w, world.Anthropic) })
	s.told(t, later(t, w, "disk-a", "acknowledged", "acknowledged"))
	s.told(t, later(t, w, "disk-a", "annotated", ""))
	w.Heal(world.Anthropic)
	brief := s.outcomeOf(t, w)
	for _, want := range []string{"Since the review began: acknowledged by Ada Moreau (", "note added by Ada Moreau (", "“it is the log partition”", "Status: acknowledged", "Status: Acknowledged"} {
		if !strings.Contains(brief, want) {
			t.Errorf("the brief lacks %q:\n%s", want, brief)
		}
	}
}

func TestAnIncidentThatIsResolvedDuringItsReviewEndsIt(t *testing.T) {
	w := startTwins(t, fmt.Sprintf(twin, "a", "service-0", "high", "db-1", 91))
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir())
	s.accepted(t, pageOf(w, "disk-a"))
	wait(t, s, "the model's call", func() bool { return hanging(w, world.Anthropic) })
	s.told(t, later(t, w, "disk-a", "resolved", "resolved"))
	brief := s.outcomeOf(t, w)
	for _, want := range []string{"resolved · $0.00", "Nothing urgent", "resolved by Ada Moreau"} {
		if !strings.Contains(brief, want) {
			t.Errorf("the message lacks %q:\n%s", want, brief)
		}
	}
	wait(t, s, "an event to find nobody", func() bool {
		a, err := s.deliver(t.Context(), later(t, w, "disk-a", "acknowledged", "acknowledged"))
		return err == nil && a.Code == http.StatusOK && !strings.Contains(a.raw, "was told")
	})
}

func TestAReviewThatEndedBecauseItsIncidentWasOverLeadsNobody(t *testing.T) {
	w := startTwins(t, fmt.Sprintf(twin, "a", "service-0", "high", "db-1", 91), fmt.Sprintf(twin, "b", "service-0", "high", "db-1", 93))
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir())
	s.accepted(t, pageOf(w, "disk-a"))
	wait(t, s, "the model's call", func() bool { return hanging(w, world.Anthropic) })
	s.told(t, later(t, w, "disk-a", "resolved", "resolved"))
	wait(t, s, "its end", func() bool { return len(outcomes(w)) == 1 })
	w.Heal(world.Anthropic)
	s.accepted(t, pageOf(w, "disk-b"))
	wait(t, s, "a brief of its own", func() bool { return len(outcomes(w)) == 2 })
	if brief := outcomeWith(t, w, "Incident: "+w.IncidentID("disk-b")); strings.Contains(brief, "same problem ·") {
		t.Errorf("it follows a review that looked at nothing:\n%s", brief)
	}
}

func TestAHighUrgencyGoesBeforeTheLowOnesThatWait(t *testing.T) {
	var incidents []string
	for i := range 6 {
		incidents = append(incidents, fmt.Sprintf(twin, fmt.Sprint("low-", i), "service-0", "low", fmt.Sprint("db-", i), 91))
	}
	w := startTwins(t, append(incidents, fmt.Sprintf(twin, "high", "service-0", "high", "db-9", 91))...)
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir(), "WORKER_MAX_CONCURRENT_ACTIVITIES=1")
	for i := range 6 {
		s.accepted(t, pageOf(w, fmt.Sprint("disk-low-", i)))
	}
	wait(t, s, "every low one to wait for the model", func() bool { return len(w.SlackStanding()) == 6 && hanging(w, world.Anthropic) })
	s.accepted(t, pageOf(w, "disk-high"))
	wait(t, s, "the high one to wait as well", func() bool { return len(w.SlackStanding()) == 7 })
	time.Sleep(300 * time.Millisecond) // from its first message to its place in the queue
	w.Heal(world.Anthropic)
	wait(t, s, "every outcome", func() bool { return len(outcomes(w)) == 7 })
	var order []string
	for _, c := range w.ModelCalls() {
		order = append(order, c.Scenario)
	}
	// One call was under way, and one more may be in the worker's hands.
	if at := slices.Index(order, "disk-high"); at < 1 || at > 2 {
		t.Errorf("the high urgency was asked about as number %d: %v", at+1, order)
	}
}

func TestAProblemThatWasReviewedTodayCostsOneCall(t *testing.T) {
	w := startTwins(t, fmt.Sprintf(twin, "a", "service-0", "high", "db-1", 91), fmt.Sprintf(twin, "b", "service-0", "high", "db-1", 93))
	s := serve(t, w, t.TempDir(), "OPSBUDDY_SOFT_DEADLINE=1s", "OPSBUDDY_DEADLINE=3s") // for so long a review speaks for others
	s.accepted(t, pageOf(w, "disk-a"))
	wait(t, s, "the first outcome", func() bool { return len(outcomes(w)) == 1 })
	time.Sleep(3 * time.Second)
	s.accepted(t, pageOf(w, "disk-b"))
	wait(t, s, "the second", func() bool { return len(outcomes(w)) == 2 })
	brief := outcomeWith(t, w, "Incident: "+w.IncidentID("disk-b"))
	if !strings.Contains(brief, "Seen before: the same problem was reviewed on ") {
		t.Errorf("it does not start from the earlier review:\n%s", brief)
	}
	if calls := w.ModelCalls(); len(calls) != 2 || !calls[1].Final {
		t.Errorf("model calls %+v, want one with tools and one without", calls)
	}
}

func TestAFollowerOfABriefThatStandsIsListedBelowIt(t *testing.T) {
	w := startTwins(t, fmt.Sprintf(twin, "a", "service-0", "high", "db-1", 91), fmt.Sprintf(twin, "b", "service-0", "high", "db-1", 93))
	s := serve(t, w, t.TempDir())
	s.accepted(t, pageOf(w, "disk-a"))
	wait(t, s, "the lead's brief", func() bool { return len(outcomes(w)) == 1 })
	time.Sleep(time.Second) // its post, recorded
	lead := w.SlackStanding()[0]
	s.accepted(t, pageOf(w, "disk-b"))
	wait(t, s, "the short message", func() bool { return len(outcomes(w)) == 2 })
	wait(t, s, "the line below the brief", func() bool { return len(below(w, lead.TS)) == 1 })
	if text := terminal(below(w, lead.TS)[0].Blocks); !strings.Contains(text, "Disk full") || !strings.Contains(text, "Same problem") {
		t.Errorf("below the brief stands:\n%s", text)
	}
	if n := len(outcomes(w)); n != 2 {
		t.Errorf("%d outcomes for two incidents", n)
	}
}

func TestWhatPagerDutyRelatesSharesAReviewWithinItsService(t *testing.T) {
	related := func(slug, service, host string) string {
		return strings.Replace(fmt.Sprintf(twin, slug, service, "high", host, 91), "    model:\n", "      related: [disk-a]\n    model:\n", 1)
	}
	w := startTwins(t, fmt.Sprintf(twin, "a", "service-0", "high", "db-1", 91), related("b", "service-0", "db-2"), related("c", "service-1", "db-3"))
	s := serve(t, w, t.TempDir())
	for i, one := range []string{"disk-a", "disk-b", "disk-c"} {
		s.accepted(t, pageOf(w, one))
		wait(t, s, "the outcome", func() bool { return len(outcomes(w)) == i+1 })
	}
	if short := outcomeWith(t, w, "Incident: "+w.IncidentID("disk-b")); !strings.Contains(short, "same problem · ") {
		t.Errorf("what PagerDuty relates is reviewed by itself:\n%s", short)
	}
	if own := outcomeWith(t, w, "Incident: "+w.IncidentID("disk-c")); !strings.Contains(own, "\nbrief · ") {
		t.Errorf("an incident of another service has no review of its own:\n%s", own)
	}
}

func TestALeadThatIsResolvedIsReviewedOnForThoseThatFollow(t *testing.T) {
	w := startTwins(t, fmt.Sprintf(twin, "a", "service-0", "high", "db-1", 91), fmt.Sprintf(twin, "b", "service-0", "high", "db-1", 93))
	w.Hang(world.Anthropic)
	s := serve(t, w, t.TempDir())
	s.accepted(t, pageOf(w, "disk-a"))
	wait(t, s, "the lead's model call", func() bool { return hanging(w, world.Anthropic) })
	s.accepted(t, pageOf(w, "disk-b"))
	wait(t, s, "the short message", func() bool { return len(outcomes(w)) == 1 })
	s.told(t, later(t, w, "disk-a", "resolved", "resolved"))
	time.Sleep(500 * time.Millisecond) // it would have ended by now
	w.Heal(world.Anthropic)
	wait(t, s, "the lead's outcome", func() bool { return len(outcomes(w)) == 2 })
	brief := outcomeWith(t, w, "Incident: "+w.IncidentID("disk-a"))
	for _, want := range []string{"\nbrief · ", "resolved by Ada Moreau", "Same problem: 1 more incident: #", "Look at the disk"} {
		if !strings.Contains(brief, want) {
			t.Errorf("the lead's brief lacks %q:\n%s", want, brief)
		}
	}
}
