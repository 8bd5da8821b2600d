package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// header finds the fields of the status line.
var header = regexp.MustCompile(`\*\*(Urgency|Status|Service|Priority)\*\*:\s*([^|\n]*[^|\s])`)

// head repairs what the status line says of the incident itself.
func (p *pass) head(line string) string {
	i := p.x.facts.Incident
	right := map[string]string{"Urgency": i.Urgency, "Status": i.Status, "Service": i.Service.Name, "Priority": i.Priority}
	line = header.ReplaceAllStringFunc(line, func(field string) string {
		m := header.FindStringSubmatch(field)
		want := right[m[1]]
		if want == "" || strings.EqualFold(plain(m[2]), want) {
			return field
		}
		p.found(&p.report.Repaired, Host, m[1]+": "+m[2], line)
		if m[1] == "Urgency" || m[1] == "Status" {
			want = strings.ToUpper(want[:1]) + want[1:]
		}
		return "**" + m[1] + "**: " + escape(want)
	})
	return p.tag(line)
}

var tagged = regexp.MustCompile(`\*\*\\?\[?(NEW ISSUE|NEW|RECURRING)[^*]*\*\*`)

// tag holds NEW and RECURRING against what code counted.
func (p *pass) tag(line string) string {
	m := tagged.FindStringSubmatch(line)
	if m == nil {
		return line
	}
	r, recurs := p.x.facts.Recurs()
	looked := p.x.facts.State(evidence.Past) == evidence.Found || p.x.facts.State(evidence.Past) == evidence.Nothing
	right := "NEW ISSUE"
	switch {
	case recurs && m[1] == "RECURRING", !recurs && looked && m[1] != "RECURRING":
		return line
	case recurs:
		right = fmt.Sprintf("RECURRING: %s time in %d days", evidence.Ordinal(r.Times), r.Days)
	case !looked:
		right = "HISTORY NOT KNOWN"
	}
	p.found(&p.report.Repaired, Ordinal, m[1], line)
	return strings.Replace(line, m[0], "**"+right+"**", 1)
}

// relations checks what belongs together in a line.
func (p *pass) relations(line string) string {
	line = p.pastIncident(line)
	line = p.ticketStatus(line)
	line = p.count(line)
	line = p.refusal(line)
	return p.rollback(line)
}

// pastIncident checks the line of one earlier incident: its date, how long it
// took, and what fixed it.
func (p *pass) pastIncident(line string) string {
	past, ok := p.pastIn(line)
	if !ok {
		return line
	}
	took := evidence.Took(past.Incident)
	atoms := Atoms(line)
	for i := len(atoms) - 1; i >= 0; i-- {
		a := atoms[i]
		switch {
		case a.Kind == Duration && !a.Ago && took > 0 && a.Value < 86400 && !sameDuration(a, took.Seconds()) && !p.inNotes(past, a.Text):
			line = p.repair(line, a, evidence.Span(took))
		case a.Kind == Date && !onDay(past.Incident, a.Key) && !p.inNotes(past, a.Text):
			line = p.repair(line, a, past.Incident.CreatedAt.UTC().Format("Jan 2"))
		}
	}
	return p.fix(line, past)
}

// pastIn finds the one earlier incident that a line is about: by its number, its
// id or its link, else by a date that only one of them has.
func (p *pass) pastIn(line string) (incident.Past, bool) {
	var byName, byDay []incident.Past
	atoms := Atoms(line)
	for _, past := range p.x.past {
		for _, a := range atoms {
			if a.Kind == Incident && (a.Key == past.Incident.ID || a.Key == "#"+strconv.Itoa(past.Incident.Number)) ||
				a.Kind == Link && a.Key == addressKey(past.Incident.URL) {
				byName = append(byName, past)
				break
			}
		}
		for _, a := range atoms {
			if a.Kind == Date && onDay(past.Incident, a.Key) {
				byDay = append(byDay, past)
				break
			}
		}
	}
	switch {
	case len(byName) == 1:
		return byName[0], true
	case len(byName) == 0 && len(byDay) == 1 && strings.HasPrefix(p.section, "has this happened"):
		return byDay[0], true
	}
	return incident.Past{}, false
}

func onDay(i incident.Incident, key string) bool {
	for _, t := range []string{i.CreatedAt.UTC().Format("2006-01-02"), i.ResolvedAt.UTC().Format("2006-01-02")} {
		if key == t || key == t[5:] {
			return true
		}
	}
	return false
}

