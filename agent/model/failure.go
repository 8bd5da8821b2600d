package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
)

// maxWords bounds what of a vendor's words goes into an error, in characters.
const maxWords = 240

// Failure is what a vendor said when it did not answer. The words of several
// vendors are sorted in one place, since one server speaks for many.
type Failure struct {
	Status     int    // HTTP status; 200 for an error in the clothes of a success
	Type, Code string // the vendor's own classes
	Param      string // what the vendor says is at fault
	Message    string // its words, as they came
	RetryAfter time.Duration
}

// Error sorts the failure by what helps against it. The words are cleaned,
// shortened and without secrets; redact may be nil.
func (f Failure) Error(redact *border.Redactor) *Error {
	if n, err := strconv.Atoi(f.Code); err == nil && n >= 400 && n < 600 && f.Status == http.StatusOK {
		f.Status = n // OpenRouter puts the upstream's status into the body of a 200
	}
	kind := f.kind()
	words, _ := border.Cut(redact.Redact(border.Line(f.Message)), maxWords)
	if words == "" {
		words = strings.TrimSpace(f.Type + " " + http.StatusText(f.Status))
	}
	e := &Error{Kind: kind, Status: f.Status, RetryAfter: f.RetryAfter, Message: words + f.hint(kind)}
	if kind == KindTooLong {
		e.Room = room(f.Message)
	}
	return e
}

var (
	// Anthropic, OpenAI, vLLM, llama.cpp, Ollama, LM Studio, in this order.
	saysTooLong = regexp.MustCompile(`(?i)prompt is too long|input length and|input is too long|exceed(?:s|ed)? (?:the )?(?:context|available context|model'?s? (?:maximum )?context|maximum context)` +
		`|maximum context length|context[_ ](?:length|size|window)[_ ]?(?:exceeded|is|of|limit)|exceed_context|(?:longer|larger|greater) than the (?:context|maximum model length)|prompt too long|number of tokens to keep from the initial prompt`)
	saysNoMoney = regexp.MustCompile(`(?i)credit balance|spend(?:ing)? limit|usage limits?|insufficient (?:quota|credits?|funds|balance)|billing`)
	saysPoison  = regexp.MustCompile(`(?i)failed to parse tool call arguments|invalid tool call arguments`)
)

var (
	refusedTypes  = []string{"authentication_error", "permission_error", "billing_error", "insufficient_quota", "invalid_api_key", "billing_not_active", "billing_hard_limit_reached"}
	overloadTypes = []string{"rate_limit_error", "rate_limit_exceeded", "overloaded_error", "server_overloaded", "slow_down"}
	passingTypes  = []string{"api_error", "server_error", "timeout_error", "conflict_error", "internal_server_error", "internal_error"}
	tooLongTypes  = []string{"request_too_large", "context_length_exceeded", "exceed_context_size_error"}
)

func (f Failure) is(types []string) bool {
	return slices.Contains(types, f.Type) || slices.Contains(types, f.Code)
}

func (f Failure) kind() Kind {
	s := f.Status
	switch {
	case f.is(refusedTypes), s == 401, s == 402, s == 403, s == 400 && saysNoMoney.MatchString(f.Message):
		return KindRefused
	case s == 429, s == 529, s < 400 && f.is(overloadTypes), s >= 500 && f.is(overloadTypes), s == 503 && f.RetryAfter > 0:
		return KindOverload
	case s == 413, f.is(tooLongTypes), saysTooLong.MatchString(f.Message):
		return KindTooLong
	case saysPoison.MatchString(f.Message):
		return KindInvalid
	case s >= 500, s == 408, s == 409, s == 425, s < 400 && f.is(passingTypes):
		return KindTransient
	case s >= 400, f.Type == "invalid_request_error", f.Type == "not_found_error":
		return KindInvalid
	}
	return KindTransient
}

// hint says what a person can do, for the failures that wait for one.
func (f Failure) hint(kind Kind) string {
	switch {
	case kind == KindRefused && (f.Status == 402 || saysNoMoney.MatchString(f.Message) || f.Type == "insufficient_quota"):
		return "; check the account's credit and spend limit"
	case kind == KindRefused:
		return "; check the API key and what it may use"
	case f.Status == 404:
		return "; check AGENT_MODEL and AGENT_BASE_URL"
	}
	return ""
}

