package atlassian

import "strings"

// style is how a run of text in a line is marked; its value is the mark.
type style string

const (
	plainText  style = ""
	codeText   style = "`"
	boldText   style = "**"
	struckText style = "~~"
)

// inlineText collects the text of a line. Neighbours of one style become one
// run: an editor cuts a command in two where somebody has commented on a part
// of it, and two code spans in a row would no longer be that command.
type inlineText struct {
	done  strings.Builder
	run   strings.Builder
	style style
}

// add writes text of a style as it stands.
func (t *inlineText) add(s style, text string) {
	if text == "" {
		return
	}
	if s != t.style {
		t.endRun()
		t.style = s
	}
	t.run.WriteString(text)
}

// folded adds running text, its white space folded as a browser does.
func (t *inlineText) folded(s string) {
	s = strings.ReplaceAll(s, "\u00a0", " ")
	text := oneLine(s)
	if s != "" && isBlank(s[0]) && !t.endsBlank() {
		text = " " + text
	}
	if strings.TrimSpace(text) != "" && isBlank(s[len(s)-1]) {
		text += " "
	}
	t.add(plainText, text)
}

func (t *inlineText) endRun() {
	text := t.run.String()
	t.run.Reset()
	switch t.style {
	case plainText:
	case codeText:
		text = codeSpan(text)
	case boldText, struckText:
		text = marked(text, string(t.style))
	}
	t.done.WriteString(text)
}

func (t *inlineText) endsBlank() bool {
	s := t.run.String()
	if s == "" {
		s = t.done.String()
	}
	return s == "" || isBlank(s[len(s)-1])
}

// take returns what was collected and starts anew.
func (t *inlineText) take() string {
	t.endRun()
	out := t.done.String()
	*t = inlineText{}
	return out
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
