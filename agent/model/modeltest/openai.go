package modeltest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// openai is Chat Completions, with the rules of OpenAI's own API and of the
// strictest servers that speak it (llama.cpp with Mistral templates, LM Studio).
type openai struct{}

type oaRequest struct {
	Model      string          `json:"model"`
	Messages   []oaMessage     `json:"messages"`
	Tools      []oaTool        `json:"tools"`
	ToolChoice json.RawMessage `json:"tool_choice"`
	MaxTokens  *int            `json:"max_tokens"`
	MaxNew     *int            `json:"max_completion_tokens"`
	Stream     bool            `json:"stream"`
}

type oaMessage struct {
	Role       string   `json:"role"`
	Content    *string  `json:"content"`
	ToolCalls  []oaCall `json:"tool_calls"`
	ToolCallID string   `json:"tool_call_id"`
}

type oaCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

type oaTool struct {
	Type     string `json:"type"`
	Function struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
	} `json:"function"`
}

func (openai) read(r *http.Request, body []byte) (Ask, *fault) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !ok || token == "" {
		return Ask{}, &fault{status: http.StatusUnauthorized, kind: "invalid_request_error", code: "invalid_api_key", message: "You didn't provide an API key."}
	}
	var req oaRequest
	if f := decode(body, &req); f != nil {
		return Ask{}, f
	}
	c := oaCheck{ask: Ask{Vendor: "openai", Model: req.Model, Body: body}}
	for _, check := range []func(*oaRequest) *fault{c.head, c.tools, c.messages} {
		if f := check(&req); f != nil {
			return Ask{}, f
		}
	}
	c.ask.Last, c.ask.All = strings.Join(c.last, "\n"), strings.Join(c.all, "\n")
	return c.ask, nil
}

// oaCheck reads a request and refuses it at the first broken rule.
type oaCheck struct {
	ask       Ask
	pairs     pairing
	role      string // of the message before
	last, all []string
}

func (c *oaCheck) head(req *oaRequest) *fault {
	switch {
	case req.Model == "":
		return invalid("you must provide a model parameter")
	case req.Stream:
		return invalid("stream: this stand-in does not stream")
	case req.MaxTokens != nil && req.MaxNew != nil:
		return invalid("max_tokens and max_completion_tokens cannot be used together")
	case req.MaxTokens != nil:
		c.ask.MaxTokens = *req.MaxTokens
	case req.MaxNew != nil:
		c.ask.MaxTokens = *req.MaxNew
	}
	if c.ask.MaxTokens < 1 {
		return invalid("max_tokens: must be at least 1")
	}
	if len(req.Messages) == 0 {
		return invalid("messages: array too short, expected at least 1")
	}
	return nil
}

func (c *oaCheck) tools(req *oaRequest) *fault {
	seen := map[string]bool{}
	for i, t := range req.Tools {
		where := "tools[" + strconv.Itoa(i) + "]"
		if t.Type != "function" {
			return invalid("%s.type: must be function", where)
		}
		if f := checkTool(where, t.Function.Name, t.Function.Parameters, seen); f != nil {
			return f
		}
		c.ask.Tools = append(c.ask.Tools, t.Function.Name)
	}
	switch choice := string(req.ToolChoice); {
	case choice == "":
	case len(req.Tools) == 0:
		return invalid("tool_choice: is only allowed when tools are specified")
	case choice == `"none"`:
		c.ask.Final = true
	case choice != `"auto"`:
		return invalid("Invalid tool_choice type: %s. Supported string values: none, auto", choice)
	}
	if req.Tools != nil && len(req.Tools) == 0 {
		return invalid("tools: [] is too short")
	}
	return nil
}

func (c *oaCheck) messages(req *oaRequest) *fault {
	for i, m := range req.Messages {
		where := "messages[" + strconv.Itoa(i) + "]"
		if m.Content == nil {
			return invalid("%s.content: must be a string", where)
		}
		if m.Role != "tool" {
			if f := c.pairs.closed(where); f != nil {
				return f
			}
		}
		if f := c.message(where, i, m); f != nil {
			return f
		}
		c.role = m.Role
		c.all = append(c.all, *m.Content)
		for _, call := range m.ToolCalls {
			c.all = append(c.all, call.Function.Name+" "+call.Function.Arguments)
		}
	}
	if f := c.pairs.closed("messages"); f != nil {
		return f
	}
	if c.role != "user" && c.role != "tool" {
		return invalid("messages: the conversation must end with a user or tool message")
	}
	return nil
}

