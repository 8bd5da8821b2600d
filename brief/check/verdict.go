package check

import (
	"strconv"
	"strings"
)

// verdict on one atom.
type verdict int

const (
	supported verdict = iota
	unproven          // marked: it matters and the evidence does not have it
	invented          // removed: it names something that does not exist
)

// judge looks an atom up. Whole words of the line around it decide nothing here;
// relations do that.
func (x *Index) judge(a Atom) verdict {
	switch a.Kind {
	case Link, Citation, Ticket, Incident, Email:
		return either(x.has(a.Kind, a.Key), invented)
	case Person:
		return either(x.says(a.Key), invented)
	case Date:
		return either(x.has(Date, a.Key), unproven)
	case Clock:
		return either(x.near(x.minutes, a.Value, 1), unproven)
	case Duration:
		return either(x.lasted(a), unproven)
	case Code:
		return either(x.says(a.Key) || x.fills(a.Key), unproven)
	case Path, Host:
		return either(x.says(a.Key), unproven)
	default:
		return either(x.counted(a), unproven)
	}
}

func either(ok bool, otherwise verdict) verdict {
	if ok {
		return supported
	}
	return otherwise
}

// says tells whether the evidence has these words as whole words.
func (x *Index) says(key string) bool {
	for from := 0; ; {
		i := strings.Index(x.text[from:], key)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(key)
		if (i == 0 || !wordByte(x.text[i-1])) && (end == len(x.text) || !wordByte(x.text[end])) {
			return true
		}
		from = i + 1
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || isDigit(c) || c >= 0x80 || c == '_'
}

func (x *Index) near(all []float64, v, within float64) bool {
	for _, have := range all {
		if have-v <= within && v-have <= within {
			return true
		}
	}
	return false
}

// lasted looks for a duration, and for one that counts back from now. Seconds may
// stand in the evidence as a bare number: that is how metrics name them.
func (x *Index) lasted(a Atom) bool {
	if a.Unit <= 1 && x.has(Number, itoa(int(a.Value/a.Unit+0.5))) {
		return true
	}
	for _, d := range x.durations {
		if sameDuration(a, d) {
			return true
		}
	}
	if a.Ago {
		for _, t := range x.moments {
			if sameAge(a, x.facts.ReadAt.Sub(t).Seconds()) {
				return true
			}
		}
	}
	return false
}

// counted looks for a number among numbers of its kind, and among the counts
// that code made.
func (x *Index) counted(a Atom) bool {
	if x.has(a.Kind, a.Key) {
		return true
	}
	if a.Kind != Number && a.Kind != Ordinal {
		return false
	}
	for _, n := range x.counts() {
		if a.Value == float64(n) {
			return true
		}
	}
	return a.Kind == Number && (x.has(Ordinal, a.Key) || x.has(Percent, a.Key))
}

// counts are the lengths of the lists that were read whole.
func (x *Index) counts() []int {
	f := x.facts
	n := []int{len(f.Past), len(f.Tickets), len(f.OnCall), len(f.Changes), len(f.Related), len(f.Alerts)}
	if f.AlertsCut.Total > 0 {
		n = append(n, f.AlertsCut.Total)
	}
	if r, ok := f.Recurs(); ok {
		n = append(n, r.Times, r.Times-1, r.Days)
	}
	return n
}

func itoa(n int) string { return strconv.Itoa(n) }
