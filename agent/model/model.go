package model

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Role of a message.
type Role string

// The two roles of a conversation; the system prompt stands apart in Request.
const (
	User      Role = "user"      // a prompt, or the results of tool calls
	Assistant Role = "assistant" // the model's own turn
)

// Message is one message of the conversation. A user message has either Text or
// Results (Text may follow Results); an assistant message has Text, Calls or both.
type Message struct {
	Role    Role     `json:"role"`
	Text    string   `json:"text,omitempty"`
	Calls   []Call   `json:"calls,omitempty"`
	Results []Result `json:"results,omitempty"`
	// Opaque carries a vendor's own blocks (thinking with its signature) that
	// must be sent back unchanged. Only the provider that made it reads it.
	Opaque json.RawMessage `json:"opaque,omitempty"`
	// Paused marks a turn that ended with StopPause: it may stand last, and is
	// sent back as it is.
	Paused bool `json:"paused,omitempty"`
}

// Call is a tool call that the model asked for. Arguments is always a valid
// JSON object; when the model's text was not one, Problem says why and the call
// must not be run.
type Call struct {
	ID        string          `json:"id"` // unique within the conversation
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
	Problem   string          `json:"problem,omitempty"`
}

// Result answers a Call.
type Result struct {
	CallID string `json:"call_id"`
	Name   string `json:"name"`
	Text   string `json:"text"`
	Failed bool   `json:"failed,omitempty"`
}

// Tool is a tool as offered to the model.
type Tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema"`
}

// Request is one call to a model.
type Request struct {
	System   string    `json:"system,omitempty"`
	Messages []Message `json:"messages"`
	Tools    []Tool    `json:"tools,omitempty"`
	// Final asks for an answer without further tool calls. The tools stay in
	// the request (the history names them, and the cached prefix stays whole).
	Final     bool `json:"final,omitempty"`
	MaxTokens int  `json:"max_tokens"` // of the answer
}

// Stop says why a turn ended.
type Stop string

// The reasons that providers map their vendor's words to.
const (
	StopEnd     Stop = "end"     // the answer is complete
	StopTools   Stop = "tools"   // there are calls to run
	StopLength  Stop = "length"  // cut by MaxTokens or by the window; its calls must not be run
	StopRefusal Stop = "refusal" // the model declined
	StopPause   Stop = "pause"   // send the turn back as it is and go on
)

// Usage counts the tokens of a call. Input excludes cached tokens, for every
// vendor, so that Input+CacheRead+CacheWrite is what was sent.
type Usage struct {
	Input      int  `json:"input"`
	Output     int  `json:"output"`
	CacheRead  int  `json:"cache_read,omitempty"`
	CacheWrite int  `json:"cache_write,omitempty"`
	Estimated  bool `json:"estimated,omitempty"` // the vendor did not say; counted by us
}

// Sent is the number of input tokens whatever they cost.
func (u Usage) Sent() int { return u.Input + u.CacheRead + u.CacheWrite }

// Add sums two usages.
func (u Usage) Add(v Usage) Usage {
	return Usage{
		Input: u.Input + v.Input, Output: u.Output + v.Output,
		CacheRead: u.CacheRead + v.CacheRead, CacheWrite: u.CacheWrite + v.CacheWrite,
		Estimated: u.Estimated || v.Estimated,
	}
}

// Response is a model's turn.
type Response struct {
	Message Message `json:"message"`
	Stop    Stop    `json:"stop"`
	Usage   Usage   `json:"usage"`
	Model   string  `json:"model"` // the name that the vendor answered with
	// Warning is for the operator: something about the answer looks wrong, such
	// as a server that cut the prompt without saying so. Empty when all is well.
	Warning string `json:"warning,omitempty"`
}

// Client is one vendor's model, worker side. Complete makes exactly one attempt
// (retries belong to Temporal), returns within ctx, and fails with an *Error.
type Client interface {
	Complete(ctx context.Context, req Request) (Response, error)
}

// Kind of a failure decides what is done about it.
type Kind string

// The kinds of failure.
const (
	KindTransient Kind = "transient"  // connection, 5xx, an answer that is none: try again
	KindOverload  Kind = "overloaded" // 429 or 529: try again after RetryAfter
	KindTooLong   Kind = "too_long"   // the conversation does not fit: compact, then try again
	KindRefused   Kind = "refused"    // key, permission, billing: trying again is of no use
	KindInvalid   Kind = "invalid"    // the request itself is at fault
)

// Error is a failed call. Message is short and holds no secret and no body.
type Error struct {
	Kind       Kind
	Status     int           // HTTP status, 0 when there was no answer
	RetryAfter time.Duration // 0 when the vendor did not say
	Message    string
	Usage      Usage // tokens that were paid for all the same, when known
	// Room is how many tokens of an answer would still fit, when the vendor said
	// that only prompt and answer together are too long; 0 when it did not.
	Room int
	// Unsent says that no byte of the call left this machine, so nothing was used.
	Unsent bool
	Cause  error // what lies beneath, for errors.Is; may be nil
}

// Error implements error.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("model: %s: %s", e.Kind, e.Message)
	}
	return fmt.Sprintf("model: %s (HTTP %d): %s", e.Kind, e.Status, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Retryable reports whether the same call may succeed later.
func (e *Error) Retryable() bool { return e.Kind == KindTransient || e.Kind == KindOverload }
