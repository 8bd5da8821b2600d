package modeltest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

func (s suite) presence(t *testing.T) {
	for _, word := range []string{"stop", "end_turn", "tool_calls", "tool_use"} {
		c, r := s.say(t, Turn{Calls: []Call{call(getIncident, `{"incident_id":"Q1"}`)}, Stop: word})
		if resp := complete(t, c, r, request()); resp.Stop != model.StopTools || len(resp.Message.Calls) != 1 || resp.Message.Calls[0].Problem != "" {
			t.Errorf("with %q: %+v", word, resp)
		}
	}
	for _, word := range []string{"tool_calls", "tool_use"} {
		c, r := s.say(t, Turn{Text: "the answer", Stop: word})
		if resp := complete(t, c, r, request()); resp.Stop != model.StopEnd {
			t.Errorf("%q without calls: stop %q, want the end", word, resp.Stop)
		}
	}
}

// cutWord is each vendor's word for a turn that ran out of room.
func cutWord(a Ask) string {
	if a.Vendor == "anthropic" {
		return "max_tokens"
	}
	return "length"
}

func (s suite) cut(t *testing.T) {
	for name, turn := range map[string]Turn{
		"with half a call":   {Text: "I ask", Calls: []Call{call(getIncident, `{"incident_id":"Q1"}`), {Tool: jiraSearch, Args: "{"}}},
		"with an empty call": {Calls: []Call{call(getIncident, `{}`)}},
	} {
		c, r := s.serve(t, func(a Ask) Turn {
			if a.Turn > 0 {
				return Turn{Text: "go on"}
			}
			turn.Stop = cutWord(a)
			return turn
		})
		req := request()
		resp := complete(t, c, r, req)
		if resp.Stop != model.StopLength {
			t.Errorf("%s: stop %q, want length", name, resp.Stop)
		}
		for _, call := range resp.Message.Calls {
			if call.Problem == "" {
				t.Errorf("%s: %+v looks as if it could run", name, call)
			}
		}
		req.Messages = append(req.Messages, resp.Message, user("Be brief."))
		complete(t, c, r, req)
	}
	c, r := s.serve(t, func(a Ask) Turn { return Turn{Thinking: "on and on", Stop: cutWord(a)} })
	if resp := complete(t, c, r, request()); resp.Stop != model.StopLength || resp.Message.Text != "" {
		t.Errorf("a turn of thinking alone: %+v", resp)
	}
}

func (s suite) unknownReason(t *testing.T) {
	c, r := s.say(t, Turn{Text: "the answer", Stop: "tired"})
	if resp := complete(t, c, r, request()); resp.Stop != model.StopEnd || resp.Message.Text != "the answer" {
		t.Errorf("answer = %+v", resp)
	}
}

func (s suite) emptyAnswer(t *testing.T) {
	for _, turn := range []Turn{{}, {Text: " \n "}, {Thinking: "hm"}, {Text: "<think>hm"}} {
		c, r := s.say(t, turn, Turn{Text: "now"})
		req := request()
		resp := complete(t, c, r, req)
		if resp.Message.Text != "" || len(resp.Message.Calls) != 0 || resp.Stop != model.StopEnd {
			t.Errorf("%+v: answer = %+v", turn, resp)
		}
		req.Messages = append(req.Messages, resp.Message, user("Your turn was empty."))
		if again := complete(t, c, r, req); again.Message.Text != "now" {
			t.Errorf("%+v: asked again = %+v", turn, again)
		}
		if last := r.Asks()[1].Last; !strings.HasSuffix(last, "Your turn was empty.") {
			t.Errorf("asked again with %q", last)
		}
	}
}

func (s suite) refusal(t *testing.T) {
	c, r := s.serve(t, func(a Ask) Turn {
		if a.Vendor == "anthropic" {
			return Turn{Stop: "refusal"}
		}
		return Turn{Text: "I can't", Stop: "content_filter"}
	})
	if resp := complete(t, c, r, request()); resp.Stop != model.StopRefusal {
		t.Errorf("stop %q, want refusal", resp.Stop)
	}
}

