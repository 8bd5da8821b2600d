package anthropic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
)

const testModel = "claude-sonnet-4-6"

func newTestClient(baseURL string) model.Client {
	return New(Options{APIKey: "key-for-tests", BaseURL: baseURL, Model: testModel})
}

func TestTheProviderConforms(t *testing.T) { modeltest.Conformance(t, newTestClient) }

func serve(t *testing.T, script modeltest.Script) (model.Client, *modeltest.Recorder) {
	t.Helper()
	r := modeltest.Record(script)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return newTestClient(server.URL), r
}

// answer makes a client of a server that always sends body.
func answer(t *testing.T, body string) model.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return newTestClient(server.URL)
}

func question() model.Request {
	return model.Request{
		System:    "You review incidents.",
		Messages:  []model.Message{{Role: model.User, Text: "What is wrong with Q1ABCDEF?"}},
		Tools:     []model.Tool{{Name: "b", Description: "B.", Schema: json.RawMessage(`{"type":"object"}`)}, {Name: "a", Schema: json.RawMessage(`{}`)}},
		MaxTokens: 1000,
	}
}

func complete(t *testing.T, c model.Client, req model.Request) model.Response {
	t.Helper()
	resp, err := c.Complete(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// body is a request as the vendor sees it.
// prefix is what the vendor's cache compares: every block without its mark.
// review runs a conversation of turns with tools.
func TestThinkingGoesBackUnchanged(t *testing.T) {
	c, r := serve(t, modeltest.Replay(busy(modeltest.Ask{}), modeltest.Turn{Text: "Done."}))
	review(t, c, 2)
	blocks := read(t, r.Asks()[1].Body).Messages[1].Content
	var kinds []string
	for _, b := range blocks {
		kinds = append(kinds, string(b["type"]))
	}
	if want := []string{`"thinking"`, `"text"`, `"tool_use"`, `"tool_use"`}; !cmp.Equal(kinds, want) {
		t.Errorf("blocks %v, want %v", kinds, want)
	}
	var thought string
	if err := json.Unmarshal(blocks[0]["thinking"], &thought); err != nil || thought != "I should look. <b>&" {
		t.Errorf("thinking %q, %v", thought, err)
	}
}

func TestAThinkingBlockAloneGoesBackAndTheModelIsAskedAgain(t *testing.T) {
	const blocks = `[{"type":"thinking","thinking":"hm","signature":"c2ln","extra":{"kept":[1,2]}},{"type":"redacted_thinking","data":"AAAA"}]`
	var sent []byte
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if n++; n == 1 {
			_, _ = w.Write([]byte(`{"type":"message","model":"m","content":` + blocks + `,"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":3}}`))
			return
		}
		buf := new(bytes.Buffer)
		_, _ = buf.ReadFrom(r.Body)
		sent = buf.Bytes()
		_, _ = w.Write([]byte(`{"type":"message","model":"m","content":[{"type":"text","text":"The brief."}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":3}}`))
	}))
	defer server.Close()
	c, req := newTestClient(server.URL), question()
	empty := complete(t, c, req)
	if empty.Message.Text != "" || empty.Stop != model.StopEnd {
		t.Errorf("turn = %+v", empty)
	}
	req.Messages = append(req.Messages, viaHistory(t, empty.Message), model.Message{Role: model.User, Text: "Your turn was empty."})
	if again := complete(t, c, req); again.Message.Text != "The brief." {
		t.Errorf("asked again: %+v", again)
	}
	var want, got any
	if err := json.Unmarshal([]byte(blocks), &want); err != nil {
		t.Fatal(err)
	}
	var b struct {
		Messages []struct{ Content json.RawMessage }
	}
	if err := json.Unmarshal(sent, &b); err != nil || len(b.Messages) != 3 {
		t.Fatalf("sent %s, %v", sent, err)
	}
	if err := json.Unmarshal(b.Messages[1].Content, &got); err != nil || !cmp.Equal(want, got) {
		t.Errorf("blocks changed: %s", cmp.Diff(want, got))
	}
}

