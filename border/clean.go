package border

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	replacement = utf8.RuneError
	zwnj        = '\u200c'
	zwj         = '\u200d'
	escape      = '\x1b'
	blackFlag   = '\U0001f3f4'
	cancelTag   = '\U000e007f'
)

// Clean makes text from outside safe to store, count, log and show.
//
// Runs of invalid UTF-8, unpaired surrogates and U+FFFD become one U+FFFD; a
// surrogate pair in CESU-8 bytes becomes its character. Terminal escape
// sequences, control characters other than \n and \t, direction marks and
// overrides, and invisible characters that only hide or disguise text are
// dropped. Every kind of line break becomes \n. ZWJ, ZWNJ, one variation
// selector and the tags of a flag stay where scripts and emoji need them.
// Nothing is shortened. Clean(Clean(s)) == Clean(s).
func Clean(s string) string {
	if plain(s) {
		return s
	}
	c := cleaner{last: -1}
	c.out.Grow(len(s))
	for len(s) > 0 {
		s = s[c.step(s):]
	}
	return c.out.String()
}

// Line is Clean for text that must stay on one line: every run of white space
// that holds a line break or a tab becomes one blank, and the ends are trimmed.
func Line(s string) string {
	s = Clean(s)
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\t' })
	kept := parts[:0]
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}

// plain reports whether s is ASCII that Clean would not change, which is most
// of what passes.
func plain(s string) bool {
	for i := range len(s) {
		if b := s[i]; b >= 0x7f || b < ' ' && b != '\n' && b != '\t' {
			return false
		}
	}
	return true
}

type cleaner struct {
	out  strings.Builder
	last rune // last rune written; decides about joiners, so that a second pass decides alike
}

// step handles what s begins with and returns how many bytes that was.
func (c *cleaner) step(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r == replacement:
		return c.invalid(s, n)
	case r == escape, r >= 0x80 && r < 0xa0:
		return c.control(s, r, n)
	case r == '\r':
		c.write('\n')
		if strings.HasPrefix(s[n:], "\n") {
			return n + 1
		}
	case r == '\v', r == '\f', r == '\u2028', r == '\u2029':
		c.write('\n')
	case r == blackFlag:
		return c.flag(s, n)
	case c.keeps(r):
		c.write(r)
	}
	return n
}

func (c *cleaner) write(r rune) {
	if r == replacement && c.last == replacement {
		return
	}
	c.out.WriteRune(r)
	c.last = r
}

// invalid handles a byte that is not UTF-8, or U+FFFD itself.
func (c *cleaner) invalid(s string, n int) int {
	if r, size := cesu8(s); size > 0 {
		c.write(r)
		return size
	}
	c.write(replacement)
	return n
}

// cesu8 decodes a surrogate pair that was encoded as two three-byte sequences,
// as Java and some databases write characters beyond U+FFFF.
func cesu8(s string) (rune, int) {
	high, ok1 := surrogate(s, 0xa0)
	if !ok1 {
		return 0, 0
	}
	low, ok2 := surrogate(s[3:], 0xb0)
	if !ok2 {
		return 0, 0
	}
	return 0x10000 + high<<10 + low, 6
}

func surrogate(s string, lead byte) (rune, bool) {
	if len(s) < 3 || s[0] != 0xed || s[1]&0xf0 != lead || s[2]&0xc0 != 0x80 {
		return 0, false
	}
	return rune(s[1]&0x0f)<<6 | rune(s[2]&0x3f), true
}

// control handles ESC and the C1 controls: the whole sequence goes, not only
// its first character, so that no "[31m" stays behind.
func (c *cleaner) control(s string, r rune, n int) int {
	switch {
	case r == '\u0085': // NEL, the line break of EBCDIC
		c.write('\n')
		return n
	case r == '\u009b': // rare and a stray byte more often: only with parameters
		if size := csi(s[n:]); size > 1 {
			n += size
		}
		return n
	case strings.ContainsRune("\u0090\u0098\u009d\u009e\u009f", r):
		return n + controlString(s[n:])
	case r != escape || len(s) == 1:
		return n
	case s[1] == '[':
		return 2 + csi(s[2:])
	case strings.IndexByte("P]X^_", s[1]) >= 0:
		return 2 + controlString(s[2:])
	}
	return 1 + shortSequence(s[1:])
}

