package brief

import (
	"fmt"
	"strings"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// How much of what happened during a review a brief shows.
const (
	showSince  = 6
	showOthers = 10
)

// withSince puts what happened during the review below the head of a brief, where
// an operator looks first.
func withSince(text, seen string, updates []incident.Update) string {
	said := strings.TrimRight(seen+happened(updates)+others(updates), "\n")
	if said == "" {
		return text
	}
	lines := strings.Split(text, "\n")
	at := 0
	for i, l := range lines { // behind the title and the status line, when they are there
		if t := strings.TrimSpace(l); t != "" && !strings.HasPrefix(t, "# ") && !strings.HasPrefix(t, ">") {
			break
		}
		at = i + 1
	}
	head := strings.TrimRight(strings.Join(lines[:at], "\n"), "\n")
	return strings.TrimLeft(head+"\n\n"+said+"\n\n"+strings.Join(lines[at:], "\n"), "\n")
}

// seen says which review a brief started from.
func seen(a Answer) string {
	if a.Seen.ID == "" || strings.TrimSpace(a.Text) == "" {
		return ""
	}
	return fmt.Sprintf("**Seen before**: the same problem was reviewed on %s as %s; no change, ticket or runbook has moved since, and this brief starts from that review.\n\n",
		day(a.SeenAt), link(number(a.Seen), a.Seen.URL))
}

// happened is what happened to the incident itself, of its news.
func happened(updates []incident.Update) string {
	var said []string
	for _, u := range updates {
		if u.Kind == incident.SameProblem {
			continue
		}
		s := Text(evidence.Words(u))
		if u.By != "" {
			s += " by " + Text(u.By)
		}
		if !u.At.IsZero() {
			s += " (" + u.At.UTC().Format("15:04 MST") + ")"
		}
		if u.Note != "" {
			s += ": “" + Text(clip(u.Note)) + "”"
		}
		said = append(said, s)
	}
	if len(said) == 0 {
		return ""
	}
	return "**Since the review began**: " + strings.Join(said[max(0, len(said)-showSince):], " · ") + "\n\n"
}

// others are the incidents of the same problem.
func others(updates []incident.Update) string {
	all := incident.Others(updates)
	if len(all) == 0 {
		return ""
	}
	var names []string
	for _, o := range head(all, showOthers) {
		names = append(names, link(number(o), o.URL))
	}
	more := ""
	if n := len(all) - len(names); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("**Same problem**: %d %s: %s%s\n", len(all), plural(len(all), "more incident"), strings.Join(names, ", "), more)
}

// Same is the short message of an incident whose problem is under review already:
// who leads, and what this incident says of itself.
func Same(lead incident.Incident, f evidence.Facts) Brief {
	var b strings.Builder
	writeHead(&b, f)
	fmt.Fprintf(&b, "\n**Same problem as %s**: %s\n\n", link(number(lead), lead.URL), Text(clip(lead.Title)))
	b.WriteString("That review speaks for this incident too, and lists it. Nothing was paid here.\n\n")
	writeHappening(&b, f)
	return Brief{Markdown: b.String(), Outcome: SameProblem, Links: append(f.Links(), lead.URL)}
}
