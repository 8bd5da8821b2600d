package slack

import (
	"fmt"
	"slices"
	"strings"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// message is one Slack message: blocks, and the text for notifications and for
// when the blocks are refused.
type message struct {
	blocks []api.Block
	text   string
	plain  string // the whole content without form
}

// layout puts head and foot around the body's first page; the other pages are
// messages of their own.
func layout(head []api.Block, body string, foot api.Block, text string, allowed func(string) bool) []message {
	pieces := convert(body, allowed)
	all, left := pages(pieces)
	if len(all) == 0 {
		all = [][]api.Block{nil}
	}
	if left > 0 {
		last := len(all) - 1
		all[last] = append(all[last], cutNote(left))
	}
	var out []message
	for i, page := range all {
		m := message{blocks: page, text: text}
		if i == 0 {
			m.blocks = append(append([]api.Block{}, head...), page...)
			if foot != nil {
				m.blocks = append(m.blocks, foot)
			}
		}
		m.plain = plain(m.blocks)
		out = append(out, m)
	}
	return out
}

// headBlocks are the first lines: what happened, where, how bad.
func headBlocks(header string, i incident.Incident, labels [][2]string) []api.Block {
	var out []api.Block
	if header = border.Line(header); header != "" {
		header, _ = border.Cut(header, maxHeader)
		out = append(out, api.NewHeaderBlock(api.NewTextBlockObject(api.PlainTextType, header, false, false)))
	}
	var lines [][]span
	if i.ID != "" {
		lines = append(lines, titleLine(i), factsLine(i))
	}
	var values []span
	for _, l := range labels {
		said := i.ID != "" && l[1] == i.Service.Name // it stands in the line above
		if l[0] != "" && l[1] != "" && !said {
			values = append(values, labelled(l[0], l[1], len(values) > 0)...)
		}
	}
	if len(values) > 0 {
		lines = append(lines, values)
	}
	var sections []api.RichTextElement
	for _, l := range lines {
		if l = trimmed(l); l != nil {
			sections = append(sections, api.NewRichTextSection(elements(l)...))
		}
	}
	if len(sections) > 0 {
		out = append(out, api.NewRichTextBlock("", sections...))
	}
	return out
}

func titleLine(i incident.Incident) []span {
	title, _ := border.Cut(border.Line(i.Title), maxTitle)
	c := converter{}
	name := c.link(i.URL, with(span{bold: true}, numberOf(i)), span{})
	return append(append(name, span{text: " "}), span{text: title, bold: true})
}

// numberOf is what people call an incident.
func numberOf(i incident.Incident) string {
	if i.Number > 0 {
		return fmt.Sprintf("#%d", i.Number)
	}
	return i.ID
}

// maxTitle keeps one outside text to a line or two.
const maxTitle = 250

func factsLine(i incident.Incident) []span {
	var out []span
	for _, l := range [][2]string{{"Service", i.Service.Name}, {"Urgency", i.Urgency}, {"Priority", i.Priority}, {"Status", i.Status}} {
		if l[1] != "" {
			out = append(out, labelled(l[0], l[1], len(out) > 0)...)
		}
	}
	return out
}

func labelled(label, value string, after bool) []span {
	value, _ = border.Cut(border.Line(value), maxTitle)
	if value == "" {
		return nil
	}
	out := []span{{text: label + ": "}, {text: value, bold: true}}
	if after {
		out = append([]span{{text: " · "}}, out...)
	}
	return out
}

func footBlock(text string) api.Block {
	text, _ = border.Cut(border.Line(text), maxSection)
	return api.NewContextBlock("", api.NewTextBlockObject(api.PlainTextType, text, false, false))
}

// fallback is the text of a notification. It is parsed by Slack, so it is
// escaped, once.
func fallback(header string, i incident.Incident, outcome string) string {
	s := border.Line(header)
	if i.ID != "" {
		s = fmt.Sprintf("%s: %s %s", outcome, numberOf(i), border.Line(i.Title))
		about := slices.DeleteFunc([]string{border.Line(i.Service.Name), i.Urgency}, func(s string) bool { return s == "" })
		if len(about) > 0 {
			s += " (" + strings.Join(about, ", ") + ")"
		}
	}
	s, _ = border.Cut(s, maxSection)
	return escape(s)
}

// escape is the one escape of Slack's parsed text
// (docs.slack.dev/messaging/formatting-message-text, "Escaping text").
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// withoutTitle takes a brief's own title off when the head shows it.
func withoutTitle(body string, i incident.Incident) string {
	body = strings.TrimLeft(body, " \n")
	first, rest, _ := strings.Cut(body, "\n")
	if i.ID == "" || !strings.HasPrefix(first, "# ") {
		return body
	}
	return rest
}

// plain is all text of some blocks, for when Slack takes no blocks.
func plain(blocks []api.Block) string {
	var b strings.Builder
	for _, one := range blocks {
		switch one := one.(type) {
		case *api.HeaderBlock:
			b.WriteString(one.Text.Text + "\n")
		case *api.ContextBlock:
			for _, e := range one.ContextElements.Elements {
				if t, ok := e.(*api.TextBlockObject); ok {
					b.WriteString(t.Text + "\n")
				}
			}
		case *api.RichTextBlock:
			plainElements(&b, one.Elements, "")
		}
	}
	return b.String()
}

func plainElements(b *strings.Builder, all []api.RichTextElement, bullet string) {
	for _, e := range all {
		switch e := e.(type) {
		case *api.RichTextSection:
			b.WriteString(bullet + plainInline(e.Elements) + "\n")
		case *api.RichTextQuote:
			b.WriteString(plainInline(e.Elements) + "\n")
		case *api.RichTextPreformatted:
			b.WriteString(plainInline(e.Elements) + "\n")
		case *api.RichTextList:
			plainElements(b, e.Elements, strings.Repeat("  ", e.Indent)+"• ")
		}
	}
}

func plainInline(all []api.RichTextSectionElement) string {
	var b strings.Builder
	for _, e := range all {
		switch e := e.(type) {
		case *api.RichTextSectionTextElement:
			b.WriteString(e.Text)
		case *api.RichTextSectionLinkElement:
			b.WriteString(e.Text)
			if e.Text != e.URL {
				b.WriteString(" (" + e.URL + ")")
			}
		}
	}
	return b.String()
}