// viaHistory is a message as it comes back out of Temporal's history.
func viaHistory(t *testing.T, m model.Message) model.Message {
	t.Helper()
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var out model.Message
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnotherModelsThinkingIsLeftOut(t *testing.T) {
	c, _ := serve(t, busy)
	turn := complete(t, c, question()).Message
	r := modeltest.Record(modeltest.Replay(modeltest.Turn{Text: "x"}))
	server := httptest.NewServer(r)
	defer server.Close()
	fallback := New(Options{APIKey: "k", BaseURL: server.URL, Model: "claude-haiku-4-5"})
	req := question()
	req.Messages = append(req.Messages, turn)
	complete(t, fallback, req)
	content := read(t, r.Asks()[0].Body).Messages[1].Content
	if len(content) != 3 || string(content[0]["type"]) != `"text"` {
		t.Errorf("sent %v", content)
	}
}

func TestAPausedTurnIsSentBackAsItIs(t *testing.T) {
	c, r := serve(t, modeltest.Replay(modeltest.Turn{Text: "Let me search.", Stop: "pause_turn"}, modeltest.Turn{Text: "Done."}, modeltest.Turn{Text: "More."}))
	req := question()
	paused := complete(t, c, req)
	if paused.Stop != model.StopPause || !paused.Message.Paused {
		t.Fatalf("turn = %+v", paused)
	}
	req.Messages = append(req.Messages, viaHistory(t, paused.Message))
	done := complete(t, c, req)
	if last := read(t, r.Asks()[1].Body).Messages; len(last) != 2 || len(last[1].Content) != 2 || string(last[1].Content[1]["type"]) != `"server_tool_use"` {
		t.Errorf("sent back %v", last)
	}
	req.Messages = append(req.Messages, done.Message, model.Message{Role: model.User, Text: "And?"})
	complete(t, c, req)
	if last := read(t, r.Asks()[2].Body).Messages; len(last) != 3 || len(last[1].Content) != 3 {
		t.Errorf("the goings-on of a paused turn are one message: %v", last)
	}
}

func TestATurnThatTheWindowCutIsCut(t *testing.T) {
	c, _ := serve(t, modeltest.Replay(modeltest.Turn{Text: "half", Stop: "model_context_window_exceeded", Calls: []modeltest.Call{{Tool: "a"}}}))
	resp := complete(t, c, question())
	if resp.Stop != model.StopLength || len(resp.Message.Calls) != 1 || resp.Message.Calls[0].Problem == "" {
		t.Errorf("turn = %+v", resp)
	}
}

func TestUnsignedThinkingOfACutTurnDoesNotGoBack(t *testing.T) {
	c := answer(t, `{"type":"message","content":[{"type":"thinking","thinking":"on and on","signature":""}],"stop_reason":"max_tokens","usage":{"input_tokens":5,"output_tokens":8192}}`)
	resp := complete(t, c, question())
	if resp.Stop != model.StopLength || resp.Message.Opaque != nil || resp.Usage.Output != 8192 {
		t.Errorf("turn = %+v", resp)
	}
}

func TestARefusalMayBeEmpty(t *testing.T) {
	c := answer(t, `{"type":"message","content":[],"stop_reason":"refusal","stop_details":{"type":"refusal"},"usage":{"input_tokens":5,"output_tokens":1}}`)
	if resp := complete(t, c, question()); resp.Stop != model.StopRefusal || resp.Usage.Input != 5 {
		t.Errorf("turn = %+v", resp)
	}
}

func TestUsageIsEstimatedOnlyWhenTheServerReportsNone(t *testing.T) {
	c := answer(t, `{"type":"message","content":[{"type":"text","text":"some words here"}],"stop_reason":"end_turn"}`)
	resp := complete(t, c, question())
	if u := resp.Usage; !u.Estimated || u.Input < 10 || u.Output < 3 || resp.Model != testModel {
		t.Errorf("usage %+v of model %q", u, resp.Model)
	}
	c = answer(t, `{"type":"message","model":"m-1","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"cache_read_input_tokens":413,"cache_creation_input_tokens":20,"output_tokens":2}}`)
	resp = complete(t, c, question())
	if want := (model.Usage{Input: 1, CacheRead: 413, CacheWrite: 20, Output: 2}); resp.Usage != want || resp.Model != "m-1" {
		t.Errorf("usage %+v of model %q, want %+v", resp.Usage, resp.Model, want)
	}
}

func TestAnAnswerIsBoundByWhatTheAPIGivesWithoutStreaming(t *testing.T) {
	c, r := serve(t, modeltest.Replay(modeltest.Turn{Text: "x"}))
	for _, n := range []int{64_000, 21_334, 100, 0} {
		req := question()
		req.MaxTokens = n
		complete(t, c, req)
	}
	for i, want := range []int{maxAnswer, maxAnswer, 100, defaultAnswer} {
		if got := r.Asks()[i].MaxTokens; got != want {
			t.Errorf("request %d: max_tokens %d, want %d", i, got, want)
		}
	}
}

func TestNoSamplingParameterIsSent(t *testing.T) {
	c, r := serve(t, modeltest.Replay(modeltest.Turn{Text: "x"}))
	complete(t, c, question())
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(r.Asks()[0].Body, &sent); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"model": true, "max_tokens": true, "system": true, "messages": true, "tools": true}
	for name := range sent {
		if !want[name] {
			t.Errorf("%s was sent: %s", name, sent[name])
		}
	}
}

