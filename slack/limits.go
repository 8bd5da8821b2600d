package slack

import (
	"strings"
	"unicode/utf8"

	"github.com/opsbuddy/opsbuddy/border"
)

// Slack's limits for blocks (docs.slack.dev/reference/block-kit/blocks). Nobody
// says what a character is, so a message is held within them whichever way Slack
// counts: in UTF-16, where an emoji is two.
const (
	maxBlocks  = 50   // in one message
	maxSection = 3000 // text of a section; a rich_text block is kept to it as well
	maxHeader  = 150  // text of a header
	maxLink    = 3000 // bytes of an address, as for a button
	// maxMessage is the room for all text and all addresses of one message. It is
	// not documented: messages were refused with msg_blocks_too_long between
	// 11,300 and 13,200 characters (slackapi/bolt-js#2509, #2867).
	maxMessage = 10_000
	// maxText is where Slack cuts the text of a message without blocks
	// (docs.slack.dev/reference/methods/chat.postMessage, "Truncating content").
	maxText = 40_000
)

// Bounds of our own.
const (
	maxParts    = 4                  // messages that one brief may take: one, and its thread
	maxPiece    = 2_800              // one element of a text, before it is split
	maxMarkdown = 40_000             // characters of a body that are parsed: what all messages hold
	maxTitle    = 250                // one outside text in the head: a line or two
	maxBody     = maxMessage - 1_500 // what a body may take of one message
	noteRoom    = 450                // kept free in each message for the note of what was left out
	maxPlain    = 12_000             // a message in the form without blocks: all that a message holds
)

// units counts a text as UTF-16 does, which is never less than its characters.
func units(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

// cut shortens a text to at most limit units, between characters.
func cut(s string, limit int) string {
	for n := limit; n > 0; {
		out, _ := border.Cut(s, n)
		over := units(out) - limit
		if over <= 0 {
			return out
		}
		n = min(n, utf8.RuneCountInString(out)) - (over+1)/2
	}
	return ""
}

// line is one outside text on one line, shortened.
func line(s string, limit int) string { return cut(border.Line(s), limit) }

// splitText cuts a text into parts of at most limit units that make it up again:
// after a line or a blank when there is one in a part's second half, so that a
// label near the limit does not become thousands of parts, else between
// characters.
func splitText(s string, limit int) []string {
	var out []string
	for units(s) > limit {
		head := beginning(s, limit)
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

// beginning is what fits of a text that does not: never nothing.
func beginning(s string, limit int) string {
	head := strings.TrimSuffix(cut(s, limit), "…")
	if units(head) > limit/2 {
		return head
	}
	// Blanks without end, or marks without end on one letter: anywhere will do.
	n, at := 0, 0
	for i, r := range s {
		if n += units(string(r)); n > limit {
			break
		}
		at = i + utf8.RuneLen(r)
	}
	return s[:at]
}
