package modeltest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// anthropic is the Messages API. Rules from platform.claude.com and from public
// reports of its refusals.
type anthropic struct{ cache *cache }

type anRequest struct {
	Model      string          `json:"model"`
	MaxTokens  *int            `json:"max_tokens"`
	System     json.RawMessage `json:"system"`
	Messages   []anMessage     `json:"messages"`
	Tools      []anTool        `json:"tools"`
	ToolChoice *struct {
		Type            string `json:"type"`
		DisableParallel bool   `json:"disable_parallel_tool_use"`
	} `json:"tool_choice"`
	Stream   bool            `json:"stream"`
	Thinking json.RawMessage `json:"thinking"`

	// Refused by every model since Opus 4.7.
	Temperature *float64 `json:"temperature"`
	TopP        *float64 `json:"top_p"`
	TopK        *float64 `json:"top_k"`
}

type anMessage struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

type anTool struct {
	Name         string          `json:"name"`
	Description  string          `json:"description,omitempty"`
	InputSchema  json.RawMessage `json:"input_schema"`
	CacheControl json.RawMessage `json:"cache_control,omitempty"`
}

type anBlock struct {
	Type         string          `json:"type"`
	Text         string          `json:"text,omitempty"`
	ID           string          `json:"id,omitempty"`
	Name         string          `json:"name,omitempty"`
	Input        json.RawMessage `json:"input,omitempty"`
	ToolUseID    string          `json:"tool_use_id,omitempty"`
	Content      json.RawMessage `json:"content,omitempty"`
	IsError      bool            `json:"is_error,omitempty"`
	Thinking     string          `json:"thinking,omitempty"`
	Signature    string          `json:"signature,omitempty"`
	Data         string          `json:"data,omitempty"`
	CacheControl json.RawMessage `json:"cache_control,omitempty"`
}

func (*anthropic) read(r *http.Request, body []byte) (Ask, *fault) {
	if r.Header.Get("X-Api-Key") == "" && r.Header.Get("Authorization") == "" {
		return Ask{}, &fault{status: http.StatusUnauthorized, kind: "authentication_error", message: "x-api-key header is required"}
	}
	if r.Header.Get("Anthropic-Version") == "" {
		return Ask{}, invalid("anthropic-version: header is required")
	}
	var req anRequest
	if f := decode(body, &req); f != nil {
		return Ask{}, f
	}
	c := anCheck{ask: Ask{Vendor: "anthropic", Model: req.Model, Body: body}}
	for _, check := range []func(*anRequest) *fault{c.head, c.system, c.tools, c.messages, c.breakpoints} {
		if f := check(&req); f != nil {
			return Ask{}, f
		}
	}
	return c.ask, nil
}

// anCheck reads a request and refuses it at the first broken rule.
type anCheck struct {
	ask    Ask
	marks  int // blocks with cache_control
	blocks []anBlock
	pairs  pairing
	all    []string
}

func (c *anCheck) head(req *anRequest) *fault {
	switch {
	case req.Model == "":
		return invalid("model: String should have at least 1 character")
	case req.MaxTokens == nil:
		return invalid("max_tokens: Field required")
	case *req.MaxTokens < 1:
		return invalid("max_tokens: must be greater than or equal to 1")
	case req.Stream:
		return invalid("stream: this stand-in does not stream")
	case req.Temperature != nil || req.TopP != nil || req.TopK != nil:
		return invalid("`temperature`, `top_p` and `top_k` are not supported by this model")
	case len(req.Messages) == 0:
		return invalid("messages: at least one message is required")
	}
	c.ask.MaxTokens = *req.MaxTokens
	return nil
}

func (c *anCheck) system(req *anRequest) *fault {
	if len(req.System) == 0 {
		return nil
	}
	blocks, f := readBlocks("system", req.System)
	if f != nil {
		return f
	}
	for _, b := range blocks {
		if b.Type != "text" {
			return invalid("system: only text blocks are allowed")
		}
		c.mark(b.CacheControl)
	}
	c.ask.System = joinText(blocks)
	c.all = append(c.all, c.ask.System)
	return nil
}

func (c *anCheck) tools(req *anRequest) *fault {
	seen := map[string]bool{}
	for i, t := range req.Tools {
		if f := checkTool("tools."+strconv.Itoa(i), t.Name, t.InputSchema, seen); f != nil {
			return f
		}
		c.mark(t.CacheControl)
		c.ask.Tools = append(c.ask.Tools, t.Name)
	}
	if req.ToolChoice == nil {
		return nil
	}
	switch {
	case len(req.Tools) == 0:
		return invalid("tool_choice: may only be specified while providing tools")
	case req.ToolChoice.Type == "none":
		c.ask.Final = true
	case req.ToolChoice.Type != "auto" && req.ToolChoice.Type != "any" && req.ToolChoice.Type != "tool":
		return invalid("tool_choice.type: %q is not one of auto, any, tool, none", req.ToolChoice.Type)
	}
	return nil
}

