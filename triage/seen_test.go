package triage

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

var earlier = time.Date(2026, 3, 20, 11, 0, 0, 0, time.UTC)

func diskFacts() evidence.Facts {
	f := evidence.Facts{
		Alerts: []incident.Alert{{Summary: "Disk full", Details: "host: db-1"}}, AlertsCut: incident.Cut{Shown: 1, Total: 1},
		Tickets: []incident.Ticket{{Key: "SHOP-1", Status: "To Do"}}, Runbook: incident.Page{Markdown: "Look."},
		Changes: []incident.Change{{ID: "C1", At: earlier.Add(-time.Hour)}}, ReadAt: earlier,
	}
	for i, s := range []string{evidence.Alerts, evidence.Changes, evidence.Tickets, evidence.Runbook} {
		f.Items = append(f.Items, evidence.Item{Number: i + 1, Source: s, State: evidence.Found})
	}
	return f
}

func reviewOf(t *testing.T, f evidence.Facts, outcome string) core.Outputs {
	t.Helper()
	out := core.Outputs{Steps: map[string]json.RawMessage{}}
	for step, v := range map[string]any{
		"facts": FactsOutput{Facts: f, ReadAt: earlier}, "brief": BriefOutput{Markdown: "# Disk full", Outcome: outcome},
		"review": agent.Result{Observations: []agent.Observation{{Number: 5, Tool: "mcp__slack__look", Text: strings.Repeat("é", 4000)}, {Number: 6, Tool: "down", Failed: true}}},
	} {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Steps[step] = raw
	}
	return out
}

func TestAReviewStartsFromAnEarlierOneOnlyWhenNothingHasMoved(t *testing.T) {
	for name, c := range map[string]struct {
		outcome string
		change  func(*evidence.Facts)
		seen    bool
	}{
		"nothing moved":    {"brief", func(*evidence.Facts) {}, true},
		"it was cut short": {"partial brief", func(*evidence.Facts) {}, false},
		"a deploy since":   {"brief", func(f *evidence.Facts) { f.Changes = append(f.Changes, incident.Change{At: earlier}) }, false},
		"a ticket was taken": {"brief", func(f *evidence.Facts) {
			f.Tickets = []incident.Ticket{{Key: "SHOP-1", Status: "To Do", Assignee: "Ada"}}
		}, false},
		"the runbook was changed": {"brief", func(f *evidence.Facts) { f.Runbook.Markdown = "Look twice." }, false},
		"another alert":           {"brief", func(f *evidence.Facts) { f.Alerts[0].Details = "host: db-2" }, false},
		"changes cannot be read":  {"brief", func(f *evidence.Facts) { f.Items[1].State = evidence.Unread }, false},
	} {
		now := diskFacts()
		c.change(&now)
		s := seenBefore(incident.Incident{ID: "Q0", Number: 6}, reviewOf(t, diskFacts(), c.outcome), now)
		if (s.Brief != "") != c.seen {
			t.Errorf("%s: seen %v, want %v", name, s.Brief != "", c.seen)
		}
	}
}

func TestWhatAnEarlierReviewBroughtIsEvidenceAgain(t *testing.T) {
	s := seenBefore(incident.Incident{ID: "Q0", Number: 6}, reviewOf(t, diskFacts(), "brief"), diskFacts())
	f := s.with(diskFacts())
	last := f.Items[len(f.Items)-1]
	if len(f.Items) != 5 || last.Number != 5 || last.Source != "earlier review, mcp__slack__look" || len([]rune(last.Text)) != maxSeenText {
		t.Errorf("%d items, the last is E%d %s of %d characters", len(f.Items), last.Number, last.Source, len([]rune(last.Text)))
	}
	if none := (Seen{}); len(none.with(diskFacts()).Items) != 4 {
		t.Error("without an earlier review something is told of it")
	}
}
