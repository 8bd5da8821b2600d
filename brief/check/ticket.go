package check

import (
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

var cellBorder = regexp.MustCompile(`\\\||\|`)

// row checks a row of a table. A row that begins with a ticket has its cells held
// against that ticket.
func (p *pass) row(line string) (string, bool) {
	if tableRule.MatchString(line) {
		return line, true
	}
	cells := split(line)
	if p.columns == nil {
		for _, c := range cells {
			p.columns = append(p.columns, fold(plain(c)))
		}
		return line, true
	}
	// A cell beyond the columns is not shown, and a mark in it would not be either.
	cells = cells[:min(len(cells), len(p.columns))]
	row := strings.Join(cells, " | ")
	l := p.apart(row)
	l.limit = func(a Atom) bool {
		n := len(cellBorder.FindAllStringIndex(strings.ReplaceAll(row[:a.Start], `\|`, "  "), -1))
		return n < len(p.columns) && ofLimits.MatchString(p.columns[n])
	}
	var weak []Atom
	for _, a := range l.atoms {
		switch v := p.verdict(l, a); {
		case v == invented && a.Kind != Citation:
			p.found(&p.report.Removed, a.Kind, a.Text, line)
			return "", false
		case v != supported:
			weak = append(weak, a)
		}
	}
	p.doubts = nil
	if t, ok := p.ticketIn(cells); ok {
		weak = append(weak, p.cells(cells, t, line)...)
		row = strings.Join(cells, " | ")
	} else {
		row = p.relations(row)
	}
	return "| " + p.marked(row, weak) + " |", true
}

// ofLimits are the heads of columns of thresholds.
var ofLimits = regexp.MustCompile(`\b(?:threshold|limit|max(?:imum)?|min(?:imum)?)\b`)

// split takes a row apart at its bars, but not at escaped ones.
func split(line string) []string {
	body := strings.Trim(strings.TrimSpace(line), "|")
	var cells []string
	last := 0
	for _, at := range cellBorder.FindAllStringIndex(body, -1) {
		if body[at[0]] == '|' {
			cells = append(cells, strings.TrimSpace(body[last:at[0]]))
			last = at[1]
		}
	}
	return append(cells, strings.TrimSpace(body[last:]))
}

// ticketIn is the ticket of a row. Of one that is only named in the evidence
// nothing is known but its key.
func (p *pass) ticketIn(cells []string) (incident.Ticket, bool) {
	if len(cells) == 0 {
		return incident.Ticket{}, false
	}
	for _, a := range p.atoms(cells[0]) {
		if a.Kind == Ticket {
			t := p.x.tickets[a.Key]
			t.Key = a.Key
			return t, true
		}
	}
	return incident.Ticket{}, false
}

// cells repairs the cells of a ticket: there is exactly one right value. Only a
// summary may be put into other words; one without the ticket's is returned, and
// so is every cell of a ticket that nobody read.
func (p *pass) cells(cells []string, t incident.Ticket, line string) []Atom {
	_, read := p.x.tickets[t.Key]
	var weak []Atom
	for i := 1; i < min(len(cells), len(p.columns)); i++ {
		said := plain(cells[i])
		want, free := columnOf(p.columns[i], t)
		switch {
		case said == "" || want == "" && read:
		case !read, free && !p.x.isSummary(said, t):
			weak = append(weak, Atom{Kind: Ticket, Text: said})
		case !free && !alike(said, want):
			p.found(&p.report.Repaired, Ticket, t.Key+" "+p.columns[i]+": "+cells[i]+" → "+want, line)
			cells[i] = escape(want)
		}
	}
	return weak
}

// columnOf is what a column should say of a ticket, and whether it may say so in
// its own words. Nothing, when the column is of something else.
func columnOf(column string, t incident.Ticket) (want string, free bool) {
	switch {
	case column == "status" || column == "state":
		return t.Status, false
	case column == "priority":
		return t.Priority, false
	case strings.HasPrefix(column, "assign") || column == "owner" || column == "who":
		if t.Assignee == "" {
			return "unassigned", false
		}
		return t.Assignee, false
	case strings.HasPrefix(column, "summary") || column == "title" || column == "description":
		return t.Summary, true
	}
	return "", false
}

// isSummary tells whether half of a summary's words are the ticket's, and all
// that it names.
func (x *Index) isSummary(said string, t incident.Ticket) bool {
	text := plainDigits(t.Summary + " " + t.Description + " " + strings.Join(t.Labels, " "))
	have, l := x.read(text), x.read(said)
	for name := range l.names {
		if !says(fold(text), name) {
			return false
		}
	}
	all, known := 0, 0
	for _, w := range l.parts {
		if w.stem != "" {
			all++
			if have.stems[w.stem] {
				known++
			}
		}
	}
	return 2*known >= all
}

// alike compares a person or a status as people write it: "@jane" is "Jane Doe".
func alike(said, real string) bool {
	said, real = strings.TrimPrefix(fold(said), "@"), fold(real)
	if said == real {
		return true
	}
	if real == "unassigned" {
		return said == "" || said == "-" || said == "—" || said == "none" || said == "nobody"
	}
	if real == "" {
		return false
	}
	first, _, _ := strings.Cut(real, " ")
	return said == first || said == strings.ReplaceAll(real, " ", ".")
}

// statuses are words that a text may give a ticket as its status.
const statuses = `to do|todo|open|in progress|in review|done|closed|resolved|blocked|backlog|won't do|fixed|finished|completed|solved`

var (
	statusAfter = regexp.MustCompile(`(?i)^[\s*:(—|-]*(?:(?:is|was|are|has been|been|status|now|still|already)[\s:*]+)*\(?(` + statuses + `)\b`)
	statusIs    = regexp.MustCompile(`^[^.;]*?\b(?:is|was|are|and)\s+(?:still |already |now )?(To Do|In Progress|In Review|Done|Closed|Resolved|Blocked|Backlog|Won't Do)\b`)
	itIs        = regexp.MustCompile(`(?i)^[^.]*?;\s+it (?:is|was)\s+(?:still |already |now )?(` + statuses + `)\b`)
	toBrackets  = regexp.MustCompile(`^\**\s\([^()]*\)`)
	thenItIs    = regexp.MustCompile(`(?i)^\**[.;]\s+it\s(?:is|was)\s+(?:still |already |now )?(` + statuses + `)\b`)
	itStill     = regexp.MustCompile(`(?i)^[^|]{0,160}?[.;]\s+it(?:['’]s|\s(?:is|was))\s+(?:still |already |now )?(to do|todo|in progress|in review|blocked|backlog)\b`)
	statusWord  = regexp.MustCompile(`(?i)^(?:(?:still|already|now|currently) )?(` + statuses + `)(?: (?:with|by|for) .*)?$`)
	listParts   = regexp.MustCompile(`\s[-–—]\s|[|,;()\[\]]|:\s`)
)

// ticketsSaid checks what a line says of tickets: their status, and whose they
// are.
func (p *pass) ticketsSaid(line string) {
	atoms := p.atoms(line)
	for n, a := range atoms {
		if a.Kind != Ticket {
			continue
		}
		rest := line[a.End:]
		for _, o := range atoms[n+1:] {
			if o.Kind == Ticket { // whose that one is may stand before it
				rest = itsOwner.ReplaceAllString(line[a.End:o.Start], "")
				break
			}
		}
		rest = afterLink(rest)
		t, read := p.x.tickets[a.Key]
		if !read {
			t.Status = unread
		}
		if said := wrongStatus(rest, t); said != "" {
			p.doubt(line, Ticket, statusOf(t, a.Key))
		}
		if wrongRank(rest, t) != "" {
			p.doubt(line, Ticket, a.Key+" has priority "+t.Priority)
		}
		if who := p.wrongOwner(rest, t); who != "" && read {
			p.doubt(line, Ticket, a.Key+" is not "+who+"'s")
		}
	}
}

var itsOwner = regexp.MustCompile(`\p{Lu}[\p{L}.-]+(?:\s\p{Lu}[\p{L}.-]+)?['’]s\s[*\[]*$`)

// unread stands for the status of a ticket that is only named in the evidence.
const unread = "not read"

func statusOf(t incident.Ticket, key string) string {
	if t.Status == unread {
		return key + " was not read"
	}
	return key + " is " + t.Status
}

// wrongStatus finds a status that a text gives a ticket and that it has not.
func wrongStatus(rest string, t incident.Ticket) string {
	if m := statusAfter.FindStringSubmatch(toBrackets.ReplaceAllString(rest, "")); m != nil && !isStatus(m[1], t) {
		return m[1]
	}
	if m := statusAfter.FindStringSubmatch(rest); m != nil && !isStatus(m[1], t) {
		return m[1]
	}
	if m := statusIs.FindStringSubmatch(rest); m != nil && !isStatus(m[1], t) {
		return m[1]
	}
	if m := itIs.FindStringSubmatch(rest); m != nil && !isStatus(m[1], t) {
		return m[1]
	}
	if m := thenItIs.FindStringSubmatch(rest); m != nil && !isStatus(m[1], t) {
		return m[1]
	}
	if m := itStill.FindStringSubmatch(rest); m != nil && !isStatus(m[1], t) {
		return m[1]
	}
	for _, part := range listParts.Split(rest, -1) {
		if m := statusWord.FindStringSubmatch(strings.TrimSpace(plain(part))); m != nil && !isStatus(m[1], t) {
			return m[1]
		}
	}
	return ""
}

func isStatus(said string, t incident.Ticket) bool {
	if t.Status == unread {
		return false
	}
	switch said = fold(said); said {
	case fold(t.Status):
		return true
	case "open":
		return !done(t)
	case "closed", "resolved", "done", "fixed", "finished", "completed", "solved":
		return done(t)
	case "todo":
		return fold(t.Status) == "to do"
	}
	return false
}

var (
	ownerWords = regexp.MustCompile(`(?i)(?:assigned to|owned by|belongs to|owner:?|assignee:?)\s+\**$`)
	// withOwner and hasIt say whose a ticket is in passing.
	withOwner = regexp.MustCompile(`(?i)(?:[,)]|\b(?:is|now|still|progress|review|started|open|done))\s*(?:with|w/)\s+\**$`)
	hasIt     = regexp.MustCompile(`(?i)^\**(?:['’]s\**(?:[.),]|\s*$)|\s+(?:has|owns|holds) it\b|\s+is (?:on|working on) it\b)`)
)

// wrongOwner finds a person whom a text names as a ticket's although no record
// of the ticket does.
func (p *pass) wrongOwner(rest string, t incident.Ticket) string {
	for _, m := range p.called(rest) {
		before := rest[:m.start]
		name := rest[m.start:m.end]
		if ownerWords.MatchString(before) && !alike(name, t.Assignee) {
			return name
		}
		if (withOwner.MatchString(before) || hasIt.MatchString(rest[m.end:])) && !alike(name, t.Assignee) && !p.x.together(t.Key, m.name) {
			return name
		}
		part := listParts.Split(before, -1)
		rest := listParts.Split(rest[m.end:], -1)
		alone := strings.TrimSpace(part[len(part)-1]) == "" && len(part) > 1 && strings.Trim(rest[0], " *.") == ""
		if alone && !alike(name, t.Assignee) && !p.x.together(t.Key, m.name) {
			return name
		}
	}
	return ""
}

// together tells whether a record names both a ticket and a person.
func (x *Index) together(key, who string) bool {
	for _, r := range x.records {
		if says(r.text, fold(key)) && says(r.text, who) {
			return true
		}
	}
	for _, c := range x.tickets[key].Comments {
		if fold(c.Author) == who {
			return true
		}
	}
	return false
}

var labelWithKey = regexp.MustCompile(`\[([^\]]*)\]\(<?(https?://[^)>\s]+)>?\)`)

// linkLabels holds the key in a link's label against where the link leads: to the
// ticket or the incident of that name, or to a page that names no other.
func (p *pass) linkLabels(line string) string {
	for _, m := range labelWithKey.FindAllStringSubmatch(line, -1) {
		for _, a := range Atoms(m[1]) {
			if right := p.x.addressOf(a); right != "" && addressKey(m[2]) != addressKey(right) {
				p.found(&p.report.Repaired, Link, m[2]+" → "+right, line)
				line = strings.Replace(line, m[0], "["+m[1]+"](<"+right+">)", 1)
			}
		}
	}
	return line
}

// addressOf is where a ticket or an incident is.
func (x *Index) addressOf(a Atom) string {
	switch a.Kind {
	case Ticket:
		return x.tickets[a.Key].URL
	case Incident:
		for _, p := range append([]incident.Past{{Incident: x.facts.Incident}}, x.past...) {
			if a.Key == p.Incident.ID || a.Key == "#"+itoa(p.Incident.Number) {
				return p.Incident.URL
			}
		}
	}
	return ""
}

var linkTail = regexp.MustCompile(`^\]\([^)]*\)`)

func afterLink(rest string) string { return linkTail.ReplaceAllString(rest, "") }

// plain takes Markdown's marks off a short text.
func plain(s string) string {
	s = labelled.ReplaceAllString(s, "$1")
	return strings.TrimSpace(strings.NewReplacer("*", "", "`", "", "\\", "").Replace(s))
}

var labelled = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// escape keeps a value from becoming Markdown's form.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "<", `\<`).Replace(s)
}
