package check

import (
	"regexp"
	"slices"
	"strings"
)

// An amount may be one of a stretch of time: a burn rate of 18.2x over 1 h is another
// than over 6 h.

// window is an amount with the time over which the evidence has it.
type window struct {
	kind   Kind
	amount string // its key
	span   Atom
}

var overTime = regexp.MustCompile(`(?i)^\**\s(?:over|within|in|during|for)\s(?:the\s)?(?:last\s)?\**$`)

// windowsIn notes the amounts of a line of the evidence that are of a stretch of time: by
// its label, as in "burn_1h: 18.2", or in words.
func (x *Index) windowsIn(l, name *line) {
	for _, a := range l.atoms {
		for _, o := range name.atoms {
			if o.Kind == Duration && figures[a.Kind] {
				x.windows = append(x.windows, window{a.Kind, a.Key, o})
			}
		}
	}
	for i := 0; i+1 < len(l.atoms); i++ {
		if a, b := l.atoms[i], l.atoms[i+1]; ofWindow(l.text, a, b) {
			x.windows = append(x.windows, window{a.Kind, a.Key, b})
		}
	}
}

// ofWindow tells whether an amount is said of the duration behind it.
func ofWindow(text string, a, b Atom) bool {
	return (a.Kind == Number || a.Kind == Percent) && b.Kind == Duration && !b.Ago && a.End <= b.Start && overTime.MatchString(text[a.End:b.Start])
}

// windowed doubts an amount of another stretch of time than the evidence has it of.
func (p *pass) windowed(line string) {
	atoms := p.atoms(line)
	for i := 0; i+1 < len(atoms); i++ {
		a, b := atoms[i], atoms[i+1]
		if !ofWindow(line, a, b) {
			continue
		}
		same := func(w window) bool { return w.kind == a.Kind && w.amount == a.Key }
		if slices.ContainsFunc(p.x.windows, same) && !slices.ContainsFunc(p.x.windows, func(w window) bool { return same(w) && sameDuration(b, w.span.Value) }) {
			p.doubt(line, Duration, strings.TrimSpace(a.Text)+" over "+b.Text)
		}
	}
}
