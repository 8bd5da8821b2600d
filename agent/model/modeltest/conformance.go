package modeltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// Conformance is what every provider must do, against a vendor that refuses
// what it may. newClient makes a client of any model with some key.
func Conformance(t *testing.T, newClient func(baseURL string) model.Client) {
	s := suite{newClient}
	for _, c := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"AsksWithEverythingAndReadsTheAnswer", s.asks},
		{"TakesAnyFormOfTheBaseURL", s.baseURLs},
		{"RunsAConversationWithToolsToItsEnd", s.conversation},
		{"KeepsTheToolsWhenTheAnswerIsFinal", s.final},
		{"SendsToolsInTheSameBytesWhateverTheirOrder", s.stableTools},
		{"MakesAnySchemaAnObject", s.schemas},
		{"RepairsAnyConversationBeforeSending", s.repairs},
		{"SendsNothingForAnEmptyConversation", s.empty},
		{"LetsThePresenceOfCallsDecide", s.presence},
		{"DoesNotOfferCallsOfACutTurn", s.cut},
		{"TakesAnUnknownReasonForTheEnd", s.unknownReason},
		{"ReturnsAnEmptyAnswerAsEmpty", s.emptyAnswer},
		{"TellsARefusal", s.refusal},
		{"GivesEveryCallAnIDOfItsOwn", s.ids},
		{"ReadsArgumentsInTheFormsThatModelsWrite", s.arguments},
		{"KeepsThinkingOutOfTheText", s.thinking},
		{"FindsACallThatWasPrinted", s.printed},
		{"CleansWhatTheModelSays", s.cleans},
		{"CountsCachedTokensOnce", s.usage},
		{"SortsFailuresByWhatHelps", s.failures},
		{"SeesAnErrorInTheClothesOfASuccess", s.dressed},
		{"TakesAnAnswerThatIsNoneForATransportFailure", s.noAnswer},
		{"SaysThatNobodyListens", s.unreachable},
		{"EndsWithItsContext", s.deadline},
		{"AsksForLessWhenTheVendorSaysHowMuchFits", s.room},
	} {
		t.Run(c.name, c.run)
	}
}

type suite struct {
	newClient func(baseURL string) model.Client
}

// serve starts a vendor and makes a client of it.
func (s suite) serve(t *testing.T, script Script) (model.Client, *Recorder) {
	t.Helper()
	r := Record(script)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return s.newClient(server.URL), r
}

// say makes a client of a vendor that answers turns in order.
func (s suite) say(t *testing.T, turns ...Turn) (model.Client, *Recorder) {
	t.Helper()
	return s.serve(t, Replay(turns...))
}

const (
	getIncident = "mcp__pagerduty__get_incident"
	jiraSearch  = "mcp__atlassian__jira_search"
)

func offered() []model.Tool {
	return []model.Tool{
		{Name: getIncident, Description: "One incident.", Schema: json.RawMessage(`{"type":"object","properties":{"incident_id":{"type":"string"}},"required":["incident_id"]}`)},
		{Name: jiraSearch, Description: "Issues by JQL.", Schema: json.RawMessage(`{"required":["jql"],"properties":{"limit":{"type":"integer","maximum":50},"jql":{"type":"string"}},"type":"object"}`)},
	}
}

func request(messages ...model.Message) model.Request {
	if messages == nil {
		messages = []model.Message{user("What is wrong with Q1ABCDEF?")}
	}
	return model.Request{System: "You review incidents.", Messages: messages, Tools: offered(), MaxTokens: 1000}
}

func user(text string) model.Message { return model.Message{Role: model.User, Text: text} }

func result(c model.Call, text string) model.Message {
	return model.Message{Role: model.User, Results: []model.Result{{CallID: c.ID, Name: c.Name, Text: text}}}
}

func call(tool, args string) Call { return Call{Tool: tool, Args: json.RawMessage(args)} }

// complete is one call that must succeed without a refused request.
func complete(t *testing.T, c model.Client, r *Recorder, req model.Request) model.Response {
	t.Helper()
	resp, err := c.Complete(context.Background(), req)
	if why := r.Refused(); len(why) > 0 {
		t.Fatalf("the vendor refused: %q", why)
	}
	if err != nil {
		t.Fatalf("Complete: %v", err)
	}
	if resp.Message.Role != model.Assistant {
		t.Errorf("role %q, want assistant", resp.Message.Role)
	}
	return resp
}

// fails is one call that must fail with an *Error.
func fails(t *testing.T, c model.Client) *model.Error {
	t.Helper()
	resp, err := c.Complete(context.Background(), request())
	var e *model.Error
	if !errors.As(err, &e) {
		t.Fatalf("Complete = %+v, %v, want a *model.Error", resp, err)
	}
	return e
}