func (p *pass) inNotes(past incident.Past, text string) bool {
	for _, n := range past.Notes {
		if strings.Contains(fold(n.Text), fold(text)) {
			return true
		}
	}
	return strings.Contains(fold(past.Incident.Title), fold(text))
}

func (p *pass) repair(line string, a Atom, right string) string {
	p.found(&p.report.Repaired, a.Kind, a.Text+" → "+right, line)
	return line[:a.Start] + right + line[a.End:]
}

// remedies are words for what fixes an incident, by their stems.
var remedies = regexp.MustCompile(`(?i)\b(restart|rolled? ?back|rollback|revert|scal(?:e|ed|ing)|failover|failed over|drain|reboot|redeploy|renew|rotat|increas|vacuum|purg|flush|clear)\w*`)

// fix marks a remedy that this incident's notes do not have but another's do.
func (p *pass) fix(line string, past incident.Past) string {
	for _, word := range remedies.FindAllString(line, -1) {
		stem := fold(word)[:min(5, len(word))]
		if p.inNotes(past, stem) || !p.elsewhere(past, stem) {
			continue
		}
		return p.mark(line, Code, word)
	}
	return line
}

func (p *pass) elsewhere(past incident.Past, stem string) bool {
	for _, other := range p.x.past {
		if other.Incident.ID != past.Incident.ID && p.inNotes(other, stem) {
			return true
		}
	}
	return false
}

// mark marks a line once.
func (p *pass) mark(line string, k Kind, what string) string {
	if strings.Contains(line, Mark) {
		return line
	}
	p.found(&p.report.Marked, k, what, line)
	return strings.TrimRight(line, " ") + fmt.Sprintf(" %s: %s", Mark, what)
}

var counting = regexp.MustCompile(`(?i)\b(\d+)(?:st|nd|rd|th)?\s+(open\s+)?(alerts?|tickets?|time|occurrence)\b`)

// count holds counted things against the lists that were read whole.
func (p *pass) count(line string) string {
	f := p.x.facts
	for _, m := range counting.FindAllStringSubmatch(line, -1) {
		n, _ := strconv.Atoi(m[1])
		want, known := 0, false
		switch noun := strings.ToLower(m[3]); {
		case strings.HasPrefix(noun, "alert"):
			want, known = max(len(f.Alerts), f.AlertsCut.Total), f.State(evidence.Alerts) == evidence.Found && f.AlertsCut.Total >= 0
		case noun == "time" || noun == "occurrence":
			r, ok := f.Recurs()
			want, known = r.Times, ok
		case m[2] != "":
			want, known = p.openTickets(), f.State(evidence.Tickets) == evidence.Found && f.TicketsCut.Complete()
		}
		if known && n != want && !p.x.says(fold(m[0])) {
			line = p.mark(line, Ordinal, m[0])
		}
	}
	return line
}

func (p *pass) openTickets() int {
	n := 0
	for _, t := range p.x.facts.Tickets {
		if t.StatusCategory != "done" && t.Resolved.IsZero() {
			n++
		}
	}
	return n
}

var none = regexp.MustCompile(`(?i)^\W*(?:no|none|nothing|never|not seen|first (?:time|occurrence|ever))\b`)

// refusal marks "there is nothing" about a source that nobody could read.
func (p *pass) refusal(line string) string {
	source := ""
	switch {
	case strings.HasPrefix(p.section, "open ticket"):
		source = evidence.Tickets
	case strings.HasPrefix(p.section, "has this happened"):
		source = evidence.Past
	}
	if source == "" || !none.MatchString(strings.TrimSpace(line)) || strings.HasPrefix(strings.TrimSpace(line), "#") {
		return line
	}
	if s := p.x.facts.State(source); s == evidence.Unread {
		return p.mark(line, Host, source+" could not be read")
	}
	return line
}

var undo = regexp.MustCompile(`(?i)\b(?:roll(?:ed|ing)?[ -]?back|revert(?:ed|ing)?|undo (?:the )?(?:deploy|release|change))\b`)

// rollback marks the advice to undo a change when no change of the service was
// found: responders trusted such a summary and rolled back the wrong deploy.
func (p *pass) rollback(line string) string {
	if p.x.changed || !strings.HasPrefix(p.section, "what do i do") || !undo.MatchString(line) {
		return line
	}
	return p.mark(line, Code, "no change of "+p.x.facts.Incident.Service.Name+" was found")
}
