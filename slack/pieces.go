package slack

import (
	"strings"
	"unicode/utf8"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
)

// elements makes rich-text elements of spans. Neither is parsed by Slack.
func elements(spans []span) []api.RichTextSectionElement {
	out := make([]api.RichTextSectionElement, 0, len(spans))
	for _, s := range spans {
		var style *api.RichTextSectionTextStyle
		if s.bold || s.italic || s.strike || s.code {
			style = &api.RichTextSectionTextStyle{Bold: s.bold, Italic: s.italic, Strike: s.strike, Code: s.code}
		}
		if s.url != "" {
			out = append(out, api.NewRichTextSectionLinkElement(s.url, s.text, style))
		} else {
			out = append(out, api.NewRichTextSectionTextElement(s.text, style))
		}
	}
	return out
}

func sizeOf(spans []span) int { return utf8.RuneCountInString(joined(spans)) }

// trimmed takes blanks off both ends and drops empty spans; nil when nothing is
// left to read.
func trimmed(spans []span) []span {
	if strings.TrimSpace(joined(spans)) == "" {
		return nil
	}
	var out []span
	for _, s := range spans {
		if s.text != "" {
			out = append(out, s)
		}
	}
	for len(out) > 0 && strings.TrimSpace(out[0].text) == "" {
		out = out[1:]
	}
	for len(out) > 0 && strings.TrimSpace(out[len(out)-1].text) == "" {
		out = out[:len(out)-1]
	}
	out[0].text = strings.TrimLeft(out[0].text, " \t\n")
	last := len(out) - 1
	out[last].text = strings.TrimRight(out[last].text, " \t\n")
	return out
}

// split cuts spans into parts of at most maxPiece characters.
func split(spans []span) [][]span {
	var parts [][]span
	var part []span
	size := 0
	for _, s := range spans {
		for _, text := range splitText(s.text, maxPiece) {
			n := utf8.RuneCountInString(text)
			if size+n > maxPiece && size > 0 {
				parts, part, size = append(parts, part), nil, 0
			}
			s.text = text
			part = append(part, s)
			size += n
		}
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts
}

// splitText cuts a text into parts of at most n characters, at the last line's
// end or blank of a part when there is one in its second half, so that a label
// near the limit does not become thousands of parts.
func splitText(s string, n int) []string {
	var out []string
	for utf8.RuneCountInString(s) > n {
		head, _ := border.Cut(s, n)
		head = strings.TrimSuffix(head, "…")
		if head == "" {
			head = string([]rune(s)[:n])
		}
		if i := strings.LastIndexByte(head, '\n'); i > len(head)/2 {
			head = head[:i+1]
		} else if i := strings.LastIndexByte(head, ' '); i > len(head)/2 {
			head = head[:i+1]
		}
		out = append(out, head)
		s = s[len(head):]
	}
	if s != "" {
		out = append(out, s)
	}
	return out
}
