package check

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// set is a set of words, names or keys.
type set map[string]bool

func (s set) add(all ...string) {
	for _, v := range all {
		if v != "" {
			s[v] = true
		}
	}
}

// common counts what two sets share.
func (s set) common(o set) int {
	if len(o) < len(s) {
		s, o = o, s
	}
	n := 0
	for v := range s {
		if o[v] {
			n++
		}
	}
	return n
}

// addCommon adds what two sets share.
func (s set) addCommon(a, b set) {
	for v := range a {
		if b[v] {
			s[v] = true
		}
	}
}

// in tells whether the other set has all of this one.
func (s set) in(o set) bool { return s.common(o) == len(s) }

func (s set) meets(o set) bool { return s.common(o) > 0 }

// sortedKeys are the members of a set, the longest first, so that a name is found
// before the part of it that is another's.
func sortedKeys(s set) []string {
	return slices.SortedFunc(maps.Keys(s), func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
}

// fold makes texts comparable whatever their case, white space and accents:
// models write "Ines" for "Inês".
func fold(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return unaccented(s)
		}
	}
	return s
}

func unaccented(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// plainDigits writes digits of any script and width as 0 to 9, so that a figure
// is a figure however it is written.
func plainDigits(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case r == '％' || r == '٪':
			return '%'
		case r == '٫':
			return '.'
		case r == '٬':
			return ','
		case r == '\u00a0' || r == '\u202f' || r == '\u2009':
			return ' '
		case unicode.Is(unicode.Nd, r):
			return '0' + digitValue(r)
		}
		return r
	}, s)
}

// digitValue is the value of a decimal digit: Unicode keeps the ten of a script
// together, from zero on.
func digitValue(r rune) rune {
	for _, in := range unicode.Nd.R16 {
		if r >= rune(in.Lo) && r <= rune(in.Hi) {
			return (r - rune(in.Lo)) % 10
		}
	}
	for _, in := range unicode.Nd.R32 {
		if r >= rune(in.Lo) && r <= rune(in.Hi) {
			return (r - rune(in.Lo)) % 10
		}
	}
	return 0
}

// token is a word of a text, or a break between clauses.
type token struct {
	stem       string // empty for a break
	start, end int
}

// words takes a text apart. Marks that end a clause, and the words that join two,
// are breaks: what stands behind them does not belong to a figure before them.
func words(text string) []token {
	var out []token
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case letter(r):
			end := wordEnd(text, i)
			out = append(out, wordTokens(text, i, end)...)
			i = end
		case breaks(text, i, r):
			out = append(out, token{start: i, end: i + n})
			i += n
		default:
			i += n
		}
	}
	return out
}

func letter(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}

func breaks(text string, at int, r rune) bool {
	switch r {
	case ';', '(', ')', '|', '—', '–', '、', '。', '（', '）':
		return true
	case '.', ',', '!', '?', '-':
		after := at + utf8.RuneLen(r)
		return after == len(text) || text[after] == ' '
	}
	return false
}

// wordEnd is where the word that begins at i ends. A dash, a dot or a slash
// between letters belongs to it; an underscore does not: it joins the words of a
// label such as p99_seconds.
func wordEnd(text string, i int) int {
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !letter(r) {
			next, _ := utf8.DecodeRuneInString(text[i+n:])
			if !strings.ContainsRune("-./'’", r) || !letter(next) || r == '/' && perUnit.MatchString(text[i:min(len(text), i+closeBy)]) {
				return i
			}
		}
		i += n
	}
	return i
}

// wordTokens makes tokens of what stands between blanks: one word, or the runs of
// scripts with and without blanks in "order-apiの5xx率".
func wordTokens(text string, start, end int) []token {
	var out []token
	for start < end {
		r, _ := utf8.DecodeRuneInString(text[start:end])
		stop := end
		if i := strings.IndexFunc(text[start:end], func(o rune) bool { return dense(o) != dense(r) }); i > 0 {
			stop = start + i
		}
		if dense(r) {
			out = append(out, pairs(text[start:stop], start)...)
		} else if t, ok := wordToken(text[start:stop], start); ok {
			out = append(out, t)
		}
		start = stop
	}
	return out
}

func wordToken(w string, start int) (token, bool) {
	said := fold(w)
	switch {
	case joins[said]:
		return token{"", start, start + len(w)}, true
	case empty[said] || allDigits(said) && !isCode(said):
		return token{}, false
	}
	s := stem(w)
	return token{s, start, start + len(w)}, !allDigits(s) || isCode(s)
}

// dense letters stand without blanks between words.
func dense(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// pairs are the neighbouring letters of a text without blanks.
func pairs(w string, start int) []token {
	var out []token
	last, at := "", 0
	for i, r := range w {
		if last != "" {
			out = append(out, token{last + string(r), start + at, start + i + utf8.RuneLen(r)})
		}
		last, at = string(r), i
	}
	return out
}

// isCode tells whether digits are a word rather than an amount, as the 502 of
// "502 rate 35%" is: an error's status, or how a process was killed.
func isCode(s string) bool {
	return len(s) == 3 && (s[0] == '4' || s[0] == '5' || s == "137" || s == "139" || s == "143") && strings.Trim(s, "0123456789") == ""
}

func allDigits(s string) bool { return strings.Trim(s, "0123456789.,/-") == "" }

// joins are words that begin another clause.
var joins = wordSet("and but while because whereas although und et y")

// empty are words that say nothing of what a figure is about.
var empty = wordSet(`a an the of in on at to for from by with as or if is are was were be been being has have had having it its this that
	these those there here he she they we you i who which what when where how than then so no not only also just still already yet now
	about after before since until till within during over under above below between per up down out off all both each every any some
	more most less least same other another one will would can could may might should must do does did get got go goes
	minute minutes min mins hour hours second seconds sec secs day days week weeks
	end ended caus cause fix fixed help took take see say said again whether very much many several among them their one two three four five six seven eight nine ten eleven twelve against e.g i.e etc utc s h`)

func wordSet(text string) set {
	s := set{}
	s.add(strings.Fields(text)...)
	return s
}

// stemSet is the set of the stems of words.
func stemSet(text string) set {
	s := set{}
	for w := range strings.FieldsSeq(text) {
		s.add(stem(w))
	}
	return s
}

var particles = wordSet("off in ins out outs over back up on down through")

// stem makes the forms of one word alike: restarted, restarts, restarting.
func stem(w string) string {
	w = strings.TrimSuffix(strings.TrimSuffix(fold(w), "'s"), "’s")
	if first, last, ok := strings.Cut(w, "-"); ok && particles[last] { // cut-off, sign-in
		w = first + last
	}
	if strings.ContainsAny(w, "-./") || allDigits(w) {
		return w
	}
	for _, end := range []string{"ments", "ment", "ings", "ing", "ies", "ied", "ed", "es", "ly", "s"} {
		if cut, ok := strings.CutSuffix(w, end); ok && len(cut) >= 3 {
			w = cut
			break
		}
	}
	if cut := strings.TrimSuffix(w, "ion"); len(cut) >= 5 && cut != w { // connection, connected
		w = cut
	}
	if cut := strings.TrimRight(w, "ey"); len(cut) >= 3 {
		w = cut
	}
	if n := len(w); n > 3 && w[n-1] == w[n-2] { // flapping, flap
		w = w[:n-1]
	}
	return w
}
