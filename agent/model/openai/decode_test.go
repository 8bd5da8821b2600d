package openai

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

func TestCallsAreReadInTheFormsThatServersWrite(t *testing.T) {
	const want = `{"incident_id":"Q1"}`
	for name, calls := range map[string]string{
		"as OpenAI does":      `[{"id":"call_1","type":"function","function":{"name":"` + lookUp + `","arguments":"{\"incident_id\":\"Q1\"}"}}]`,
		"arguments an object": `[{"id":"call_1","type":"function","function":{"name":"` + lookUp + `","arguments":{"incident_id":"Q1"}}}]`,
		"no id and no type":   `[{"function":{"name":"` + lookUp + `","arguments":"{\"incident_id\":\"Q1\"}"}}]`,
		"id a number or null": `[{"id":7,"type":null,"function":{"name":"` + lookUp + `","arguments":"{\"incident_id\":\"Q1\"}"}}]`,
		"in a fence":          `[{"id":"a","function":{"name":"` + lookUp + `","arguments":"` + "```json\\n{\\\"incident_id\\\":\\\"Q1\\\"}\\n```" + `"}}]`,
		"encoded twice":       `[{"id":"a","function":{"name":"` + lookUp + `","arguments":"\"{\\\"incident_id\\\":\\\"Q1\\\"}\""}}]`,
	} {
		resp := ask(t, says(`{"role":"assistant","content":null,"tool_calls":`+calls+`}`, "tool_calls", someUsage))
		if len(resp.Message.Calls) != 1 {
			t.Errorf("%s: %+v", name, resp)
			continue
		}
		c := resp.Message.Calls[0]
		if c.Name != lookUp || string(c.Arguments) != want || c.Problem != "" || len(c.ID) != 9 || resp.Stop != model.StopTools {
			t.Errorf("%s: %+v %s, stop %q", name, c, c.Arguments, resp.Stop)
		}
	}
	old := ask(t, says(`{"role":"assistant","content":null,"function_call":{"name":"`+lookUp+`","arguments":"{\"incident_id\":\"Q1\"}"}}`, "function_call", someUsage))
	if len(old.Message.Calls) != 1 || string(old.Message.Calls[0].Arguments) != want {
		t.Errorf("function_call: %+v", old)
	}
	none := ask(t, says(`{"role":"assistant","content":"x","tool_calls":[{"function":{"name":"`+lookUp+`"}},{"function":{"name":"jira","arguments":null}}]}`, "stop", someUsage))
	for _, c := range none.Message.Calls {
		if string(c.Arguments) != "{}" || c.Problem != "" {
			t.Errorf("no arguments at all: %+v", c)
		}
	}
}

func TestTwoCallsWithOneIndexAndOneIDStayTwo(t *testing.T) {
	resp := ask(t, says(`{"content":"","tool_calls":[{"index":0,"id":"call_1","function":{"name":"`+lookUp+`","arguments":"{}"}},{"index":0,"id":"call_1","function":{"name":"jira","arguments":"{}"}}]}`, "tool_calls", someUsage))
	calls := resp.Message.Calls
	if len(calls) != 2 || calls[0].ID == calls[1].ID || calls[0].Name != lookUp || calls[1].Name != "jira" {
		t.Errorf("calls = %+v", calls)
	}
}

func TestCallsCountWhateverTheFinishReasonSays(t *testing.T) {
	const message = `{"content":null,"tool_calls":[{"id":"a","function":{"name":"jira","arguments":"{}"}}]}`
	for _, reason := range []string{"stop", "tool_calls", "", "eos", "something new"} {
		if resp := ask(t, says(message, reason, someUsage)); resp.Stop != model.StopTools || resp.Message.Calls[0].Problem != "" {
			t.Errorf("%q: %+v", reason, resp)
		}
	}
	for _, reason := range []string{"length", "max_tokens", "LENGTH"} {
		if resp := ask(t, says(message, reason, someUsage)); resp.Stop != model.StopLength || resp.Message.Calls[0].Problem == "" {
			t.Errorf("%q: %+v", reason, resp)
		}
	}
}

func TestAThinkingModelThatUsedUpItsRoomIsCutAndPaid(t *testing.T) {
	for _, message := range []string{
		`{"content":"","reasoning_content":"on and on"}`,
		`{"content":null,"reasoning":"on and on"}`,
		`{"content":"<think>on and on"}`,
		`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"on and on"}]}]}`,
	} {
		resp := ask(t, says(message, "length", `,"usage":{"prompt_tokens":200,"completion_tokens":8192}`))
		if resp.Stop != model.StopLength || resp.Message.Text != "" || resp.Usage.Output != 8192 {
			t.Errorf("%s: %+v", message, resp)
		}
	}
}