func (s suite) asks(t *testing.T) {
	c, r := s.say(t, Turn{Text: "All is well.", Usage: model.Usage{Input: 120, Output: 7}})
	resp := complete(t, c, r, request())
	if resp.Message.Text != "All is well." || resp.Stop != model.StopEnd || len(resp.Message.Calls) > 0 {
		t.Errorf("answer = %+v", resp)
	}
	if want := (model.Usage{Input: 120, Output: 7}); resp.Usage != want {
		t.Errorf("usage = %+v, want %+v", resp.Usage, want)
	}
	a := r.Asks()[0]
	if a.System != "You review incidents." || a.First != "What is wrong with Q1ABCDEF?" || a.MaxTokens != 1000 || len(a.Tools) != 2 || a.Final {
		t.Errorf("asked %+v", a)
	}
	if resp.Model != a.Model || a.Model == "" {
		t.Errorf("model %q, asked %q", resp.Model, a.Model)
	}
}

func (s suite) baseURLs(t *testing.T) {
	r := Record(Replay(Turn{Text: "yes"}))
	server := httptest.NewServer(r)
	defer server.Close()
	for _, end := range []string{"", "/", "//", "/v1", "/v1/", "/v1//"} {
		complete(t, s.newClient(server.URL+end), r, request())
	}
}

func (s suite) conversation(t *testing.T) {
	c, r := s.serve(t, func(a Ask) Turn {
		if a.Turn == 0 {
			return Turn{Text: "I look it up.", Calls: []Call{call(getIncident, `{"incident_id":"Q1ABCDEF"}`), call(jiraSearch, `{"jql":"project = OPS","limit":5}`)}}
		}
		return Turn{Text: "It was " + a.Last}
	})
	req := request()
	first := complete(t, c, r, req)
	if first.Stop != model.StopTools || first.Message.Text != "I look it up." || len(first.Message.Calls) != 2 {
		t.Fatalf("first turn = %+v", first)
	}
	calls := first.Message.Calls
	if calls[0].Name != getIncident || string(calls[0].Arguments) != `{"incident_id":"Q1ABCDEF"}` || calls[0].Problem != "" {
		t.Errorf("first call = %+v", calls[0])
	}
	answers := result(calls[1], "no issues") // the wrong order on purpose
	answers.Results = append(answers.Results, result(calls[0], "a full disk").Results...)
	answers.Results[0].Failed = true
	answers.Text = "Go on."
	req.Messages = append(req.Messages, first.Message, answers)
	last := complete(t, c, r, req)
	if want := "It was a full disk\nno issues\nGo on."; last.Message.Text != want {
		t.Errorf("last turn = %q, want %q", last.Message.Text, want)
	}
}

func (s suite) final(t *testing.T) {
	c, r := s.say(t, Turn{Text: "The brief."})
	req := request()
	req.Final = true
	complete(t, c, r, req)
	if a := r.Asks()[0]; !a.Final || len(a.Tools) != 2 {
		t.Errorf("asked with final %v and %d tools", a.Final, len(a.Tools))
	}
	// A conversation with calls needs tools even when none are offered.
	req.Tools = nil
	req.Messages = []model.Message{
		user("q"), {Role: model.Assistant, Calls: []model.Call{{ID: "c1", Name: getIncident, Arguments: json.RawMessage(`{}`)}}},
		{Role: model.User, Results: []model.Result{{CallID: "c1", Name: getIncident, Text: "found"}}},
	}
	complete(t, c, r, req)
}

func (s suite) stableTools(t *testing.T) {
	c, r := s.say(t, Turn{Text: "x"})
	one, two := request(), request()
	two.Tools = []model.Tool{one.Tools[1], one.Tools[0], one.Tools[1]}
	two.Tools[0].Schema = json.RawMessage(`{"type": "object", "properties": {"jql": {"type":"string"}, "limit": {"maximum":50,"type":"integer"}}, "required":["jql"]}`)
	complete(t, c, r, one)
	complete(t, c, r, two)
	asks := r.Asks()
	if a, b := member(t, asks[0].Body, "tools"), member(t, asks[1].Body, "tools"); a != b {
		t.Errorf("tools differ:\n%s\n%s", a, b)
	}
}

func member(t *testing.T, body []byte, name string) string {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	return string(m[name])
}

func (s suite) schemas(t *testing.T) {
	c, r := s.say(t, Turn{Text: "x"})
	req := request()
	req.Tools = nil
	for i, schema := range []string{``, `null`, `{}`, `[]`, `{"type":"object"}`, `{"type":["object","null"]}`, `{"properties":null}`, `{"type":"object","anyOf":[{"required":["a"]}],"properties":{"a":{}}}`, `{"$schema":"x","type":"object","required":[]}`} {
		req.Tools = append(req.Tools, model.Tool{Name: "t" + string(rune('a'+i)), Schema: json.RawMessage(schema)})
	}
	complete(t, c, r, req)
	if got := len(r.Asks()[0].Tools); got != len(req.Tools) {
		t.Errorf("%d tools were sent, want %d", got, len(req.Tools))
	}
}

