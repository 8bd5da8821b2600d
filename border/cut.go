package border

import (
	"unicode"
	"unicode/utf8"
)

// ellipsis marks a cut; it counts as one rune.
const ellipsis = "…"

// Cut returns at most limit runes of s and whether something was left out. A cut
// text ends in "…", which is counted, and is never cut inside what a reader
// sees as one character: a letter with its marks, an emoji with skin tone,
// variation selector or joined parts, a flag. limit <= 0 gives "".
func Cut(s string, limit int) (string, bool) {
	if limit <= 0 {
		return "", s != ""
	}
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s, false
	}
	at, runes := 0, 0
	for at < len(s) {
		bytes, n := cluster(s[at:])
		if runes += n; runes > limit-1 {
			break
		}
		at += bytes
	}
	return trimRight(s[:at]) + ellipsis, true
}

// cluster measures the first character as a reader sees it, in bytes and
// runes. It is the part of UAX #29 that matters for alerts: \r\n, marks,
// joiners, emoji modifiers, tags, and flags as pairs.
func cluster(s string) (bytes, runes int) {
	prev, bytes := utf8.DecodeRuneInString(s)
	runes = 1
	flags := 0
	if regional(prev) {
		flags = 1
	}
	for bytes < len(s) {
		r, size := utf8.DecodeRuneInString(s[bytes:])
		switch {
		case prev == '\r' && r == '\n', extends(r) && prev != '\n':
		case prev == zwj && r > 0xff && !unicode.IsSpace(r):
		case regional(r) && flags == 1:
			flags = 2
		default:
			return bytes, runes
		}
		bytes += size
		runes++
		prev = r
	}
	return bytes, runes
}

func regional(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// extends reports whether r belongs to the character before it.
func extends(r rune) bool {
	switch {
	case r < 0x300:
		return false
	case r == zwj, r == zwnj, r >= 0x1f3fb && r <= 0x1f3ff, r >= 0xe0020 && r <= 0xe007f:
		return true
	}
	return unicode.In(r, unicode.M, unicode.Variation_Selector)
}

// trimRight takes blanks off the end, so that the ellipsis follows a word.
func trimRight(s string) string {
	for len(s) > 0 {
		r, size := utf8.DecodeLastRuneInString(s)
		if !unicode.IsSpace(r) {
			break
		}
		s = s[:len(s)-size]
	}
	return s
}
