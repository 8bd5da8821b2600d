package slack

import (
	"slices"
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
)

// cleanBody is a body as it is parsed.
func cleanBody(body string) string {
	lines := strings.Split(unwrapped(cut(border.Clean(body), maxMarkdown)), "\n")
	for i := range lines {
		lines[i] = shallow(lines[i])
	}
	return strings.Join(lines, "\n")
}

// maxNesting is far deeper than Slack shows. The parser's time grows with the
// square of it.
const maxNesting = 50

// shallow takes the marks of lists and quotes off a line that nests deeper.
func shallow(l string) string {
	depth, kept := 0, 0
	for at := 0; ; {
		n := nestingMark(l[at:])
		switch {
		case n == 0 && depth > maxNesting:
			return l[:kept] + l[at:]
		case n == 0:
			return l
		}
		if at += n; l[at-n] != ' ' && l[at-n] != '\t' {
			depth++
		}
		if depth <= maxNesting {
			kept = at
		}
	}
}

// nestingMark is the length of the blank, or of the mark of a list or a quote,
// that s begins with.
func nestingMark(s string) int {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	switch {
	case s == "":
		return 0
	case s[0] == ' ', s[0] == '\t', s[0] == '>':
		return 1
	case digits < len(s) && strings.IndexByte(".)", s[digits]) >= 0 && digits > 0:
		digits++
	case strings.IndexByte("-*+", s[0]) >= 0:
		digits = 1
	default:
		return 0
	}
	if digits < len(s) && (s[digits] == ' ' || s[digits] == '\t') {
		return digits
	}
	return 0
}

// isMarkdown tells the fences that hold a text for reading, not code.
func isMarkdown(language string) bool { return language == "markdown" || language == "md" }

// unwrapped takes the fence off a text that stands in one as a whole, as models
// like to answer, and off a fence that says that it holds Markdown.
func unwrapped(body string) string {
	lines := strings.Split(strings.TrimSpace(body), "\n")
	open := slices.IndexFunc(lines, func(l string) bool { _, _, ok := fenceLine(l); return ok })
	if open < 0 {
		return body
	}
	mark, language, _ := fenceLine(lines[open])
	end := fenceEnd(lines, open+1, mark)
	inside, below := lines[open+1:end], lines[min(end+1, len(lines)):]
	switch {
	case isMarkdown(language):
	case language != "" || open > 0 || len(below) > 0 || !holdsReport(inside):
		return body
	}
	return strings.Join(slices.Concat(lines[:open], []string{""}, inside, []string{""}, below), "\n")
}

// fenceEnd finds the line that ends a fence which holds fences itself. A bare
// mark may end it or begin one inside: then code follows at once.
func fenceEnd(lines []string, from int, mark string) int {
	inner := false
	for i := from; i < len(lines); i++ {
		_, language, opens := fenceLine(lines[i])
		switch {
		case !opens:
		case language != "":
			inner = true
		case inner:
			inner = false
		case closes(lines[i], mark) && (i+1 == len(lines) || strings.TrimSpace(lines[i+1]) == ""):
			return i
		default:
			inner = true
		}
	}
	return len(lines)
}

// holdsReport tells a report in a fence without a language from code in one: it
// has headings, which a comment in code looks like only when it is the first line.
func holdsReport(inside []string) bool {
	return strings.HasPrefix(strings.TrimSpace(strings.Join(inside, "\n")), "# ") ||
		slices.ContainsFunc(inside, func(l string) bool { return strings.HasPrefix(l, "## ") })
}

// fenceLine reads the line that opens a fence.
func fenceLine(l string) (mark, language string, ok bool) {
	l = strings.TrimSpace(l)
	for _, c := range []string{"`", "~"} {
		if rest := strings.TrimLeft(l, c); len(l)-len(rest) >= 3 && !strings.Contains(rest, "`") {
			return l[:len(l)-len(rest)], strings.ToLower(strings.TrimSpace(rest)), true
		}
	}
	return "", "", false
}

// closes tells the line that ends a fence: the same mark, at least as long.
func closes(l, mark string) bool {
	l = strings.TrimSpace(l)
	return len(l) >= len(mark) && strings.Trim(l, mark[:1]) == ""
}
