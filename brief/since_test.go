package brief

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

var began = time.Date(2026, 3, 20, 14, 0, 0, 0, time.UTC)

func underReview() evidence.Facts {
	return evidence.Facts{
		Incident: incident.Incident{ID: "Q1", Number: 7, Title: "502s", Status: "triggered", Urgency: "high", URL: "https://acme.pd.example/incidents/Q1"},
		Items:    []evidence.Item{{Number: 1, Source: evidence.Incident, State: evidence.Found, Text: "502s"}},
		ReadAt:   began,
	}
}

var acknowledged = incident.Update{Kind: "acknowledged", At: began.Add(time.Minute), By: "Ada Moreau", Status: "acknowledged"}

const modelsBrief = "# 502s\n\n> **NEW ISSUE** | **Urgency**: High | **Status**: Triggered\n> **ID**: Q1\n\n## What's Happening?\n- 502s [E1]\n"

func TestWhatHappensDuringAReviewStandsBelowItsHead(t *testing.T) {
	note := incident.Update{Kind: "annotated", At: began.Add(2 * time.Minute), By: "Bo *Li*", Note: "disk <full> @here"}
	b := Compose(Answer{Text: modelsBrief, Succeeded: true, Since: []incident.Update{note, acknowledged}}, underReview())
	want := "**Since the review began**: acknowledged by Ada Moreau (14:01 UTC) · note added by Bo \\*Li\\* (14:02 UTC): “disk \\<full\\> @here”"
	lines := strings.Split(b.Markdown, "\n")
	if lines[5] != want {
		t.Errorf("(-want +got):\n%s\nin\n%s", cmp.Diff(want, lines[5]), b.Markdown)
	}
	if !strings.Contains(b.Markdown, "**Status**: Acknowledged") {
		t.Errorf("the status line says what was before:\n%s", b.Markdown)
	}
	if b.Outcome != Full {
		t.Errorf("outcome %s", b.Outcome)
	}
}

func TestAnIncidentThatIsOverEndsWithoutUrgency(t *testing.T) {
	over := incident.Update{Kind: "resolved", At: began.Add(time.Minute), By: "Ada Moreau", Status: incident.Resolved}
	b := Compose(Answer{Since: []incident.Update{over}}, underReview())
	if b.Outcome != Resolved || !strings.Contains(b.Markdown, "Nothing urgent") || !strings.Contains(b.Markdown, "resolved by Ada Moreau (14:01 UTC)") {
		t.Errorf("%s:\n%s", b.Outcome, b.Markdown)
	}
}

func TestALeadListsTheIncidentsThatFollowIt(t *testing.T) {
	var since []incident.Update
	for i := range 12 {
		o := incident.Incident{ID: "Q" + string(rune('A'+i)), Number: 100 + i, URL: "https://acme.pd.example/incidents/Q" + string(rune('A'+i))}
		since = append(since, incident.Update{Kind: incident.SameProblem, Other: o})
	}
	b := Compose(Answer{Text: modelsBrief, Succeeded: true, Since: since}, underReview())
	if !strings.Contains(b.Markdown, "**Same problem**: 12 more incidents: [\\#100](<https://acme.pd.example/incidents/QA>)") || !strings.Contains(b.Markdown, "and 2 more") {
		t.Errorf("%s", b.Markdown)
	}
	if got := b.Links[len(b.Links)-1]; got != since[11].Other.URL {
		t.Errorf("the last link is %s", got)
	}
	if strings.Contains(b.Markdown, "Since the review began") {
		t.Error("a follower is told as something that happened to the lead")
	}
}

func TestAnEarlierBriefStandsBetweenMarks(t *testing.T) {
	p := Earlier(incident.Incident{ID: "Q0", Number: 6}, began, "# Disk full", "k7")
	if strings.Count(p, "k7") != 2 || !strings.Contains(p, "# Disk full") || !strings.Contains(p, "Q0 (#6)") {
		t.Errorf("%s", p)
	}
	if p := Earlier(incident.Incident{}, time.Time{}, "", "k7"); p != "" {
		t.Errorf("without an earlier review it is told of: %s", p)
	}
}

func TestAFollowerIsShortAndPointsToTheLead(t *testing.T) {
	lead := incident.Incident{ID: "Q0", Number: 6, Title: "502s", URL: "https://acme.pd.example/incidents/Q0"}
	b := Same(lead, underReview())
	if b.Outcome != SameProblem || !strings.Contains(b.Markdown, "**Same problem as [\\#6](<https://acme.pd.example/incidents/Q0>)**") || len(strings.Split(b.Markdown, "\n")) > 15 {
		t.Errorf("%s:\n%s", b.Outcome, b.Markdown)
	}
}

func TestABriefThatStartsFromAnEarlierReviewSaysSo(t *testing.T) {
	earlier := incident.Incident{ID: "Q0", Number: 6, URL: "https://acme.pd.example/incidents/Q0"}
	b := Compose(Answer{Text: modelsBrief, Succeeded: true, Seen: earlier, SeenAt: began.Add(-3 * time.Hour)}, underReview())
	if !strings.Contains(b.Markdown, "**Seen before**: the same problem was reviewed on Mar 20 11:00 UTC as [\\#6](<https://acme.pd.example/incidents/Q0>); no change") {
		t.Errorf("%s", b.Markdown)
	}
	if b := Compose(Answer{Seen: earlier}, underReview()); strings.Contains(b.Markdown, "Seen before") {
		t.Errorf("a brief from facts alone starts from no review:\n%s", b.Markdown)
	}
}
