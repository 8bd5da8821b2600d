package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
)

func TestTheProviderConforms(t *testing.T) {
	for _, provider := range []string{"openai-compat", Ollama} {
		t.Run(provider, func(t *testing.T) {
			modeltest.Conformance(t, func(baseURL string) model.Client {
				return New(Options{APIKey: "key-for-tests", BaseURL: baseURL, Model: "qwen3:8b", Provider: provider})
			})
		})
	}
}

const lookUp = "mcp__pagerduty__get_incident"

func question() model.Request {
	return model.Request{
		System:    "You review incidents.",
		Messages:  []model.Message{{Role: model.User, Text: "What is wrong with Q1ABCDEF?"}},
		Tools:     []model.Tool{{Name: lookUp, Schema: json.RawMessage(`{"type":"object","properties":{"incident_id":{"type":"string"}}}`)}, {Name: "jira"}},
		MaxTokens: 1000,
	}
}

// server answers bodies in order, repeating the last, and keeps the requests.
type server struct {
	*httptest.Server
	requests [][]byte
}

type reply struct {
	status int // 200 when 0
	body   string
}

func serve(t *testing.T, replies ...reply) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.requests = append(s.requests, body)
		next := replies[min(len(s.requests), len(replies))-1]
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(max(next.status, http.StatusOK))
		_, _ = w.Write([]byte(next.body))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) client(provider string) model.Client {
	return New(Options{APIKey: "key-for-tests", BaseURL: s.URL + "/v1", Model: "qwen3:8b", Provider: provider})
}

// says is a completion with one choice.
func says(message, reason, usage string) reply {
	return reply{body: `{"model":"qwen3:8b","choices":[{"index":0,"message":` + message + `,"finish_reason":"` + reason + `"}]` + usage + `}`}
}

const someUsage = `,"usage":{"prompt_tokens":200,"completion_tokens":20,"total_tokens":220}`

