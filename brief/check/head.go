package check

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/evidence"
)

// field finds one field of the status line, whichever way it is made bold.
var field = regexp.MustCompile(`(?i)(\*{0,2}\b(urgency|status|service|priority|incident id|id|since|opened)\b\*{0,2}\s*:\s*\*{0,2}\s*)([^|·\n]*?)(\*{0,2}\s*(?:\||·| - | — |;|$))`)

// head repairs what the status line says of the incident itself: there is
// exactly one right value.
func (p *pass) head(text string) string {
	i := p.x.facts.Incident
	right := map[string]string{
		"urgency": capital(i.Urgency), "status": capital(i.Status), "service": i.Service.Name, "priority": i.Priority,
		"id": i.ID, "incident id": i.ID,
	}
	for from := 0; ; { // one at a time, from the end of the one before: the bar that ends a field begins the next
		at := field.FindStringSubmatchIndex(text[from:])
		if at == nil {
			return p.tag(text)
		}
		for g := range at {
			at[g] += from
		}
		name, said := strings.ToLower(text[at[4]:at[5]]), text[at[6]:at[7]]
		want := right[name]
		if name == "since" || name == "opened" {
			want = p.since(said)
		}
		from = at[7]
		if want != "" && said != "" && !p.isRight(name, said, want) {
			p.found(&p.report.Repaired, Host, text[at[4]:at[5]]+": "+said, text)
			text = text[:at[6]] + escape(want) + text[at[7]:]
			from = at[6] + len(escape(want))
		}
	}
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (p *pass) isRight(name, said, want string) bool {
	shown := fold(plain(said))
	want = plain(want) // a name may have marks of Markdown in it
	switch name {
	case "id", "incident id":
		for _, a := range Atoms(said) {
			if a.Kind == Incident {
				return a.Key == p.x.facts.Incident.ID || a.Key == fmt.Sprintf("#%d", p.x.facts.Incident.Number)
			}
		}
		return true
	case "status":
		return shown == fold(want) || strings.HasPrefix(shown, fold(want)+" ")
	case "service":
		return shown == fold(want) || strings.HasPrefix(shown, fold(want)+" (")
	}
	return shown == fold(want)
}

// since is the right age when a wrong one is said, else nothing.
func (p *pass) since(said string) string {
	created := p.x.facts.Incident.CreatedAt
	if created.IsZero() {
		return ""
	}
	age := p.x.facts.ReadAt.Sub(created)
	for _, a := range Atoms(plain(said)) {
		if a.Kind == Duration && !sameAge(a, age.Seconds()) {
			return evidence.Span(age) + " ago"
		}
	}
	return ""
}

var tagged = regexp.MustCompile(`\*{0,2}\\?\[?\b(NEW ISSUE|NEW|RECURRING)\b\\?\]?(?:: [^*|]*)?\*{0,2}`)

// tag holds NEW and RECURRING against what code counted.
func (p *pass) tag(line string) string {
	m := tagged.FindStringSubmatch(line)
	if m == nil {
		return line
	}
	r, recurs := p.x.facts.Recurs()
	right := "NEW ISSUE"
	switch {
	case recurs && m[1] == "RECURRING", !recurs && p.x.lookedBack() && m[1] != "RECURRING":
		return line
	case recurs:
		right = fmt.Sprintf("RECURRING: %s time in %d days", evidence.Ordinal(r.Times), r.Days)
	case !p.x.lookedBack():
		right = "HISTORY NOT KNOWN"
	}
	p.found(&p.report.Repaired, Ordinal, m[1], line)
	return strings.Replace(line, m[0], "**"+right+"**", 1)
}
