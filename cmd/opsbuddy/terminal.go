package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// block is what the terminal needs of a Slack block.
type block struct {
	Type     string          `json:"type"`
	Style    json.RawMessage `json:"style"`
	Indent   int             `json:"indent"`
	Offset   int             `json:"offset"`
	URL      string          `json:"url"`
	Text     json.RawMessage `json:"text"`
	Elements []block         `json:"elements"`
}

// terminal shows a Slack message as a person reads it, without colours.
func terminal(blocks json.RawMessage) string {
	var all []block
	if json.Unmarshal(blocks, &all) != nil {
		return ""
	}
	var b strings.Builder
	for i, one := range all {
		if i > 0 {
			b.WriteString("\n")
		}
		one.write(&b, "")
	}
	return b.String()
}

func (k block) write(b *strings.Builder, prefix string) {
	switch k.Type {
	case "header":
		b.WriteString(strings.ToUpper(k.words()) + "\n")
	case "context":
		for _, e := range k.Elements {
			b.WriteString(e.words() + "\n")
		}
	case "rich_text_list":
		for i, e := range k.Elements {
			mark := "• "
			if string(k.Style) == `"ordered"` {
				mark = fmt.Sprintf("%d. ", k.Offset+i+1)
			}
			e.write(b, strings.Repeat("   ", k.Indent)+mark)
		}
	case "rich_text_quote":
		b.WriteString("│ " + strings.ReplaceAll(k.inline(), "\n", "\n│ ") + "\n")
	case "rich_text_preformatted":
		b.WriteString("    " + strings.ReplaceAll(k.inline(), "\n", "\n    ") + "\n")
	case "rich_text_section":
		b.WriteString(prefix + k.inline() + "\n")
	default:
		for _, e := range k.Elements {
			e.write(b, prefix)
		}
	}
}

// inline joins the texts of an element; an evidence link shows as its number.
func (k block) inline() string {
	var b strings.Builder
	for _, e := range k.Elements {
		b.WriteString(e.words())
	}
	return b.String()
}

// words is a text, as a string or as an object with one.
func (k block) words() string {
	var s string
	if json.Unmarshal(k.Text, &s) == nil {
		return s
	}
	var o struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(k.Text, &o) == nil {
		return o.Text
	}
	return k.URL
}

// boxed sets a text off from what stands around it.
func boxed(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return "  ┃ " + strings.Join(lines, "\n  ┃ ") + "\n"
}
