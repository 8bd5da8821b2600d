package check

import (
	"regexp"
	"slices"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// roster are the people whom the evidence names, folded.
func (x *Index) roster() set {
	f := x.facts
	all := set{}
	for _, o := range f.OnCall {
		all.add(fold(o.Person.Name))
	}
	for _, a := range f.Incident.Assignees {
		all.add(fold(a.Name))
	}
	for _, t := range x.tickets {
		all.add(fold(t.Assignee))
		for _, c := range t.Comments {
			all.add(fold(c.Author))
		}
	}
	for _, p := range x.past {
		for _, n := range p.Notes {
			all.add(fold(n.Author))
		}
	}
	for _, m := range f.Messages {
		all.add(fold(m.Author))
	}
	for name := range x.wrote {
		all.add(name)
	}
	return all
}

// mention is a person of the evidence in a line.
type mention struct {
	name       string // as the evidence has it, folded
	start, end int
}

// mentions are the people of the evidence in a line.
func (p *pass) mentions(line string) []mention {
	folded, at := foldedAt(line)
	var out []mention
	for _, name := range p.x.people {
		for from := 0; ; {
			i := strings.Index(folded[from:], name)
			if i < 0 {
				break
			}
			i += from
			from = i + len(name)
			if whole(folded, i, from) {
				out = append(out, mention{name, at[i], at[from]})
			}
		}
	}
	slices.SortFunc(out, func(a, b mention) int { return a.start - b.start })
	return out
}

// foldedAt folds a line, and says for each byte where it stood.
func foldedAt(line string) (folded string, at []int) {
	var b strings.Builder
	for i, r := range line {
		one := unaccented(strings.ToLower(string(r)))
		b.WriteString(one)
		for range len(one) {
			at = append(at, i)
		}
	}
	return b.String(), append(at, len(line))
}

var (
	acting  = regexp.MustCompile(`(?i)^\s+(?:already\s+)?(resolved|acknowledged|acked|closed|fixed|restarted|deployed|released|shipped|merged|rolled back|reverted)\b`)
	actedBy = regexp.MustCompile(`(?i)\b(resolved|acknowledged|acked|closed|fixed|solved|handled|restarted|reverted|rolled back|renewed)\s+by\s+\**$`)
)

// persons checks what a line says that somebody did: spoke, is on call, ended or
// deployed something.
func (p *pass) persons(line string) {
	all := slices.DeleteFunc(slices.Clone(p.called(line)), func(m mention) bool { return !slices.Contains(p.x.people, m.name) })
	for n, m := range all {
		before, after := around(line, all, n)
		name := line[m.start:m.end]
		if words, speaks := said(before, after); speaks {
			p.spoke(line, m, words, before)
		}
		if (isAssigned.MatchString(after) || assignedTo.MatchString(before) || greeted.MatchString(before) && yours.MatchString(after)) && !p.assigned(line, m.name) {
			p.doubt(line, Person, name+" is not assigned")
		}
		if asSaid.MatchString(before) && likewise.MatchString(after) && p.x.content(lastClause(before), p.x.peoples).common(p.x.deeds(m.name)) == 0 {
			p.doubt(line, Person, name+" did so")
		}
		if verb := acted(before, after); verb != "" && !p.did(line, m.name, verb) {
			p.doubt(line, Person, name+" "+verb)
		}
	}
}

// around is what a line says beside one of its people: what stands between two is said
// of one of them.
func around(line string, all []mention, n int) (before, after string) {
	before, after = line[:all[n].start], line[all[n].end:]
	if n > 0 {
		before = line[all[n-1].end:all[n].start]
	}
	if n+1 < len(all) {
		after = line[all[n].end:all[n+1].start]
	}
	return before, after
}

// isAssigned says that the incident is somebody's.
var isAssigned = regexp.MustCompile(`(?i)^\**\s+(?:is|was|has been)\s+assigned\b(?:[.,;)]|\s+to (?:it|this|the incident)\b|$)`)

// greeted and yours tell somebody that the incident is theirs.
var (
	greeted = regexp.MustCompile(`(?i)^\W*(?:hi|hey|hello|dear|good (?:morning|evening))\W+$`)
	yours   = regexp.MustCompile(`(?i)^[^.;]*\b(?:is|are) yours\b|^[^.;]*\bassigned to you\b`)
)

var assignedTo = regexp.MustCompile(`(?i)\bassigned to\s+\**$`)

// assigned tells whether the incident is somebody's, as far as that is known. In the
// line of a ticket it is said of the ticket.
func (p *pass) assigned(line, name string) bool {
	all := p.x.facts.Incident.Assignees
	return len(all) == 0 || slices.ContainsFunc(p.atoms(line), func(a Atom) bool { return a.Kind == Ticket }) ||
		slices.ContainsFunc(all, func(r incident.Ref) bool { return fold(r.Name) == name })
}

// stranger doubts somebody who is said to have ended an earlier incident, or to
// have noted it, and whom nothing that was read of it names.
func (p *pass) stranger(line string, past incident.Past) {
	if len(past.Notes) == 0 {
		return
	}
	name := incidentName(past.Incident)
	for _, m := range p.called(line) {
		before, after := line[:m.start], line[m.end:]
		alone := strings.HasSuffix(before, "(") && strings.HasPrefix(after, ")")
		if !alone && !doerBefore.MatchString(before) && !doerAfter.MatchString(after) || p.x.namedWith(m.name, name, past) {
			continue
		}
		p.doubt(line, Person, line[m.start:m.end]+" in "+name)
	}
}

var (
	doerBefore = regexp.MustCompile(`(?i)\b(?:by|note by|according to)\s+\**$`)
	doerAfter  = regexp.MustCompile(`(?i)^\**(?:,? note\b|\s+(?:routed|switched|purged|restarted|paused|drained|moved|disabled|raised|replaced|renewed|fixed|resolved|rolled|reverted|scaled|cleared|deleted|stopped)\b)`)
)

// namedWith tells whether an earlier incident's notes, or a record that names the
// incident, name somebody.
func (x *Index) namedWith(who, name string, past incident.Past) bool {
	for _, n := range past.Notes {
		if fold(n.Author) == who || says(fold(n.Text), who) {
			return true
		}
	}
	return slices.ContainsFunc(x.records, func(r *record) bool { return !r.past && says(r.text, name) && says(r.text, who) })
}

// acted is what somebody is said to have done, if anything.
func acted(before, after string) string {
	if m := actedBy.FindStringSubmatch(before); m != nil {
		return strings.ToLower(m[1])
	}
	if m := acting.FindStringSubmatch(after); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

// did tells whether somebody did what a line says. Of an earlier incident its
// notes tell who ended it.
func (p *pass) did(line, name, verb string) bool {
	past, ok := p.pastIn(line)
	if !ok || len(past.Notes) == 0 {
		return p.x.did(name, verb)
	}
	return slices.ContainsFunc(past.Notes, func(n incident.Note) bool { return fold(n.Author) == name })
}

// did tells whether a record of somebody has the word for what they are said to
// have done. Who noted the restart that ended it has resolved it.
func (x *Index) did(name, verb string) bool {
	s := stem(strings.Fields(verb)[0])
	for _, r := range x.records {
		if !r.namesPerson(x, name) {
			continue
		}
		if r.foreign && r.past { // its words cannot be compared
			return true
		}
		for have := range r.stems {
			if strings.HasPrefix(have, s) || s == "resolv" && strings.HasPrefix(have, "restart") {
				return true
			}
		}
	}
	return false
}

// namesPerson tells whether a record names a person, by name, by handle, or by a
// first name that nobody else has.
func (r *record) namesPerson(x *Index, who string) bool {
	who = fold(who)
	first, _, _ := strings.Cut(who, " ")
	return says(r.text, who) || says(r.text, first) && !x.sharedFirst(first)
}

// sharedFirst tells whether two people of the evidence have this first name.
func (x *Index) sharedFirst(first string) bool {
	n := 0
	for _, p := range x.people {
		if strings.HasPrefix(p, first+" ") {
			n++
		}
	}
	return n > 1
}
