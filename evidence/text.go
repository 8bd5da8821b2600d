package evidence

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// How much of each list the numbered texts hold. They are sent with every turn
// of the model, so they are leaner than what a tool answers; a tool can be asked
// for the rest.
const (
	textAlerts   = 8
	textDetails  = 600  // runes of one alert's details
	textNotes    = 6    // notes of this incident
	textLog      = 8    // log lines
	textPast     = 5    // past incidents
	textOthers   = 5    // related incidents, changes
	textTickets  = 10   // tickets
	textRunbook  = 3500 // runes of the runbook
	textMessages = 12   // channel messages
	textWords    = 400  // runes of one note, message or summary
)

// number makes the items of all sources, in the order of a brief, and after them
// what code derives.
func number(f *Facts, answers map[string]answer) []Item {
	var items []Item
	add := func(source, url, text string, more string) {
		a := answers[source]
		if a.state == NotSetUp || a.state == "" {
			items = append(items, Item{Source: source, State: NotSetUp})
			return
		}
		i := Item{Source: source, URL: url, State: a.state, Why: a.why, ReadAt: f.ReadAt}
		if a.state == Found {
			i.Text, i.Why = text, more
		}
		items = append(items, i)
	}
	add(Incident, f.Incident.URL, incidentText(f.Incident), "")
	add(Alerts, sub(f.Incident.URL, "/alerts"), alertsText(f.Alerts, f.AlertsCut), more(f.AlertsCut, len(f.Alerts)))
	add(Notes, f.Incident.URL, notesText(f.Notes), "")
	add(Log, sub(f.Incident.URL, "/timeline"), logText(f.Log), "")
	add(Past, f.Incident.URL, pastText(f.Past), "")
	add(Related, f.Incident.URL, pastText(f.Related), "")
	add(Changes, f.Incident.Service.URL, changesText(f.Changes), "")
	add(OnCall, f.Incident.EscalationPolicy.URL, onCallText(f.OnCall), "")
	add(Tickets, firstURL(f.Tickets), ticketsText(f.Tickets, f.TicketsCut), more(f.TicketsCut, len(f.Tickets)))
	add(Runbook, f.Runbook.URL, runbookText(f.Runbook, f.RunbookMatch), "")
	add(Messages, messageURL(f.Messages), messagesText(f.Channel, f.Messages), "")
	f.Items = items // what is derived asks how the sources were
	if lines := derived(*f); len(lines) > 0 {
		items = append(items, Item{Source: Derived, State: Found, Text: strings.Join(lines, "\n"), URL: f.Incident.URL, ReadAt: f.ReadAt, Derived: true})
	}
	return renumber(items)
}

// renumber gives the items that were looked for the numbers 1, 2, 3 … and drops
// the numbers of sources that nobody set up.
func renumber(items []Item) []Item {
	n := 0
	for i := range items {
		items[i].Number = 0
		if items[i].State != NotSetUp {
			n++
			items[i].Number = n
		}
	}
	return items
}

// sub is a page below another.
func sub(url, path string) string {
	if url == "" {
		return ""
	}
	return strings.TrimRight(url, "/") + path
}

func more(cut incident.Cut, shown int) string {
	switch {
	case cut.Complete() || cut.Total == shown:
		return ""
	case cut.Total < 0:
		return fmt.Sprintf("%d read, there are more", shown)
	default:
		return fmt.Sprintf("%d of %d read", shown, cut.Total)
	}
}

func incidentText(i incident.Incident) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s #%d %s\n", i.ID, i.Number, words(i.Title))
	fmt.Fprintf(&b, "status %s, urgency %s", i.Status, i.Urgency)
	if i.Priority != "" {
		fmt.Fprintf(&b, ", priority %s", i.Priority)
	}
	fmt.Fprintf(&b, ", service %s (%s), escalation policy %s (%s)", i.Service.Name, i.Service.ID, i.EscalationPolicy.Name, i.EscalationPolicy.ID)
	fmt.Fprintf(&b, "\ncreated %s", stamp(i.CreatedAt))
	if !i.ResolvedAt.IsZero() {
		fmt.Fprintf(&b, ", resolved %s", stamp(i.ResolvedAt))
	}
	for _, a := range i.Assignees {
		fmt.Fprintf(&b, ", assigned to %s", a.Name)
	}
	for _, c := range i.CustomFields {
		fmt.Fprintf(&b, "\n%s: %s", c.Name, words(c.Value))
	}
	if i.Body != "" {
		b.WriteString("\n" + cut(i.Body, textDetails))
	}
	return b.String()
}

func alertsText(alerts []incident.Alert, c incident.Cut) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d alerts", max(len(alerts), c.Total))
	if left := max(len(alerts), c.Total) - textAlerts; left > 0 {
		fmt.Fprintf(&b, ", %d shown; the rest: list_alerts_from_incident", textAlerts)
	}
	for n, a := range alerts {
		if n == textAlerts {
			break
		}
		fmt.Fprintf(&b, "\n- %s %s, %s, %s, since %s", a.ID, words(a.Summary), a.Status, a.Severity, stamp(a.CreatedAt))
		if !a.ResolvedAt.IsZero() {
			fmt.Fprintf(&b, ", ended %s", stamp(a.ResolvedAt))
		}
		if a.Details != "" && n < 3 {
			b.WriteString("\n  " + strings.ReplaceAll(cut(a.Details, textDetails), "\n", "\n  "))
		}
		for _, l := range a.Links {
			fmt.Fprintf(&b, "\n  %s %s", words(l.Text), l.URL)
		}
	}
	return b.String()
}