func (c *anCheck) messages(req *anRequest) *fault {
	last := ""
	for i, m := range req.Messages {
		where := "messages." + strconv.Itoa(i)
		blocks, f := readBlocks(where, m.Content)
		if f != nil {
			return f
		}
		switch {
		case m.Role != "user" && m.Role != "assistant":
			return invalid("%s.role: Input should be 'user' or 'assistant'", where)
		case i == 0 && m.Role != "user":
			return invalid("messages: first message must use the \"user\" role")
		case m.Role == last:
			return invalid("messages: roles must alternate between \"user\" and \"assistant\", but found multiple %q roles in a row", m.Role)
		case len(blocks) == 0:
			return invalid("%s: all messages must have non-empty content", where)
		}
		last = m.Role
		c.blocks = append(c.blocks, blocks...)
		if m.Role == "user" {
			f = c.user(where, blocks)
		} else {
			f = c.assistant(where, blocks, i == len(req.Messages)-1)
		}
		if f != nil {
			return f
		}
		c.ask.Last = joinText(blocks)
	}
	c.ask.All = strings.Join(c.all, "\n")
	if f := c.pairs.closed("messages"); f != nil {
		return f
	}
	if len(c.pairs.used) > 0 && len(req.Tools) == 0 {
		return invalid("tools: Field required: the conversation has tool_use blocks")
	}
	return nil
}

func (c *anCheck) user(where string, blocks []anBlock) *fault {
	text := false
	for _, b := range blocks {
		c.mark(b.CacheControl)
		switch b.Type {
		case "text":
			text = true
		case "tool_result":
			if text {
				return invalid("%s: tool_result blocks must come before text", where)
			}
			if f := c.pairs.result(where, b.ToolUseID); f != nil {
				return f
			}
		default:
			return invalid("%s: block type %q is not allowed in a user message", where, b.Type)
		}
	}
	all := joinText(blocks)
	if c.ask.First == "" && c.ask.Turn == 0 {
		c.ask.First = all
	}
	c.all = append(c.all, all)
	return c.pairs.closed(where)
}

func (c *anCheck) assistant(where string, blocks []anBlock, last bool) *fault {
	c.ask.Turn++
	paused := false
	for _, b := range blocks {
		c.mark(b.CacheControl)
		switch b.Type {
		case "text", "redacted_thinking":
		case "thinking":
			if b.Signature != sign(b.Thinking) {
				return invalid("%s: Invalid `signature` in `thinking` block", where)
			}
			if len(b.CacheControl) > 0 {
				return invalid("%s: cache_control cannot be set for thinking blocks", where)
			}
		case "server_tool_use":
			paused = true
		case "tool_use":
			if f := c.toolUse(where, b); f != nil {
				return f
			}
		default:
			return invalid("%s: block type %q is not allowed in an assistant message", where, b.Type)
		}
	}
	c.all = append(c.all, joinText(blocks))
	if last && !paused {
		return invalid("this model does not support assistant message prefill: the conversation must end with a user message")
	}
	return nil
}

// toolUseID is the vendor's pattern.
var toolUseID = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

func (c *anCheck) toolUse(where string, b anBlock) *fault {
	switch {
	case !toolUseID.MatchString(b.ID):
		return invalid("%s: tool_use.id: %q should match pattern '%s'", where, b.ID, toolUseID)
	case !toolName.MatchString(b.Name):
		return invalid("%s: tool_use.name: %q should match pattern '%s'", where, b.Name, toolName)
	case !isObject(b.Input):
		return invalid("%s: tool_use.input: Input should be a valid dictionary", where)
	}
	return c.pairs.call(where, b.ID)
}

func (c *anCheck) mark(control json.RawMessage) {
	if len(control) > 0 {
		c.marks++
	}
}

func (c *anCheck) breakpoints(*anRequest) *fault {
	if c.marks > 4 {
		return invalid("A maximum of 4 blocks with cache_control may be provided. Found %d.", c.marks)
	}
	return nil
}

// readBlocks reads content in either of its forms and refuses empty text.
func readBlocks(where string, raw json.RawMessage) ([]anBlock, *fault) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if blank(text) {
			return nil, invalid("%s: text content blocks must be non-empty", where)
		}
		return []anBlock{{Type: "text", Text: text}}, nil
	}
	var blocks []anBlock
	if f := decode(raw, &blocks); f != nil {
		return nil, invalid("%s: %s", where, f.message)
	}
	for _, b := range blocks {
		if b.Type == "text" && blank(b.Text) {
			return nil, invalid("%s: text content blocks must be non-empty", where)
		}
		if b.Type != "tool_result" || len(b.Content) == 0 {
			continue
		}
		if _, f := readBlocks(where+".tool_result", b.Content); f != nil {
			return nil, f
		}
	}
	return blocks, nil
}

// joinText is what a reader of the blocks would see.
func joinText(blocks []anBlock) string {
	var parts []string
	for _, b := range blocks {
		switch b.Type {
		case "text":
			parts = append(parts, b.Text)
		case "tool_use":
			parts = append(parts, b.Name+" "+string(b.Input))
		case "tool_result":
			if inner, f := readBlocks("", b.Content); f == nil {
				parts = append(parts, joinText(inner))
			}
		}
	}
	return strings.Join(parts, "\n")
}