func TestTheRequestPathIsExactlyV1Messages(t *testing.T) {
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	for _, end := range []string{"", "/", "/v1", "/v1/", "/v1/messages", "//", " "} {
		_, _ = newTestClient(server.URL+end).Complete(context.Background(), question())
	}
	_, _ = newTestClient(server.URL+"/gateway/v1/").Complete(context.Background(), question())
	want := []string{"/v1/messages", "/v1/messages", "/v1/messages", "/v1/messages", "/v1/messages", "/v1/messages", "/v1/messages", "/gateway/v1/messages"}
	if !cmp.Equal(paths, want) {
		t.Errorf("paths %q", paths)
	}
	if got := baseURL(""); got != "https://api.anthropic.com/" {
		t.Errorf("default %q", got)
	}
}

func TestTheEnvironmentIsNotRead(t *testing.T) {
	t.Setenv("ANTHROPIC_AUTH_TOKEN", "token-of-the-environment")
	t.Setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
	t.Setenv("ANTHROPIC_CUSTOM_HEADERS", "X-From-Env: yes")
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	for _, inEnv := range []string{"key-of-the-environment", ""} {
		t.Setenv("ANTHROPIC_API_KEY", inEnv)
		for _, key := range []string{"key-for-tests", ""} {
			got = nil
			c := New(Options{APIKey: key, BaseURL: server.URL, Model: testModel})
			_, _ = c.Complete(context.Background(), question())
			if got == nil || got.Get("X-Api-Key") != key || got.Get("Authorization") != "" || got.Get("X-From-Env") != "" {
				t.Errorf("with the key %q: headers %v", key, got)
			}
		}
	}
}