// repairs sends what compaction, aborts and weak models leave behind.
func (s suite) repairs(t *testing.T) {
	args := json.RawMessage(`{"incident_id":"Q1"}`)
	asks := func(ids ...string) model.Message {
		m := model.Message{Role: model.Assistant}
		for _, id := range ids {
			m.Calls = append(m.Calls, model.Call{ID: id, Name: getIncident, Arguments: args})
		}
		return m
	}
	answers := func(ids ...string) model.Message {
		m := model.Message{Role: model.User}
		for _, id := range ids {
			m.Results = append(m.Results, model.Result{CallID: id, Name: getIncident, Text: "r " + id})
		}
		return m
	}
	says := func(text string) model.Message { return model.Message{Role: model.Assistant, Text: text} }
	broken := map[string][]model.Message{
		"call without result":        {user("q"), asks("a")},
		"call, then words":           {user("q"), asks("a"), user("and?")},
		"one of two answered":        {user("q"), asks("a", "b"), answers("b")},
		"result without call":        {user("q"), says("x"), answers("a")},
		"begins with a result":       {answers("a"), user("q")},
		"result twice":               {user("q"), asks("a"), answers("a", "a")},
		"results in two messages":    {user("q"), asks("a", "b"), answers("a"), answers("b")},
		"result too late":            {user("q"), asks("a"), user("wait"), says("x"), answers("a")},
		"begins with the assistant":  {asks("a"), answers("a"), says("x"), user("q")},
		"users in a row":             {user("q"), user("more"), says("x"), user("q"), user("q")},
		"assistants in a row":        {user("q"), says("x"), says("y"), asks("a"), answers("a")},
		"empty texts":                {user("q"), says(" \n"), user("\t"), asks("a"), {Role: model.User, Text: " ", Results: answers("a").Results}},
		"empty result":               {user("q"), asks("a"), {Role: model.User, Results: []model.Result{{CallID: "a"}}}},
		"same id twice":              {user("q"), asks("a", "a"), answers("a", "a")},
		"same id in each turn":       {user("q"), asks("a"), answers("a"), asks("a"), answers("a")},
		"no ids":                     {user("q"), asks("", ""), answers("", "")},
		"ids of another vendor":      {user("q"), asks("call/1:x", "functions.get:0"), answers("call/1:x", "functions.get:0")},
		"broken arguments":           {user("q"), {Role: model.Assistant, Calls: []model.Call{{ID: "a", Name: getIncident, Arguments: json.RawMessage(`{"x":`)}, {ID: "b", Name: "t", Arguments: json.RawMessage(`[1]`)}, {ID: "c", Name: "t"}}}},
		"names that cannot be":       {user("q"), {Role: model.Assistant, Calls: []model.Call{{ID: "a", Name: "functions.get incident", Arguments: args}, {ID: "b", Arguments: args}, {ID: "c", Name: strings.Repeat("x", 99), Arguments: args}}}},
		"ends with the assistant":    {user("q"), says("half an ans")},
		"blocks of another vendor":   {user("q"), {Role: model.Assistant, Opaque: json.RawMessage(`{"model":"other","blocks":[{"type":"thinking","thinking":"t","signature":"s"}]}`)}, user("go on")},
		"unreadable blocks":          {user("q"), {Role: model.Assistant, Text: "x", Opaque: json.RawMessage(`{"blocks":3`)}, user("go on")},
		"bytes that are no text":     {user("q \xff\xfe"), says("\xe9t\xe9"), user("go \x00 on")},
		"a role that does not exist": {{Role: "system", Text: "q"}, {Role: "tool", Text: "more"}},
	}
	for name, messages := range broken {
		t.Run(name, func(t *testing.T) {
			before := fmt.Sprintf("%v", messages) // broken arguments do not encode
			c, r := s.say(t, Turn{Text: "fine"})
			complete(t, c, r, request(messages...))
			if after := fmt.Sprintf("%v", messages); before != after {
				t.Errorf("the conversation was changed:\n%s\n%s", before, after)
			}
		})
	}
}

func (s suite) empty(t *testing.T) {
	c, r := s.say(t, Turn{Text: "x"})
	_, err := c.Complete(context.Background(), model.Request{System: "s", MaxTokens: 10, Messages: []model.Message{{Role: model.User, Text: " "}}})
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.KindInvalid || r.Requests() != 0 {
		t.Errorf("error %v after %d requests, want invalid after none", err, r.Requests())
	}
}

func (s suite) deadline(t *testing.T) {
	c, _ := s.say(t, Turn{Text: "late", Delay: time.Minute})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := c.Complete(ctx, request())
	var e *model.Error
	if !errors.As(err, &e) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want a *model.Error for the deadline", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("returned after %s", took)
	}
}
