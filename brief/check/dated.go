package check

import (
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// A sentence may name an earlier incident by its day alone, amid others: "8 March (19 min,
// noted by Sam) and 21 January (26 min)". What stands with the day is that incident's.

// daysOfPast doubts what a line says of earlier incidents that it names by their days.
func (p *pass) daysOfPast(line string) {
	atoms := p.atoms(line)
	for i, d := range atoms {
		if past, ok := p.x.onlyOn(d); ok {
			p.tookThen(line, past, d, atoms[i+1:])
			p.notedThen(line, past, d, atoms[i+1:])
		}
	}
}

// onlyOn is the one earlier incident of a day before this incident's.
func (x *Index) onlyOn(d Atom) (incident.Past, bool) {
	if d.Kind != Date || len(d.Key) < len("01-02") || onDay(x.facts.Incident, d.Key) {
		return incident.Past{}, false
	}
	var all []incident.Past
	for _, p := range x.facts.Past {
		if onDay(p.Incident, d.Key) {
			all = append(all, p)
		}
	}
	if len(all) != 1 {
		return incident.Past{}, false
	}
	return all[0], true
}

var itsSpan = regexp.MustCompile(`(?i)^\**\s*(?:\(|:|,|–|-)\s*\**(?:(?:took|lasted|for|over (?:in|after)|resolved (?:in|after))\s)?\**$`)

// tookThen doubts how long the incident of a day took.
func (p *pass) tookThen(line string, past incident.Past, d Atom, next []Atom) {
	took := evidence.Took(past.Incident)
	if len(next) == 0 || took <= 0 {
		return
	}
	a := next[0]
	if a.Kind != Duration || a.Start < d.End || !itsSpan.MatchString(line[d.End:a.Start]) {
		return
	}
	if !sameDuration(a, took.Seconds()) && !p.saidOf(past, a) {
		p.doubt(line, Duration, a.Text+" for "+incidentName(past.Incident))
	}
}

// notedThen doubts who is said to have noted the incident of a day, or to have ended it.
func (p *pass) notedThen(line string, past incident.Past, d Atom, next []Atom) {
	end := len(line) // where the line goes on to another one
	for _, o := range next {
		if o.Kind == Date || o.Kind == Incident {
			end = o.Start
			break
		}
	}
	name := incidentName(past.Incident)
	for _, m := range p.called(line) {
		is := m.start < end && notedIn(line, m, d) || didThen(line, m, d)
		if is && len(past.Notes) > 0 && !p.x.namedWith(m.name, name, past) {
			p.doubt(line, Person, line[m.start:m.end]+" in "+name)
		}
	}
}

var (
	// notedBy leads from the day of an earlier incident to who wrote of it, in one pair of
	// brackets, and oneBracket to a name at their end.
	notedBy    = regexp.MustCompile(`(?i)^\**\s?\([^()]*\b(?:noted|note|written|said) by\s+\**$`)
	inBrackets = regexp.MustCompile(`^[^()]*\([^()]*,\s\**$`)
	oneBracket = regexp.MustCompile(`^,[^()]*,\s\**$`)
	// didOn leads from somebody to the day on which they did something, onDid back.
	didOn = regexp.MustCompile(`(?i)^\**\sdid(?:\s(?:so|it|that|this|the same))?\son\s\**$`)
	onDid = regexp.MustCompile(`^\**,?\s\**$`)
	didIt = regexp.MustCompile(`(?i)^\**\sdid\b`)
)

// notedIn tells whether somebody is said to have noted what was on a day.
func notedIn(line string, m mention, d Atom) bool {
	if m.start <= d.End {
		return false
	}
	between := line[d.End:m.start]
	after := line[m.end:]
	alone := strings.HasPrefix(after, ")") || strings.HasPrefix(after, ",")
	return notedBy.MatchString(between) || oneBracket.MatchString(between) && strings.HasPrefix(after, ")") ||
		inBrackets.MatchString(between) && (alone || doerAfter.MatchString(after))
}

// didThen tells whether somebody is said to have done something on a day.
func didThen(line string, m mention, d Atom) bool {
	return m.end <= d.Start && didOn.MatchString(line[m.end:d.Start]) ||
		d.End <= m.start && onDid.MatchString(line[d.End:m.start]) && didIt.MatchString(line[m.end:])
}

// ofEarlierDay tells whether the sentence of an atom names the day of an earlier incident
// before it.
func (x *Index) ofEarlierDay(l *line, a Atom) bool {
	for i := len(l.atoms) - 1; i >= 0; i-- {
		d := l.atoms[i]
		if a.Start-d.End > 4*closeBy {
			return false
		}
		if d.End > a.Start || d.Kind != Date {
			continue
		}
		_, is := x.onlyOn(d)
		return is && !sentenceEnd.MatchString(l.text[d.End:a.Start])
	}
	return false
}
