package evidence

import (
	"fmt"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// maxSince is how many updates are told, the latest ones.
const maxSince = 20

// After are the facts with what happened since they were read, as one more piece
// of evidence with the given number.
func (f Facts) After(updates []incident.Update, number int) Facts {
	updates = f.Incident.News(updates)
	if len(updates) == 0 {
		return f
	}
	f.Incident = f.Incident.After(updates)
	var lines []string
	for _, u := range updates[max(0, len(updates)-maxSince):] {
		lines = append(lines, line(u))
	}
	last := updates[len(updates)-1]
	f.Items = append(append([]Item{}, f.Items...), Item{
		Number: number, Source: Since, URL: f.Incident.URL, State: Found, Text: strings.Join(lines, "\n"), ReadAt: last.At,
	})
	return f
}

// line tells one update in words.
func line(u incident.Update) string {
	var b strings.Builder
	b.WriteString(Words(u))
	if u.By != "" {
		b.WriteString(" by " + u.By)
	}
	if !u.At.IsZero() {
		fmt.Fprintf(&b, " (%s)", u.At.UTC().Format("15:04 MST"))
	}
	if u.Note != "" {
		b.WriteString(": " + u.Note)
	}
	return b.String()
}

// Words says what an update did; of an urgency it knows when it is a new one.
func Words(u incident.Update) string {
	words := did(u)
	if u.Urgency != "" {
		words += ", urgency now " + u.Urgency
	}
	return words
}

func did(u incident.Update) string {
	switch u.Kind {
	case incident.SameProblem:
		return fmt.Sprintf("same problem: incident %s #%d %s", u.Other.ID, u.Other.Number, u.Other.Title)
	case "annotated":
		return "note added"
	case "priority_updated":
		return strings.TrimSpace("priority set to " + orNone(u.Priority))
	case "service_updated":
		return "moved to service " + u.Service.Name
	case "resolved":
		if u.Merged {
			return "resolved by merging it into another incident"
		}
	}
	return strings.ReplaceAll(u.Kind, "_", " ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