// csi returns the length of "parameters, intermediates, final byte" (ECMA-48
// section 5.4), or 0 when s is no such thing.
func csi(s string) int {
	i := 0
	for i < len(s) && i < 64 && s[i] >= 0x20 && s[i] <= 0x3f {
		i++
	}
	if i < len(s) && s[i] >= 0x40 && s[i] <= 0x7e {
		return i + 1
	}
	return 0
}

// shortSequence returns the length of "intermediates, final byte", or 0. An
// ESC before an ordinary letter or digit is not taken for a sequence: words
// must stay.
func shortSequence(s string) int {
	i := 0
	for i < len(s) && i < 4 && s[i] >= '(' && s[i] <= '/' {
		i++
	}
	if i > 0 && i < len(s) && s[i] >= 0x30 && s[i] <= 0x7e {
		return i + 1
	}
	return 0
}

// maxControlString bounds how much one escape sequence may swallow.
const maxControlString = 2048

// controlString returns the length of an OSC, DCS, SOS, PM or APC string with
// its terminator (BEL, ESC \ or ST), or 0 when it does not end on its line:
// then only the introducer goes and the words stay.
func controlString(s string) int {
	if len(s) > maxControlString {
		s = s[:maxControlString]
	}
	end := strings.IndexAny(s, "\a\x1b\u009c\n")
	if end < 0 {
		return 0
	}
	switch rest := s[end:]; {
	case rest[0] == '\a':
		return end + 1
	case strings.HasPrefix(rest, "\x1b\\"), strings.HasPrefix(rest, "\u009c"):
		return end + 2
	}
	return 0
}

// flag writes a black flag, with its tags when they form a subdivision flag
// (England, Scotland, Wales). Tags anywhere else are invisible text, known as
// a way to smuggle instructions to a model, and are dropped by keeps.
func (c *cleaner) flag(s string, n int) int {
	c.write(blackFlag)
	tags := 0
	for i := n; i < len(s) && tags <= 6; {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if r == cancelTag && tags >= 3 {
			c.out.WriteString(s[n:i])
			c.last = cancelTag
			return i
		}
		if r < 0xe0030 || r > 0xe007a {
			break
		}
		tags++
	}
	return n
}

// keeps decides about every rune that needs no other treatment.
func (c *cleaner) keeps(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return true
	case r < ' ', r == 0x7f:
		return false
	case r == zwj, r == zwnj:
		return joins(c.last)
	case unicode.Is(unicode.Variation_Selector, r):
		return c.last > ' ' && !unicode.Is(unicode.Variation_Selector, c.last)
	case unicode.Is(unicode.Noncharacter_Code_Point, r):
		return false
	}
	return !unicode.Is(hidden, r)
}

// joins reports whether a joiner after r can mean anything: it does after
// letters and marks of scripts beyond Latin, and inside emoji. Between Latin
// letters it only hides a word from a search.
func joins(r rune) bool {
	return r > '\u0370' && r != zwj && r != zwnj && r != replacement
}

// hidden holds characters that show nothing and change what surrounds them or
// how it is matched.
var hidden = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00ad, Hi: 0x00ad, Stride: 1}, // soft hyphen
		{Lo: 0x061c, Hi: 0x061c, Stride: 1}, // Arabic letter mark
		{Lo: 0x180e, Hi: 0x180e, Stride: 1}, // Mongolian vowel separator
		{Lo: 0x200b, Hi: 0x200b, Stride: 1}, // zero width space
		{Lo: 0x200e, Hi: 0x200f, Stride: 1}, // direction marks
		{Lo: 0x202a, Hi: 0x202e, Stride: 1}, // direction embeddings and overrides
		{Lo: 0x2060, Hi: 0x206f, Stride: 1}, // word joiner, invisible operators, isolates, deprecated controls
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xfeff, Hi: 0xfeff, Stride: 1}, // byte order mark
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, // halfwidth Hangul filler
		{Lo: 0xfff9, Hi: 0xfffb, Stride: 1}, // interlinear annotation
	},
	R32: []unicode.Range32{
		{Lo: 0x1d173, Hi: 0x1d17a, Stride: 1}, // musical format controls
		{Lo: 0xe0000, Hi: 0xe007f, Stride: 1}, // tags
	},
	LatinOffset: 1,
}
