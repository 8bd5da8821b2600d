package atlassian

import (
	"fmt"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of what a tool answers with, in bytes: about 1,500 tokens for a list
// or a ticket and 3,000 for a page, paid again on every later turn.
const (
	maxListText = 6 << 10
	maxPageShow = 12 << 10
)

// stamp is a time as it is shown.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// shownOf says how much of a list is shown and what the rest means.
func shownOf(what string, cut incident.Cut) string {
	switch {
	case cut.Complete() && cut.Shown == 1:
		return "1 " + what
	case cut.Complete():
		return fmt.Sprintf("%d %ss", cut.Shown, what)
	case cut.Total < 0:
		return fmt.Sprintf("showing %d %ss; there are more and nobody said how many, so this list may be incomplete", cut.Shown, what)
	}
	return fmt.Sprintf("showing %d of %d %ss", cut.Shown, cut.Total, what)
}

// listText writes lines under a count and drops the last ones when the text
// grows too long; the count then says so.
func listText(what string, lines []string, cut incident.Cut) string {
	size, kept := 200, 0
	for _, l := range lines {
		if size += len(l) + 1; size > maxListText {
			break
		}
		kept++
	}
	if kept < len(lines) {
		cut.Shown = kept
		if cut.Total >= 0 {
			cut.Total = max(cut.Total, len(lines))
		}
	}
	head := shownOf(what, cut)
	if !cut.Complete() {
		head += "; for the others ask a narrower query"
	}
	return strings.Join(append([]string{head}, lines[:kept]...), "\n")
}

// TicketsText shows tickets one a line, in their order, at most about 6 KB. An
// empty list says that Jira was read and no ticket matches.
func TicketsText(tickets []incident.Ticket, cut incident.Cut) string {
	if len(tickets) == 0 && cut.Complete() {
		return "no ticket matches (Jira was read)"
	}
	lines := make([]string, 0, len(tickets))
	for _, t := range tickets {
		lines = append(lines, ticketLine(t))
	}
	return listText("ticket", lines, cut)
}

func ticketLine(t incident.Ticket) string {
	what := []string{firstText(t.Status, "no status"), firstText(t.Priority, "no priority"), firstText(t.Assignee, "unassigned")}
	what = append(what, "updated "+stamp(t.Updated))
	if !t.Resolved.IsZero() {
		what = append(what, "resolved "+stamp(t.Resolved))
	}
	summary, _ := border.Cut(firstText(t.Summary, "(no summary)"), 250)
	return fmt.Sprintf("- %s [%s] %s %s", t.Key, strings.Join(what, ", "), summary, t.URL)
}

// TicketText shows one ticket with its description and comments, at most about
// 6 KB. cut counts the comments.
func TicketText(t incident.Ticket, cut incident.Cut) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n%s\n", t.Key, firstText(t.Summary, "(no summary)"), t.URL)
	fmt.Fprintf(&b, "Status: %s; priority: %s; assignee: %s\n", firstText(t.Status, "none"), firstText(t.Priority, "none"),
		firstText(t.Assignee, "unassigned"))
	fmt.Fprintf(&b, "Created: %s; updated: %s", stamp(t.Created), stamp(t.Updated))
	if !t.Resolved.IsZero() {
		fmt.Fprintf(&b, "; resolved: %s", stamp(t.Resolved))
	}
	if len(t.Labels) > 0 {
		fmt.Fprintf(&b, "\nLabels: %s", strings.Join(t.Labels, ", "))
	}
	b.WriteString("\n\nDescription:\n" + cutText(firstText(t.Description, "(none)"), maxListText/2))
	if len(t.Description) > maxListText/2 {
		b.WriteString("\n[cut; for the rest ask with contains=WORDS]")
	}
	if len(t.Comments) == 0 && cut.Complete() {
		return b.String() + "\n\nNo comments."
	}
	for i, n := range t.Comments {
		text := fmt.Sprintf("\n\n%s, %s:\n%s", firstText(n.Author, "unknown"), stamp(n.At), cutText(n.Text, 1500))
		if i > 0 && b.Len()+len(text) > maxListText {
			cut.Shown = i
			break
		}
		if i == 0 {
			b.WriteString("\n\nComments, newest first:")
		}
		b.WriteString(text)
	}
	said := shownOf("comment", incident.Cut{Shown: cut.Shown, Total: max(cut.Total, len(t.Comments))})
	if cut.Shown < len(t.Comments) {
		said += "; for the others ask with contains=WORDS"
	}
	return b.String() + "\n\n(" + said + ")"
}

