package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/border"
)

// completion is an answer, read leniently: the SDK's type would refuse or lose
// what servers write in other forms.
type completion struct {
	model.ErrorBody
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	Usage   *usage   `json:"usage"`
}

type choice struct {
	FinishReason string          `json:"finish_reason"`
	Message      message         `json:"message"`
	Error        json.RawMessage `json:"error"` // OpenRouter: the upstream failed midway
}

type message struct {
	Content          json.RawMessage `json:"content"` // a string, null, or parts
	Refusal          json.RawMessage `json:"refusal"`
	ReasoningContent json.RawMessage `json:"reasoning_content"`
	Reasoning        json.RawMessage `json:"reasoning"`
	ToolCalls        []toolCall      `json:"tool_calls"`
	FunctionCall     *function       `json:"function_call"` // before 2024
}

type toolCall struct {
	ID       json.RawMessage `json:"id"` // a string, a number, or missing
	Function function        `json:"function"`
}

type function struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"` // a string, an object, or missing
}

type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
	Details          struct {
		CachedTokens int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CacheHit int `json:"prompt_cache_hit_tokens"` // DeepSeek
}

// decode reads an answer with status 2xx.
func (c *client) decode(answered *http.Response, body []byte, req model.Request) (model.Response, *model.Error) {
	var got completion
	err := border.DecodeJSON(body, &got)
	var odd *border.FieldError
	if err != nil && !errors.As(err, &odd) {
		return model.Response{}, model.NoCompletion(answered.StatusCode, answered.Header.Get("Content-Type"), body, c.redact)
	}
	if given(got.Error) {
		return model.Response{}, c.refused(answered, got.ErrorBody, got.Usage)
	}
	if len(got.Choices) == 0 {
		e := model.NoCompletion(answered.StatusCode, answered.Header.Get("Content-Type"), body, c.redact)
		if got.Usage != nil {
			e.Message, e.Usage = "the answer has no choices", got.Usage.count()
		}
		return model.Response{}, e
	}
	if e := got.Choices[0].Error; given(e) {
		return model.Response{}, c.refused(answered, model.ErrorBody{Error: e}, got.Usage)
	}
	return c.turn(got, req), nil
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// refused is an error in the clothes of a success.
func (c *client) refused(answered *http.Response, body model.ErrorBody, u *usage) *model.Error {
	f := model.Failure{Status: answered.StatusCode, RetryAfter: border.RetryAfter(answered.Header, time.Now())}
	e := body.Failure(f).Error(c.redact)
	if u != nil {
		e.Usage = u.count()
	}
	return e
}

func (c *client) turn(got completion, req model.Request) model.Response {
	msg := got.Choices[0].Message
	text, reasoning := content(msg.Content)
	for _, raw := range []json.RawMessage{msg.ReasoningContent, msg.Reasoning} {
		if reasoning == "" {
			reasoning = str(raw)
		}
	}
	a := model.Answer{Text: text, Reasoning: reasoning, Calls: calls(msg), Stop: c.stop(got.Choices[0].FinishReason)}
	if refusal := str(msg.Refusal); refusal != "" && text == "" && len(a.Calls) == 0 {
		a.Text, a.Stop = refusal, model.StopRefusal
	}
	m, stop := a.Turn(req)
	r := model.Response{Message: m, Stop: stop, Model: border.Line(got.Model)}
	if r.Model == "" {
		r.Model = c.model
	}
	written := text + reasoning
	for _, call := range m.Calls {
		written += call.Name + string(call.Arguments)
	}
	r.Usage = c.usage(got.Usage, req, written)
	if r.Warning = c.warning(got.Usage, stop, req); r.Warning != "" {
		c.log.Warn("the server seems to have cut the conversation", "model", c.model, "warning", r.Warning)
	}
	return r
}

func (c *client) stop(reason string) model.Stop {
	switch strings.ToLower(reason) {
	case "stop", "tool_calls", "function_call", "eos", "end_turn", "":
		return model.StopEnd
	case "length", "max_tokens", "model_length":
		return model.StopLength
	case "content_filter", "refusal":
		return model.StopRefusal
	}
	c.log.Warn("unknown finish reason; taken for the end of the turn", "finish_reason", border.Line(reason), "model", c.model)
	return model.StopEnd
}

// calls reads the calls in their order. Index, id and type are not looked at:
// servers repeat or leave them out (lmdeploy#3412, litellm#24095).
func calls(m message) []model.Call {
	list := m.ToolCalls
	if len(list) == 0 && m.FunctionCall != nil && m.FunctionCall.Name != "" {
		list = []toolCall{{Function: *m.FunctionCall}}
	}
	var out []model.Call
	for _, t := range list {
		c := model.Call{ID: str(t.ID), Name: t.Function.Name}
		c.Arguments, c.Problem = model.ParseArguments(str(t.Function.Arguments))
		out = append(out, c)
	}
	return out
}

// str is a JSON string's text, nothing for null, any other value as written.
func str(raw json.RawMessage) string {
	var s string
	if !given(raw) || json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// content reads a message's content in its forms: a string, null, or a list of
// parts, which may hold thinking.
func content(raw json.RawMessage) (text, reasoning string) {
	var parts []struct {
		Type     string          `json:"type"`
		Text     string          `json:"text"`
		Thinking json.RawMessage `json:"thinking"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return str(raw), ""
	}
	for _, p := range parts {
		text += p.Text
		if given(p.Thinking) {
			thought, _ := content(p.Thinking)
			reasoning += thought
		}
	}
	return text, reasoning
}

// count takes the cached tokens out of prompt_tokens, which includes them here.
func (u usage) count() model.Usage {
	cached := u.Details.CachedTokens
	if cached == 0 {
		cached = u.CacheHit
	}
	cached = min(max(0, cached), max(0, u.PromptTokens))
	return model.Usage{Input: max(0, u.PromptTokens) - cached, Output: max(0, u.CompletionTokens), CacheRead: cached}
}

func (c *client) usage(reported *usage, req model.Request, written string) model.Usage {
	var u model.Usage
	if reported != nil {
		u = reported.count()
	}
	counter := model.NewCounter(c.model)
	if u.Sent() == 0 {
		u.Input, u.Estimated = counter.Request(req), true
	}
	if u.Output == 0 && written != "" {
		u.Output, u.Estimated = counter.Text(written), true
	}
	return u
}

// cutShare is the part of our own count below which the server cannot have seen
// all that was sent; tokenizers differ by less.
const cutShare = 0.6

// leastCounted is the size from which a comparison says something: below, what
// a template adds weighs too much.
const leastCounted = 1000

// warning tells of a server that lost a part of the conversation without a word:
// Ollama cuts the start, the system prompt with it, to its num_ctx
// (ollama#10980, TradingAgents#168).
func (c *client) warning(u *usage, stop model.Stop, req model.Request) string {
	if u == nil || u.PromptTokens <= 0 {
		return ""
	}
	sent := model.Counter{Calibration: model.Calibration{Factor: 1}}.Request(req)
	remedy := "raise the server's context length"
	if c.provider == Ollama {
		remedy += " (num_ctx or OLLAMA_CONTEXT_LENGTH)"
	}
	switch full := window(u.PromptTokens) || window(u.TotalTokens); {
	case full && sent > u.PromptTokens:
		return fmt.Sprintf("the server read %d tokens, a full context, of about %d that were sent; %s", u.PromptTokens, sent, remedy)
	case sent >= leastCounted && float64(u.PromptTokens) < cutShare*float64(sent):
		return fmt.Sprintf("the server read %d tokens of about %d that were sent; %s", u.PromptTokens, sent, remedy)
	case stop == model.StopLength && u.CompletionTokens > 0 && u.CompletionTokens < answerTokens(req) && window(u.TotalTokens):
		return fmt.Sprintf("the answer was cut after %d of %d tokens because the context was full; %s", u.CompletionTokens, answerTokens(req), remedy)
	}
	return ""
}

// window reports a number that people choose for a context length.
func window(n int) bool { return n >= 2048 && n%1024 == 0 }
