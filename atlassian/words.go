package atlassian

import (
	"slices"
	"strings"
	"unicode"
)

// Bounds on what an alert's text may add to a query.
const (
	maxWords   = 12
	maxWordLen = 40
)

// noiseWords say nothing about a problem: grammar, and what alerts say about
// themselves.
var noiseWords = set("a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "cannot", "could", "did", "do", "does",
	"for", "from", "had", "has", "have", "how", "if", "in", "into", "is", "it", "its", "more", "no", "not", "of", "on", "or",
	"our", "out", "over", "than", "that", "the", "their", "then", "there", "this", "to", "under", "up", "was", "we", "were",
	"what", "when", "which", "while", "who", "will", "with", "you", "your",
	"alarm", "alert", "alerting", "alerts", "critical", "crit", "env", "firing", "high", "incident", "info", "issue", "low",
	"major", "minor", "monitor", "p1", "p2", "p3", "p4", "p5", "problem", "prod", "production", "resolved", "sev", "sev1",
	"sev2", "sev3", "severity", "staging", "threshold", "triggered", "warn", "warning")

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// words are the distinct words of a text in lower case, in order. Lower case
// also takes AND, OR and NOT their meaning in a text search.
func words(text string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r != '_' && !isWordRune(r) }) {
		w = clip(strings.Trim(w, "_"), maxWordLen)
		if w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// tellingWords are the words that say what a problem is about: no grammar, no
// single letters, no ids such as the hash at the end of a pod's name. Words
// that stand in except are left out.
func tellingWords(text string, except []string) []string {
	var out []string
	for _, w := range words(text) {
		if !noiseWords[w] && !isID(w) && len(w) > 1 && !slices.Contains(except, w) {
			out = append(out, w)
		}
	}
	return out[:min(len(out), maxWords)]
}

func isID(w string) bool {
	digits := strings.IndexFunc(w, unicode.IsDigit) >= 0
	letters := strings.IndexFunc(w, unicode.IsLetter) >= 0
	return digits && (letters && len(w) > 8 || !letters && len(w) > 4)
}

// phrase keeps the letters of a name and the characters that are safe inside a
// quoted phrase of a text search, so that "payments_api" is found as written.
func phrase(name string) string {
	keep := func(r rune) rune {
		if isWordRune(r) || r == '_' || r == '.' || r == '-' {
			return r
		}
		return ' '
	}
	text := oneLine(strings.Map(keep, name))
	return strings.Trim(clip(text, 100), " .-_")
}

// overlap counts the wanted words that a text holds.
func overlap(text string, wanted []string) int {
	have := words(text)
	n := 0
	for _, w := range wanted {
		if slices.Contains(have, w) {
			n++
		}
	}
	return n
}

// holdsAll reports whether a text holds all the wanted words, at least one.
func holdsAll(text string, wanted []string) bool {
	return len(wanted) > 0 && overlap(text, wanted) == len(wanted)
}

// clip cuts a text to at most n bytes without cutting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
