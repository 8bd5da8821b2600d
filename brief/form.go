package brief

import (
	"fmt"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/incident"
)

// The sections of a brief, in order. CouldNotCheck is there only when there is
// something to say.
const (
	DoNow         = "What Do I Do Right Now?"
	Happening     = "What's Happening?"
	Before        = "Has This Happened Before?"
	OpenTickets   = "Open Tickets"
	FollowUp      = "Follow-Up"
	CouldNotCheck = "What we could not check"
)

// Outcome is what a page ended in, in the words of the footer.
type Outcome string

// The outcomes.
const (
	Full        Outcome = "brief"
	Partial     Outcome = "partial brief"
	FactsAlone  Outcome = "facts only"
	SameProblem Outcome = "same problem"
	Resolved    Outcome = "resolved"

	// Answered is no outcome of a page: somebody asked, and this is the answer.
	Answered Outcome = "answer"
)

// special are the characters that Markdown may read as form. A backslash before
// each keeps them letters.
const special = "\\`*_~[]<>|#!&"

// Text makes outside text one line of plain Markdown that shows letter by letter.
func Text(s string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(s), " ") {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// link writes a link when there is an address for it.
func link(text, url string) string {
	if url == "" || strings.ContainsAny(url, " <>\n") {
		return Text(text)
	}
	return "[" + Text(text) + "](<" + url + ">)"
}

// cite names a piece of evidence, linked to its source.
func cite(n int, url string) string {
	id := fmt.Sprintf("E%d", n)
	if url == "" || strings.ContainsAny(url, " <>\n") {
		return " \\[" + id + "\\]"
	}
	return " [" + id + "](<" + url + ">)"
}

// capital writes "high" as "High".
func capital(s string) string {
	if s == "" {
		return "unknown"
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// number names an incident as people do: "#1234".
func number(i incident.Incident) string {
	if i.Number > 0 {
		return fmt.Sprintf("#%d", i.Number)
	}
	return i.ID
}

// day writes a date as an operator reads it.
func day(t time.Time) string { return t.UTC().Format("Jan 2 15:04 MST") }

// section begins a section.
func section(b *strings.Builder, title string) { b.WriteString("\n## " + title + "\n") }
