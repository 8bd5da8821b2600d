package pagerduty

import (
	"strings"
	"unicode"
)

// alike is the share of words that two titles have in common, 0 to 1. Titles
// with different HTTP statuses are not alike, whatever else they share.
func alike(a, b string) float64 {
	x, y := words(sameWords(a)), words(sameWords(b))
	shared := x.in(y)
	sx, sy := x.statuses(), y.statuses()
	if shared == 0 || len(sx) > 0 && len(sy) > 0 && sx.in(sy) == 0 {
		return 0
	}
	return float64(shared) / float64(len(x)+len(y)-shared)
}

// wordSet is words without order or repetition.
type wordSet map[string]bool

func words(list []string) wordSet {
	s := wordSet{}
	for _, w := range list {
		s[w] = true
	}
	return s
}

// in counts the words that stand in o too.
func (s wordSet) in(o wordSet) int {
	n := 0
	for w := range s {
		if o[w] {
			n++
		}
	}
	return n
}

func (s wordSet) statuses() wordSet {
	out := wordSet{}
	for w := range s {
		if _, ok := httpStatus(w); ok {
			out[w] = true
		}
	}
	return out
}

// sameWords are the words of a title that stay when the same thing happens
// again: numbers, ids and numbered hosts do not, HTTP statuses do.
func sameWords(text string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if status, ok := httpStatus(w); ok {
			out = append(out, status)
		} else if !strings.ContainsFunc(w, unicode.IsDigit) {
			out = append(out, w)
		}
	}
	return out
}

// httpStatus reads "502", "502s" and "5xx".
func httpStatus(w string) (string, bool) {
	if len(w) == 4 {
		w = strings.TrimSuffix(w, "s")
	}
	if len(w) != 3 || w[0] != '4' && w[0] != '5' {
		return "", false
	}
	digits := w[1] >= '0' && w[1] <= '9' && w[2] >= '0' && w[2] <= '9'
	return w, digits || w[1:] == "xx"
}
