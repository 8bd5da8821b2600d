package check

import (
	"slices"
	"sort"
	"strings"
)

// carries tells whether the evidence says this figure of the same thing. The
// figure of the evidence must have as many of the claim's words beside it as any
// other figure of the kind has, and more than one of the incident itself, unless it
// is of the incident itself; or, with none beside it, stand in a record that has
// more of them than stand beside any other.
func (x *Index) carries(c claim) bool {
	switch {
	case c.Kind == Duration && (c.Ago && x.ago(c.Atom) || c.ahead && x.ahead(c.Atom)):
		return true
	case c.Kind == Version:
		return x.versionOf(c)
	}
	t := x.contest(c)
	for _, f := range x.figures[c.Kind] {
		if same(c.Atom, f.Atom) && x.belongs(f, c) && !t.outdone(f, c) && (t.won(f, c) || t.wonByRecord(x, f, c)) {
			return true
		}
	}
	return c.Kind == Share && x.apart(c)
}

// contest is how many of a claim's words stand beside the figures that the evidence has
// instead of the claim's.
type contest struct {
	byRecord map[*record]int
	words    set // those that stand beside any of them
	others   int // the most beside one of them
	present  int // … of one measured now
	rated    int // … of one of now, in the claim's unit of time
	limits   int // … of a threshold of now, for a claim of one
	earlier  int // … of an earlier incident
	times    int // … of one that says how many times another, when the claim does not
}

func (x *Index) contest(c claim) contest {
	t := contest{byRecord: map[*record]int{}, words: set{}}
	for _, f := range x.figures[c.Kind] {
		if same(c.Atom, f.Atom) || !f.rivals(c) {
			continue
		}
		if f.tight != nil && !isCode(c.Text) {
			f.near = f.tight
		}
		if multiple(f.Atom) != multiple(c.Atom) { // "6x normal" is no other value of normal
			t.times = max(t.times, f.score(c))
			continue
		}
		t.enter(f, c)
	}
	if c.line.foreign { // its words say little
		t.others, t.present = 0, 0
	}
	return t
}

func (t *contest) enter(f figure, c claim) {
	n := f.score(c)
	t.byRecord[f.rec] = max(t.byRecord[f.rec], n)
	t.others = max(t.others, n)
	t.words.addCommon(f.near, c.near)
	switch {
	case f.rec.past:
		t.earlier = max(t.earlier, n)
	case !f.rec.current:
		return
	case !f.ours && f.bound == measured && c.bound == measured:
		t.present = max(t.present, n)
	case f.bound == threshold && c.bound == threshold:
		t.limits = max(t.limits, n)
	}
	if f.rec.current && f.rate == c.rate {
		t.rated = max(t.rated, n)
	}
}

// outdone tells whether a figure is of another time than the claim: what was the limit
// then is not what it is now, and the incident of a day has figures of its own.
func (t *contest) outdone(f figure, c claim) bool {
	return f.rec.past && c.past == nil && t.limits > 0 && f.score(c) <= t.limits ||
		c.then && f.rec.current && t.earlier > 0 && t.points(f, c) <= t.earlier
}

// points are a figure's words, and one more where it alone is per the claim's unit of time.
func (t *contest) points(f figure, c claim) int {
	n := f.score(c)
	if c.rate != "" && f.rate == c.rate && t.rated == 0 {
		n++
	}
	return n
}

// won tells whether a figure has the claim's words beside it.
func (t *contest) won(f figure, c claim) bool {
	n := t.points(f, c)
	ofNow := n > t.present || c.then && f.rec.past && n == t.present || f.rec.current || f.ours
	return n > 0 && n >= t.others && ofNow && (!f.ours || t.words.in(f.near))
}

// wonByRecord tells whether the record of a figure has more of the claim's words than
// stand beside any other.
func (t *contest) wonByRecord(x *Index, f figure, c claim) bool {
	return fits(f.bound, c.bound) && x.besides(f, c) && (t.byRecord[f.rec] == 0 || c.line.foreign) &&
		(max(t.others, t.times) == 0 || f.rec.stems.common(c.near) > max(t.others, t.times))
}

// score is the number of the claim's words beside a figure. A threshold is not
// what was measured.
func (f figure) score(c claim) int {
	n := f.near.common(c.near)
	if !fits(f.bound, c.bound) {
		n--
	}
	return n
}

// rivals tells whether a figure other than the claim's may be what its words are
// of.
func (f figure) rivals(c claim) bool {
	if f.tight != nil && c.Key != f.Key && c.line.says(f.Atom) { // the line says of it what it is
		return false
	}
	if c.rate != "" && f.rate != c.rate || f.sides.named(c.sides) || c.sides.named(f.sides) {
		return false
	}
	return fits(f.bound, c.bound) && !f.counts && !tooClose(c.Atom, f.Atom) && !(c.past != nil && f.rec.current) &&
		(len(c.names) == 0 || len(f.rec.names) == 0 || sameName(c.names, f.rec.names))
}

// multiple tells whether a number says how many times another something is: 6x.
func multiple(a Atom) bool { return a.Kind == Number && strings.HasSuffix(a.Text, "x") }

// fewFigures is how many figures a record may have of which two vouch for each other.
const fewFigures = 4

// aFew is how many atoms away the other one is looked for.
const aFew = 4

// withAnother tells whether a record of few figures has a percentage and a duration that
// one sentence has: "about 25 minutes until it is over 90%".
func (x *Index) withAnother(l *line, a Atom) bool {
	i := sort.Search(len(l.atoms), func(i int) bool { return l.atoms[i].Start >= a.Start })
	for _, o := range l.atoms[max(0, i-aFew):min(len(l.atoms), i+aFew)] {
		if (o.Kind != Percent && o.Kind != Duration) || o.Kind == a.Kind || sentenceEnd.MatchString(l.text[min(a.End, o.End):max(a.Start, o.Start)]) {
			continue
		}
		if slices.ContainsFunc(x.records, func(r *record) bool {
			return len(r.figures) <= fewFigures && !r.past && r.has(a) && r.has(o)
		}) {
			return true
		}
	}
	return false
}

// has tells whether a record has a figure.
func (r *record) has(a Atom) bool {
	return slices.ContainsFunc(r.figures, func(f figure) bool { return f.Kind == a.Kind && same(a, f.Atom) })
}