func (c *oaCheck) message(where string, i int, m oaMessage) *fault {
	text := *m.Content
	if m.Role != "assistant" && len(m.ToolCalls) > 0 {
		return invalid("%s: tool_calls are for the assistant", where)
	}
	switch m.Role {
	case "system":
		if i != 0 {
			return invalid("System message must be at the beginning.")
		}
		if blank(text) {
			return invalid("%s: the system message is empty", where)
		}
		c.ask.System = text
	case "user":
		return c.user(where, text)
	case "assistant":
		return c.assistant(where, m)
	case "tool":
		c.last = append(c.last, text)
		if c.role != "assistant" && c.role != "tool" {
			return invalid("%s: messages with role 'tool' must be a response to a preceding message with 'tool_calls'", where)
		}
		return c.pairs.result(where, m.ToolCallID)
	default:
		return invalid("%s.role: %q is not one of system, user, assistant, tool", where, m.Role)
	}
	return nil
}

func (c *oaCheck) user(where, text string) *fault {
	switch {
	case c.role == "user":
		return invalid("%s: conversation roles must alternate user/assistant", where)
	case blank(text):
		return invalid("%s: the message is empty", where)
	case c.ask.First == "" && c.ask.Turn == 0:
		c.ask.First = text
	}
	c.last = append(c.last, text)
	return nil
}

// mistralID is what the chat templates of Mistral models ask of a call's id
// (llama.cpp#26359).
var mistralID = regexp.MustCompile(`^[a-zA-Z0-9]{9}$`)

func (c *oaCheck) assistant(where string, m oaMessage) *fault {
	c.ask.Turn++
	c.last = nil
	switch {
	case c.role != "user" && c.role != "tool":
		return invalid("%s: conversation roles must alternate user/assistant", where)
	case blank(*m.Content) && len(m.ToolCalls) == 0:
		return invalid("%s: an assistant message has content or tool_calls", where)
	case m.ToolCalls != nil && len(m.ToolCalls) == 0:
		return invalid("%s.tool_calls: [] is too short", where)
	}
	for _, call := range m.ToolCalls {
		switch {
		case call.Type != "function":
			return invalid("%s: tool call type must be function", where)
		case !mistralID.MatchString(call.ID):
			return invalid("%s: Tool call IDs should be alphanumeric strings with length 9, not %q", where, call.ID)
		case !toolName.MatchString(call.Function.Name):
			return invalid("%s: function name %q should match pattern '%s'", where, call.Function.Name, toolName)
		case !isObject(json.RawMessage(call.Function.Arguments)):
			return &fault{status: http.StatusInternalServerError, kind: "server_error", message: "Failed to parse tool call arguments as JSON"}
		}
		if f := c.pairs.call(where, call.ID); f != nil {
			return f
		}
	}
	return nil
}

func (openai) refuse(f *fault) any {
	e := map[string]any{"message": f.message, "type": f.kind, "param": nil, "code": nil}
	if f.code != "" {
		e["code"] = f.code
	}
	if f.param != "" {
		e["param"] = f.param
	}
	return map[string]any{"error": e}
}

func (openai) errorType(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "rate_limit_exceeded"
	case status >= 500:
		return "server_error"
	}
	return "invalid_request_error"
}

func (openai) answer(a Ask, t Turn) any {
	msg := map[string]any{"role": "assistant", "content": t.Text}
	if t.Thinking != "" {
		msg["reasoning_content"] = t.Thinking
	}
	stop := "stop"
	var calls []any
	for i, c := range t.Calls {
		stop = "tool_calls"
		id := c.ID
		if id == "" {
			id = newID("call_", a.Body, i)
		}
		args, literal := c.Args.(string)
		if !literal {
			args = string(arguments(c.Args))
		}
		calls = append(calls, map[string]any{"id": id, "type": "function", "function": map[string]string{"name": c.Tool, "arguments": args}})
	}
	if calls != nil {
		msg["tool_calls"] = calls
	}
	if t.Stop != "" {
		stop = t.Stop
	}
	out := map[string]any{
		"id": newID("chatcmpl-", a.Body, 0), "object": "chat.completion", "created": 1_760_000_000, "model": a.Model,
		"choices": []any{map[string]any{"index": 0, "message": msg, "finish_reason": stop}},
	}
	if !t.Usage.Estimated {
		out["usage"] = oaUsage(a, t, msg)
	}
	return out
}

func oaUsage(a Ask, t Turn, msg any) any {
	u := t.Usage
	if u == (model.Usage{}) {
		raw, _ := json.Marshal(msg) // made of what encodes
		u = model.Usage{Input: tokens(len(a.Body)), Output: tokens(len(raw))}
	}
	return map[string]any{
		"prompt_tokens": u.Sent(), "completion_tokens": u.Output, "total_tokens": u.Sent() + u.Output,
		"prompt_tokens_details": map[string]int{"cached_tokens": u.CacheRead},
	}
}
