package triage_test

import (
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/brief"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// people are the names in the typed facts.
func (one *truth) people() []string {
	seen := map[string]bool{"": true}
	var out []string
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	f := one.facts
	for _, o := range f.OnCall {
		add(o.Person.Name)
	}
	for _, t := range f.Tickets {
		add(t.Assignee)
	}
	for _, p := range f.Past {
		for _, n := range p.Notes {
			add(n.Author)
		}
	}
	for _, m := range f.Messages {
		if !m.Bot {
			add(m.Author)
		}
	}
	return out
}

func (one *truth) aPerson() string { return append(one.people(), "Maria Silva")[0] }

// another is a person other than this one.
func (one *truth) another(name string) string {
	return other(name, append(one.people(), "Maria Silva")...)
}

// anotherHandle is a person of another first name than this one.
func (one *truth) anotherHandle(handle string) string {
	for _, p := range one.people() {
		if !strings.EqualFold(strings.Fields(p)[0], handle) {
			return p
		}
	}
	return "maria"
}

// silent is somebody of the company who wrote nothing that was read.
func (one *truth) silent() string {
	said := ""
	for _, i := range append(one.facts.Items, one.answer.Brought...) {
		said += i.Text
	}
	for _, m := range one.facts.Messages {
		said += m.Author + ":"
	}
	for _, p := range one.people() {
		if !strings.Contains(said, p+":") && !strings.Contains(said, "by "+p) {
			return p
		}
	}
	return ""
}

func (one *truth) isOnCall(name string) bool {
	for _, o := range one.facts.OnCall {
		if o.Person.Name == name {
			return true
		}
	}
	return false
}

// changed tells whether a change of the paged service was found.
func (one *truth) changed() bool {
	for _, c := range one.facts.Changes {
		for _, s := range c.Services {
			if s.Name == one.facts.Incident.Service.Name {
				return true
			}
		}
	}
	return false
}

func (one *truth) openTickets() []incident.Ticket {
	var out []incident.Ticket
	for _, t := range one.facts.Tickets {
		if t.StatusCategory != "done" {
			out = append(out, t)
		}
	}
	return out
}

// addRow puts a row at the end of the brief's table.
func (one *truth) addRow(row string, says ...string) []lie {
	const rule = "|--------|---------|--------|----------|\n"
	i := strings.Index(one.text, rule)
	if i < 0 {
		return nil
	}
	i += len(rule)
	return []lie{{one.text[:i] + row + "\n" + one.text[i:], says}}
}

// cells puts another value into a column of each ticket's row. The honest row has
// the right one.
func (one *truth) cells(column string, to func(t incident.Ticket, was string) string) []lie {
	columns := []string{"Ticket", "Summary", "Status", "Assignee"}
	var out []lie
	one.eachLine(func(at int, line, _ string) {
		m := rowTicket.FindStringSubmatch(line)
		if m == nil {
			return
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i, c := range columns {
			if c == column {
				was := strings.TrimSpace(cells[i])
				value := to(incident.Ticket{Key: m[1], Status: was, Assignee: was}, was)
				cells[i] = " " + value + " "
				row := "|" + strings.Join(cells, "|") + "|"
				out = append(out, lie{one.text[:at] + row + one.text[at+len(line):], []string{column + ": " + value}})
			}
		}
	})
	return out
}

// aboutTicket says something of the first ticket.
func (one *truth) aboutTicket(say func(t incident.Ticket) string) []lie {
	if len(one.facts.Tickets) == 0 {
		return nil
	}
	return one.after(brief.Happening, "- "+say(one.facts.Tickets[0]))
}

// headerLine adds a field to the status line.
func (one *truth) headerLine(field string, says string) []lie {
	i := strings.Index(one.text, "\n> **Service**")
	if i < 0 {
		return nil
	}
	return []lie{{one.text[:i] + "\n> " + field + one.text[i:], []string{says}}}
}

// links puts another address behind every link.
func (one *truth) links(to string) []lie {
	return one.each(one.places(markLink), func(p place) (lie, bool) { return one.with(p, to), true })
}

// fixes says that another remedy ended an earlier incident.
func (one *truth) fixes(remedy string) []lie {
	re := regexp.MustCompile(`^- \*\*[^*]+\*\* \[#\d+\]\([^)]+\): (.+) \(\d`)
	return one.each(one.places(re), func(p place) (lie, bool) {
		l := one.with(p, "ended when "+remedy)
		return l, p.section == brief.Before && one.facts.State(evidence.Past) == evidence.Found
	})
}
