package slack

import (
	"strings"

	api "github.com/slack-go/slack"
)

// elements makes rich-text elements of spans. Slack parses neither: no text can
// ping or be formatted by what stands in it.
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

// sizeOf is what spans take of Slack's limits. Addresses count: nobody says that
// they do not.
func sizeOf(spans []span) int {
	n := 0
	for _, s := range spans {
		n += units(s.text) + units(s.url)
	}
	return n
}

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
	for strings.TrimSpace(out[0].text) == "" {
		out = out[1:]
	}
	for strings.TrimSpace(out[len(out)-1].text) == "" {
		out = out[:len(out)-1]
	}
	out[0].text = strings.TrimLeft(out[0].text, " \t\n")
	end := len(out) - 1
	out[end].text = strings.TrimRight(out[end].text, " \t\n")
	return out
}

// split cuts spans into parts of at most maxPiece, but for a link whose address
// alone is longer.
func split(spans []span) [][]span {
	var parts [][]span
	var part []span
	size := 0
	for _, s := range spans {
		room := max(maxPiece-units(s.url), maxPiece/2)
		for _, text := range splitText(s.text, room) {
			s.text = text
			n := sizeOf([]span{s})
			if size+n > maxPiece && size > 0 {
				parts, part, size = append(parts, part), nil, 0
			}
			part = append(part, s)
			size += n
		}
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts
}

// weight is what an element takes of Slack's limits.
func weight(all ...api.RichTextElement) int {
	n := 0
	for _, e := range all {
		switch e := e.(type) {
		case *api.RichTextSection:
			n += inlineWeight(e.Elements)
		case *api.RichTextQuote:
			n += inlineWeight(e.Elements)
		case *api.RichTextPreformatted:
			n += inlineWeight(e.Elements)
		case *api.RichTextList:
			n += weight(e.Elements...)
		}
	}
	return n
}

func inlineWeight(all []api.RichTextSectionElement) int {
	n := 0
	for _, e := range all {
		switch e := e.(type) {
		case *api.RichTextSectionTextElement:
			n += units(e.Text)
		case *api.RichTextSectionLinkElement:
			n += units(e.Text) + units(e.URL)
		}
	}
	return n
}

// blocksWeight is what blocks take.
func blocksWeight(blocks []api.Block) int {
	n := 0
	for _, b := range blocks {
		switch b := b.(type) {
		case *api.HeaderBlock:
			n += units(b.Text.Text)
		case *api.ContextBlock:
			for _, e := range b.ContextElements.Elements {
				if t, ok := e.(*api.TextBlockObject); ok {
					n += units(t.Text)
				}
			}
		case *api.RichTextBlock:
			n += weight(b.Elements...)
		}
	}
	return n
}
