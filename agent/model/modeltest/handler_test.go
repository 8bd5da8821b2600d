package modeltest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// post sends a body and returns status and answer.
func post(t *testing.T, h http.Handler, path, body string, header ...string) (int, map[string]any) {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Api-Key", "k")
	req.Header.Set("Authorization", "Bearer k")
	req.Header.Set("Anthropic-Version", "2023-06-01")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	out := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s answered %q", path, w.Body)
	}
	return w.Code, out
}

func errorOf(t *testing.T, answer map[string]any) (kind, message string) {
	t.Helper()
	e, ok := answer["error"].(map[string]any)
	if !ok {
		t.Fatalf("answer %v has no error", answer)
	}
	return e["type"].(string), e["message"].(string)
}

const (
	anPath = "/v1/messages"
	oaPath = "/v1/chat/completions"
)

// with puts a conversation into the smallest Anthropic request.
func with(messages string) string {
	return `{"model":"m","max_tokens":9,"tools":[{"name":"t","input_schema":{"type":"object","properties":{}}}],"messages":[` + messages + `]}`
}

func TestTheAnthropicSideRefusesWhatTheVendorRefuses(t *testing.T) {
	const (
		q      = `{"role":"user","content":"q"}`
		use    = `{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"t","input":{}}]}`
		res    = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"r"}]}`
		cached = `{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}`
	)
	for says, body := range map[string]string{
		"cannot be read":          `{`,
		"unknown field":           `{"model":"m","max_tokens":9,"messages":[` + q + `],"surprise":1}`,
		"behind its object":       with(q) + "{}",
		"model: ":                 `{"max_tokens":9,"messages":[` + q + `]}`,
		"max_tokens: Field":       `{"model":"m","messages":[` + q + `]}`,
		"greater than or equal":   `{"model":"m","max_tokens":0,"messages":[` + q + `]}`,
		"`temperature`":           `{"model":"m","max_tokens":9,"temperature":1,"messages":[` + q + `]}`,
		"at least one message":    with(``),
		"system: text":            `{"model":"m","max_tokens":9,"system":"","messages":[` + q + `]}`,
		"first message must":      with(use + "," + res),
		"roles must alternate":    with(q + "," + q),
		"'user' or 'assistant'":   with(`{"role":"system","content":"q"}`),
		"must be non-empty":       with(`{"role":"user","content":" "}`),
		"non-empty content":       with(`{"role":"user","content":[]}`),
		"must end with a user":    with(q + "," + use),
		"immediately after":       with(q + "," + use + `,{"role":"user","content":"and?"}`),
		"unexpected tool result":  with(`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"r"}]}`),
		"waits for one":           with(q + "," + use + `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"r"},{"type":"tool_result","tool_use_id":"a","content":"r"}]}`),
		"before text":             with(q + "," + use + `,{"role":"user","content":[{"type":"text","text":"x"},{"type":"tool_result","tool_use_id":"a","content":"r"}]}`),
		"ids must be unique":      with(q + "," + use + "," + res + "," + use + "," + res),
		"tool_use.id":             with(q + "," + strings.Replace(use, `"a"`, `"a b"`, 1) + "," + res),
		"tool_use.name":           with(q + "," + strings.Replace(use, `"t"`, `"t.u"`, 1) + "," + res),
		"valid dictionary":        with(q + "," + strings.Replace(use, `{}`, `"x"`, 1) + "," + res),
		"prefill":                 with(q + `,{"role":"assistant","content":"The"}`),
		"Invalid `signature`":     with(q + `,{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"}]},{"role":"user","content":"x"}`),
		"maximum of 4 blocks":     with(`{"role":"user","content":[` + strings.Repeat(cached+",", 4) + cached + `]}`),
		"should match pattern":    `{"model":"m","max_tokens":9,"messages":[` + q + `],"tools":[{"name":"a.b","input_schema":{"type":"object","properties":{}}}]}`,
		"should be 'object'":      `{"model":"m","max_tokens":9,"messages":[` + q + `],"tools":[{"name":"a","input_schema":{"properties":{}}}]}`,
		"at the top level":        `{"model":"m","max_tokens":9,"messages":[` + q + `],"tools":[{"name":"a","input_schema":{"type":"object","properties":{},"anyOf":[]}}]}`,
		"names must be unique":    `{"model":"m","max_tokens":9,"messages":[` + q + `],"tools":[{"name":"a","input_schema":{"type":"object","properties":{}}},{"name":"a","input_schema":{"type":"object","properties":{}}}]}`,
		"while providing tools":   `{"model":"m","max_tokens":9,"messages":[` + q + `],"tool_choice":{"type":"none"}}`,
		"has tool_use blocks":     `{"model":"m","max_tokens":9,"messages":[` + q + "," + use + "," + res + `]}`,
		"not allowed in a user":   with(`{"role":"user","content":[{"type":"thinking","thinking":"t","signature":"s"}]}`),
		"stand-in does not strea": `{"model":"m","max_tokens":9,"stream":true,"messages":[` + q + `]}`,
	} {
		r := Record(Replay(Turn{Text: "x"}))
		status, answer := post(t, r, anPath, body)
		kind, message := errorOf(t, answer)
		if status != 400 || answer["type"] != "error" || kind != "invalid_request_error" || !strings.Contains(message, says) {
			t.Errorf("%s\nanswered %d %v, want 400 that says %q", body, status, answer, says)
		}
		if len(r.Asks()) != 0 || len(r.Refused()) != 1 {
			t.Errorf("%s reached the script", says)
		}
	}
	if status, answer := post(t, Handler(Replay(Turn{Text: "x"})), anPath, with(q+","+use+","+res)); status != 200 {
		t.Errorf("a good request was answered %d %v", status, answer)
	}
}

