package atlassian

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/incident"
)

func TestAListSaysHowMuchOfItIsShown(t *testing.T) {
	one := []incident.Ticket{{Key: "A-1", Summary: "s", URL: "https://x.example/browse/A-1"}}
	for _, tt := range []struct {
		tickets []incident.Ticket
		cut     incident.Cut
		want    string
	}{
		{nil, incident.Cut{}, "no ticket matches (Jira was read)"},
		{nil, incident.Cut{Total: -1}, "showing 0 tickets; there are more and nobody said how many, so this list may be incomplete; for the others ask a narrower query"},
		{one, incident.Cut{Shown: 1, Total: 1}, "1 ticket\n- A-1 [no status, no priority, unassigned, updated unknown] s https://x.example/browse/A-1"},
		{one, incident.Cut{Shown: 1, Total: 7}, "showing 1 of 7 tickets; for the others ask a narrower query\n- A-1 [no status, no priority, unassigned, updated unknown] s https://x.example/browse/A-1"},
	} {
		if diff := cmp.Diff(tt.want, TicketsText(tt.tickets, tt.cut)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestALongListIsCutAndCounted(t *testing.T) {
	var tickets []incident.Ticket
	var pages []incident.Page
	for i := range 100 {
		tickets = append(tickets, incident.Ticket{Key: fmt.Sprintf("A-%d", i), Summary: strings.Repeat("word ", 40), Status: "Open"})
		pages = append(pages, incident.Page{ID: fmt.Sprint(i), Title: "T", Excerpt: strings.Repeat("word ", 60)})
	}
	for name, text := range map[string]string{
		"tickets": TicketsText(tickets, incident.Cut{Shown: 100, Total: 100}), "pages": PagesText(pages, incident.Cut{Shown: 100, Total: 240}),
	} {
		if len(text) > maxListText || !strings.HasPrefix(text, "showing ") || strings.HasPrefix(text, "showing 100") {
			t.Errorf("%s: %d bytes: %.60s", name, len(text), text)
		}
	}
	if text := PagesText(nil, incident.Cut{}); text != "no page matches (Confluence was read)" {
		t.Error(text)
	}
}

func TestATicketIsShownWithWhatItHas(t *testing.T) {
	at := time.Date(2026, 11, 24, 14, 2, 0, 0, time.UTC)
	bare := TicketText(incident.Ticket{Key: "A-1", URL: "https://x.example/browse/A-1"}, incident.Cut{})
	want := "A-1: (no summary)\nhttps://x.example/browse/A-1\nStatus: none; priority: none; assignee: unassigned\n" +
		"Created: unknown; updated: unknown\n\nDescription:\n(none)\n\nNo comments."
	if diff := cmp.Diff(want, bare); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	long := incident.Ticket{Key: "A-2", Summary: "s", Resolved: at, Labels: []string{"a", "b"}, Description: "```\n" + strings.Repeat("x\n", 9000) + "```"}
	for range 10 {
		long.Comments = append(long.Comments, incident.Note{Author: "Ana", At: at, Text: strings.Repeat("note ", 500)})
	}
	text := TicketText(long, incident.Cut{Shown: 10, Total: 30})
	if len(text) > maxListText+2000 || !strings.Contains(text, "of 30 comments; for the others ask with contains=WORDS)") || strings.Contains(text, "showing 10") {
		t.Errorf("%d bytes:\n%s", len(text), text)
	}
	for _, want := range []string{"Labels: a, b", "resolved: 2026-11-24 14:02 UTC", "Ana, 2026-11-24 14:02 UTC:", "x\n```\n…"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

const longPage = "intro\n\n# Gateway\n\ntop\n\n## Roll back\n\n```bash\n# not a heading\n## nor this\nhelm rollback\n```\n\n### Details\n\nd\n\n## Escalate\n\ncall\n\n# Appendix\n\nz"

func TestASectionOfAPageIsFound(t *testing.T) {
	page := incident.Page{ID: "42", Title: "T", Markdown: longPage}
	rollback := "## Roll back\n\n```bash\n# not a heading\n## nor this\nhelm rollback\n```\n\n### Details\n\nd"
	for wanted, want := range map[string]string{
		"Roll back": rollback, "## roll BACK ": rollback, "back": rollback, "back, roll": rollback, "escalate": "## Escalate\n\ncall",
		"Appendix": "# Appendix\n\nz", "Details": "### Details\n\nd",
	} {
		if got := PageText(page, wanted); !strings.HasSuffix(got, "\n\n"+want) {
			t.Errorf("%q:\n%s", wanted, got)
		}
	}
	for _, wanted := range []string{"nor this", "Payments", "???"} {
		got := PageText(page, wanted)
		if !strings.HasSuffix(got, "\n\n[the page has no such section; its sections are: Gateway; Roll back; Details; Escalate; Appendix]") || strings.Contains(got, wanted) {
			t.Errorf("%q: %q", wanted, got)
		}
	}
	if got := PageText(incident.Page{ID: "1", Markdown: "x"}, "y"); !strings.Contains(got, "no headings") {
		t.Error(got)
	}
	if got := PageText(incident.Page{ID: "1"}, ""); !strings.Contains(got, "the page is empty") {
		t.Error(got)
	}
}

func TestALongPageNamesTheSectionsToAskFor(t *testing.T) {
	page := incident.Page{ID: "42", Title: "T", Markdown: "# One\n\n```\n" + strings.Repeat("kubectl get pods\n", 1500) + "```\n\n# Two\n\nend"}
	got := PageText(page, "")
	if len(got) > maxPageShow+500 {
		t.Errorf("%d bytes", len(got))
	}
	if !strings.HasSuffix(got, "kubectl get pods\n```\n\n[cut at 12 of 25 KB; ask for section=…: its sections are: One; Two]") {
		t.Errorf("ends in %q", got[len(got)-150:])
	}
}

func TestACutNeverLeavesHalfACommandInCode(t *testing.T) {
	text := "Intro line\n\n````sh\nrm -rf /srv/cache/old\n```\nrm -rf /srv/cache/new\n````\nend of page"
	for n := range len(text) {
		got, cut := cutMarkdown(text, n)
		if !cut || openFence(got) != "" {
			t.Errorf("%d: %q", n, got)
		}
		for _, line := range strings.Split(got, "\n") {
			if strings.HasPrefix(line, "rm ") && line != "rm -rf /srv/cache/old" && line != "rm -rf /srv/cache/new" {
				t.Errorf("%d: half a command %q", n, line)
			}
		}
	}
	if got, cut := cutMarkdown(text, len(text)); cut || got != text {
		t.Errorf("%q", got)
	}
}
