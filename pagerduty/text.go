package pagerduty

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// maxText bounds what a text says, in bytes: about 1,500 tokens, which a model
// pays again on every later turn.
const maxText = 6 << 10

// IncidentText writes an incident for a model, its beginning in the words of the
// facts that were gathered, so that an agent can tell what it was given already.
func IncidentText(i incident.Incident) string {
	var b strings.Builder
	b.WriteString(i.ID)
	if i.Number > 0 {
		fmt.Fprintf(&b, " #%d", i.Number)
	}
	fmt.Fprintf(&b, " %s\nstatus %s, urgency %s", orNone(i.Title), orUnknown(i.Status), orUnknown(i.Urgency))
	if i.Priority != "" {
		fmt.Fprintf(&b, ", priority %s", i.Priority)
	}
	fmt.Fprintf(&b, ", service %s, escalation policy %s\ncreated %s", named(i.Service), named(i.EscalationPolicy), stamp(i.CreatedAt))
	if !i.ResolvedAt.IsZero() {
		fmt.Fprintf(&b, ", resolved %s", stamp(i.ResolvedAt))
	}
	for _, a := range i.Assignees {
		fmt.Fprintf(&b, ", assigned to %s", a.Name)
	}
	if len(i.Assignees) == 0 {
		b.WriteString("\nassigned to nobody")
	}
	if by := changedBy(i); by != "" {
		fmt.Fprintf(&b, "\n%s by %s%s", i.Status, by, took(i))
	}
	if !i.UpdatedAt.IsZero() {
		fmt.Fprintf(&b, "\nupdated %s", stamp(i.UpdatedAt))
	}
	if len(i.Teams) > 0 {
		fmt.Fprintf(&b, "\nteams %s", names(i.Teams))
	}
	if i.AlertCount > 0 {
		fmt.Fprintf(&b, "\n%d alerts (list_alerts_from_incident)", i.AlertCount)
	}
	if i.Key != "" {
		fmt.Fprintf(&b, "\nincident key %s", i.Key)
	}
	for _, f := range i.CustomFields {
		fmt.Fprintf(&b, "\n%s: %s", f.Name, f.Value)
	}
	if i.URL != "" {
		fmt.Fprintf(&b, "\n%s", i.URL)
	}
	if i.Body != "" && i.Body != i.Title {
		b.WriteString("\n" + i.Body)
	}
	return clip(b.String())
}

// NotesText writes notes, as many as fit.
func NotesText(notes []incident.Note) string {
	if len(notes) == 0 {
		return "no notes (PagerDuty was asked)"
	}
	lines := make([]string, 0, len(notes))
	for _, n := range notes {
		lines = append(lines, "- "+noteLine(n))
	}
	order := "newest first"
	if len(notes) == maxNotes {
		order += ", older ones are not read"
	}
	return fit("note", order, lines, incident.Cut{Shown: len(notes), Total: len(notes)})
}

func noteLine(n incident.Note) string {
	if n.At.IsZero() && n.Author == "" {
		return indentRest(n.Text)
	}
	return fmt.Sprintf("%s, %s: %s", stamp(n.At), cmp.Or(n.Author, "somebody"), indentRest(n.Text))
}

// LogText writes a log in the order it is given.
func LogText(log []incident.LogEntry, cut incident.Cut) string {
	if len(log) == 0 && cut.Complete() {
		return "no log entries (PagerDuty was asked)"
	}
	lines := make([]string, 0, len(log))
	for _, e := range log {
		line := fmt.Sprintf("- %s %s", stamp(e.At), e.Summary)
		if e.Agent != "" && !strings.Contains(e.Summary, e.Agent) {
			line += " (" + e.Agent + ")"
		}
		lines = append(lines, line)
	}
	return fit("log entry", "oldest first", lines, cut)
}

// PastText writes earlier or related incidents, with how long they took and
// what was noted.
func PastText(past []incident.Past) string {
	if len(past) == 0 {
		return "no such incidents (PagerDuty was asked)"
	}
	lines := make([]string, 0, len(past))
	for _, p := range past {
		lines = append(lines, pastLine(p))
	}
	return fit("incident", "newest first", lines, incident.Cut{Shown: len(past), Total: len(past)})
}

func pastLine(p incident.Past) string {
	i := p.Incident
	var b strings.Builder
	fmt.Fprintf(&b, "- %s", i.ID)
	if i.Number > 0 {
		fmt.Fprintf(&b, " #%d", i.Number)
	}
	fmt.Fprintf(&b, " %s [created %s", orNone(i.Title), stamp(i.CreatedAt))
	if i.Status != "" {
		fmt.Fprintf(&b, ", %s", i.Status)
	}
	if !i.ResolvedAt.IsZero() {
		fmt.Fprintf(&b, " %s%s", stamp(i.ResolvedAt), took(i))
	}
	if by := changedBy(i); by != "" {
		fmt.Fprintf(&b, ", by %s", by)
	}
	if i.Service.Name != "" {
		fmt.Fprintf(&b, ", service %s", i.Service.Name)
	}
	if p.How == howTitle {
		b.WriteString(", found by its title")
	}
	b.WriteString("]")
	if i.URL != "" {
		b.WriteString(" " + i.URL)
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "\n  note: %s", strings.ReplaceAll(cutRunes(noteLine(n), 400), "\n", "\n  "))
	}
	return b.String()
}

