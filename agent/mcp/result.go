package mcp

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/agent/tool"
	"github.com/opsbuddy/opsbuddy/border"
)

// marks are what mcp-atlassian leaves inside the commands of search excerpts.
var marks = strings.NewReplacer("@@@hl@@@", "", "@@@endhl@@@", "")

// result makes one bounded, clean text of an answer: its text parts, or the
// structured form when there are none. Never both, since servers send the same
// twice.
func (s *session) result(res *sdk.CallToolResult) tool.Result {
	var parts []string
	soft := 0
	for _, c := range res.Content {
		text := part(c)
		if strings.TrimSpace(text) == "" {
			continue
		}
		parts = append(parts, text)
		if softError(text) {
			soft++
		}
	}
	if len(parts) == 0 && res.StructuredContent != nil {
		if raw, err := json.Marshal(res.StructuredContent); err == nil {
			parts = []string{string(raw)}
			if softError(parts[0]) {
				soft++
			}
		}
	}
	out := tool.Result{Failed: res.IsError || soft > 0 && soft == len(parts)}
	out.Text, out.Cut = s.bounded(strings.Join(parts, "\n"))
	return out
}

// bounded cleans, redacts and cuts. What lies far behind the cut is counted and
// not looked at: an answer may be 16 MB. Secrets go before the cut, which could
// leave half of one, that nothing recognises.
func (s *session) bounded(text string) (string, bool) {
	total := 0
	near := 2*s.opts.ResultCap + 64<<10
	if len(text) > near {
		total = utf8.RuneCountInString(text[near:])
		text = strings.ToValidUTF8(text[:near], "")
	}
	text = border.Clean(marks.Replace(text))
	total += utf8.RuneCountInString(text)
	text = s.redact.Redact(text)
	if strings.TrimSpace(text) == "" {
		return "(the tool answered with nothing)", false
	}
	return cut(text, s.opts.ResultCap, total)
}

// noteSize is kept free for the note about a cut, in bytes.
const noteSize = 90

// cut keeps a text within limit bytes, ending it at a line's end when one is
// near, and says how much of it is left.
func cut(text string, limit, total int) (string, bool) {
	if len(text) <= limit {
		return text, false
	}
	head := strings.ToValidUTF8(text[:max(0, limit-noteSize)], "")
	if i := strings.LastIndexByte(head, '\n'); i > len(head)/2 {
		head = head[:i]
	}
	shown := utf8.RuneCountInString(head)
	return fmt.Sprintf("%s\n[cut: %d of %d characters shown; ask more narrowly]", head, shown, max(total, shown)), true
}

// part is one piece of an answer as text. What is no text is named: a picture
// in base64 costs a whole context and tells nothing.
func part(c sdk.Content) string {
	switch c := c.(type) {
	case *sdk.TextContent:
		return c.Text
	case *sdk.ImageContent:
		return fmt.Sprintf("[image %s, %d bytes, not shown]", c.MIMEType, len(c.Data))
	case *sdk.AudioContent:
		return fmt.Sprintf("[audio %s, %d bytes, not shown]", c.MIMEType, len(c.Data))
	case *sdk.EmbeddedResource:
		if c.Resource == nil {
			return ""
		}
		if len(c.Resource.Blob) == 0 {
			return c.Resource.Text
		}
		return fmt.Sprintf("[file %s, %d bytes, not shown]", c.Resource.URI, len(c.Resource.Blob))
	case *sdk.ResourceLink:
		return fmt.Sprintf("[link %s %s]", c.Name, c.URI)
	default:
		return "[content of a kind that is not known here]"
	}
}

// softError finds an error in the clothes of a success: server-slack never sets
// isError, and mcp-atlassian often does not.
func softError(text string) bool {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{") {
		return false
	}
	var top map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &top) != nil {
		return false
	}
	if inner, ok := top["result"]; ok && len(top) == 1 { // as FastMCP wraps a text
		var wrapped string
		if json.Unmarshal(inner, &wrapped) == nil {
			return softError(wrapped)
		}
	}
	switch string(top["error"]) {
	case "", "null", `""`, "false", "{}", "[]":
	default:
		return true
	}
	return string(top["ok"]) == "false" || string(top["success"]) == "false"
}
