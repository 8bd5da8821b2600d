package check

import (
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// How many words beside a figure, on each side, say what it is of, and how far
// they are looked for: a line without end must not be read once a figure.
const (
	nearWords = 4
	farWords  = 60
)

// line is a line of a text, taken apart.
type line struct {
	text  string
	atoms []Atom
	keys  map[Kind]set // the keys of its atoms, once somebody asks
	parts []part       // its words, breaks and figures in their order
	label string       // of a line of an alert's details: "p99_seconds"
	stems set
	names set
	skip  set  // words that say nothing of a figure: of people's names
	days  set  // the dates in it, without a year
	cites set  // the evidence that it cites
	stamp int  // where the time ends at which the line was written
	bare  bool // it has no words beside its atoms
	// foreign is set when it is in another language than the evidence: its words say
	// little of its figures.
	foreign bool
	past    *incident.Past // what it is about, if it is an earlier incident
	// pastTo is where it is about that no more.
	pastTo int

	limit func(Atom) bool // of a row: whether an atom stands in a column of thresholds
}

// part is a word of a line, a break between clauses, a name of what runs, or a
// figure.
type part struct {
	token
	name   string
	figure bool // a figure that ends what is said of the one before
	comma  bool // a break that does not end what is said of a status
}

// label is the beginning of a line of details: "  p99_seconds: 4.7".
var label = regexp.MustCompile(`^\s+([^:]{1,48}):\s`)

// read takes a line of the evidence apart.
func (x *Index) read(text string) *line { return x.readAs(text, atoms(text, evidenceRules)) }

func (x *Index) readAs(text string, all []Atom) *line {
	l := &line{text: text, atoms: all, skip: x.peoples, stems: set{}, names: set{}, days: set{}, cites: set{}}
	if m := label.FindStringSubmatch(text); m != nil {
		l.label = m[1]
	}
	l.addWords(x.names)
	l.addAtoms()
	sort.SliceStable(l.parts, func(i, j int) bool { return l.parts[i].start < l.parts[j].start })
	return l
}

// addWords takes the words that are no part of an atom which is looked up by
// itself, such as the PM of a time or a word of an address.
func (l *line) addWords(known set) {
	next := 0
	l.bare = true
	for _, w := range words(l.text) {
		for next < len(l.atoms) && (l.atoms[next].End <= w.start || !ownWords[l.atoms[next].Kind]) {
			next++
		}
		if w.stem != "" && next < len(l.atoms) && l.atoms[next].Start < w.end {
			continue
		}
		p := part{token: w, comma: l.text[w.start] == ','}
		if said := strings.ToLower(l.text[w.start:w.end]); known[said] {
			p.name = said
			l.names.add(said)
		}
		l.stems.add(w.stem)
		l.bare = l.bare && (w.stem == "" || isCode(w.stem))
		l.parts = append(l.parts, p)
	}
}

// ownWords are atoms whose letters are no words of the line.
var ownWords = map[Kind]bool{Clock: true, Date: true, Duration: true, Percent: true, Size: true, Share: true, Citation: true, Link: true}

func (l *line) addAtoms() {
	for _, a := range l.atoms {
		at := part{token: token{start: a.Start, end: a.End}}
		switch {
		case a.Kind == Host:
			at.name = a.Key
			l.names.add(a.Key)
		case a.Kind == Date:
			l.days.add(withoutYear(a.Key))
			continue
		case a.Kind == Citation:
			l.cites.add(strings.FieldsFunc(a.Key, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })...)
			continue
		case a.Kind == Number && indexed.MatchString(l.before(a)):
			continue // a part of a name: partition 3
		case figures[a.Kind] && a.Kind != Version && !status(a):
			at.figure = true
		default:
			continue
		}
		l.parts = append(l.parts, at)
	}
}

// indexed is before a number that tells one of several from the others.
var indexed = regexp.MustCompile(`(?i)\b(?:partition|broker|shard|node|level|step|attempt|zone|rack|slot|member|phase|tier|port)\s#?\**$`)

// status tells whether a number is a status, which is said of all around it.
func status(a Atom) bool { return a.Kind == Number && isCode(a.Text) }

// tight are the words close beside a status, as if it were an amount: more would
// make it a rival of every amount in its line.
func (l *line) tight(a Atom) set { return l.beside(a, false) }