func complete(t *testing.T, c model.Client, req model.Request) model.Response {
	t.Helper()
	resp, err := c.Complete(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func failure(t *testing.T, c model.Client) *model.Error {
	t.Helper()
	resp, err := c.Complete(context.Background(), question())
	var e *model.Error
	if !errors.As(err, &e) {
		t.Fatalf("Complete = %+v, %v, want a *model.Error", resp, err)
	}
	return e
}

// ask sends one question to a server with one answer.
func ask(t *testing.T, r reply) model.Response {
	t.Helper()
	return complete(t, serve(t, r).client(""), question())
}

// boundOf is the name and value of the answer's bound in a request.
func boundOf(t *testing.T, body []byte) (old, renamed any) {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	return m["max_tokens"], m["max_completion_tokens"]
}

func TestTheOtherNameOfTheBoundIsTriedOnceAndRemembered(t *testing.T) {
	for _, refusal := range []string{
		`{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}`,
		`{"error":{"message":"max_tokens is deprecated","param":"max_tokens"}}`,
		`{"detail":[{"loc":["body","max_tokens"],"msg":"Extra inputs are not permitted"}]}`,
	} {
		s := serve(t, reply{400, refusal}, says(`{"content":"The brief."}`, "stop", someUsage))
		c := s.client("")
		for range 2 {
			if resp := complete(t, c, question()); resp.Message.Text != "The brief." {
				t.Errorf("answer = %+v", resp)
			}
		}
		if len(s.requests) != 3 {
			t.Fatalf("%d requests, want 3", len(s.requests))
		}
		for i, wantOld := range []any{1000.0, nil, nil} {
			if old, renamed := boundOf(t, s.requests[i]); old != wantOld || (renamed == nil) == (old == nil) {
				t.Errorf("request %d: max_tokens %v, max_completion_tokens %v", i, old, renamed)
			}
		}
	}
}

func TestTheBoundIsRenamedBackAndNotForEver(t *testing.T) {
	s := serve(t, reply{400, `{"error":{"message":"Unrecognized request argument supplied: max_completion_tokens"}}`}, says(`{"content":"x"}`, "stop", someUsage))
	c := s.client("").(*client)
	c.newLimit.Store(true)
	complete(t, c, question())
	if old, renamed := boundOf(t, s.requests[1]); old != 1000.0 || renamed != nil {
		t.Errorf("max_tokens %v, max_completion_tokens %v", old, renamed)
	}

	never := serve(t, reply{400, `{"error":{"message":"Unsupported parameter: max_tokens and max_completion_tokens","code":"unsupported_parameter"}}`})
	if e := failure(t, never.client("")); e.Kind != model.KindInvalid || len(never.requests) != 1+adaptions {
		t.Errorf("%+v after %d requests", e, len(never.requests))
	}
	tooLarge := serve(t, reply{400, `{"error":{"message":"max_tokens is too large: 1000. This model supports at most 500 completion tokens","param":"max_tokens","code":"invalid_value"}}`})
	if e := failure(t, tooLarge.client("")); e.Kind != model.KindInvalid || len(tooLarge.requests) != 1 {
		t.Errorf("%+v after %d requests", e, len(tooLarge.requests))
	}
}

func TestOpenAIItselfGetsTheNewNameAtOnce(t *testing.T) {
	c := New(Options{APIKey: "k", Model: "gpt-5.4"}).(*client)
	p := encode(c.model, question(), c.form())
	if p.MaxTokens.Valid() || p.MaxCompletionTokens.Value != 1000 {
		t.Errorf("max_tokens %v, max_completion_tokens %v", p.MaxTokens, p.MaxCompletionTokens)
	}
}

func TestATemplateThatWantsNoUserBehindAToolGetsNone(t *testing.T) {
	s := serve(t, reply{500, `{"error":{"code":500,"message":"Jinja Exception: After the optional system message, conversation roles must alternate user/assistant/user/assistant/...","type":"server_error"}}`}, says(`{"content":"Done."}`, "stop", someUsage))
	req := question()
	req.Messages = append(req.Messages,
		model.Message{Role: model.Assistant, Calls: []model.Call{{ID: "abc123DEF", Name: "jira", Arguments: json.RawMessage(`{}`)}}},
		model.Message{Role: model.User, Results: []model.Result{{CallID: "abc123DEF", Name: "jira", Text: "none"}}, Text: "Stop here."})
	c := s.client("")
	complete(t, c, req)
	complete(t, c, req)
	if len(s.requests) != 3 {
		t.Fatalf("%d requests, want 3", len(s.requests))
	}
	for i, want := range [][]string{{"system", "user", "assistant", "tool", "user"}, {"system", "user", "assistant", "tool"}, {"system", "user", "assistant", "tool"}} {
		var b struct {
			Messages []struct{ Role, Content string }
		}
		if err := json.Unmarshal(s.requests[i], &b); err != nil {
			t.Fatal(err)
		}
		var roles []string
		for _, m := range b.Messages {
			roles = append(roles, m.Role)
		}
		if !cmp.Equal(roles, want) || !strings.HasSuffix(b.Messages[len(b.Messages)-1].Content, "Stop here.") {
			t.Errorf("request %d: %+v", i, b.Messages)
		}
	}
}

func TestOtherServersRefusalsAreSorted(t *testing.T) {
	for _, c := range []struct {
		reply reply
		want  model.Kind
	}{
		{reply{400, `{"error":{"code":400,"message":"request (9000 tokens) exceeds the available context size (8192 tokens)","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":8192}}`}, model.KindTooLong},
		{reply{404, `{"error":{"message":"model 'nope' not found","type":"api_error","param":null,"code":null}}`}, model.KindInvalid},
		{reply{429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`}, model.KindRefused},
		{reply{500, `{"error":{"code":500,"message":"The model produced output that does not match the expected peg-native format","type":"server_error"}}`}, model.KindTransient},
		{reply{503, `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`}, model.KindTransient},
		{reply{400, `{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 9000 tokens in the messages","type":"BadRequestError","param":null,"code":400}`}, model.KindTooLong},
		{reply{422, `{"detail":"messages: field required"}`}, model.KindInvalid},
		{reply{400, ``}, model.KindInvalid},
		{reply{302, ``}, model.KindTransient},
	} {
		s := serve(t, c.reply)
		if e := failure(t, s.client("")); e.Kind != c.want || e.Status != c.reply.status || len(s.requests) != 1 {
			t.Errorf("%+v = %+v after %d requests, want %q", c.reply, e, len(s.requests), c.want)
		}
	}
}

func TestBrokenArgumentsNeverComeBackInTheHistory(t *testing.T) {
	s := serve(t, says(`{"content":"","tool_calls":[{"id":"a","function":{"name":"jira","arguments":"{"}}]}`, "tool_calls", someUsage), says(`{"content":"ok"}`, "stop", someUsage))
	c, req := s.client(""), question()
	turn := complete(t, c, req).Message
	if turn.Calls[0].Problem == "" {
		t.Errorf("call = %+v", turn.Calls[0])
	}
	req.Messages = append(req.Messages, turn, model.Message{Role: model.User, Results: []model.Result{{CallID: turn.Calls[0].ID, Text: "the arguments could not be read", Failed: true}}})
	complete(t, c, req)
	if !bytes.Contains(s.requests[1], []byte(`"arguments":"{}"`)) {
		t.Errorf("sent %s", s.requests[1])
	}
}

func TestTheBaseURLIsTakenAsPeopleWriteIt(t *testing.T) {
	for _, c := range []struct{ base, provider, want string }{
		{"", "", "https://api.openai.com/v1/"},
		{"", Ollama, "http://localhost:11434/v1/"},
		{"http://h:11434", Ollama, "http://h:11434/v1/"},
		{"http://h:11434/", Ollama, "http://h:11434/v1/"},
		{"http://h:11434/api/", Ollama, "http://h:11434/v1/"},
		{"http://h:11434/v1", Ollama, "http://h:11434/v1/"},
		{"http://h:8000", "", "http://h:8000/v1/"},
		{"http://h:8000/v1//", "", "http://h:8000/v1/"},
		{" http://h/v1/chat/completions/ ", "", "http://h/v1/"},
		{"https://h/openai/deployments/x", "", "https://h/openai/deployments/x/"},
		{"https://h/api/v1", "openai-compat", "https://h/api/v1/"},
	} {
		if got := baseURL(c.base, c.provider); got != c.want {
			t.Errorf("%q (%s) = %q, want %q", c.base, c.provider, got, c.want)
		}
	}
	for _, base := range []string{"host:1234", "not a url", "http://[::1"} {
		_, err := New(Options{BaseURL: base, Model: "m"}).Complete(context.Background(), question())
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.KindInvalid || !strings.Contains(e.Message, "AGENT_BASE_URL") {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestTheKeyIsTheOneGivenAndNoOther(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "key-of-the-environment")
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")
	t.Setenv("OPENAI_ORG_ID", "org-of-the-environment")
	var got http.Header
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		w.WriteHeader(http.StatusTeapot)
	}))
	defer s.Close()
	for _, c := range []struct{ key, provider, want string }{{"mine", "", "Bearer mine"}, {"mine", Ollama, "Bearer mine"}, {"", Ollama, "Bearer ollama"}, {"", "", ""}} {
		got = nil
		_, err := New(Options{APIKey: c.key, BaseURL: s.URL, Model: "m", Provider: c.provider}).Complete(context.Background(), question())
		if got == nil || got.Get("Authorization") != c.want || got.Get("OpenAI-Organization") != "" {
			t.Errorf("%+v: headers %v, error %v", c, got, err)
		}
	}
}

func TestNoErrorHoldsTheKey(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":{"message":"Incorrect API key provided: ` + r.Header.Get("Authorization") + `"}}`))
	}))
	defer s.Close()
	_, err := New(Options{APIKey: "zq-secret-0123456789", BaseURL: s.URL, Model: "m"}).Complete(context.Background(), question())
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.KindRefused || strings.Contains(e.Error(), "zq-secret") {
		t.Errorf("error %v", err)
	}
}

func TestARedirectToAnotherHostIsNotFollowedWithTheKey(t *testing.T) {
	followed := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL+"/v1/chat/completions", http.StatusTemporaryRedirect))
	defer s.Close()
	_, err := New(Options{APIKey: "k", BaseURL: s.URL, Model: "m"}).Complete(context.Background(), question())
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.KindRefused || followed {
		t.Errorf("error %v, followed %v", err, followed)
	}
}