func TestTheOpenAISideRefusesWhatStrictServersRefuse(t *testing.T) {
	with := func(messages string) string {
		return `{"model":"m","max_tokens":9,"tools":[{"type":"function","function":{"name":"t","parameters":{"type":"object","properties":{}}}}],"messages":[` + messages + `]}`
	}
	const (
		q   = `{"role":"user","content":"q"}`
		use = `{"role":"assistant","content":"","tool_calls":[{"id":"abc123DEF","type":"function","function":{"name":"t","arguments":"{}"}}]}`
		res = `{"role":"tool","tool_call_id":"abc123DEF","content":"r"}`
	)
	for says, body := range map[string]string{
		"cannot be read":            `[`,
		"unknown field":             `{"model":"m","max_tokens":9,"top_k":3,"messages":[` + q + `]}`,
		"model parameter":           `{"max_tokens":9,"messages":[` + q + `]}`,
		"at least 1":                `{"model":"m","messages":[` + q + `]}`,
		"used together":             `{"model":"m","max_tokens":9,"max_completion_tokens":9,"messages":[` + q + `]}`,
		"array too short":           with(``),
		"must be at the beginning":  with(q + `,{"role":"system","content":"s"}`),
		"system message is empty":   with(`{"role":"system","content":" "},` + q),
		"must alternate":            with(q + "," + q),
		"the message is empty":      with(`{"role":"user","content":""}`),
		"must be a string":          with(q + "," + strings.Replace(use, `"content":""`, `"content":null`, 1) + "," + res),
		"has content or tool_calls": with(q + `,{"role":"assistant","content":""},` + q),
		"without a result":          with(q + "," + use),
		"immediately after":         with(q + "," + use + "," + q),
		"response to a preceding":   with(q + "," + res),
		"waits for one":             with(q + "," + use + "," + res + "," + res),
		"alphanumeric":              with(q + "," + strings.Replace(use, "abc123DEF", "call_1", 1) + "," + res),
		"ids must be unique":        with(q + "," + use + "," + res + "," + use + "," + res),
		"type must be function":     with(q + "," + strings.Replace(use, `"type":"function",`, ``, 1) + "," + res),
		"function name":             with(q + "," + strings.Replace(use, `"name":"t"`, `"name":"t.u"`, 1) + "," + res),
		"must end with":             with(q + `,{"role":"assistant","content":"x"}`),
		"is not one of":             with(`{"role":"developer","content":"x"}`),
		"Invalid tool_choice type":  strings.Replace(with(q), `"tools"`, `"tool_choice":{"type":"function"},"tools"`, 1),
		"string values: none, auto": strings.Replace(with(q), `"tools"`, `"tool_choice":"required","tools"`, 1),
		"when tools are specified":  `{"model":"m","max_tokens":9,"tool_choice":"none","messages":[` + q + `]}`,
		"[] is too short":           `{"model":"m","max_tokens":9,"tools":[],"messages":[` + q + `]}`,
		"should have properties":    `{"model":"m","max_tokens":9,"messages":[` + q + `],"tools":[{"type":"function","function":{"name":"t","parameters":{"type":"object"}}}]}`,
		"the schema should be":      `{"model":"m","max_tokens":9,"messages":[` + q + `],"tools":[{"type":"function","function":{"name":"t"}}]}`,
	} {
		r := Record(Replay(Turn{Text: "x"}))
		status, answer := post(t, r, oaPath, body)
		if _, message := errorOf(t, answer); status != 400 || !strings.Contains(message, says) || len(r.Asks()) != 0 {
			t.Errorf("%s\nanswered %d %v, want 400 that says %q", body, status, answer, says)
		}
	}
	if status, answer := post(t, Handler(Replay()), oaPath, with(q+","+strings.Replace(use, `"{}"`, `"{"`, 1)+","+res)); status != 500 {
		t.Errorf("broken arguments in the history were answered %d %v, want 500", status, answer)
	}
	for _, path := range []string{oaPath, "/chat/completions"} {
		if status, answer := post(t, Handler(Replay()), path, with(q+","+use+","+res)); status != 200 {
			t.Errorf("a good request was answered %d %v", status, answer)
		}
	}
}