// near are the words beside an atom in its clause. The two ends of "from 13:00 to
// 15:00" share theirs.
func (l *line) near(a Atom) set {
	out := maps.Clone(l.beside(a, status(a)))
	i, _ := slices.BinarySearchFunc(l.atoms, a.Start, func(o Atom, start int) int { return o.Start - start })
	for _, n := range []int{i - 1, i + 1} {
		if n < 0 || n >= len(l.atoms) || l.atoms[n].Kind != a.Kind {
			continue
		}
		if o := l.atoms[n]; o.End <= a.Start && ends.MatchString(l.text[o.End:a.Start]) || a.End <= o.Start && ends.MatchString(l.text[a.End:o.Start]) {
			maps.Copy(out, l.beside(o, status(o)))
		}
	}
	return out
}

var ends = regexp.MustCompile(`^\s?(?:and|to|until|or|–|-)\s?$`)

// writing are the words of when something was written.
var writing = wordSet("wrot writ said say messag not mention post ask")

// beside collects the words on both sides of an atom, up to the end of its clause.
// Of the words between two figures each has the half that is nearer.
func (l *line) beside(a Atom, wide bool) set {
	if a.Kind == Clock && a.End <= l.stamp {
		return writing
	}
	out := set{}
	for _, w := range words(l.label) {
		out.add(w.stem)
	}
	reach := nearWords
	if wide {
		reach = 2 * nearWords
	}
	at := sort.Search(len(l.parts), func(i int) bool { return l.parts[i].start >= a.Start })
	left, figure := l.walk(at-1, -1, a, wide)
	if figure {
		left = left[:(len(left)+1)/2]
	}
	right, figure := l.walk(at, 1, a, wide)
	if figure {
		right = right[:(len(right)+1)/2]
	}
	out.add(left[:min(reach, len(left))]...)
	out.add(right[:min(reach, len(right))]...)
	return out
}

// walk collects the words from a part on in one direction, and tells whether a
// figure ended them.
func (l *line) walk(from, step int, a Atom, wide bool) (said []string, figure bool) {
	for i := from; i >= 0 && i < len(l.parts) && len(said) < farWords; i += step {
		switch p := l.parts[i]; {
		case p.start < a.End && a.Start < p.end: // itself, or a part of it
		case p.figure && !wide:
			return said, true
		case p.figure, p.name != "", p.stem != "" && (l.skip[p.stem] || l.names[p.stem]):
		case p.stem == "" && !(wide && p.comma):
			return said, false
		case p.stem != "":
			said = append(said, p.stem)
		}
	}
	return said, false
}

// of are the names in the clause of a figure: what it is said of.
func (l *line) of(a Atom) set {
	out := set{}
	at := sort.Search(len(l.parts), func(i int) bool { return l.parts[i].start >= a.Start })
	for _, step := range []int{-1, 1} {
		from := at
		if step < 0 {
			from = at - 1
		}
		for i, n := from, 0; i >= 0 && i < len(l.parts) && n < 2*farWords; i, n = i+step, n+1 {
			p := l.parts[i]
			if p.stem == "" && p.name == "" && !p.figure {
				break
			}
			if p.end <= a.Start || p.start >= a.End {
				out.add(p.name)
			}
		}
	}
	return out
}

// about is the earlier incident that an atom is of, nil when it is of none.
func (l *line) about(a Atom) *incident.Past {
	if l.past == nil || a.Start >= l.pastTo {
		return nil
	}
	return l.past
}

// last tells whether no atom of the kind follows in what the line says of it.
func (l *line) last(a Atom) bool {
	for i := len(l.atoms) - 1; i >= 0 && l.atoms[i].Start > a.Start; i-- {
		if l.atoms[i].Kind == a.Kind && l.atoms[i].Start < l.pastTo {
			return false
		}
	}
	return true
}

// says tells whether a line has a number.
func (l *line) says(n Atom) bool {
	if l.keys == nil { // a line without end is not read once an atom
		l.keys = map[Kind]set{}
		for _, a := range l.atoms {
			if l.keys[a.Kind] == nil {
				l.keys[a.Kind] = set{}
			}
			l.keys[a.Kind].add(a.Key)
		}
	}
	return l.keys[n.Kind][n.Key]
}

// onDay tells whether a time of day that the evidence has on one day may stand in
// this line: with that date, or without any when the day is today.
func (l *line) onDay(day string, today set) bool {
	return day == "" || l.days[withoutYear(day)] || l.days[monthOf(day)] || today[withoutYear(day)]
}

// monthOf is the month of a day, or of a month of a year.
func monthOf(key string) string {
	if len(key) == len("2006-01") {
		return key[len("2006-"):]
	}
	return withoutYear(key)[:2]
}

func withoutYear(key string) string {
	if len(key) > 5 {
		return key[len(key)-5:]
	}
	return key
}