func TestContentIsReadInItsForms(t *testing.T) {
	for message, want := range map[string]string{
		`{"content":"words"}`: "words",
		`{"content":[{"type":"text","text":"wo"},{"type":"text","text":"rds"}]}`:                                    "words",
		`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"words"}]}`: "words",
		`{"content":"words","reasoning_content":"hm","tool_calls":null,"refusal":null}`:                             "words",
		`{"content":"words","tool_calls":[]}`:                                                                       "words",
		`{"content":null}`:                                                                                          "",
		`{}`:                                                                                                        "",
	} {
		if resp := ask(t, says(message, "stop", someUsage)); resp.Message.Text != want || resp.Stop != model.StopEnd {
			t.Errorf("%s: %+v", message, resp)
		}
	}
	resp := ask(t, says(`{"content":null,"refusal":"I won't."}`, "stop", someUsage))
	if resp.Stop != model.StopRefusal || resp.Message.Text != "I won't." {
		t.Errorf("a refusal: %+v", resp)
	}
}

func TestAnAnswerInTheReasoningIsTakenWhenAskedAgain(t *testing.T) {
	s := serve(t, says(`{"content":null,"reasoning_content":"The disk is full."}`, "stop", someUsage))
	c, req := s.client(""), question()
	first := complete(t, c, req)
	if first.Message.Text != "" {
		t.Errorf("at first: %+v", first)
	}
	req.Messages = append(req.Messages, first.Message, model.Message{Role: model.User, Text: "Your turn was empty."})
	if again := complete(t, c, req); again.Message.Text != "The disk is full." {
		t.Errorf("asked again: %+v", again)
	}
}

func TestCachedTokensArePartOfThePrompt(t *testing.T) {
	for usage, want := range map[string]model.Usage{
		`{"prompt_tokens":100000,"completion_tokens":200,"total_tokens":100200,"prompt_tokens_details":{"cached_tokens":90000}}`: {Input: 10_000, CacheRead: 90_000, Output: 200},
		`{"prompt_tokens":414,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":413}}`:                              {Input: 1, CacheRead: 413, Output: 9},
		`{"prompt_tokens":500,"completion_tokens":9,"prompt_cache_hit_tokens":300}`:                                              {Input: 200, CacheRead: 300, Output: 9},
		`{"prompt_tokens":500,"completion_tokens":9,"prompt_tokens_details":null}`:                                               {Input: 500, Output: 9},
		`{"prompt_tokens":500,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":900}}`:                              {CacheRead: 500, Output: 9},
	} {
		if got := ask(t, says(`{"content":"x"}`, "stop", `,"usage":`+usage)).Usage; got != want {
			t.Errorf("%s = %+v, want %+v", usage, got, want)
		}
	}
}

func TestMissingUsageIsEstimatedAndSaysSo(t *testing.T) {
	for _, usage := range []string{``, `,"usage":null`, `,"usage":{}`, `,"usage":{"prompt_tokens":0,"completion_tokens":0}`} {
		got := ask(t, says(`{"content":"The disk is full on node 7."}`, "stop", usage)).Usage
		if !got.Estimated || got.Input < 40 || got.Output < 6 {
			t.Errorf("%q: %+v", usage, got)
		}
	}
	if got := ask(t, says(`{"content":""}`, "stop", `,"usage":{"prompt_tokens":50,"completion_tokens":0}`)).Usage; got.Estimated || got.Output != 0 {
		t.Errorf("an empty answer costs nothing: %+v", got)
	}
}

func TestAnAnswerWithoutChoicesIsATransportFailureThatWasPaid(t *testing.T) {
	e := failure(t, serve(t, reply{body: `{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":3}}`}).client(""))
	if e.Kind != model.KindTransient || e.Usage.Input != 100 || e.Usage.Output != 3 {
		t.Errorf("error = %+v", e)
	}
}

func TestAnErrorThatCameAfterTheWorkWasPaid(t *testing.T) {
	e := failure(t, serve(t, reply{body: `{"error":{"message":"went away","code":502},"usage":{"prompt_tokens":100,"completion_tokens":3}}`}).client(""))
	if e.Usage.Input != 100 || e.Usage.Output != 3 {
		t.Errorf("error = %+v", e)
	}
}

