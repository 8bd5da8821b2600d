package check

import (
	"regexp"
	"slices"
	"strings"
)

// widest is how many times its lower end the upper end of a range may be: a range
// that takes in everything says nothing.
const widest = 4

var (
	joinsEnds = regexp.MustCompile(`^\**\s?(?:–|-|to|or)\s?\**$`)
	andJoins  = regexp.MustCompile(`^\**\s?(?:and|to|–|-)\s?\**$`)
	isBetween = regexp.MustCompile(`(?i)\bbetween\s+\**$`)
	// rose is before the first of two amounts of which the second came later.
	rose = regexp.MustCompile(`(?i)\b(?:from|rose|risen|fell|fallen|grew|grown|went|gone|jumped|dropped|climbed|increased|decreased|up|down)(?:\s(?:from|by))?\s+\**$`)
)

// within tells whether an atom is an end of a range in which the real value lies:
// "between 10 and 15 minutes", "20–30 %". The ends are not the value.
func (x *Index) within(l *line, a Atom) bool {
	i := slices.IndexFunc(l.atoms, func(o Atom) bool { return o.Start == a.Start && o.Kind == a.Kind })
	for _, n := range []int{i - 1, i} {
		if n < 0 || n+1 >= len(l.atoms) {
			continue
		}
		if lo, hi := l.atoms[n], l.atoms[n+1]; l.ranges(lo, hi) && x.inRange(l, lo, hi) {
			return true
		}
	}
	return false
}

// ranges tells whether two neighbouring atoms are the ends of a range.
func (l *line) ranges(lo, hi Atom) bool {
	switch lo.Kind {
	case Duration, Percent, Size, Number:
	default:
		return false
	}
	if lo.Kind != hi.Kind || lo.End > hi.Start || lo.Value <= 0 || lo.Value >= hi.Value || hi.Value > widest*lo.Value {
		return false
	}
	joint, before := l.text[lo.End:hi.Start], l.before(lo)
	return andJoins.MatchString(joint) && isBetween.MatchString(before) || joinsEnds.MatchString(joint) && !rose.MatchString(before)
}

// inRange tells whether the evidence has a value between two of the same thing.
func (x *Index) inRange(l *line, lo, hi Atom) bool {
	c := x.claim(l, lo)
	c.Ago = hi.Ago
	for _, f := range x.figures[lo.Kind] {
		if f.Value < lo.Value || f.Value > hi.Value {
			continue
		}
		c.Value, c.Key, c.Unit = f.Value, f.Key, f.Unit
		if x.carries(c) {
			return true
		}
	}
	return false
}

// saysAmount tells whether the evidence has an amount as a line has it: of the same
// thing, in a range, in other words, or in the same ones.
func (x *Index) saysAmount(l *line, a Atom) bool {
	return x.carries(x.claim(l, a)) || x.within(l, a) || x.restates(l, a) || x.follows(l, a) || x.isBecoming(l, a) || x.literally(l, a)
}

var itFollows = regexp.MustCompile(`(?i)\bso\s(?:more than\s|at most\s|no more than\s|only\s)?\**$`)

// follows tells whether an amount is the one from which it follows: "12 partitions, so
// more than 12 replicas are of no use".
func (x *Index) follows(l *line, a Atom) bool {
	return a.Kind == Number && itFollows.MatchString(l.before(a)) && slices.ContainsFunc(l.atoms, func(o Atom) bool {
		return o.Kind == Number && o.End < a.Start && o.Key == a.Key && x.carries(x.claim(l, o))
	})
}

var inOtherWords = regexp.MustCompile(`^\**\s?\(\s?(?:about |around |roughly |some |or |i\.e\. |that is |≈ ?|~ ?)?\**$`)

// restates tells whether an atom says the one before it in another unit: "512Mi (half
// a gigabyte)".
func (x *Index) restates(l *line, a Atom) bool {
	i := slices.IndexFunc(l.atoms, func(o Atom) bool { return o.Start == a.Start && o.Kind == a.Kind })
	if i < 1 || l.atoms[i-1].Kind != a.Kind || l.atoms[i-1].End > a.Start {
		return false
	}
	before := l.atoms[i-1]
	return inOtherWords.MatchString(l.text[before.End:a.Start]) && same(a, before) && x.carries(x.claim(l, before))
}

// literally tells whether the evidence has a figure behind the same three words as
// the line: "below 1 % within ten minutes".
func (x *Index) literally(l *line, a Atom) bool {
	if l.about(a) != nil || a.Kind == Version || l.rate(a) != "" {
		return false
	}
	before := strings.Fields(letters(l.before(a)))
	if len(before) < 4 { // the first of them may be cut
		return false
	}
	return says(x.said, strings.Join(before[len(before)-3:], " ")+" "+letters(a.Text))
}
