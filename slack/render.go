package slack

import (
	"strings"

	api "github.com/slack-go/slack"
)

// Message is one Slack message: blocks, and the text for notifications.
type Message struct {
	Blocks []api.Block
	Text   string // escaped: Slack parses it
}

// Options of Render.
type Options struct {
	// LinkAllowed says which addresses may be clickable; the label of any other
	// stays as text. nil allows every http and https address.
	LinkAllowed func(url string) bool
	// Parts is how many messages the text may take, 4 when 0. What does not fit
	// is left out, and the last message says so.
	Parts int
	// Text is what a notification shows of the message; it may come from outside.
	Text string
}

// Render turns Markdown into messages that Slack takes, whatever the Markdown
// is. There is always at least one, with no blocks when there is nothing to show.
func Render(markdown string, o Options) []Message {
	if o.Parts <= 0 {
		o.Parts = maxParts
	}
	var out []Message
	for _, p := range pages(convert(markdown, o.LinkAllowed), frame{}, o.Parts) {
		out = append(out, Message{Blocks: p.blocks, Text: escape(line(o.Text, maxTitle))})
	}
	return out
}

// message is a message on its way.
type message struct {
	blocks []api.Block
	text   string   // for notifications
	plain  string   // the whole content without form, for when the blocks are refused
	titles []string // of the sections that begin in it
	aloud  bool     // as a reply, it is shown in the channel too

	incident string           // the id of the incident that it is about, for replies
	buttons  *api.ActionBlock // shown above its last block, where a bot posts it
}

// layout puts head and foot around the body's first page; the other pages are
// messages of their own.
func layout(head []api.Block, body string, foot api.Block, text string, allowed func(string) bool) []message {
	return messagesOf(convert(body, allowed), head, foot, text)
}

func messagesOf(pieces []piece, head []api.Block, foot api.Block, text string) []message {
	around := frame{head: head}
	if foot != nil {
		around.foot = []api.Block{foot}
	}
	var out []message
	for _, p := range pages(pieces, around, maxParts) {
		out = append(out, message{blocks: p.blocks, text: text, plain: plain(p.blocks), titles: p.titles})
	}
	return out
}

// escape is the one escape of Slack's parsed text
// (docs.slack.dev/messaging/formatting-message-text, "Escaping text").
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
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
			for _, e := range one.Elements {
				plainElement(&b, e)
			}
		}
	}
	return b.String()
}

func plainElement(b *strings.Builder, e api.RichTextElement) {
	switch e := e.(type) {
	case *api.RichTextSection:
		b.WriteString(plainInline(e.Elements) + "\n")
	case *api.RichTextQuote:
		b.WriteString(plainInline(e.Elements) + "\n")
	case *api.RichTextPreformatted:
		b.WriteString(plainInline(e.Elements) + "\n")
	case *api.RichTextList:
		for i, item := range e.Elements {
			b.WriteString(strings.Repeat("  ", e.Indent))
			if e.Style == api.RTEListOrdered {
				b.WriteString(number(e.Offset + i + 1))
			} else {
				b.WriteString("• ")
			}
			plainElement(b, item)
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