func TestAnErrorInsideASuccessIsSeen(t *testing.T) {
	for body, want := range map[string]model.Kind{
		`{"error":{"message":"Rate limited upstream","code":429}}`:                                                        model.KindOverload,
		`{"error":{"message":"Provider returned error","code":502},"choices":[]}`:                                         model.KindTransient,
		`{"error":"model is loading"}`:                                                                                    model.KindTransient,
		`{"choices":[{"message":{"content":"half"},"finish_reason":"error","error":{"code":503,"message":"went away"}}]}`: model.KindTransient,
		`{"choices":[{"message":{"content":""},"error":{"code":"context_length_exceeded","message":"too long by far"}}]}`: model.KindTooLong,
	} {
		if e := failure(t, serve(t, reply{body: body}).client("")); e.Kind != want {
			t.Errorf("%s = %+v, want %q", body, e, want)
		}
	}
}

func TestASilentlyCutPromptIsNoticed(t *testing.T) {
	long := question()
	long.Messages[0].Text = strings.Repeat("pod gateway-7f9 restarted 3 times; exit code 137. ", 2000) // about 28,000 tokens
	full := question()
	full.MaxTokens = 4000
	for _, c := range []struct {
		name  string
		req   model.Request
		stop  string
		usage string
		says  string // "" = no warning
	}{
		{"cut to num_ctx", long, "stop", `{"prompt_tokens":8192,"completion_tokens":9}`, "8192 tokens, a full context"},
		{"prompt and answer fill the window", long, "length", `{"prompt_tokens":4000,"completion_tokens":96,"total_tokens":4096}`, "a full context"},
		{"far below what was sent", long, "stop", `{"prompt_tokens":9000,"completion_tokens":9}`, "9000 tokens of about"},
		{"tools lost", long, "stop", `{"prompt_tokens":50,"completion_tokens":9}`, "50 tokens of about"},
		{"answer cut by the window", full, "length", `{"prompt_tokens":3900,"completion_tokens":196,"total_tokens":4096}`, "cut after 196 of 4000 tokens"},
		{"as counted", long, "stop", `{"prompt_tokens":27500,"completion_tokens":9}`, ""},
		{"another tokenizer", long, "stop", `{"prompt_tokens":22000,"completion_tokens":9}`, ""},
		{"more than counted", long, "stop", `{"prompt_tokens":40960,"completion_tokens":9}`, ""},
		{"a short prompt", question(), "stop", `{"prompt_tokens":90,"completion_tokens":9}`, ""},
		{"a tiny report for a tiny prompt", question(), "stop", `{"prompt_tokens":10,"completion_tokens":9}`, ""},
		{"cut by max_tokens", full, "length", `{"prompt_tokens":96,"completion_tokens":4000,"total_tokens":4096}`, ""},
		{"no report", long, "stop", `null`, ""},
	} {
		var log bytes.Buffer
		s := serve(t, says(`{"content":"x"}`, c.stop, `,"usage":`+c.usage))
		client := New(Options{BaseURL: s.URL, Model: "m", Provider: Ollama, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		resp := complete(t, client, c.req)
		if (c.says == "") != (resp.Warning == "") || !strings.Contains(resp.Warning, c.says) {
			t.Errorf("%s: warning %q, want one that says %q", c.name, resp.Warning, c.says)
		}
		if (resp.Warning == "") != (log.Len() == 0) {
			t.Errorf("%s: log %q", c.name, log.String())
		}
		if resp.Warning != "" && !strings.Contains(resp.Warning, "OLLAMA_CONTEXT_LENGTH") {
			t.Errorf("%s: warning %q does not say what to do", c.name, resp.Warning)
		}
	}
}

func TestTheAnswersModelIsTheServersWord(t *testing.T) {
	if resp := ask(t, reply{body: `{"model":"qwen3:8b-q4","choices":[{"message":{"content":"x"}}]}`}); resp.Model != "qwen3:8b-q4" {
		t.Errorf("model %q", resp.Model)
	}
	if resp := ask(t, reply{body: `{"choices":[{"message":{"content":"x"}}]}`}); resp.Model != "qwen3:8b" {
		t.Errorf("model %q", resp.Model)
	}
}

func TestBytesThatAreNoTextAreReplacedOnce(t *testing.T) {
	resp := ask(t, says("{\"content\":\"caf\xe9 \\ud83d \xf0\x9f\x94\xa5\",\"tool_calls\":[{\"function\":{\"name\":\"jira\\u0000\",\"arguments\":\"{\\\"jql\\\":\\\"caf\xe9\\\"}\"}}]}", "stop", someUsage))
	if want := "caf\ufffd \ufffd 🔥"; resp.Message.Text != want {
		t.Errorf("text %q, want %q", resp.Message.Text, want)
	}
	if c := resp.Message.Calls[0]; c.Name != "jira" || string(c.Arguments) != `{"jql":"caf`+"\ufffd"+`"}` {
		t.Errorf("call %q %q", c.Name, c.Arguments)
	}
}