// ticketWith shows the paragraphs and comments of a ticket that hold every wanted
// word, at most about 6 KB.
func ticketWith(t incident.Ticket, wanted string) string {
	ws := words(wanted)
	holds := func(text string) bool { return holdsAll(strings.ToLower(text), ws) }
	var parts []string
	for _, p := range strings.Split(t.Description, "\n\n") {
		if holds(p) {
			parts = append(parts, "in the description:\n"+cutText(p, 1500))
		}
	}
	for _, n := range t.Comments {
		if holds(n.Author + " " + n.Text) {
			parts = append(parts, fmt.Sprintf("%s, %s:\n%s", firstText(n.Author, "unknown"), stamp(n.At), cutText(n.Text, 1500)))
		}
	}
	read := fmt.Sprintf("%s: %s\n%s\nlooked in the description and in the %d comments that were read: ",
		t.Key, firstText(t.Summary, "(no summary)"), t.URL, len(t.Comments))
	if len(parts) == 0 {
		return read + "nothing has these words"
	}
	return cutText(fmt.Sprintf("%s%d have these words\n\n%s", read, len(parts), strings.Join(parts, "\n\n")), maxListText)
}

// PagesText shows search results one a line, at most about 6 KB. An empty list
// says that Confluence was read and no page matches.
func PagesText(pages []incident.Page, cut incident.Cut) string {
	if len(pages) == 0 && cut.Complete() {
		return "no page matches (Confluence was read)"
	}
	lines := make([]string, 0, len(pages))
	for _, p := range pages {
		line := fmt.Sprintf("- page_id %s: %s [space %s, updated %s] %s", p.ID, firstText(p.Title, "(no title)"), firstText(p.Space, "unknown"),
			stamp(p.Updated), p.URL)
		if p.Excerpt != "" {
			line += "\n  " + p.Excerpt
		}
		lines = append(lines, line)
	}
	return listText("page", lines, cut)
}

// PageText shows a page, at most about 12 KB. section is words of a heading;
// the text below it is shown, with its sub-headings. Without one a long page
// is cut, and the headings that can be asked for are named. They are named too when
// no heading fits: the page was read, and what the model asked for is not said again.
func PageText(p incident.Page, section string) string {
	text := p.Markdown
	head := fmt.Sprintf("%s\npage_id %s, space %s, updated %s\n%s\n\n", firstText(p.Title, "(no title)"), p.ID, firstText(p.Space, "unknown"),
		stamp(p.Updated), p.URL)
	if strings.TrimSpace(section) != "" {
		found, ok := sectionOf(text, section)
		if !ok {
			return head + "[the page has no such section; " + sectionNames(text) + "]"
		}
		text = found
	}
	if strings.TrimSpace(text) == "" {
		return head + "(the page is empty)"
	}
	shown, cut := cutMarkdown(text, maxPageShow)
	if !cut {
		return head + text
	}
	return head + shown + fmt.Sprintf("\n\n[cut at %d of %d KB; ask for section=…: %s]", maxPageShow>>10, (len(text)+1023)>>10,
		sectionNames(p.Markdown))
}

// cutText is cutMarkdown with a mark at the cut.
func cutText(s string, n int) string {
	text, cut := cutMarkdown(s, n)
	if cut {
		return text + "\n…"
	}
	return text
}

// cutMarkdown shortens Markdown to about n bytes and reports whether it did.
// Half a command can be a dangerous one, so it cuts at the end of a line where
// there is one, always so inside code. An open fence is closed, since it would
// swallow all that follows.
func cutMarkdown(s string, n int) (string, bool) {
	if len(s) <= n {
		return s, false
	}
	head := clip(s, n)
	if i := strings.LastIndexByte(head, '\n'); i >= 0 && (i > n/4 || openFence(head[:i]) != "") {
		head = head[:i]
	}
	head = strings.TrimRight(head, " \n")
	open := openFence(head)
	if open == "" {
		return head, true
	}
	lastLine := head[strings.LastIndexByte(head, '\n')+1:]
	if strings.HasPrefix(lastLine, open) { // nothing of the code is left
		return strings.TrimRight(strings.TrimSuffix(head, lastLine), " \n"), true
	}
	return head + "\n" + open, true
}

// openFence is the marks of a fence that is not closed in s, or "".
func openFence(s string) string {
	open := ""
	for line := range strings.SplitSeq(s, "\n") {
		open = fenceAfter(open, line)
	}
	return open
}

// fenceAfter is the open fence after a line, given the one before it.
func fenceAfter(open, line string) string {
	marks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
	switch {
	case len(marks) < 3:
	case open == "" && !strings.Contains(line[len(marks):], "`"):
		return marks
	case open != "" && len(marks) >= len(open) && strings.TrimSpace(line[len(marks):]) == "":
		return ""
	}
	return open
}
