package check

import (
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

var cellBorder = regexp.MustCompile(`\\\||\|`)

// row checks a row of a table. A row that begins with a ticket has its status
// and assignee held against that ticket.
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
	var weak []Atom
	for _, a := range Atoms(line) {
		switch v := p.verdict(a); {
		case v == invented && a.Kind != Citation:
			p.found(&p.report.Removed, a.Kind, a.Text, line)
			return "", false
		case v != supported:
			weak = append(weak, a)
		}
	}
	if t, ok := p.ticketIn(cells); ok {
		p.cells(cells, t, line)
		line = "| " + strings.Join(cells, " | ") + " |"
	}
	if len(weak) == 0 {
		return line, true
	}
	end := strings.LastIndex(strings.TrimRight(line, " "), "|")
	return p.marked(line[:end], weak) + " |", true
}

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

func (p *pass) ticketIn(cells []string) (incident.Ticket, bool) {
	if len(cells) == 0 {
		return incident.Ticket{}, false
	}
	for _, a := range Atoms(cells[0]) {
		if t, ok := p.x.tickets[a.Key]; ok && a.Kind == Ticket {
			return t, true
		}
	}
	return incident.Ticket{}, false
}

// cells repairs the cells of a ticket: there is exactly one right value.
func (p *pass) cells(cells []string, t incident.Ticket, line string) {
	for i, column := range p.columns {
		if i >= len(cells) {
			return
		}
		var want string
		switch {
		case column == "status":
			want = t.Status
		case strings.HasPrefix(column, "assignee") || column == "owner":
			if want = t.Assignee; want == "" {
				want = "unassigned"
			}
		default:
			continue
		}
		if want != "" && !sameName(plain(cells[i]), want) {
			p.found(&p.report.Repaired, Ticket, t.Key+" "+column+": "+cells[i]+" → "+want, line)
			cells[i] = escape(want)
		}
	}
}

// sameName compares a person or a status as people write it: "@jane" is "Jane Doe".
func sameName(said, real string) bool {
	said, real = strings.TrimPrefix(fold(said), "@"), fold(real)
	if said == real {
		return true
	}
	if real == "unassigned" {
		return said == "" || said == "-" || said == "—" || said == "none" || said == "nobody"
	}
	first, _, _ := strings.Cut(real, " ")
	return said == first || said == strings.ReplaceAll(real, " ", ".")
}

// statuses are words that a text may give a ticket as its status.
var statuses = regexp.MustCompile(`(?i)^[\s*:(—-]*(?:is|was|status|now|still|already|:|\s|\*)*\s*\(?(to do|open|in progress|in review|done|closed|resolved|blocked|backlog)\b`)

// ticketStatus checks what a sentence says of a ticket's status.
func (p *pass) ticketStatus(line string) string {
	if strings.HasPrefix(strings.TrimSpace(line), "|") {
		return line
	}
	for _, a := range Atoms(line) {
		t, ok := p.x.tickets[a.Key]
		if !ok || a.Kind != Ticket || t.Status == "" {
			continue
		}
		m := statuses.FindStringSubmatch(afterLink(line[a.End:]))
		if m != nil && !strings.EqualFold(m[1], t.Status) && !(strings.EqualFold(m[1], "open") && t.StatusCategory != "done" && t.Resolved.IsZero()) {
			return p.mark(line, Ticket, t.Key+" is "+t.Status)
		}
	}
	return line
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
