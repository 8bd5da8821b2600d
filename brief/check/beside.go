package check

import (
	"regexp"
	"strings"
)

// closeBy is how many bytes beside a figure its unit and its bound are looked for.
const closeBy = 64

// before is what stands close before an atom.
func (l *line) before(a Atom) string { return l.text[max(0, a.Start-closeBy):a.Start] }

// after is what stands close after an atom.
func (l *line) after(a Atom) string { return l.text[a.End:min(len(l.text), a.End+closeBy)] }

const unitOfTime = `(second|sec|s|minute|min|hour|h|day)`

var (
	perUnit   = regexp.MustCompile(`(?i)^\**\s?(?:[\p{L}/]+\s){0,2}?(?:per|an?|/)\s?` + unitOfTime + `\b|^\**\s?\p{L}+/` + unitOfTime + `\b`)
	everyUnit = regexp.MustCompile(`(?i)\b(?:every|each|per|an?)\s` + unitOfTime + `\s(?:costs?|loses?)\s(?:\p{L}+\s){0,2}[~$€£]?\**$`)
	labelRate = regexp.MustCompile(`(?i)(?:_per_|_p)` + unitOfTime + `$`)
)

var rateUnits = map[string]string{
	"second": "second", "sec": "second", "s": "second", "minute": "minute", "min": "minute", "hour": "hour", "h": "hour", "day": "day",
}

// rate is the unit of time that an amount is per: of "2300 reads per second", and
// of the label reads_per_second.
func (l *line) rate(a Atom) string {
	if m := perUnit.FindStringSubmatch(l.after(a)); m != nil {
		return rateUnits[strings.ToLower(m[1]+m[2])]
	}
	if m := everyUnit.FindStringSubmatch(l.before(a)); m != nil {
		return rateUnits[strings.ToLower(m[1])]
	}
	if m := labelRate.FindStringSubmatch(l.label); m != nil {
		return rateUnits[strings.ToLower(m[1])]
	}
	return ""
}

// sides are the words directly before and behind a number: "partition 7" names one of
// them, "12 partitions" counts them.
type sides struct{ name, counted string }

var (
	nameBefore = regexp.MustCompile(`(\p{L}+)(?:\s#?|:\s)\**$`)
	nounAfter  = regexp.MustCompile(`^\**\s(\p{L}+s)\b`)
)

func (l *line) sides(a Atom) sides {
	var s sides
	if a.Kind != Number && a.Kind != Share {
		return s
	}
	if m := nameBefore.FindStringSubmatch(l.before(a)); m != nil && !strings.HasSuffix(m[1], "s") { // "files: 17" counts
		s.name = stem(m[1])
	}
	if m := nounAfter.FindStringSubmatch(l.after(a)); m != nil {
		s.counted = stem(m[1])
	}
	return s
}

// named tells whether one is named that the other counts.
func (s sides) named(o sides) bool { return s.name != "" && s.name == o.counted }

// bound is whether a figure is a threshold rather than what was measured. "More
// than 24 minutes" may be either.
type bound int

const (
	measured bound = iota
	either
	threshold
)

// fits tells whether two figures can be the same in this.
func fits(a, b bound) bool { return a == b || a == either || b == either }

var (
	thresholds  = regexp.MustCompile(`(?i)(?:\b(?:above|below|threshold|exceed\w*|pass(?:es|ed)|cross(?:es|ed)|limit|max(?:imum)?|minimum|allowed|(?:fires|alerts|pages|(?:we|they) (?:fire|alert|page)) (?:from|at))\b|しきい値|閾値|上限|[<>≤≥])[\s:=(はが]*(?:of|is|was|at|to|a|now|then)?\s*\**$`)
	isThreshold = regexp.MustCompile(`(?i)^\s*-?(?:threshold|limit|(?:is|are|was|were) allowed)\b`)
	onceWas     = regexp.MustCompile(`(?i)\b(?:was|were|then|had been|used to be)\s+(?:only\s+|still\s+)?\**$`)
	approx      = regexp.MustCompile(`(?i)\b(?:over|under|more than|less than|fewer than|at least|at most|up to|within|beyond|against|versus|vs\.?|almost|nearly|reach\w*)\s*\**$`)
	overIt      = regexp.MustCompile(`^\s?%?\s?(?:を?超|以上|以下|未満|を上回|を下回)`)
	wholeOf     = regexp.MustCompile(`(?i)\d\S*\s(?:[\p{L}/]+\s)?(?:out )?of\s+\**$`)
	unitAtEnd   = regexp.MustCompile(`_(?:seconds|ms|bytes|percent|pct)$`)
)

func (l *line) bound(a Atom) bound {
	if l.limit != nil && l.limit(a) {
		return threshold
	}
	before, after := l.before(a), l.after(a)
	if l.label != "" {
		before = strings.ReplaceAll(unitAtEnd.ReplaceAllString(l.label, ""), "_", " ")
		if _, said, _ := strings.Cut(l.text[:a.Start], ": "); strings.TrimSpace(said) != "" { // of a note, the author is the label
			before = said
		}
	}
	switch {
	case thresholds.MatchString(before), isThreshold.MatchString(after), overIt.MatchString(after):
		return threshold
	case approx.MatchString(before), onceWas.MatchString(before), wholeOf.MatchString(before):
		return either
	}
	return measured
}

var inTime = regexp.MustCompile(`(?i)\b(?:in|leaves|remain(?:s|ing)?:?)\s+(?:about\s+|less than\s+)?\**$`)

var stillLeft = regexp.MustCompile(`(?i)^\**\s(?:left|from now|to go)\b`)

// ahead tells whether a duration is one until something happens.
func (l *line) ahead(a Atom) bool {
	return inTime.MatchString(l.before(a)) || stillLeft.MatchString(l.after(a))
}