func (s suite) ids(t *testing.T) {
	turn := Turn{Calls: []Call{{Tool: getIncident, ID: "call_1"}, {Tool: jiraSearch, ID: "call_1"}}}
	c, r := s.say(t, turn, turn, Turn{Text: "done"})
	req := request()
	seen := map[string]bool{}
	for range 2 {
		resp := complete(t, c, r, req)
		answers := model.Message{Role: model.User}
		for _, call := range resp.Message.Calls {
			if seen[call.ID] || call.ID == "" {
				t.Errorf("id %q is not the call's own", call.ID)
			}
			seen[call.ID] = true
			answers.Results = append(answers.Results, model.Result{CallID: call.ID, Name: call.Name, Text: "of " + call.Name})
		}
		req.Messages = append(req.Messages, resp.Message, answers)
	}
	complete(t, c, r, req)
	if want := "of " + getIncident + "\nof " + jiraSearch; r.Asks()[2].Last != want {
		t.Errorf("results %q, want %q", r.Asks()[2].Last, want)
	}
}

func (s suite) arguments(t *testing.T) {
	const want = `{"incident_id":"Q1"}`
	good := []string{want, " {\n \"incident_id\": \"Q1\" } ", "```json\n" + want + "\n```", "```\n" + want + "```", `"{\"incident_id\":\"Q1\"}"`}
	bad := []string{`{"incident_id":`, `[1]`, `7`, "look:\n```json\n" + want + "\n```", `{incident_id: "Q1"}`, want + want, "{"}
	for _, text := range append(good, bad...) {
		c, r := s.say(t, Turn{Calls: []Call{{Tool: getIncident, Args: text}}}, Turn{Text: "ok"})
		req := request()
		resp := complete(t, c, r, req)
		if len(resp.Message.Calls) != 1 {
			t.Fatalf("%q: calls %+v", text, resp.Message.Calls)
		}
		got := resp.Message.Calls[0]
		isBad := got.Problem != "" && string(got.Arguments) == "{}"
		isGood := got.Problem == "" && string(got.Arguments) == want
		if wantBad := contains(bad, text); wantBad && !isBad || !wantBad && !isGood {
			t.Errorf("%q was read as %s, problem %q", text, got.Arguments, got.Problem)
		}
		req.Messages = append(req.Messages, resp.Message, result(got, "x"))
		complete(t, c, r, req)
	}
	c, r := s.say(t, Turn{Calls: []Call{{Tool: getIncident, Args: ""}}})
	if got := complete(t, c, r, request()).Message.Calls[0]; string(got.Arguments) != "{}" || got.Problem != "" {
		t.Errorf("empty arguments were read as %s, problem %q", got.Arguments, got.Problem)
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func (s suite) thinking(t *testing.T) {
	for _, turn := range []Turn{
		{Text: "The answer.", Thinking: "let me see"},
		{Text: "<think>\nlet me see\n</think>\n\nThe answer."},
		{Text: "let me see\n</think>\nThe answer."},
		{Text: "The answer.\n<think>\nor is it"},
	} {
		c, r := s.say(t, turn)
		req := request()
		resp := complete(t, c, r, req)
		if resp.Message.Text != "The answer." {
			t.Errorf("%+v: text %q", turn, resp.Message.Text)
		}
		req.Messages = append(req.Messages, resp.Message, user("Go on."))
		complete(t, c, r, req)
	}
}

func (s suite) printed(t *testing.T) {
	body := `{"name":"` + getIncident + `","arguments":{"incident_id":"Q1"}}`
	c, r := s.say(t, Turn{Text: body}, Turn{Text: "ok"})
	req := request()
	resp := complete(t, c, r, req)
	if resp.Stop != model.StopTools || resp.Message.Text != "" || len(resp.Message.Calls) != 1 || string(resp.Message.Calls[0].Arguments) != `{"incident_id":"Q1"}` {
		t.Fatalf("answer = %+v", resp)
	}
	req.Messages = append(req.Messages, resp.Message, result(resp.Message.Calls[0], "found"))
	complete(t, c, r, req)

	other := strings.ReplaceAll(body, getIncident, "mcp__pagerduty__resolve_incident")
	c, r = s.say(t, Turn{Text: other})
	if resp := complete(t, c, r, request()); resp.Stop != model.StopEnd || resp.Message.Text != other || len(resp.Message.Calls) != 0 {
		t.Errorf("a tool that is not offered: %+v", resp)
	}
}

func (s suite) cleans(t *testing.T) {
	c, r := s.say(t, Turn{Text: "a\x00b\x1b[31mc\u202e", Calls: []Call{{Tool: getIncident, Args: map[string]string{"incident_id": "Q1\x00\x07"}}}})
	resp := complete(t, c, r, request())
	if resp.Message.Text != "abc" || string(resp.Message.Calls[0].Arguments) != `{"incident_id":"Q1"}` {
		t.Errorf("answer = %q, %s", resp.Message.Text, resp.Message.Calls[0].Arguments)
	}
}

func (s suite) usage(t *testing.T) {
	reported := model.Usage{Input: 10_000, Output: 200, CacheRead: 90_000}
	c, r := s.say(t, Turn{Text: "x", Usage: reported})
	if got := complete(t, c, r, request()).Usage; got != reported || got.Sent()+got.Output != 100_200 {
		t.Errorf("usage = %+v, want %+v", got, reported)
	}
}

func (s suite) failures(t *testing.T) {
	for _, c := range []struct {
		turn Turn
		want model.Kind
		wait time.Duration
	}{
		{turn: Turn{Status: 400, ErrorMessage: "tools.0: bad"}, want: model.KindInvalid},
		{turn: Turn{Status: 400, ErrorMessage: "prompt is too long: 208310 tokens > 200000 maximum"}, want: model.KindTooLong},
		{turn: Turn{Status: 400, ErrorType: "exceed_context_size_error", ErrorMessage: "request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it"}, want: model.KindTooLong},
		{turn: Turn{Status: 400, ErrorMessage: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."}, want: model.KindTooLong},
		{turn: Turn{Status: 400, ErrorMessage: "You have reached your specified API usage limits. You will regain access on 2026-12-01."}, want: model.KindRefused},
		{turn: Turn{Status: 400, ErrorMessage: "Your credit balance is too low to access the API."}, want: model.KindRefused},
		{turn: Turn{Status: 401, ErrorMessage: "invalid x-api-key"}, want: model.KindRefused},
		{turn: Turn{Status: 402}, want: model.KindRefused},
		{turn: Turn{Status: 403}, want: model.KindRefused},
		{turn: Turn{Status: 404, ErrorMessage: "model: nope"}, want: model.KindInvalid},
		{turn: Turn{Status: 404, ErrorType: "api_error", ErrorMessage: "model 'nope' not found"}, want: model.KindInvalid},
		{turn: Turn{Status: 408}, want: model.KindTransient},
		{turn: Turn{Status: 409}, want: model.KindTransient},
		{turn: Turn{Status: 413}, want: model.KindTooLong},
		{turn: Turn{Status: 429}, want: model.KindOverload},
		{turn: Turn{Status: 429, Header: map[string]string{"Retry-After": "7"}}, want: model.KindOverload, wait: 7 * time.Second},
		{turn: Turn{Status: 429, Header: map[string]string{"Retry-After": "86400"}}, want: model.KindOverload, wait: 24 * time.Hour},
		{turn: Turn{Status: 500}, want: model.KindTransient},
		{turn: Turn{Status: 500, ErrorMessage: "The model produced output that does not match the expected peg-native format"}, want: model.KindTransient},
		{turn: Turn{Status: 502, Raw: "<html><body>Bad Gateway</body></html>", Header: map[string]string{"Content-Type": "text/html"}}, want: model.KindTransient},
		{turn: Turn{Status: 503}, want: model.KindTransient},
		{turn: Turn{Status: 504}, want: model.KindTransient},
		{turn: Turn{Status: 529}, want: model.KindOverload},
		{turn: Turn{Status: 529, Header: map[string]string{"x-should-retry": "true"}}, want: model.KindOverload},
	} {
		client, r := s.say(t, c.turn)
		e := fails(t, client)
		if e.Kind != c.want || e.Status != c.turn.Status || e.RetryAfter != c.wait || e.Message == "" {
			t.Errorf("%+v: %+v, want kind %q, wait %s", c.turn, e, c.want, c.wait)
		}
		if words := c.turn.ErrorMessage; !strings.Contains(e.Message, words) {
			t.Errorf("%+v: message %q does not say %q", c.turn, e.Message, words)
		}
		if r.Requests() != 1 {
			t.Errorf("%+v: %d requests, want one", c.turn, r.Requests())
		}
	}
}

func (s suite) dressed(t *testing.T) {
	for kind, want := range map[string]model.Kind{
		"overloaded_error": model.KindOverload, "rate_limit_error": model.KindOverload, "api_error": model.KindTransient,
		"invalid_request_error": model.KindInvalid, "authentication_error": model.KindRefused, "surprise": model.KindTransient,
	} {
		c, _ := s.say(t, Turn{ErrorType: kind, ErrorMessage: "half way"})
		if e := fails(t, c); e.Kind != want || !strings.Contains(e.Message, "half way") {
			t.Errorf("%s inside a 200: %+v, want %q", kind, e, want)
		}
	}
}

func (s suite) noAnswer(t *testing.T) {
	for _, c := range []struct{ body, contentType string }{
		{"OK", "text/plain"}, {"<html>welcome</html>", "text/html"}, {"{}", "application/json"}, {`{"status":"up"}`, "application/json"},
		{`"OK"`, "application/json"}, {"[]", "application/json"}, {`{"choices":[],"content`, "application/json"}, {"null", "application/json"},
	} {
		client, r := s.say(t, Turn{Raw: c.body, Header: map[string]string{"Content-Type": c.contentType}})
		e := fails(t, client)
		if e.Kind != model.KindTransient || !e.Retryable() || r.Requests() != 1 {
			t.Errorf("%s: %+v after %d requests", c.body, e, r.Requests())
		}
		if !strings.Contains(e.Message, strings.Trim(c.body, `"`)[:2]) {
			t.Errorf("%s: message %q does not say what came back", c.body, e.Message)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	defer server.Close()
	if e := fails(t, s.newClient(server.URL)); e.Kind != model.KindTransient {
		t.Errorf("an empty body: %+v", e)
	}
}

func (s suite) unreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.URL
	server.Close()
	e := fails(t, s.newClient(address))
	if e.Kind != model.KindTransient || e.Status != 0 || strings.Contains(e.Message, "/v1") {
		t.Errorf("error = %+v", e)
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`{"id":`)) // the connection ends here
	}))
	defer broken.Close()
	if e := fails(t, s.newClient(broken.URL)); e.Kind != model.KindTransient {
		t.Errorf("a broken answer: %+v", e)
	}
}

func (s suite) room(t *testing.T) {
	c, r := s.serve(t, func(a Ask) Turn {
		if a.MaxTokens <= 3000 {
			return Turn{Text: "short"}
		}
		return Turn{Status: 400, ErrorMessage: "input length and `max_tokens` exceed context limit: 197000 + 8000 > 200000, decrease input length or `max_tokens` and try again"}
	})
	req := request()
	req.MaxTokens = 8000
	if resp := complete(t, c, r, req); resp.Message.Text != "short" || r.Requests() != 2 {
		t.Errorf("answer %+v after %d requests", resp, r.Requests())
	}
	c, r = s.say(t, Turn{Status: 400, ErrorMessage: "input length and `max_tokens` exceed context limit: 199990 + 8000 > 200000"})
	if e := fails(t, c); e.Kind != model.KindTooLong || r.Requests() != 1 {
		t.Errorf("no room at all: %+v after %d requests", e, r.Requests())
	}
}
