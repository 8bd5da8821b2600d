package check

import (
	"math"
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// A figure is an amount, a time or a version. That the evidence has it somewhere
// is not enough: it must have it of the same thing. What is equal stands in doc.go.

// figures are the kinds that are held against what the evidence says them of.
var figures = map[Kind]bool{Number: true, Percent: true, Size: true, Duration: true, Clock: true, Share: true, Version: true}

// record is one thing that the evidence says: an alert with its details, a note,
// a line of a page.
type record struct {
	text    string // folded
	stems   set
	names   set // what runs, as far as the record names it
	figures []figure
	foreign bool   // it has words in a script without Latin letters
	owner   string // the id of the earlier incident that it is about
	scope
}

// figure is a figure of the evidence.
type figure struct {
	Atom
	near   set    // the words beside it
	tight  set    // the fewer words by which a status speaks against an amount
	day    string // the date that a time of day stands with
	rate   string // "second" of "reads per second"
	bound  bound  // whether it says where something begins to matter
	sides  sides
	rec    *record
	ours   bool // its words are ours: a moment of the typed facts
	counts bool // a count that code made: it carries only what is named beside it
}

// claim is a figure of the brief, with what the line says it of.
type claim struct {
	Atom
	near  set
	line  *line
	names set
	rate  string
	bound bound
	ahead bool           // "in 58 minutes"
	past  *incident.Past // what the line is about, if it is an earlier incident
	sides sides
	then  bool // its sentence names the day of one
}

// same tells whether two figures are equal, within the tolerance of their kind.
func same(said, real Atom) bool {
	switch said.Kind {
	case Number, Percent:
		return said.Value == real.Value || rounded(said, real.Value)
	case Size:
		slack := math.Min(said.Unit/2, 0.1*real.Value)
		if otherUnit(said.Text, real.Text) {
			slack = math.Max(slack, 0.05*real.Value)
		}
		return math.Abs(said.Value-real.Value) <= slack
	case Duration:
		return said.Ago == real.Ago && sameDuration(said, real.Value)
	case Clock:
		if said.Value < 0 { // of a zone that nobody knows
			return said.Key == real.Key
		}
		return real.Value >= 0 && math.Abs(said.Value-real.Value) <= 1
	default:
		return said.Key == real.Key
	}
}

var sizeUnit = regexp.MustCompile(`[KMGT]i?`)

// otherUnit tells whether two sizes are in different units, so that 1000 of the one
// may be 1024 of the other.
func otherUnit(a, b string) bool {
	x, y := sizeUnit.FindString(a), sizeUnit.FindString(b)
	return x != y && x != "" && y != ""
}

// rounded tells whether a figure with fewer decimals is the real one rounded.
func rounded(said Atom, real float64) bool {
	steps := real / said.Unit
	return said.Value != 0 && steps != math.Trunc(steps) && math.Abs(said.Value-real) <= said.Unit/2*1.0001
}

// sameDuration compares as people round, to the next or down: "12 min" is 11 min
// 30 s to 12 min 59 s.
func sameDuration(said Atom, real float64) bool {
	d := real - said.Value
	return d >= -said.Unit/2*1.0001 && d < said.Unit*0.9999
}

// sameAge compares an "ago" within one of its units, or 10 %: it was true when
// the facts were read and is read a little later.
func sameAge(said Atom, real float64) bool {
	return math.Abs(said.Value-real) <= math.Max(said.Unit, 0.1*real)
}

// versionOf tells whether a version is one of what the claim names. Those before
// and after a change stand side by side, so that their words tell nothing.
func (x *Index) versionOf(c claim) bool {
	found, named := false, false
	for _, f := range x.figures[Version] {
		if f.Key != c.Key {
			continue
		}
		if len(c.names) > 0 && len(f.rec.names) > 0 {
			if sameName(c.names, f.rec.names) {
				return true
			}
			named = true
		}
		found = true
	}
	return found && !named
}

// tooClose tells whether two figures are too alike to be of different things: 11.4 %
// where another source rounds to 11 %.
func tooClose(said, real Atom) bool {
	return said.Kind == Duration && math.Abs(said.Value-real.Value) <= 0.05*real.Value || same(real, said)
}

// ahead looks for a time of day that is so far away, as in "the cut-off is in 58
// minutes".
func (x *Index) ahead(a Atom) bool {
	now := x.facts.ReadAt.UTC()
	for _, f := range x.figures[Clock] {
		minutes := math.Mod(f.Value-float64(now.Hour()*60+now.Minute())+24*60, 24*60)
		if f.Value >= 0 && a.Value < 12*60*60 && math.Abs(a.Value-60*minutes) <= a.Unit {
			return true
		}
	}
	return false
}

// belongs tells whether a figure of the evidence, equal to the claim's, can be
// the one that is meant.
func (x *Index) belongs(f figure, c claim) bool {
	switch {
	case len(c.names) > 0 && len(f.rec.names) > 0 && !sameName(c.names, f.rec.names):
		return false
	case f.Kind == Clock && !c.line.onDay(f.day, x.today):
		return false
	case c.rate != "" && f.rate != "" && c.rate != f.rate:
		return false
	}
	return c.past == nil || !f.rec.current && !x.ofAnother(f.rec, *c.past)
}

// ofAnother tells whether a record is about another earlier incident than this.
func (x *Index) ofAnother(r *record, past incident.Past) bool {
	if r.owner != "" {
		return r.owner != past.Incident.ID
	}
	for _, o := range x.past {
		if o.Incident.ID == past.Incident.ID {
			continue
		}
		if says(r.text, fold("#"+itoa(o.Incident.Number))) {
			return !says(r.text, fold("#"+itoa(past.Incident.Number)))
		}
		for _, n := range o.Notes {
			if strings.Contains(r.text, fold(n.Text)) {
				return true
			}
		}
	}
	return false
}

// besides tells whether a figure without a word of the claim beside it stands in a
// record that has words of the claim's line. Of a record in another script only
// the citation can tell.
func (x *Index) besides(f figure, c claim) bool {
	switch {
	case f.counts:
		return false
	case c.line.foreign:
		return len(c.line.cites) == 0 || f.rec.cited == "" || c.line.cites[f.rec.cited]
	case c.line.bare:
		return c.past == nil || c.Kind != Duration // "#3101: 20 min" says how long it took
	case f.rec.foreign && !c.line.cites.meets(set{f.rec.cited: true}) && len(c.line.cites) > 0:
		return false
	}
	shared := f.rec.stems.common(c.line.stems)
	if f.rec.stems[c.Key] && c.line.stems[c.Key] { // the figure itself is no word beside it
		shared--
	}
	return f.rec.foreign || shared > 0 || sameName(c.line.names, f.rec.names)
}

// apart finds the two numbers of a share as two figures of one record, such as
// "ready: 3" and "desired: 6". Another share of the same whole there speaks
// against it.
func (x *Index) apart(c claim) bool {
	for _, r := range x.records {
		n, of := 0, 0
		for _, f := range r.figures {
			switch {
			case f.Kind == Share && f.Of == c.Of && r.stems.meets(c.line.stems):
				return false
			case f.Kind != Number:
			case f.Value == c.Of && of == 0:
				of++
			case f.Value == c.Value:
				n++
			}
		}
		if n > 0 && of > 0 && (r.stems.meets(c.line.stems) || r.foreign) {
			return true
		}
	}
	return false
}

// ago looks for a moment that lies so far back.
func (x *Index) ago(a Atom) bool {
	for _, t := range x.moments {
		if sameAge(a, x.facts.ReadAt.Sub(t).Seconds()) {
			return true
		}
	}
	return false
}

// units turn a bare number into a figure of another kind by the words of its
// label: p99_seconds, free_gb, error_ratio.
var units = []struct {
	words set
	kind  Kind
	value float64 // of one
}{
	{wordSet("seconds second secs sec s"), Duration, 1},
	{wordSet("milliseconds millis ms"), Duration, 0.001},
	{wordSet("minutes minute mins min"), Duration, 60},
	{wordSet("hours hour hrs hr h"), Duration, 3600},
	{wordSet("days day"), Duration, 86400},
	{wordSet("kb kib"), Size, 1},
	{wordSet("mb mib"), Size, 1 << 10},
	{wordSet("gb gib"), Size, 1 << 20},
	{wordSet("tb tib"), Size, 1 << 30},
	{wordSet("bytes byte"), Size, 1.0 / 1024},
	{wordSet("percent pct"), Percent, 1},
}

// ratios are labels of what is between 0 and 1.
var ratios = wordSet("rate ratio share fraction usage utilization")

// byLabel are the figures that a number is as well, as the label before it says.
func byLabel(a Atom, before string) []Atom {
	label := wordSet(strings.Join(strings.FieldsFunc(fold(before), func(r rune) bool { return !letter(r) }), " "))
	var out []Atom
	for _, u := range units {
		if u.words.meets(label) {
			b := a
			b.Kind, b.Value, b.Unit = u.kind, a.Value*u.value, a.Unit*u.value
			out = append(out, b)
		}
	}
	if a.Value > 0 && a.Value < 1 && label.meets(ratios) {
		b := a
		b.Kind, b.Value, b.Unit = Percent, 100*a.Value, 100*a.Unit
		out = append(out, b)
	}
	return out
}

// sameName compares what two texts say runs: a pod, a host's long name and its
// service are one.
func sameName(a, b set) bool {
	for n := range a {
		for o := range b {
			if partOf(n, o) || partOf(o, n) {
				return true
			}
		}
	}
	return false
}

func partOf(name, of string) bool {
	rest, ok := strings.CutPrefix(name, of)
	return ok && (rest == "" || rest[0] == '-' || rest[0] == '.' || rest[0] == ':')
}