func TestTheDoorIsGuarded(t *testing.T) {
	h := Handler(Replay(Turn{Text: "x"}))
	good := with(`{"role":"user","content":"q"}`)
	if status, answer := post(t, h, anPath, good, "X-Api-Key", "", "Authorization", ""); status != 401 {
		t.Errorf("without a key: %d %v", status, answer)
	}
	if status, answer := post(t, h, anPath, good, "X-Api-Key", ""); status != 200 {
		t.Errorf("with a bearer token: %d %v", status, answer)
	}
	if status, answer := post(t, h, anPath, good, "Anthropic-Version", ""); status != 400 {
		t.Errorf("without a version: %d %v", status, answer)
	}
	if status, answer := post(t, h, oaPath, good, "Authorization", ""); status != 401 {
		t.Errorf("without a key: %d %v", status, answer)
	}
	if status, answer := post(t, h, anPath, good, "Content-Type", "text/plain"); status != 400 {
		t.Errorf("plain text: %d %v", status, answer)
	}
	for _, path := range []string{"/v1/v1/messages", "//v1/messages", "/v1/messages/", "/messages"} {
		if status, answer := post(t, h, path, good); status != 404 {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, anPath, nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}

func TestAnAskTellsTheConversation(t *testing.T) {
	r := Record(Replay(Turn{Text: "x"}))
	post(t, r, anPath, `{"model":"m","max_tokens":9,"system":[{"type":"text","text":"sys"}],"tool_choice":{"type":"none"},
		"tools":[{"name":"t","input_schema":{"type":"object","properties":{}}}],
		"messages":[{"role":"user","content":"first"},{"role":"assistant","content":[{"type":"text","text":"hm"},{"type":"tool_use","id":"a","name":"t","input":{"k":1}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"found"}]},{"type":"text","text":"go on"}]}]}`)
	post(t, r, oaPath, `{"model":"m","max_completion_tokens":9,"tool_choice":"none",
		"tools":[{"type":"function","function":{"name":"t","parameters":{"type":"object","properties":{}}}}],
		"messages":[{"role":"system","content":"sys"},{"role":"user","content":"first"},
		{"role":"assistant","content":"hm","tool_calls":[{"id":"abc123DEF","type":"function","function":{"name":"t","arguments":"{\"k\":1}"}}]},
		{"role":"tool","tool_call_id":"abc123DEF","content":"found"},{"role":"user","content":"go on"}]}`)
	asks := r.Asks()
	if len(asks) != 2 || r.Requests() != 2 {
		t.Fatalf("%d asks, refused %q", len(asks), r.Refused())
	}
	for _, a := range asks {
		if a.Model != "m" || a.System != "sys" || a.First != "first" || a.Last != "found\ngo on" || a.Turn != 1 || a.MaxTokens != 9 || !a.Final || len(a.Tools) != 1 || a.Tools[0] != "t" {
			t.Errorf("%s: %+v", a.Vendor, a)
		}
		if want := "sys\nfirst\nhm\nt {\"k\":1}\nfound\ngo on"; a.All != want {
			t.Errorf("%s: all %q, want %q", a.Vendor, a.All, want)
		}
	}
}

func TestATurnIsToldInEachVendorsWords(t *testing.T) {
	turn := Turn{Text: "hi", Thinking: "hm", Calls: []Call{{Tool: "t", Args: map[string]int{"k": 1}}, {Tool: "t", ID: "mine"}}, Usage: model.Usage{Input: 10, CacheRead: 90, Output: 5}}
	h := Handler(Replay(turn))
	_, an := post(t, h, anPath, with(`{"role":"user","content":"q"}`))
	content := an["content"].([]any)
	if an["stop_reason"] != "tool_use" || len(content) != 4 || content[3].(map[string]any)["id"] != "mine" {
		t.Errorf("anthropic: %v", an)
	}
	if u := an["usage"].(map[string]any); u["input_tokens"] != 10.0 || u["cache_read_input_tokens"] != 90.0 {
		t.Errorf("anthropic usage: %v", u)
	}
	_, oa := post(t, h, oaPath, `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"q"}]}`)
	first := oa["choices"].([]any)[0].(map[string]any)
	msg := first["message"].(map[string]any)
	if first["finish_reason"] != "tool_calls" || msg["reasoning_content"] != "hm" || len(msg["tool_calls"].([]any)) != 2 {
		t.Errorf("openai: %v", oa)
	}
	if u := oa["usage"].(map[string]any); u["prompt_tokens"] != 100.0 || u["total_tokens"] != 105.0 {
		t.Errorf("openai usage: %v", u)
	}
}

func TestRawHeadersAndDelaysAreDelivered(t *testing.T) {
	server := httptest.NewServer(Handler(Replay(Turn{Status: 202, Raw: "words", Header: map[string]string{"Content-Type": "text/plain", "X-Mark": "1"}}, Turn{Delay: time.Hour})))
	defer server.Close()
	send := func(client *http.Client) (*http.Response, error) {
		req, err := http.NewRequest(http.MethodPost, server.URL+anPath, strings.NewReader(with(`{"role":"user","content":"q"}`)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Content-Type": {"application/json"}, "X-Api-Key": {"k"}, "Anthropic-Version": {"1"}}
		return client.Do(req)
	}
	resp, err := send(server.Client())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 202 || string(body) != "words" || resp.Header.Get("X-Mark") != "1" || resp.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("answered %d %q %v", resp.StatusCode, body, resp.Header)
	}
	hasty := &http.Client{Timeout: 50 * time.Millisecond}
	if late, err := send(hasty); err == nil {
		_ = late.Body.Close()
		t.Error("an hour's delay was over at once")
	}
}

func TestTheCacheReadsWhatAnEarlierTurnWrote(t *testing.T) {
	h := Handler(Replay(Turn{Text: "x"}))
	text := strings.Repeat("words ", 500)
	mark := `"cache_control":{"type":"ephemeral"}`
	first := `{"model":"m","max_tokens":9,"system":[{"type":"text","text":"` + text + `",` + mark + `}],"messages":[{"role":"user","content":[{"type":"text","text":"` + text + `",` + mark + `}]}`
	more := `,{"role":"assistant","content":[{"type":"text","text":"a"}]},{"role":"user","content":[{"type":"text","text":"b",` + mark + `}]}`
	usage := func(body string) (in, read, wrote float64) {
		t.Helper()
		_, answer := post(t, h, anPath, body)
		u := answer["usage"].(map[string]any)
		return u["input_tokens"].(float64), u["cache_read_input_tokens"].(float64), u["cache_creation_input_tokens"].(float64)
	}
	in, read, wrote := usage(first + "]}")
	if read != 0 || wrote < 1500 || in <= 0 {
		t.Errorf("first: %v in, %v read, %v written", in, read, wrote)
	}
	if _, again, _ := usage(first + more + "]}"); again < wrote {
		t.Errorf("second: %v read of %v written", again, wrote)
	}
	changed := strings.Replace(first, "words", "other", 1)
	if _, read, _ := usage(changed + "]}"); read != 0 {
		t.Errorf("another prefix: %v read", read)
	}
}

func TestReplayRepeatsItsLastTurn(t *testing.T) {
	s := Replay(Turn{Text: "a"}, Turn{Text: "b"})
	for _, want := range []string{"a", "b", "b"} {
		if got := s(Ask{}).Text; got != want {
			t.Errorf("turn %q, want %q", got, want)
		}
	}
	if got := Replay()(Ask{}); got.Text != "" {
		t.Errorf("no turns: %+v", got)
	}
}
