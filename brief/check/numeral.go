package check

import (
	"regexp"
	"strings"
)

// numerals are numbers in words.
var numerals = map[string]int{
	"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
	"thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
	"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
	"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}

const numeral = `\d+|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth`

const (
	teens = `[Tt]hirteen|[Ff]ourteen|[Ff]ifteen|[Ss]ixteen|[Ss]eventeen|[Ee]ighteen|[Nn]ineteen`
	tens  = `[Tt]wenty|[Tt]hirty|[Ff]orty|[Ff]ifty|[Ss]ixty|[Ss]eventy|[Ee]ighty|[Nn]inety`
	// manyInWords are numbers in words that people do not use for few.
	manyInWords = `(?:(?:` + tens + `)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|` + teens + `|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[Tt]en|[Ee]leven|[Tt]welve)`
	// inWords is a number in words before a unit.
	inWords = `(?:` + manyInWords + `|[Tt]wo|[Tt]hree|[Ff]our)`
)

// mayCount is a condition of texts that may hold a number in words.
var mayCount = func(text string) bool {
	for _, end := range []string{"ive ", "ix ", "even ", "ight ", "ine ", "ten ", "Ten ", "lve ", "teen ", "ty ", "ty-"} {
		if strings.Contains(text, end) {
			return true
		}
	}
	return false
}

// inFigures reads a number in words such as "forty-five".
func inFigures(words string) (float64, bool) {
	sum, read := 0, false
	for w := range strings.FieldsFuncSeq(strings.ToLower(words), func(r rune) bool { return r == '-' || r == ' ' }) {
		n, ok := numerals[w]
		if !ok {
			return 0, false
		}
		sum, read = sum+n, true
	}
	return float64(sum), read
}

// goesOn stands before the second part of a number or of a share: "a hundred and
// sixty", "four out of ten".
var goesOn = regexp.MustCompile(`(?i)\b(?:of|hundred|thousand|hundred and|thousand and)\s$`)

// asMuch is behind a number by which something is multiplied.
var asMuch = regexp.MustCompile(`(?i)^\stimes (?:that|the|as|more|higher|over|its)\b`)

// makeWorded takes a number in words for a number, before a percentage or before
// what is counted: "seven restarts". Of the match it takes the number, with its
// sign of percent.
func makeWorded(text string, g []string, a *Atom) bool {
	n, ok := inFigures(g[1])
	if !ok || goesOn.MatchString(text[:a.Start]) {
		return false
	}
	a.Start += strings.Index(g[0], g[1])
	a.End = a.Start + len(g[1])
	a.Text, a.Value, a.Unit, a.Key = g[1], n, 1, number(n)
	return !asMuch.MatchString(text[a.End:])
}
