package check

import (
	"regexp"
	"slices"
	"sort"
	"strings"
)

// What became what: "raised from 500 to 2000", "5% -> 50%". Which of the two values came
// first is known where the evidence has the pair.

var (
	wentUp   = regexp.MustCompile(`(?i)\b(?:raised|increased|rose|risen|grew|grown|climbed|jumped|went up|turn(?:ed|ing) up|scaled up|doubled)\b(?:[^.;]|\.\S){0,48}?\s(?:from\s)?\**$`)
	wentDown = regexp.MustCompile(`(?i)\b(?:lowered|reduced|decreased|fell|fallen|dropped|shrank|went down|turn(?:ed|ing) down|scaled down|cut)\b(?:[^.;]|\.\S){0,48}?\s(?:from\s)?\**$`)
	fromHere = regexp.MustCompile(`(?i)^\**\s?(?:to|→|->)\s?\**$`)
)

// turned is before two values of which the second is the newer.
var turned = regexp.MustCompile(`(?i)\b(?:went|changed|moved|was set|were set|updated)\b(?:[^.;]|\.\S){0,48}?\s(?:from\s)?\**$`)

var twoValues = regexp.MustCompile(`(\d[\d.,]*)[%x]?\s?(?:->|→|to)\s?(\d[\d.,]*)`)

// aRegion is a region of a cloud: eu-central-1.
var aRegion = regexp.MustCompile(`\b[a-z]{2}-[a-z]+-\d\b`)

// region doubts where a value became another, when the evidence has that elsewhere.
func (p *pass) region(line string, from, to Atom) {
	for _, said := range aRegion.FindAllString(line, -1) {
		right, other := false, false
		for _, t := range p.x.became {
			if t.from == from.Key && t.to == to.Key && aRegion.MatchString(t.rec.text) {
				is := says(t.rec.text, said)
				right, other = right || is, other || !is
			}
		}
		if other && !right {
			p.doubt(line, Host, said)
		}
	}
}

// became is a change of one value to another in the evidence.
type became struct {
	from, to string // their keys
	rec      *record
}

// becameIn collects the changes that the records tell.
func (x *Index) becameIn() {
	key := func(s string) string { return strings.ReplaceAll(strings.TrimRight(s, ".,"), ",", "") }
	for _, r := range x.records {
		if !strings.Contains(r.text, " to ") && !strings.Contains(r.text, "->") && !strings.Contains(r.text, "→") {
			continue
		}
		for _, m := range twoValues.FindAllStringSubmatch(r.text, -1) {
			x.became = append(x.became, became{key(m[1]), key(m[2]), r})
		}
	}
}

// changedTo tells whether the evidence has one value changed to another.
func (x *Index) changedTo(from, to Atom) bool {
	return slices.ContainsFunc(x.became, func(b became) bool { return b.from == from.Key && b.to == to.Key })
}

// isBecoming tells whether an atom is an end of a change that the evidence has of the same
// thing: "fell from 93% to 41%".
func (x *Index) isBecoming(l *line, a Atom) bool {
	i := sort.Search(len(l.atoms), func(i int) bool { return l.atoms[i].Start >= a.Start })
	for _, n := range []int{i - 1, i} {
		if n < 0 || n+1 >= len(l.atoms) || l.atoms[n].End > l.atoms[n+1].Start {
			continue
		}
		from, to := l.atoms[n], l.atoms[n+1]
		if fromHere.MatchString(l.text[from.End:to.Start]) && slices.ContainsFunc(x.became, func(b became) bool {
			return b.from == from.Key && b.to == to.Key && b.rec.stems.common(l.stems) >= 2 && (len(l.names) == 0 || len(b.rec.names) == 0 || sameName(l.names, b.rec.names))
		}) {
			return true
		}
	}
	return false
}

// slope doubts "changed from 2000 to 500" where it was the other way round, and "lowered from 500 to 2000".
func (p *pass) slope(line string) {
	all := p.atoms(line)
	for i := 0; i+1 < len(all); i++ {
		a, b := all[i], all[i+1]
		if a.Kind != b.Kind || a.Unit == 0 || a.Kind == Clock || a.End > b.Start || !fromHere.MatchString(line[a.End:b.Start]) {
			continue
		}
		p.region(line, a, b)
		before := closeBefore(line, a.Start)
		if turned.MatchString(before) && !strings.Contains(before, "back") && p.x.changedTo(b, a) && !p.x.changedTo(a, b) {
			p.doubt(line, a.Kind, "from "+a.Text+" to "+b.Text)
		}
		if wentUp.MatchString(before) && a.Value > b.Value || wentDown.MatchString(before) && a.Value < b.Value {
			p.doubt(line, a.Kind, "from "+a.Text+" to "+b.Text)
		}
	}
}
