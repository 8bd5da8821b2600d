package brief

import (
	"fmt"
	"strings"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// How many of a kind a brief shows; one screen is the aim.
const (
	showAlerts  = 5
	showPast    = 4
	showTickets = 8
	showChanges = 3
	showTalk    = 3
	showOnCall  = 3
	cutText     = 240 // runes of one outside text
)

// FactsOnly writes the brief that needs no model. Every line is evidence.
func FactsOnly(f evidence.Facts) string {
	var b strings.Builder
	writeHead(&b, f)
	section(&b, DoNow)
	writeDoNow(&b, f)
	section(&b, Happening)
	writeHappening(&b, f)
	section(&b, Before)
	writeBefore(&b, f)
	section(&b, OpenTickets)
	writeTickets(&b, f)
	section(&b, FollowUp)
	writeFollowUp(&b, f)
	return b.String()
}

func writeHead(b *strings.Builder, f evidence.Facts) {
	i := f.Incident
	fmt.Fprintf(b, "# %s\n\n> **%s** | **Urgency**: %s", Text(clip(i.Title)), Tag(f), capital(i.Urgency))
	if i.Priority != "" {
		fmt.Fprintf(b, " | **Priority**: %s", Text(i.Priority))
	}
	fmt.Fprintf(b, " | **Status**: %s\n> **Service**: %s | **ID**: %s", capital(i.Status), Text(i.Service.Name), link(i.ID, i.URL))
	if !i.CreatedAt.IsZero() {
		fmt.Fprintf(b, " | **Since**: %s (%s ago)", day(i.CreatedAt), evidence.Span(f.ReadAt.Sub(i.CreatedAt)))
	}
	b.WriteString("\n")
}

// Tag says whether the problem is new, recurring, or cannot be told.
func Tag(f evidence.Facts) string {
	if r, ok := f.Recurs(); ok {
		return fmt.Sprintf("RECURRING: %s time in %d days", evidence.Ordinal(r.Times), r.Days)
	}
	if f.State(evidence.Past) == evidence.Nothing || f.State(evidence.Past) == evidence.Found {
		return "NEW ISSUE"
	}
	return "HISTORY NOT KNOWN"
}

func writeDoNow(b *strings.Builder, f evidence.Facts) {
	n := 0
	add := func(text string) { n++; fmt.Fprintf(b, "%d. %s\n", n, text) }
	if f.Incident.Status == incident.Resolved {
		add("Nothing urgent: the incident is resolved" + since(f) + ".")
		return
	}
	if f.Recovered() {
		add("Check whether it is over: every alert has recovered" + citeSource(f, evidence.Alerts) + ".")
	}
	if page := f.Runbook; page.ID != "" {
		add(fmt.Sprintf("Open the runbook %s (%s)%s.", link(page.Title, page.URL), Text(f.RunbookMatch), citeSource(f, evidence.Runbook)))
		for _, s := range Steps(page.Markdown) {
			add(s)
		}
	} else if r, ok := f.Recurs(); ok && len(r.Last.Notes) > 0 {
		last := r.Last.Notes[len(r.Last.Notes)-1]
		add(fmt.Sprintf("%s. Last time (%s): “%s”%s", noRunbook(f), link(number(r.Last.Incident), r.Last.Incident.URL), Text(clip(last.Text)), citeSource(f, evidence.Past)))
	}
	if n == 0 {
		add(noRunbook(f) + ", and no earlier fix is known: read the alerts below and decide whether to escalate" + onCallWords(f) + ".")
	}
}

// noRunbook says why there is none: that nobody could look is not that there is
// nothing.
func noRunbook(f evidence.Facts) string {
	switch f.State(evidence.Runbook) {
	case evidence.NotSetUp:
		return "Confluence is not set up, so no runbook was looked for"
	case evidence.Unread:
		return "The runbook could not be read"
	default:
		return "No runbook was found"
	}
}

func since(f evidence.Facts) string {
	if f.Incident.ResolvedAt.IsZero() {
		return ""
	}
	return " since " + day(f.Incident.ResolvedAt)
}

func writeHappening(b *strings.Builder, f evidence.Facts) {
	switch f.State(evidence.Alerts) {
	case evidence.Found:
		total := len(f.Alerts)
		if f.AlertsCut.Total > total {
			total = f.AlertsCut.Total
		}
		fmt.Fprintf(b, "- %d %s%s\n", total, plural(total, "alert"), citeSource(f, evidence.Alerts))
		for _, a := range distinct(f.Alerts) {
			fmt.Fprintf(b, "  - %s%s\n", link(clip(a.Summary), a.URL), alertState(a))
		}
	case evidence.Nothing:
		b.WriteString("- The incident has no alerts\n")
	default:
		b.WriteString("- The alerts could not be read\n")
	}
	for _, c := range head(f.NearChanges(), showChanges) {
		fmt.Fprintf(b, "- Change %s, %s before the first alert%s\n", changeLink(c), evidence.Span(f.FirstAlert().Sub(c.At)), citeSource(f, evidence.Changes))
	}
	for _, r := range head(f.Related, showChanges) {
		fmt.Fprintf(b, "- Related incident %s on %s: %s%s%s\n", link(number(r.Incident), r.Incident.URL), Text(r.Incident.Service.Name), Text(clip(r.Incident.Title)), citeSource(f, evidence.Related), sameTitle(f, r))
	}
	for _, n := range head(f.Notes, showTalk) {
		fmt.Fprintf(b, "- Note by %s: %s%s\n", Text(n.Author), Text(clip(n.Text)), citeSource(f, evidence.Notes))
	}
	for _, m := range people(f.Messages) {
		fmt.Fprintf(b, "- %s in \\#%s: %s%s\n", Text(m.Author), Text(f.Channel.Name), Text(clip(m.Text)), citeSource(f, evidence.Messages))
	}
}

// sameTitle says so of an incident on another service: the fault may be one that
// both share.
func sameTitle(f evidence.Facts, other incident.Past) string {
	for _, o := range f.SameTitle() {
		if o.Incident.ID == other.Incident.ID {
			return ", the same title on another service" + citeSource(f, evidence.Derived)
		}
	}
	return ""
}

func alertState(a incident.Alert) string {
	s := ""
	if a.Severity != "" {
		s += ", " + Text(a.Severity)
	}
	if a.Status == incident.Resolved {
		s += ", recovered"
	}
	return s
}

// distinct are the alerts to show, one of each summary.
func distinct(alerts []incident.Alert) []incident.Alert {
	seen := map[string]bool{}
	var out []incident.Alert
	for _, a := range alerts {
		if !seen[a.Summary] && len(out) < showAlerts {
			seen[a.Summary] = true
			out = append(out, a)
		}
	}
	return out
}

func changeLink(c incident.Change) string {
	url := ""
	if len(c.Links) > 0 {
		url = c.Links[0].URL
	}
	return link(clip(c.Summary), url)
}

func writeBefore(b *strings.Builder, f evidence.Facts) {
	r, ok := f.Recurs()
	if !ok {
		switch f.State(evidence.Past) {
		case evidence.Found, evidence.Nothing:
			b.WriteString("- No similar incident was found" + citeSource(f, evidence.Past) + "\n")
		default:
			b.WriteString("- Past incidents could not be read\n")
		}
		return
	}
	for _, p := range head(f.Past, showPast) {
		fmt.Fprintf(b, "- **%s** %s: %s%s%s%s\n", day(p.Incident.CreatedAt), link(number(p.Incident), p.Incident.URL), Text(clip(p.Incident.Title)), took(p), fix(p), citeSource(f, evidence.Past))
	}
	fmt.Fprintf(b, "- Pattern: %s time in %d days", evidence.Ordinal(r.Times), r.Days)
	if r.Median > 0 {
		b.WriteString(", usually resolved in " + r.Usually(""))
	}
	b.WriteString(citeSource(f, evidence.Derived) + "\n")
}

func took(p incident.Past) string {
	if d := evidence.Took(p.Incident); d > 0 {
		return fmt.Sprintf(" (%s)", evidence.Span(d))
	}
	return ""
}

// fix is what the last note of an earlier incident says.
func fix(p incident.Past) string {
	if len(p.Notes) == 0 {
		return ""
	}
	return " — “" + Text(clip(p.Notes[len(p.Notes)-1].Text)) + "”"
}

func writeTickets(b *strings.Builder, f evidence.Facts) {
	open := openTickets(f.Tickets)
	switch state := f.State(evidence.Tickets); {
	case state == evidence.NotSetUp:
		b.WriteString("Jira is not set up.\n")
	case state == evidence.Unread:
		b.WriteString("Jira could not be read.\n")
	case len(open) == 0:
		b.WriteString("No open ticket was found" + citeSource(f, evidence.Tickets) + ".\n")
	default:
		b.WriteString("| Ticket | Summary | Status | Assignee |\n|---|---|---|---|\n")
		for _, t := range head(open, showTickets) {
			who := t.Assignee
			if who == "" {
				who = "unassigned"
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", link(t.Key, t.URL), Text(clip(t.Summary)), Text(t.Status), Text(who))
		}
		if left := len(open) - showTickets; left > 0 {
			fmt.Fprintf(b, "\n%d more%s\n", left, citeSource(f, evidence.Tickets))
		}
	}
}

func openTickets(all []incident.Ticket) []incident.Ticket {
	var out []incident.Ticket
	for _, t := range all {
		if t.StatusCategory != "done" && t.Resolved.IsZero() {
			out = append(out, t)
		}
	}
	return out
}

func writeFollowUp(b *strings.Builder, f evidence.Facts) {
	n := 0
	for _, o := range head(f.OnCall, showOnCall) {
		n++
		fmt.Fprintf(b, "- On call, level %d: %s%s\n", o.Level, link(o.Person.Name, o.Person.URL), citeSource(f, evidence.OnCall))
	}
	if f.Runbook.ID == "" && f.State(evidence.Runbook) == evidence.Nothing {
		n++
		b.WriteString("- Write a runbook for this alert: none was found\n")
	}
	if r, ok := f.Recurs(); ok && len(openTickets(f.Tickets)) == 0 && f.State(evidence.Tickets) == evidence.Nothing {
		n++
		fmt.Fprintf(b, "- Open a ticket: the %s time without one\n", evidence.Ordinal(r.Times))
	}
	if n == 0 {
		b.WriteString("- Nothing from the facts alone\n")
	}
}

func onCallWords(f evidence.Facts) string {
	if len(f.OnCall) == 0 {
		return ""
	}
	return " to " + Text(f.OnCall[0].Person.Name) + citeSource(f, evidence.OnCall)
}

// citeSource cites a source's evidence, or nothing when it has none.
func citeSource(f evidence.Facts, source string) string {
	i, ok := f.Item(source)
	if !ok {
		return ""
	}
	return cite(i.Number, i.URL)
}

func people(messages []incident.ChatMessage) []incident.ChatMessage {
	var out []incident.ChatMessage
	for _, m := range messages {
		if !m.Bot && len(out) < showTalk {
			out = append(out, m)
		}
	}
	return out
}

func head[T any](list []T, n int) []T { return list[:min(n, len(list))] }

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// clip shortens one outside text, between characters.
func clip(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) <= cutText {
		return string(r)
	}
	return string(r[:cutText-1]) + "…"
}