func TestNoErrorAndNoLogHoldsTheKey(t *testing.T) {
	var logged bytes.Buffer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key ` + r.Header.Get("X-Api-Key") + `"}}`))
	}))
	defer server.Close()
	c := New(Options{APIKey: "zq-secret-0123456789", BaseURL: server.URL, Model: "m", Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	_, err := c.Complete(context.Background(), question())
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.KindRefused || strings.Contains(e.Error()+logged.String(), "zq-secret") {
		t.Errorf("error %v, log %q", err, logged.String())
	}
}

func TestARedirectToAnotherHostIsNotFollowedWithTheKey(t *testing.T) {
	followed := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL+"/v1/messages", http.StatusTemporaryRedirect))
	defer server.Close()
	_, err := newTestClient(server.URL).Complete(context.Background(), question())
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.KindRefused || followed || !strings.Contains(e.Message, other.URL) {
		t.Errorf("error %v, followed %v", err, followed)
	}
}

func TestABaseURLThatIsNoneSaysWhatToCheck(t *testing.T) {
	for _, base := range []string{"http://[::1", "not a url", "ftp://host.example", "host.example:8080", "http://"} {
		_, err := newTestClient(base).Complete(context.Background(), question())
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.KindInvalid || !strings.Contains(e.Message, "ANTHROPIC_BASE_URL") {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestAnEndlessAnswerIsCutAndIsNone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for range model.MaxBody >> 20 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
		_, _ = w.Write([]byte(`{"type":"message","content":[{"type":"text","text":"too late"}]}`))
	}))
	defer server.Close()
	for _, client := range []*http.Client{nil, server.Client()} {
		c := New(Options{APIKey: "k", BaseURL: server.URL, Model: "m", HTTP: client})
		resp, err := c.Complete(context.Background(), question())
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.KindTransient {
			t.Errorf("answer %+v, error %v", resp, err)
		}
	}
}

func TestAFailedResultIsMarked(t *testing.T) {
	c, r := serve(t, modeltest.Replay(modeltest.Turn{Text: "x"}))
	req := question()
	req.Messages = append(req.Messages,
		model.Message{Role: model.Assistant, Calls: []model.Call{{ID: "1", Name: "a", Arguments: json.RawMessage(`{}`)}, {ID: "2", Name: "b", Arguments: json.RawMessage(`{}`)}}},
		model.Message{Role: model.User, Results: []model.Result{{CallID: "1", Name: "a", Text: "down", Failed: true}, {CallID: "2", Name: "b", Text: "up"}}})
	complete(t, c, req)
	results := read(t, r.Asks()[0].Body).Messages[2].Content
	if string(results[0]["is_error"]) != "true" || results[1]["is_error"] != nil {
		t.Errorf("results %s", results)
	}
}

func TestABlankTextBesideThinkingDoesNotGoBack(t *testing.T) {
	first := answer(t, `{"type":"message","content":[{"type":"redacted_thinking","data":"AAAA"},{"type":"text","text":"\n"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":9}}`)
	turn := complete(t, first, question()).Message
	c, _ := serve(t, modeltest.Replay(modeltest.Turn{Text: "The brief."}))
	req := question()
	req.Messages = append(req.Messages, turn, model.Message{Role: model.User, Text: "Your turn was empty."})
	if resp := complete(t, c, req); resp.Message.Text != "The brief." {
		t.Errorf("turn = %+v", resp)
	}
}

func TestBytesThatAreNoTextAreReplacedOnce(t *testing.T) {
	c := answer(t, "{\"type\":\"message\",\"model\":\"m\\u0000\",\"content\":[{\"type\":\"text\",\"text\":\"caf\xe9 \\ud83d\"},{\"type\":\"tool_use\",\"id\":\"x\",\"name\":\"a\",\"input\":{\"q\":\"caf\xe9\"}}],\"stop_reason\":\"tool_use\"}")
	resp := complete(t, c, question())
	if want := "caf\ufffd \ufffd"; resp.Message.Text != want || resp.Model != "m" {
		t.Errorf("text %q of %q, want %q", resp.Message.Text, resp.Model, want)
	}
	if got, want := string(resp.Message.Calls[0].Arguments), `{"q":"caf`+"\ufffd"+`"}`; got != want {
		t.Errorf("arguments %q, want %q", got, want)
	}
}