func notesText(notes []incident.Note) string {
	var b strings.Builder
	for n, note := range notes {
		if n == textNotes {
			fmt.Fprintf(&b, "%d more: list_incident_notes\n", len(notes)-n)
			break
		}
		fmt.Fprintf(&b, "- %s, %s: %s\n", stamp(note.At), note.Author, words(note.Text))
	}
	return strings.TrimRight(b.String(), "\n")
}

func logText(log []incident.LogEntry) string {
	var b strings.Builder
	for n, l := range log {
		if n == textLog {
			fmt.Fprintf(&b, "%d more: list_log_entries\n", len(log)-n)
			break
		}
		fmt.Fprintf(&b, "- %s %s\n", stamp(l.At), words(l.Summary))
	}
	return strings.TrimRight(b.String(), "\n")
}

func pastText(past []incident.Past) string {
	var b strings.Builder
	for n, p := range past {
		if n == textPast {
			fmt.Fprintf(&b, "%d more\n", len(past)-n)
			break
		}
		i := p.Incident
		fmt.Fprintf(&b, "- %s #%d %s, on %s, %s, created %s", i.ID, i.Number, words(i.Title), i.Service.Name, i.Status, stamp(i.CreatedAt))
		if d := Took(i); d > 0 {
			fmt.Fprintf(&b, ", resolved after %s", Span(d))
		}
		if p.How == "title" {
			b.WriteString(", found by its title")
		}
		for _, note := range p.Notes {
			fmt.Fprintf(&b, "\n  note by %s: %s", note.Author, words(note.Text))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func changesText(changes []incident.Change) string {
	var b strings.Builder
	for n, c := range changes {
		if n == textOthers {
			break
		}
		fmt.Fprintf(&b, "- %s %s, %s", stamp(c.At), words(c.Summary), c.Source)
		for _, s := range c.Services {
			fmt.Fprintf(&b, ", service %s", s.Name)
		}
		for _, l := range c.Links {
			fmt.Fprintf(&b, ", %s", l.URL)
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func onCallText(all []incident.OnCall) string {
	var b strings.Builder
	for _, o := range all {
		fmt.Fprintf(&b, "- level %d: %s", o.Level, o.Person.Name)
		if !o.Until.IsZero() {
			fmt.Fprintf(&b, " until %s", stamp(o.Until))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func ticketsText(tickets []incident.Ticket, c incident.Cut) string {
	var b strings.Builder
	for n, t := range tickets {
		if n == textTickets {
			fmt.Fprintf(&b, "%d more: jira_search\n", max(len(tickets), c.Total)-n)
			break
		}
		status, priority, who := cmp.Or(t.Status, "no status"), cmp.Or(t.Priority, "no priority"), cmp.Or(t.Assignee, "unassigned")
		fmt.Fprintf(&b, "- %s [%s, %s, %s, updated %s", t.Key, status, priority, who, stamp(t.Updated))
		if !t.Resolved.IsZero() {
			fmt.Fprintf(&b, ", resolved %s", stamp(t.Resolved))
		}
		fmt.Fprintf(&b, "] %s %s\n", cmp.Or(words(t.Summary), "(no summary)"), t.URL)
	}
	return strings.TrimRight(b.String(), "\n")
}

func runbookText(p incident.Page, match string) string {
	text := cut(p.Markdown, textRunbook)
	if text != p.Markdown {
		text += fmt.Sprintf("\n[cut; the rest: confluence_get_page %s]", p.ID)
	}
	return fmt.Sprintf("%s (page_id %s, %s, updated %s)\n%s", words(p.Title), p.ID, match, stamp(p.Updated), text)
}

func messagesText(ch incident.Channel, all []incident.ChatMessage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#%s (%s)", ch.Name, ch.ID)
	for n, m := range all {
		if n == textMessages {
			break
		}
		fmt.Fprintf(&b, "\n- %s %s: %s", stamp(m.At), m.Author, words(m.Text))
		if m.Replies > 0 {
			fmt.Fprintf(&b, " (thread_ts %s, %d replies)", m.TS, m.Replies)
		}
	}
	return b.String()
}

func firstURL(tickets []incident.Ticket) string {
	if len(tickets) == 0 {
		return ""
	}
	return tickets[0].URL
}

func messageURL(all []incident.ChatMessage) string {
	if len(all) == 0 {
		return ""
	}
	return all[0].URL
}

// words is one outside text on one line, shortened.
func words(s string) string { return cut(border.Line(s), textWords) }

func cut(s string, n int) string {
	out, _ := border.Cut(s, n)
	return out
}

// stamp writes a moment so that the model can copy it.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
