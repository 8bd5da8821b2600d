package model

import "strings"

// thinkTags are the tags in which models leave their thinking in the text.
var thinkTags = []string{"think", "thinking"}

// StripThinking takes a model's thinking out of its text, and returns both. A
// block that is never closed reaches to the end; a closing tag without its
// opening one, which chat templates swallow, begins at the start. Tags count
// where they begin a line outside a code block: a text about <think> is not
// thinking.
func StripThinking(text string) (rest, thinking string) {
	if !strings.Contains(text, "think") {
		return text, ""
	}
	var kept, thought []string
	inThought, inFence := "", false
	for _, line := range strings.SplitAfter(text, "\n") {
		for line != "" {
			trimmed := strings.TrimLeft(line, " \t")
			switch {
			case inThought != "":
				before, after, closed := strings.Cut(line, "</"+inThought+">")
				thought, line = append(thought, before), after
				if closed {
					inThought = ""
				}
				continue
			case strings.HasPrefix(trimmed, "```"):
				inFence = !inFence
			case inFence:
			case opening(trimmed) != "":
				inThought = opening(trimmed)
				line = trimmed[len(inThought)+2:]
				continue
			case closing(trimmed) != "":
				// All that came before was thinking.
				thought, kept = append(thought, kept...), nil
				line = trimmed[len(closing(trimmed))+3:]
				continue
			}
			kept, line = append(kept, line), ""
		}
	}
	if len(thought) == 0 && inThought == "" && len(strings.Join(kept, "")) == len(text) {
		return text, ""
	}
	return strings.TrimSpace(strings.Join(kept, "")), strings.TrimSpace(strings.Join(thought, ""))
}

func opening(line string) string { return tagAt(line, "<") }
func closing(line string) string { return tagAt(line, "</") }

func tagAt(line, start string) string {
	for _, tag := range thinkTags {
		if strings.HasPrefix(line, start+tag+">") {
			return tag
		}
	}
	return ""
}
