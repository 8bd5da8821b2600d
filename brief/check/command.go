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
		if !placeholder.MatchString(line) {
			continue
		}
		found := []string{strings.TrimSpace(listMarker.ReplaceAllString(line, ""))}
		for _, a := range Atoms(line) {
			if a.Kind == Code {
				found = append(found, strings.Trim(a.Text, "`"))
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

// programs are commands that a text may have without the marks of code.
var programs = wordSet("sudo kubectl helm docker systemctl journalctl aws gcloud az terraform psql mysql redis-cli curl wget ssh rm git ansible")

// bare doubts a command without the marks of code that the evidence does not have.
// Where the command ends and the sentence goes on nobody can tell: the longest
// beginning that the evidence has must not be followed by more of a command.
func (p *pass) bare(line string) {
	text := labelled.ReplaceAllString(codeSpan.ReplaceAllString(line, " "), "$1") // an address is no part of a command
	text = strings.ReplaceAll(strings.TrimRight(text, ".,;:"), `\`, "")
	said := strings.Fields(text)
	for i, w := range said {
		w = strings.ToLower(strings.Trim(w, "*(\"“"))
		if !programs[w] && !p.x.programs[w] || i+1 == len(said) || !commandLike(said[i+1:min(len(said), i+7)]) {
			continue
		}
		n := p.longest(said[i:])
		if n == 0 || i+n < len(said) && commandLike(said[i+n:min(len(said), i+n+6)]) {
			p.doubt(line, Code, strings.Join(said[i:min(len(said), i+4)], " "))
		}
		return
	}
}

var codeSpan = regexp.MustCompile("`[^`]*`")

// longest is how many of these words the evidence has as they stand, at least two.
func (p *pass) longest(said []string) int {
	for n := len(said); n >= 2; n-- {
		if key := fold(strings.TrimRight(strings.Join(said[:n], " "), ".,;:!?\"'”’)*")); p.x.says(key) || p.x.fills(key) {
			return n
		}
	}
	return 0
}

// commandLike tells whether words go on as a command does: with a flag, a path, an
// assignment, a subcommand.
func commandLike(said []string) bool {
	for i, w := range said {
		if strings.HasPrefix(w, "-") && len(w) > 1 || strings.Contains(w, "/") || strings.Contains(w, "=") || i == 0 && verbs[w] {
			return true
		}
	}
	return false
}

// verbs are subcommands that change or show something.
var verbs = wordSet("delete get describe logs exec scale rollout apply edit drain cordon restart stop start status install upgrade rollback run rm kill push pull prune reset")