// Vendors that count say how much room is left: "188240 + 21333 > 200000"
// (Anthropic), "maximum context length is 8192 tokens … (4904 in the messages,
// 4096 in the completion)" (OpenAI, vLLM), "maximum context length is 8192
// tokens and your request has 5000 input tokens" (newer vLLM).
var roomForms = []struct {
	find            *regexp.Regexp
	window, prompts int // groups
}{
	{regexp.MustCompile(`(\d+) \+ \d+ > (\d+)`), 2, 1},
	{regexp.MustCompile(`maximum context length is (\d+) tokens.*?\((\d+) in the messages, \d+ in the completion\)`), 1, 2},
	{regexp.MustCompile(`maximum context length is (\d+) tokens.*?request has (\d+) input tokens`), 1, 2},
}

func room(message string) int {
	for _, form := range roomForms {
		m := form.find.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		window, err1 := strconv.Atoi(m[form.window])
		prompt, err2 := strconv.Atoi(m[form.prompts])
		if err1 == nil && err2 == nil {
			return max(0, window-prompt)
		}
	}
	return 0
}

// ReadFailure reads an answer with an error status. Bodies in no known form are
// quoted. The answer's body must be bounded; it is read to its end.
func ReadFailure(resp *http.Response) Failure {
	f := Failure{Status: resp.StatusCode, RetryAfter: border.RetryAfter(resp.Header, time.Now())}
	body, err := io.ReadAll(resp.Body)
	if err != nil && len(body) == 0 {
		return f
	}
	var e ErrorBody
	if json.Unmarshal(body, &e) == nil && !e.empty() {
		return e.Failure(f)
	}
	f.Message = string(body)
	if strings.HasPrefix(strings.TrimSpace(f.Message), "<") {
		f.Message = "an HTML or XML page"
	}
	return f
}

// ErrorBody is an error as vendors write it: {"error": {…}} (Anthropic, OpenAI),
// {"error": "…"} (Ollama), {"message": …} (older vLLM), {"detail": …} (FastAPI).
type ErrorBody struct {
	Error   json.RawMessage `json:"error"`
	Message string          `json:"message"`
	Detail  json.RawMessage `json:"detail"`
}

func (e ErrorBody) empty() bool {
	return (len(e.Error) == 0 || string(e.Error) == "null") && e.Message == "" && len(e.Detail) == 0
}

// Failure adds what the body says to f.
func (e ErrorBody) Failure(f Failure) Failure {
	var in struct {
		Type    string          `json:"type"`
		Message string          `json:"message"`
		Param   string          `json:"param"`
		Code    json.RawMessage `json:"code"`
	}
	_ = json.Unmarshal(e.Error, &in) // what does not fit stays empty
	f.Type, f.Param, f.Message = in.Type, in.Param, in.Message
	if f.Code = strings.Trim(string(in.Code), `"`); f.Code == "null" {
		f.Code = ""
	}
	for _, words := range []string{textOf(e.Error), e.Message, textOf(e.Detail)} {
		if f.Message == "" {
			f.Message = words
		}
	}
	return f
}

// textOf is a JSON string's text, or any other value as it is written.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// Unreachable is the failure of a call that brought no answer.
func Unreachable(err error) *Error {
	var dial *net.OpError
	unsent := errors.As(err, &dial) && dial.Op == "dial"
	err = border.NetError(err)
	e := &Error{Kind: KindTransient, Unsent: unsent, Message: border.Line(err.Error()), Cause: err}
	var moved *border.MovedError
	var wall *border.WallError
	if errors.As(err, &moved) || errors.As(err, &wall) {
		e.Kind = KindRefused
	}
	return e
}

// NoCompletion is the failure of an answer that is none: a gateway's page, a
// proxy's two letters, an empty body.
func NoCompletion(status int, contentType string, body []byte, redact *border.Redactor) *Error {
	start, _ := border.Cut(redact.Redact(border.Line(string(body[:min(len(body), 4<<10)]))), 80)
	words := fmt.Sprintf("the answer is no completion but %s: %s", border.Line(contentType), start)
	if len(body) == 0 {
		words = "the answer is empty"
	}
	return &Error{Kind: KindTransient, Status: status, Message: words}
}

// CheckBaseURL reports a base URL that cannot be one, naming the setting it came
// from; nil when it can.
func CheckBaseURL(base, setting string) *Error {
	u, err := url.Parse(base)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	return &Error{Kind: KindInvalid, Message: "the base URL is no http or https address; check " + setting}
}
