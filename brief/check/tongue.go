package check

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// tongue is another language than English in which a model may write. What has a
// form of its own there (dates, figures, "ago") and the words that a brief is made of
// are turned into English ones before a line is taken apart; the brief keeps its own.
type tongue struct {
	small  set               // words that tell the language
	words  map[string]string // by lower case
	forms  []form
	months *regexp.Regexp
}

// form is a way to say something that goes beyond one word.
type form struct {
	find *regexp.Regexp
	as   string
}

// least is how many of its small words make a text one of a language.
const least = 6

// englishWords are the small words of English, as far as no other tongue has them.
var englishWords = wordSet("the of and is are was were has have been with for from that this it its not by at on which who when there they")

// tongueOf is the language of a brief, nil for English and for what nobody knows.
func tongueOf(markdown string) *tongue {
	said, english := map[*tongue]int{}, 0
	for _, w := range plainWords(markdown) {
		if englishWords[w] {
			english++
		}
		for _, t := range tongues {
			if t.small[w] {
				said[t]++
			}
		}
	}
	var best *tongue
	for _, t := range tongues {
		if n := said[t]; n >= least && n > english && (best == nil || n > said[best]) {
			best = t
		}
	}
	return best
}

// plainWords are the words of a text in lower case, without what is quoted from the
// evidence letter by letter.
func plainWords(text string) []string {
	text = verbatim.ReplaceAllString(text, " ")
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '-' })
}

// verbatim is what stands in a text as it stood elsewhere: code, addresses, quotations.
var verbatim = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`|https?://[^\\s)>]+|[“„\"][^“”\"\n]*[”“\"]|«[^»\n]*»")

// english is a line with its figures, dates and common words in English.
func (t *tongue) english(line string) string {
	if t == nil {
		return line
	}
	if theirs, ours := t.share(line); ours > theirs {
		return line
	}
	var b strings.Builder
	last := 0
	for _, at := range verbatim.FindAllStringIndex(line, -1) {
		b.WriteString(t.turned(line[last:at[0]]))
		b.WriteString(line[at[0]:at[1]])
		last = at[1]
	}
	b.WriteString(t.turned(line[last:]))
	return b.String()
}

// share counts the words of a line that are of this language, and of English.
func (t *tongue) share(line string) (theirs, ours int) {
	for _, w := range plainWords(line) {
		if t.small[w] || t.words[w] != "" {
			theirs++
		}
		if englishWords[w] {
			ours++
		}
	}
	return theirs, ours
}

var (
	numericDate = regexp.MustCompile(`\b(\d{2})[./](\d{2})[./](\d{4})\b`)
	thousands   = regexp.MustCompile(`(^|[^\w.,])(\d{1,3}(?:\.\d{3})+)(,\d+)?\b`)
	decimal     = regexp.MustCompile(`(^|[^\w.,])(\d+),(\d{1,2}|\d{4,})\b`)
	hourLong    = regexp.MustCompile(`(?i)(\bpendant|\bdurant|\bdurée(?: de)?|\bduré|\baprès|\ben|\bdurante|\bdurou|\bdurato|\bduró|\bdauerte|\bduurde)\s(\d{1,2})\s?h\s?([0-5]\d)\b`)
	hourOnly    = regexp.MustCompile(`\b([01]?\d|2[0-3])\s?[hH]([0-5]\d)\b`)
	foreignWord = regexp.MustCompile(`\p{L}+`)
)

func (t *tongue) turned(text string) string {
	text = numericDate.ReplaceAllString(text, "$3-$2-$1")
	text = thousands.ReplaceAllStringFunc(text, func(s string) string {
		return strings.NewReplacer(".", ",", ",", ".").Replace(s)
	})
	text = decimal.ReplaceAllString(text, "$1$2.$3")
	text = hourLong.ReplaceAllString(text, "$1 $2 h $3 min") // before 13h36 becomes a time
	text = hourOnly.ReplaceAllString(text, "$1:$2")
	text = t.months.ReplaceAllStringFunc(text, func(s string) string {
		m := t.months.FindStringSubmatch(s)
		return strings.TrimRight(strings.Join([]string{m[1], t.words[strings.ToLower(m[2])], m[3]}, " "), " ")
	})
	for _, f := range t.forms {
		text = f.find.ReplaceAllString(text, f.as)
	}
	return t.word(text)
}

// word turns the words one by one. A part of a name such as "seats-db" stays.
func (t *tongue) word(text string) string {
	var b strings.Builder
	last := 0
	for _, at := range foreignWord.FindAllStringIndex(text, -1) {
		said := t.words[strings.ToLower(text[at[0]:at[1]])]
		if said == "" || !alone(text, at[0], at[1]) {
			continue
		}
		b.WriteString(text[last:at[0]])
		b.WriteString(said)
		last = at[1]
	}
	return b.String() + text[last:]
}

// alone tells whether a word is no part of a name: of a host, a path, a label.
func alone(text string, start, end int) bool {
	before := start > 0 && strings.IndexByte("-_./@#=", text[start-1]) >= 0
	after := end+1 < len(text) && strings.IndexByte("-_./@=", text[end]) >= 0 && text[end+1] != ' '
	return !before && !after
}

// back is a line of the brief after its English form was checked: as it was, without
// links and citations that nobody vouches for, with a mark that says what is not in
// evidence. Nothing of it is repaired: the right value would stand there in English.
func back(line string, found []Finding) string {
	var doubts []string
	for _, f := range found {
		if f.Kind == Link || f.Kind == Citation {
			line = strings.ReplaceAll(labelOf(line, f.What), f.What, "")
			continue
		}
		if !slices.Contains(doubts, f.What) {
			doubts = append(doubts, f.What)
		}
	}
	if len(doubts) == 0 {
		return line
	}
	mark, end := " "+Mark+": "+strings.Join(doubts, ", "), ""
	line = strings.TrimRight(line, " ")
	if strings.HasPrefix(strings.TrimSpace(line), "|") && strings.HasSuffix(line, "|") {
		line, end = strings.TrimRight(strings.TrimSuffix(line, "|"), " "), " |"
	}
	return line + mark + end
}

// labelOf leaves of a link its label.
func labelOf(line, address string) string {
	if address == "" {
		return line
	}
	return regexp.MustCompile(`\[([^\]]*)\]\(<?`+regexp.QuoteMeta(address)+`>?\)`).ReplaceAllString(line, "$1")
}
