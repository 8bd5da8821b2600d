package check

import (
	"regexp"
	"strings"
)

// placeholder is a word of a runbook's command that the reader fills in.
var placeholder = regexp.MustCompile(`<[a-z][\w -]*>|\{\{?[a-z][\w -]*\}?\}|\$\{?[A-Z][A-Z0-9_]*\}?`)

// templatesIn finds the commands with placeholders in a text: its code spans and
// its lines.
func (x *Index) templatesIn(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		found := []string{strings.TrimSpace(listMarker.ReplaceAllString(line, ""))}
		for _, a := range Atoms(line) {
			if a.Kind == Code {
				found = []string{strings.Trim(a.Text, "`")}
			}
		}
		for _, f := range found {
			if placeholder.MatchString(f) && strings.Contains(f, " ") {
				x.templates = append(x.templates, template(f))
			}
		}
	}
}

// template turns a command with placeholders into an expression over folded text.
func template(command string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	folded := fold(command)
	last := 0
	for _, at := range regexp.MustCompile(`(?i)`+placeholder.String()).FindAllStringIndex(folded, -1) {
		b.WriteString(regexp.QuoteMeta(folded[last:at[0]]) + `([\w./:@-]+)`)
		last = at[1]
	}
	b.WriteString(regexp.QuoteMeta(folded[last:]) + "$")
	return regexp.MustCompile(b.String())
}

// fills tells whether a command is one of the evidence's with its placeholders
// filled in by words that the evidence has.
func (x *Index) fills(command string) bool {
	for _, t := range x.templates {
		m := t.FindStringSubmatch(command)
		if m == nil {
			continue
		}
		all := true
		for _, filled := range m[1:] {
			all = all && x.says(filled)
		}
		if all {
			return true
		}
	}
	return false
}
