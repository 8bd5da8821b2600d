package agent

import (
	"fmt"
	"strings"
)

// known are the lines of the first message, which stays in the conversation to
// its end. Workflow side.
type known map[string]bool

func linesOf(text string) known {
	k := known{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			k[line] = true
		}
	}
	return k
}

// leaveOut takes the lines out of a tool's answer that stand in the first message
// already, and says so in their place: models like to read again what they were
// given, and pay for it in each later turn. A single line stays, since what
// follows it may be about it. The evidence keeps the whole answer.
func (k known) leaveOut(text string) string {
	lines := strings.Split(text, "\n")
	var out []string
	for len(lines) > 0 {
		n, said := k.run(lines)
		if left := fmt.Sprintf("(%d lines as in the facts above)", said); said > 1 && len(strings.Join(lines[:n], "\n")) > len(left) {
			out = append(out, left)
		} else {
			n = max(n, 1)
			out = append(out, lines[:n]...)
		}
		lines = lines[n:]
	}
	return strings.Join(out, "\n")
}

// run counts the lines at the beginning that are known, up to the last that says
// something, and how many say something.
func (k known) run(lines []string) (n, said int) {
	for i, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case k[line]:
			n, said = i+1, said+1
		case line != "":
			return n, said
		}
	}
	return n, said
}
