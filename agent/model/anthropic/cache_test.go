package anthropic

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
)

type body struct {
	MaxTokens int              `json:"max_tokens"`
	System    []block          `json:"system"`
	Tools     []block          `json:"tools"`
	Choice    *json.RawMessage `json:"tool_choice"`
	Messages  []struct {
		Role    string  `json:"role"`
		Content []block `json:"content"`
	} `json:"messages"`
}

type block map[string]json.RawMessage

func (b block) marked() bool { return b["cache_control"] != nil }

func read(t *testing.T, raw []byte) body {
	t.Helper()
	var b body
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b body) prefix() []string {
	var out []string
	add := func(role string, blocks []block) {
		for _, bl := range blocks {
			c := block{}
			for k, v := range bl {
				if k != "cache_control" {
					c[k] = v
				}
			}
			raw, _ := json.Marshal(c)
			out = append(out, role+string(raw))
		}
	}
	add("tool", b.Tools)
	add("system", b.System)
	for _, m := range b.Messages {
		add(m.Role, m.Content)
	}
	return out
}

func (b body) marks() int {
	n := 0
	for _, list := range [][]block{b.Tools, b.System} {
		for _, bl := range list {
			if bl.marked() {
				n++
			}
		}
	}
	for _, m := range b.Messages {
		for _, bl := range m.Content {
			if bl.marked() {
				n++
			}
		}
	}
	return n
}

func review(t *testing.T, c model.Client, turns int) []model.Response {
	t.Helper()
	req := question()
	var out []model.Response
	for range turns {
		req.Tools[0], req.Tools[1] = req.Tools[1], req.Tools[0] // the order must not matter
		resp := complete(t, c, req)
		out = append(out, resp)
		user := model.Message{Role: model.User}
		for _, call := range resp.Message.Calls {
			user.Results = append(user.Results, model.Result{CallID: call.ID, Name: call.Name, Text: strings.Repeat("pod restarted <oom> & again ", 40)})
		}
		req.Messages = append(req.Messages, resp.Message, user)
	}
	return out
}

func busy(modeltest.Ask) modeltest.Turn {
	return modeltest.Turn{Thinking: "I should look. <b>&", Text: "I look.", Calls: []modeltest.Call{{Tool: "a", Args: map[string]string{"q": "a<b&c"}}, {Tool: "b"}}}
}

func TestEachTurnBeginsWithTheBytesOfTheOneBefore(t *testing.T) {
	c, r := serve(t, busy)
	turns := review(t, c, 6)
	var before []string
	for i, a := range r.Asks() {
		b := read(t, a.Body)
		now := b.prefix()
		if len(now) < len(before) || !slices.Equal(now[:len(before)], before) {
			t.Fatalf("turn %d does not begin as turn %d did: %s", i, i-1, cmp.Diff(before, now))
		}
		before = now
		if n := b.marks(); n != min(4, 2+i+1) {
			t.Errorf("turn %d has %d breakpoints", i, n)
		}
		if !b.Tools[len(b.Tools)-1].marked() || !b.System[0].marked() {
			t.Errorf("turn %d: tools or system have no breakpoint", i)
		}
	}
	for i, turn := range turns[1:] {
		wrote := turns[i].Usage.CacheRead + turns[i].Usage.CacheWrite
		if u := turn.Usage; u.CacheRead < wrote-1 || u.Input > 200 {
			t.Errorf("turn %d read %+v; %d tokens were there", i+1, u, wrote)
		}
	}
}

func TestToolsAndSystemAreTheSameBytesOnEveryTurn(t *testing.T) {
	c, r := serve(t, busy)
	review(t, c, 3)
	part := func(raw []byte) string {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		return string(m["tools"]) + string(m["system"])
	}
	first := part(r.Asks()[0].Body)
	for i, a := range r.Asks() {
		if got := part(a.Body); got != first {
			t.Errorf("turn %d:\n%s\nturn 0:\n%s", i, got, first)
		}
	}
	if got := r.Asks()[0].Tools; !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("tools %v are not sorted", got)
	}
}

func TestABreakpointIsNeverOnAnEmptyBlock(t *testing.T) {
	c, r := serve(t, modeltest.Replay(modeltest.Turn{Text: "x"}))
	req := question()
	req.System = " \n"
	req.Messages = append(req.Messages, model.Message{Role: model.Assistant, Text: " "}, model.Message{Role: model.User, Text: "\t"})
	complete(t, c, req)
	b := read(t, r.Asks()[0].Body)
	if len(b.System) != 0 || len(b.Messages) != 1 || b.marks() != 2 {
		t.Errorf("sent %s", r.Asks()[0].Body)
	}
}
