package model

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/border"
)

func TestFailuresAreSortedByWhatHelps(t *testing.T) {
	for _, c := range []struct {
		f    Failure
		want Kind
	}{
		{Failure{Status: 429, Code: "insufficient_quota", Message: "You exceeded your current quota"}, KindRefused},
		{Failure{Status: 429, Type: "tokens", Code: "rate_limit_exceeded", Message: "Rate limit reached: maximum context length is irrelevant"}, KindOverload},
		{Failure{Status: 400, Code: "context_length_exceeded", Message: "too many"}, KindTooLong},
		{Failure{Status: 500, Message: "the request exceeds the available context size. try increasing the context size"}, KindTooLong},
		{Failure{Status: 400, Message: "The prompt (9000 tokens) is longer than the maximum model length of 8192"}, KindTooLong},
		{Failure{Status: 400, Message: "Trying to keep the first 9000 tokens when context overflows. However, the model is loaded with context length of only 4096: number of tokens to keep from the initial prompt is greater than the context length"}, KindTooLong},
		{Failure{Status: 400, Message: "prompt too long; exceeded max context length by 4 tokens"}, KindTooLong},
		{Failure{Status: 500, Message: "context deadline exceeded"}, KindTransient},
		{Failure{Status: 500, Message: "context canceled"}, KindTransient},
		{Failure{Status: 500, Message: "Failed to parse tool call arguments as JSON"}, KindInvalid},
		{Failure{Status: 400, Message: "invalid tool call arguments"}, KindInvalid},
		{Failure{Status: 503, Message: "Loading model"}, KindTransient},
		{Failure{Status: 503, RetryAfter: 1}, KindOverload},
		{Failure{Status: 500, Type: "overloaded_error"}, KindOverload},
		{Failure{Status: 418}, KindInvalid},
		{Failure{Status: 200, Code: "429", Message: "upstream"}, KindOverload},
		{Failure{Status: 200, Code: "401", Message: "upstream"}, KindRefused},
		{Failure{Status: 200, Message: "?"}, KindTransient},
		{Failure{Message: "?"}, KindTransient},
	} {
		e := c.f.Error(nil)
		if e.Kind != c.want || e.Message == "" {
			t.Errorf("%+v = %+v, want %q", c.f, e, c.want)
		}
		if e.Retryable() != (c.want == KindTransient || c.want == KindOverload) {
			t.Errorf("%+v: retryable %v", c.f, e.Retryable())
		}
	}
}

func TestAFailureSaysWhatAPersonCanDo(t *testing.T) {
	for says, f := range map[string]Failure{
		"check the API key":           {Status: 401, Message: "no"},
		"check the account's credit":  {Status: 400, Message: "Your credit balance is too low"},
		"check AGENT_MODEL":           {Status: 404, Message: "model not found"},
		"check the account's credit ": {Status: 429, Type: "insufficient_quota", Message: "no"},
	} {
		if e := f.Error(nil); !strings.Contains(e.Error(), says) {
			t.Errorf("%+v: %q does not say %q", f, e, says)
		}
	}
}

func TestAFailureIsShortAndHoldsNoSecret(t *testing.T) {
	f := Failure{Status: 401, Message: "Incorrect key sk-mine-1234567890 \x1b[31m\x00 " + strings.Repeat("long ", 200)}
	e := f.Error(border.NewRedactor("sk-mine-1234567890"))
	if strings.Contains(e.Message, "sk-mine") || strings.ContainsAny(e.Message, "\x00\x1b") || len(e.Message) > 400 {
		t.Errorf("message = %q", e.Message)
	}
	page := NoCompletion(200, "text/plain", []byte("your key sk-mine-1234567890 "+strings.Repeat("x", 9000)), border.NewRedactor("sk-mine-1234567890"))
	if strings.Contains(page.Message, "sk-mine") || len(page.Message) > 250 {
		t.Errorf("message = %q", page.Message)
	}
}

func TestRoomIsReadFromTheVendorsWords(t *testing.T) {
	for words, want := range map[string]int{
		"input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000":                                                                                                 11760,
		"This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (4904 in the messages, 4096 in the completion). Please reduce the length":             3288,
		"'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 8192 tokens and your request has 5000 input tokens (8192 > 8192 - 5000).": 3192,
		"prompt is too long: 208310 tokens > 200000 maximum":                                                                                                                          0,
		"This model's maximum context length is 8192 tokens. However, you requested 13000 tokens (8904 in the messages, 4096 in the completion)":                                      0,
		"input length and `max_tokens` exceed context limit: 99999999999999999999 + 1 > 2":                                                                                            0,
	} {
		if e := (Failure{Status: 400, Message: words}).Error(nil); e.Kind != KindTooLong || e.Room != want {
			t.Errorf("%s: %q, room %d, want %d", words, e.Kind, e.Room, want)
		}
	}
}

func TestErrorBodiesAreReadInEveryForm(t *testing.T) {
	for body, want := range map[string]Failure{
		`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`: {Type: "overloaded_error", Message: "Overloaded"},
		`{"error":{"message":"no","type":"t","param":"max_tokens","code":"c"}}`:       {Type: "t", Code: "c", Param: "max_tokens", Message: "no"},
		`{"error":{"message":"no","code":429}}`:                                       {Code: "429", Message: "no"},
		`{"error":{"code":null,"message":"no"}}`:                                      {Message: "no"},
		`{"error":"model 'x' not found"}`:                                             {Message: "model 'x' not found"},
		`{"object":"error","message":"too long","type":"BadRequestError","code":400}`: {Message: "too long"},
		`{"detail":"Not Found"}`:                                                      {Message: "Not Found"},
		`{"detail":[{"loc":["body"],"msg":"extra"}]}`:                                 {Message: `[{"loc":["body"],"msg":"extra"}]`},
		`<html><body>secret words</body></html>`:                                      {Message: "an HTML or XML page"},
		`upstream connect error`:                                                      {Message: "upstream connect error"},
		``:                                                                            {},
	} {
		got := ReadFailure(&http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))})
		want.Status = 400
		if got != want {
			t.Errorf("%s\n= %+v\nwant %+v", body, got, want)
		}
	}
}

func TestUnreachableKeepsTheCauseAndNoAddress(t *testing.T) {
	e := Unreachable(&url.Error{Op: "Post", URL: "https://host.example/v1/messages?key=hush", Err: context.Canceled})
	if !errors.Is(e, context.Canceled) || strings.Contains(e.Error(), "hush") || strings.Contains(e.Error(), "/v1") || e.Kind != KindTransient {
		t.Errorf("error = %v", e)
	}
	moved := Unreachable(&url.Error{Op: "Post", URL: "https://a.example", Err: &border.MovedError{From: "https://a.example", To: "https://b.example"}})
	if moved.Kind != KindRefused || !strings.Contains(moved.Message, "https://b.example") {
		t.Errorf("moved = %v", moved)
	}
}
