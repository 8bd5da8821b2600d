package anthropic

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	sdk "github.com/anthropics/anthropic-sdk-go"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/border"
)

// Types of blocks that have a place of their own in a model.Message.
const (
	typeText     = "text"
	typeCall     = "tool_use"
	typeThinking = "thinking"
)

// opaque is what a Message carries for this package: the vendor's blocks in
// their order. A call is a reference to the Message's call of that id.
type opaque struct {
	Model  string            `json:"model"`
	Blocks []json.RawMessage `json:"blocks"`
}

func readOpaque(raw json.RawMessage) (opaque, bool) {
	var o opaque
	if len(raw) == 0 || json.Unmarshal(raw, &o) != nil {
		return opaque{}, false
	}
	return o, len(o.Blocks) > 0
}

// decode reads an answer with status 2xx.
func (c *client) decode(answered *http.Response, body []byte, req model.Request) (model.Response, *model.Error) {
	status, contentType := answered.StatusCode, answered.Header.Get("Content-Type")
	var envelope struct {
		model.ErrorBody
		Content []json.RawMessage `json:"content"`
	}
	if json.Unmarshal(body, &envelope) != nil {
		return model.Response{}, model.NoCompletion(status, contentType, body, c.redact)
	}
	if len(envelope.Error) > 0 {
		f := model.Failure{Status: status, RetryAfter: border.RetryAfter(answered.Header, time.Now())}
		return model.Response{}, envelope.Failure(f).Error(c.redact)
	}
	if envelope.Content == nil {
		return model.Response{}, model.NoCompletion(status, contentType, body, c.redact)
	}
	var msg sdk.Message
	if err := json.Unmarshal(body, &msg); err != nil {
		return model.Response{}, model.NoCompletion(status, contentType, body, c.redact)
	}
	return c.turn(msg, req), nil
}

func (c *client) turn(msg sdk.Message, req model.Request) model.Response {
	stop, known := stops[msg.StopReason]
	if !known {
		c.log.Warn("unknown stop reason; taken for the end of the turn", "stop_reason", border.Line(string(msg.StopReason)), "model", c.model)
	}
	a := model.Answer{Stop: stop, KeepIDs: true}
	texts, before := strings.Builder{}, ""
	for _, b := range msg.Content {
		switch b.Type {
		case typeText:
			if texts.Len() > 0 && before != typeText {
				texts.WriteString("\n\n")
			}
			texts.WriteString(b.Text)
		case typeCall:
			call := model.Call{ID: b.ID, Name: b.Name}
			call.Arguments, call.Problem = model.ParseArguments(string(b.Input))
			a.Calls = append(a.Calls, call)
		}
		before = b.Type
	}
	a.Text = texts.String()
	fromBlocks := len(a.Calls)
	m, why := a.Turn(req)
	m.Opaque = c.keep(msg.Content, m.Calls[:min(fromBlocks, len(m.Calls))], stop)
	r := model.Response{Message: m, Stop: why, Usage: c.usage(msg, req), Model: border.Line(msg.Model)}
	if r.Model == "" {
		r.Model = c.model
	}
	return r
}

var stops = map[sdk.StopReason]model.Stop{
	sdk.StopReasonEndTurn:                    model.StopEnd,
	sdk.StopReasonStopSequence:               model.StopEnd,
	sdk.StopReasonToolUse:                    model.StopTools,
	sdk.StopReasonMaxTokens:                  model.StopLength,
	sdk.StopReasonModelContextWindowExceeded: model.StopLength,
	sdk.StopReasonRefusal:                    model.StopRefusal,
	sdk.StopReasonPauseTurn:                  model.StopPause,
}

// keep makes the Opaque of a turn, when it has a block that text and calls do
// not express. calls are the turn's, in the order of its blocks, with the ids
// that they have now.
func (c *client) keep(content []sdk.ContentBlockUnion, calls []model.Call, stop model.Stop) json.RawMessage {
	o := opaque{Model: c.model}
	special := false
	for _, b := range content {
		raw := json.RawMessage(b.RawJSON())
		switch {
		case b.Type == typeText && blank(b.Text):
			continue // refused when it comes back
		case b.Type == typeThinking && b.Signature == "" && stop == model.StopLength:
			continue // cut before it was signed: refused when it comes back
		case b.Type == typeCall:
			if len(calls) == 0 {
				continue
			}
			raw, _ = json.Marshal(map[string]string{"type": typeCall, "id": calls[0].ID}) // strings encode
			calls = calls[1:]
		case b.Type != typeText:
			special = true
		}
		o.Blocks = append(o.Blocks, raw)
	}
	if !special {
		return nil
	}
	out, err := json.Marshal(o)
	if err != nil {
		c.log.Warn("thinking blocks cannot be kept", "error", err)
		return nil
	}
	return out
}

// usage reads the counters; input_tokens leaves the cached ones out already.
// Servers that copy the API may report nothing.
func (c *client) usage(msg sdk.Message, req model.Request) model.Usage {
	u := model.Usage{
		Input: count(msg.Usage.InputTokens), Output: count(msg.Usage.OutputTokens),
		CacheRead: count(msg.Usage.CacheReadInputTokens), CacheWrite: count(msg.Usage.CacheCreationInputTokens),
	}
	if u.Sent() > 0 {
		return u
	}
	counter := model.NewCounter(c.model)
	u.Input, u.Estimated = counter.Request(req), true
	if u.Output == 0 {
		for _, b := range msg.Content {
			u.Output += counter.Text(b.Text) + counter.Text(b.Thinking) + counter.Text(string(b.Input))
		}
	}
	return u
}

func count(n int64) int { return int(max(0, n)) }

func blank(s string) bool { return strings.TrimSpace(s) == "" }
