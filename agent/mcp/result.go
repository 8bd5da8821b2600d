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

// marks are what mcp-atlassian leaves in the commands of search excerpts.
var marks = strings.NewReplacer("@@@hl@@@", "", "@@@endhl@@@", "")

// result makes one bounded, clean text of an answer: its text parts, or the
// structured form when there are none, never both, since servers send the same
// twice.
func result(res *sdk.CallToolResult, limit int) tool.Result {
	var parts []string
	for _, c := range res.Content {
		parts = append(parts, part(c))
	}
	text := strings.Join(parts, "\n")
	if strings.TrimSpace(text) == "" && res.StructuredContent != nil {
		if raw, err := json.Marshal(res.StructuredContent); err == nil {
			text = string(raw)
		}
	}
	out := tool.Result{Failed: res.IsError || softError(text)}
	text = border.Redact(border.Clean(marks.Replace(text)))
	if strings.TrimSpace(text) == "" {
		text = "(the tool answered with nothing)"
	}
	out.Text, out.Cut = cut(text, limit)
	return out
}

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
		if c.Resource.Text != "" {
			return c.Resource.Text
		}
		return fmt.Sprintf("[file %s, %d bytes, not shown]", c.Resource.URI, len(c.Resource.Blob))
	case *sdk.ResourceLink:
		return fmt.Sprintf("[%s %s]", c.Name, c.URI)
	default:
		return "[content of an unknown kind]"
	}
}

// softError finds an error in the clothes of a success: some servers never set
// isError.
func softError(text string) bool {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{") {
		return false
	}
	var top struct {
		Error   json.RawMessage `json:"error"`
		OK      *bool           `json:"ok"`
		Success *bool           `json:"success"`
		Result  string          `json:"result"`
	}
	if json.Unmarshal([]byte(text), &top) != nil {
		return false
	}
	bad := len(top.Error) > 0 && string(top.Error) != "null" && string(top.Error) != `""` && string(top.Error) != "false"
	return bad || top.OK != nil && !*top.OK || top.Success != nil && !*top.Success || top.Result != "" && softError(top.Result)
}

// cut keeps a text within n bytes, at a line's end where one is near, and says so.
func cut(text string, n int) (string, bool) {
	if len(text) <= n {
		return text, false
	}
	head := strings.ToValidUTF8(text[:n], "")
	if i := strings.LastIndexByte(head, '\n'); i > n*3/4 {
		head = head[:i]
	}
	return fmt.Sprintf("%s\n[cut: %d of %d characters shown; ask more narrowly]", head,
		utf8.RuneCountInString(head), utf8.RuneCountInString(text)), true
}
