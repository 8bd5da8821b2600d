package check

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/opsbuddy/opsbuddy/evidence"
)

// verdict on one atom.
type verdict int

const (
	supported verdict = iota
	unproven          // marked: it matters and the evidence does not have it
	invented          // removed: it names something that does not exist
)

// judge looks an atom of a line up.
func (x *Index) judge(l *line, a Atom) verdict {
	switch a.Kind {
	case Ticket: // DB-7 may be the host db-7
		return orElse(x.has(Ticket, a.Key) || x.has(Host, fold(a.Key)), invented)
	case Incident:
		if anyNumber(l.text, a) {
			return orElse(x.has(Incident, a.Key), unproven)
		}
		return orElse(x.has(Incident, a.Key), invented)
	case Link, Citation, Email:
		return orElse(x.has(a.Kind, a.Key), invented)
	case Person:
		if a.Doubtful && l.foreign { // where every noun has a capital
			return supported
		}
		if a.Doubtful {
			return orElse(x.says(a.Key), unproven)
		}
		return orElse(x.says(a.Key), invented)
	case Date:
		return orElse(x.has(Date, a.Key), unproven)
	case Code:
		return orElse(x.says(a.Key) || x.fills(a.Key), unproven)
	case Path, Host, Phone, Priority:
		return orElse(x.says(a.Key), unproven)
	case Quote:
		return orElse(strings.Contains(" "+x.said+" ", " "+a.Key+" "), unproven)
	case Clock:
		return orElse(x.carries(x.claim(l, a)) || x.isNow(l, a) || x.runsOut(l, a), unproven)
	case Duration:
		if past := l.about(a); past != nil && l.last(a) && sameDuration(a, evidence.Took(past.Incident).Seconds()) {
			return supported
		}
		return orElse(x.saysAmount(l, a) || x.fromTo(l, a) || x.ofDay(l, a) || x.age(l, a) || x.asUsual(l, a) || x.withAnother(l, a), unproven)
	case Ordinal:
		if strings.HasPrefix(l.after(a), " percentile") {
			return orElse(x.says("p"+a.Key) || x.has(Ordinal, a.Key), unproven)
		}
		return orElse(x.has(Ordinal, a.Key) || x.carries(x.claim(l, a)), unproven)
	case Percent:
		return orElse(x.carries(x.claim(l, a)) || x.ofShare(l, a) || x.within(l, a) || x.isBecoming(l, a) || x.withAnother(l, a), unproven)
	default:
		return orElse(x.saysAmount(l, a), unproven)
	}
}

// anyNumber tells whether "#5" may be the number of anything: it is short, and the
// words before it do not call it an incident.
func anyNumber(text string, a Atom) bool {
	before := strings.ToLower(strings.TrimRight(text[:a.Start], "\\ \t:*([_"))
	return strings.HasPrefix(a.Key, "#") && len(a.Key) <= len("#99") &&
		!strings.HasSuffix(before, "incident") && !strings.HasSuffix(before, "incidents") && !strings.HasSuffix(before, "pagerduty")
}

// ofShare tells whether a percentage is that of the share before it: "14 of 48
// (about 29 %)".
func (x *Index) ofShare(l *line, a Atom) bool {
	i := slices.IndexFunc(l.atoms, func(o Atom) bool { return o.Start == a.Start })
	if i < 1 || l.atoms[i-1].Kind != Share || !strings.Contains(l.text[l.atoms[i-1].End:a.Start], "(") {
		return false
	}
	s := l.atoms[i-1]
	return s.Of > 0 && math.Abs(100*s.Value/s.Of-a.Value) <= a.Unit/2 && x.carries(x.claim(l, s))
}

func (x *Index) claim(l *line, a Atom) claim {
	c := claim{
		Atom: a, near: l.near(a), line: l, names: l.of(a), rate: l.rate(a), bound: l.bound(a),
		ahead: l.ahead(a), past: l.about(a), sides: l.sides(a), then: x.ofEarlierDay(l, a) || lastTime.MatchString(lastSentence(l.text[max(0, a.Start-4*closeBy):a.Start])),
	}
	if l.foreign { // what is said of a threshold there is not known
		c.bound = either
	}
	return c
}

func orElse(ok bool, otherwise verdict) verdict {
	if ok {
		return supported
	}
	return otherwise
}

// says tells whether the evidence has these words as whole words.
func (x *Index) says(key string) bool { return says(x.text, key) }

// saysWords does so whatever the marks between them.
func (x *Index) saysWords(key string) bool { return says(x.said, letters(key)) }

func says(text, key string) bool {
	if key == "" {
		return false
	}
	for from := 0; ; {
		i := strings.Index(text[from:], key)
		if i < 0 {
			return false
		}
		i += from
		if whole(text, i, i+len(key)) {
			return true
		}
		from = i + 1
	}
}

// whole tells whether a part of a text begins and ends where words do. Between
// letters of a script without blanks, and where one script meets another, there
// is such a place everywhere.
func whole(text string, start, end int) bool {
	first, _ := utf8.DecodeRuneInString(text[start:])
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	last, _ := utf8.DecodeLastRuneInString(text[:end])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return !(start > 0 && oneWord(before, first)) && !(end < len(text) && oneWord(last, after))
}

func oneWord(a, b rune) bool {
	part := func(r rune) bool { return r == '_' || letter(r) }
	return part(a) && part(b) && !dense(a) && !dense(b)
}

func itoa(n int) string { return strconv.Itoa(n) }
