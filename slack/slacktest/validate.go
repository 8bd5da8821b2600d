package slacktest

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of Slack's Block Kit (docs.slack.dev/reference/block-kit/blocks). Nobody
// says what a character is; they are counted as UTF-16 does, the stricter reading.
const (
	maxBlocks  = 50
	maxSection = 3000
	maxHeader  = 150
	maxContext = 10
	maxURL     = 3000
	maxRows    = 100
	maxColumns = 20
	maxIndent  = 8
	// maxTotal is not documented: messages were refused with
	// msg_blocks_too_long from about 11,300 characters (slackapi/bolt-js#2509, #2867).
	// It counts addresses as well, since nobody says that Slack does not.
	maxTotal = 10_000
	maxText  = 40_000
)

type node map[string]any

// Validate holds blocks against Slack's rules. webhook is stricter: an incoming
// webhook answers 500 to a markdown block.
func Validate(blocks json.RawMessage, webhook bool) error {
	var list []node
	if err := json.Unmarshal(blocks, &list); err != nil {
		return fmt.Errorf("blocks are no list: %w", err)
	}
	if len(list) > maxBlocks {
		return fmt.Errorf("%d blocks, at most %d", len(list), maxBlocks)
	}
	v := validator{webhook: webhook}
	for i, b := range list {
		if err := v.block(b); err != nil {
			return fmt.Errorf("/blocks/%d (%s): %w", i, b.str("type"), err)
		}
	}
	if v.total > maxTotal {
		return fmt.Errorf("msg_blocks_too_long: %d characters", v.total)
	}
	return nil
}

func (n node) str(key string) string { s, _ := n[key].(string); return s }

// label is the text object of a block or a button.
func (n node) label() node { m, _ := n["text"].(map[string]any); return m }

func (n node) elements() []node {
	raw, _ := n["elements"].([]any)
	out := make([]node, 0, len(raw))
	for _, r := range raw {
		m, _ := r.(map[string]any)
		out = append(out, m)
	}
	return out
}

type validator struct {
	webhook bool
	total   int
	tables  int
}

func (v *validator) block(b node) error {
	switch t := b.str("type"); t {
	case "header":
		if b.label().str("type") != "plain_text" {
			return fmt.Errorf("a header wants plain_text")
		}
		return v.text(b.label().str("text"), maxHeader)
	case "section":
		return v.text(b.label().str("text"), maxSection)
	case "actions":
		return v.actions(b.elements())
	case "divider":
		return nil
	case "context":
		if n := len(b.elements()); n == 0 || n > maxContext {
			return fmt.Errorf("%d elements, want 1 to %d", n, maxContext)
		}
		for _, e := range b.elements() {
			if err := v.text(e.str("text"), maxSection); err != nil {
				return err
			}
		}
		return nil
	case "rich_text":
		return v.richText(b.elements())
	case "table":
		return v.table(b)
	default:
		return fmt.Errorf("type %q is not taken here", t)
	}
}

// actions are buttons: at most 25, whose ids differ
// (docs.slack.dev/reference/block-kit/block-elements/button-element).
func (v *validator) actions(elements []node) error {
	if n := len(elements); n == 0 || n > 25 || v.webhook {
		return fmt.Errorf("%d buttons, want 1 to 25, and none over a webhook", n)
	}
	ids := map[string]bool{}
	for _, e := range elements {
		id := e.str("action_id")
		switch {
		case e.str("type") != "button" || e.label().str("type") != "plain_text":
			return fmt.Errorf("element %q is no button with plain text", e.str("type"))
		case id == "" || len(id) > 255 || ids[id] || len(e.str("value")) > 2000:
			return fmt.Errorf("button %q: its id is missing, too long or taken, or its value is too long", id)
		}
		ids[id] = true
		if err := v.text(e.label().str("text"), 75); err != nil {
			return err
		}
	}
	return nil
}

// length is a text's in UTF-16.
func length(s string) int { return len(utf16.Encode([]rune(s))) }

func (v *validator) text(s string, limit int) error {
	n := length(s)
	v.total += n
	switch {
	case n == 0:
		return fmt.Errorf("empty text")
	case n > limit:
		return fmt.Errorf("%d characters, at most %d", n, limit)
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		return fmt.Errorf("text that is not clean")
	}
	return nil
}

func (v *validator) richText(elements []node) error {
	if len(elements) == 0 {
		return fmt.Errorf("no elements")
	}
	for _, e := range elements {
		var err error
		switch t := e.str("type"); t {
		case "rich_text_section", "rich_text_quote", "rich_text_preformatted":
			err = v.inline(e.elements())
		case "rich_text_list":
			if s := e.str("style"); s != "bullet" && s != "ordered" {
				return fmt.Errorf("list style %q", s)
			}
			if indent, _ := e["indent"].(float64); indent < 0 || indent > maxIndent {
				return fmt.Errorf("list indent %v, at most %d", indent, maxIndent)
			}
			err = v.items(e.elements())
		default:
			err = fmt.Errorf("element %q", t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// items are a list's: sections alone, since a nested list is a list of its own
// with an indent.
func (v *validator) items(elements []node) error {
	for _, e := range elements {
		if t := e.str("type"); t != "rich_text_section" {
			return fmt.Errorf("%q in a list", t)
		}
	}
	return v.richText(elements)
}

func (v *validator) inline(elements []node) error {
	if len(elements) == 0 {
		return fmt.Errorf("an element with no text")
	}
	for _, e := range elements {
		switch t := e.str("type"); t {
		case "text":
			if err := v.text(e.str("text"), maxSection*4); err != nil {
				return err
			}
		case "link":
			url := e.str("url")
			if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") || len(url) > maxURL || strings.ContainsAny(url, " \n<>") {
				return fmt.Errorf("link to %q", url)
			}
			v.total += length(e.str("text")) + length(url)
		default: // user, usergroup, broadcast, channel and emoji would ping or decorate
			return fmt.Errorf("inline element %q", t)
		}
	}
	return nil
}

func (v *validator) table(b node) error {
	rows, _ := b["rows"].([]any)
	if v.tables++; v.tables > 1 || v.webhook {
		return fmt.Errorf("only one table in a message, and none over a webhook")
	}
	if len(rows) == 0 || len(rows) > maxRows {
		return fmt.Errorf("%d rows, want 1 to %d", len(rows), maxRows)
	}
	for _, r := range rows {
		cells, _ := r.([]any)
		if len(cells) == 0 || len(cells) > maxColumns {
			return fmt.Errorf("%d columns, want 1 to %d", len(cells), maxColumns)
		}
		for _, c := range cells {
			m, _ := c.(map[string]any)
			cell := node(m)
			var err error
			if cell.str("type") == "raw_text" {
				err = v.text(cell.str("text"), maxSection)
			} else {
				err = v.richText(cell.elements())
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
