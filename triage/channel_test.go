package triage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// What stands in Slack is written into incident files as HTML: it has a place for
// everything that our blocks can say, and a person can read it. Decoding is
// strict, so that nothing which Slack shows is left out of the comparison.

var asHTML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

type slackText struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji bool   `json:"emoji"`
}

type slackBlock struct {
	Type     string          `json:"type"`
	Text     slackText       `json:"text"`
	Elements json.RawMessage `json:"elements"`
}

type slackPart struct {
	Type     string          `json:"type"`
	Elements json.RawMessage `json:"elements"`
	Style    string          `json:"style"`
	Indent   int             `json:"indent"`
	Border   int             `json:"border"`
	Offset   int             `json:"offset"`
}

type slackSpan struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	URL   string `json:"url"`
	Style struct {
		Bold   bool `json:"bold"`
		Italic bool `json:"italic"`
		Strike bool `json:"strike"`
		Code   bool `json:"code"`
	} `json:"style"`
}

// channelText is what stands in a channel, message by message.
func channelText(t *testing.T, standing []world.Message) string {
	t.Helper()
	var b strings.Builder
	for _, m := range standing {
		fmt.Fprintf(&b, "<%s text=\"%s\">\n%s</%s>\n", m.Kind, asHTML.Replace(m.Text), blocksText(t, m.Blocks), m.Kind)
	}
	return b.String()
}

func blocksText(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var b strings.Builder
	for _, block := range strictly[[]slackBlock](t, raw) {
		switch block.Type {
		case "header":
			b.WriteString("<header>" + textOf(t, block.Text) + "</header>\n")
		case "context":
			for _, e := range strictly[[]slackText](t, block.Elements) {
				b.WriteString("<footer>" + textOf(t, e) + "</footer>\n")
			}
		case "rich_text":
			for _, part := range strictly[[]slackPart](t, block.Elements) {
				b.WriteString(partText(t, part))
			}
		default:
			t.Fatalf("a block of type %q", block.Type)
		}
	}
	return b.String()
}

func textOf(t *testing.T, s slackText) string {
	t.Helper()
	if s.Type != "plain_text" || s.Emoji {
		t.Fatalf("%q is parsed by Slack (%s, emoji %v)", s.Text, s.Type, s.Emoji)
	}
	return asHTML.Replace(s.Text)
}

func partText(t *testing.T, p slackPart) string {
	t.Helper()
	if p.Border != 0 {
		t.Fatalf("a border of %d", p.Border)
	}
	tag := map[string]string{"rich_text_section": "p", "rich_text_quote": "blockquote", "rich_text_preformatted": "pre"}[p.Type]
	if tag != "" {
		return "<" + tag + ">" + spansText(t, p.Elements) + "</" + tag + ">\n"
	}
	if p.Type != "rich_text_list" {
		t.Fatalf("an element of type %q", p.Type)
	}
	var b strings.Builder
	for i, item := range strictly[[]slackPart](t, p.Elements) {
		mark := "•"
		if p.Style == "ordered" {
			mark = fmt.Sprintf("%d.", p.Offset+i+1)
		}
		b.WriteString("<li>" + strings.Repeat("  ", p.Indent) + mark + " " + spansText(t, item.Elements) + "</li>\n")
	}
	return b.String()
}

func spansText(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var b strings.Builder
	for _, s := range strictly[[]slackSpan](t, raw) {
		text := asHTML.Replace(s.Text)
		switch s.Type {
		case "text":
		case "link":
			text = fmt.Sprintf(`<a href="%s">%s</a>`, asHTML.Replace(s.URL), text)
		default: // user, usergroup, broadcast, channel, emoji: each would ping or decorate
			t.Fatalf("an inline element of type %q", s.Type)
		}
		for _, style := range []struct {
			on  bool
			tag string
		}{{s.Style.Code, "code"}, {s.Style.Bold, "b"}, {s.Style.Italic, "i"}, {s.Style.Strike, "s"}} {
			if style.on {
				text = "<" + style.tag + ">" + text + "</" + style.tag + ">"
			}
		}
		b.WriteString(text)
	}
	return b.String()
}

// strictly decodes JSON and fails on a field that T does not have.
func strictly[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %.300s", err, raw)
	}
	return v
}