// ChangesText writes change events.
func ChangesText(all []incident.Change) string {
	if len(all) == 0 {
		return "no change events (PagerDuty was asked)"
	}
	lines := make([]string, 0, len(all))
	for _, c := range all {
		lines = append(lines, changeLine(c))
	}
	return fit("change", "newest first", lines, incident.Cut{Shown: len(all), Total: len(all)})
}

// narrower is how to ask for what was left out.
var narrower = map[string]string{
	"note": "ask with contains=WORDS", "log entry": "ask with contains=WORDS", "incident": "ask with contains=WORDS",
	"change": "ask with contains=WORDS", "service": "ask with a longer query", "on-call entry": "name the policies",
}

func changeLine(c incident.Change) string {
	line := fmt.Sprintf("- %s %s [%s, source %s", stamp(c.At), orNone(c.Summary), c.ID, orUnknown(c.Source))
	if len(c.Services) > 0 {
		line += ", service " + names(c.Services)
	}
	line += "]"
	for _, l := range c.Links {
		line += fmt.Sprintf("\n  %s %s", l.Text, l.URL)
	}
	if c.Details != "" {
		line += "\n" + indent(cutRunes(c.Details, 300))
	}
	return line
}

// fit writes as many lines as there is room for, under a count that says so.
func fit(what, order string, lines []string, cut incident.Cut) string {
	const room = 160 // for the count
	size, kept := room, 0
	for kept < len(lines) && (kept == 0 || size+len(lines[kept]) < maxText) {
		size += len(lines[kept]) + 1
		kept++
	}
	if kept < len(lines) {
		cut.Shown = kept
		if cut.Total >= 0 {
			cut.Total = max(cut.Total, len(lines))
		}
	}
	head := count(what, order, cut)
	if how := narrower[what]; how != "" && !cut.Complete() {
		head += "; for the others " + how
	}
	return clip(head + "\n" + strings.Join(lines[:kept], "\n"))
}

// count says how much of a list is shown.
func count(what, order string, cut incident.Cut) string {
	switch {
	case cut.Total < 0:
		return fmt.Sprintf("showing %s, %s; there are more, and PagerDuty does not say how many", plural(cut.Shown, what), order)
	case !cut.Complete():
		return fmt.Sprintf("showing %d of %s, %s", cut.Shown, plural(cut.Total, what), order)
	case cut.Shown == 1:
		return "1 " + what
	}
	return fmt.Sprintf("%s, %s", plural(cut.Shown, what), order)
}

func plural(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clip is the last bound: whatever a text holds, it ends.
func clip(s string) string {
	const mark = "\n[cut here]"
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText-len(mark)], "") + mark
}

func cutRunes(s string, n int) string {
	s, _ = border.Cut(s, n)
	return s
}

// stamp is a time as a brief may repeat it.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

func took(i incident.Incident) string {
	d := i.ResolvedAt.Sub(i.CreatedAt)
	if i.CreatedAt.IsZero() || d <= 0 {
		return ""
	}
	if d < time.Minute {
		return fmt.Sprintf(", after %d s", int(d.Seconds()))
	}
	minutes := int(d.Round(time.Minute).Minutes())
	if minutes < 60 {
		return fmt.Sprintf(", after %d min", minutes)
	}
	return fmt.Sprintf(", after %d h %d min", minutes/60, minutes%60)
}

// changedBy is who acknowledged or resolved an incident. Of one that only
// triggered, PagerDuty names the service, which says nothing.
func changedBy(i incident.Incident) string {
	if i.Status == incident.Triggered {
		return ""
	}
	return i.StatusChangedBy
}

func named(r incident.Ref) string {
	switch {
	case r.Name == "" && r.ID == "":
		return "unknown"
	case r.ID == "":
		return r.Name
	case r.Name == "":
		return r.ID
	}
	return fmt.Sprintf("%s (%s)", r.Name, r.ID)
}

func names(list []incident.Ref) string {
	if len(list) == 0 {
		return "nobody"
	}
	parts := make([]string, 0, len(list))
	for _, r := range list {
		parts = append(parts, named(r))
	}
	return strings.Join(parts, ", ")
}

func orNone(s string) string    { return cmp.Or(s, "none") }
func orUnknown(s string) string { return cmp.Or(s, "unknown") }

func indent(s string) string     { return "  " + indentRest(s) }
func indentRest(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }
