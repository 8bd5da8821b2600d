package model

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// valid says what is wrong with a conversation, as the strictest vendor would.
func valid(messages []Message) error {
	ids := map[string]bool{}
	for i, m := range messages {
		prev := Message{}
		if i > 0 {
			prev = messages[i-1]
		}
		if err := validTurn(i, prev, m, ids); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	if n := len(messages); n > 0 && messages[n-1].Role == Assistant && !messages[n-1].Paused {
		return fmt.Errorf("the assistant has the last word")
	}
	return nil
}

func validTurn(i int, prev, m Message, ids map[string]bool) error {
	if m.Text != "" && strings.TrimSpace(m.Text) == "" {
		return fmt.Errorf("blank text")
	}
	if m.Role == Assistant {
		if i == 0 || len(prev.Calls) > 0 {
			return fmt.Errorf("the assistant first, or in place of results")
		}
		if prev.Role == Assistant && !prev.Paused && len(prev.Opaque)+len(m.Opaque) == 0 {
			return fmt.Errorf("two assistants in a row")
		}
		return validCalls(m, ids)
	}
	if m.Role != User || prev.Role == User || len(m.Calls) > 0 || m.Text == "" && len(m.Results) == 0 {
		return fmt.Errorf("a user's message that is none: %+v", m)
	}
	if len(m.Results) != len(prev.Calls) {
		return fmt.Errorf("%d results of %d calls", len(m.Results), len(prev.Calls))
	}
	for j, r := range m.Results {
		if r.CallID != prev.Calls[j].ID || r.Name != prev.Calls[j].Name || strings.TrimSpace(r.Text) == "" {
			return fmt.Errorf("result %+v of call %+v", r, prev.Calls[j])
		}
	}
	return nil
}

func validCalls(m Message, ids map[string]bool) error {
	if m.Text == "" && len(m.Calls) == 0 && len(m.Opaque) == 0 || m.Paused && len(m.Calls) > 0 {
		return fmt.Errorf("empty turn, or a paused one that waits for results")
	}
	for _, c := range m.Calls {
		var args map[string]any
		if ids[c.ID] || !goodID.MatchString(c.ID) || !toolNameOK(c.Name) || json.Unmarshal(c.Arguments, &args) != nil || args == nil {
			return fmt.Errorf("call %+v %s", c, c.Arguments)
		}
		ids[c.ID] = true
	}
	return nil
}

func toolNameOK(s string) bool {
	return s != "" && len(s) <= 64 && !badInName.MatchString(s)
}

// wild makes a conversation in which everything can be wrong.
func wild(r *rand.Rand) []Message {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	ids := []string{"a", "b", "c", "", "x/1", "call_1"}
	var out []Message
	for range r.IntN(9) {
		m := Message{Role: Role(pick("user", "assistant", "assistant", "system", "")), Text: pick("", " \n", "words", "more")}
		for range r.IntN(3) {
			m.Calls = append(m.Calls, Call{ID: pick(ids...), Name: pick("t", "t.u", "", strings.Repeat("n", 80)), Arguments: json.RawMessage(pick("", "{}", `{"a": 1}`, `{"a"`, "[]", "null"))})
		}
		for range r.IntN(3) {
			m.Results = append(m.Results, Result{CallID: pick(ids...), Name: pick("t", "t_u", ""), Text: pick("", "found", " ")})
		}
		if r.IntN(6) == 0 {
			m.Opaque = json.RawMessage(`{"x":1}`)
		}
		m.Paused = r.IntN(8) == 0
		out = append(out, m)
	}
	return out
}

func TestRepairMakesAnyConversationValidAndChangesNothingTwice(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		in := wild(r)
		before := show(in)
		out := Repair(in)
		if err := valid(out); err != nil {
			t.Fatalf("%v\nin  %s\nout %s", err, show(in), show(out))
		}
		if again := Repair(out); !cmp.Equal(again, out) {
			t.Fatalf("a second repair changes it: %s\nin %s", cmp.Diff(out, again), show(in))
		}
		if same := Repair(in); !cmp.Equal(same, out) {
			t.Fatalf("the same conversation is repaired in two ways: %s", cmp.Diff(out, same))
		}
		if after := show(in); after != before {
			t.Fatalf("the input was changed: %s\n%s", before, after)
		}
	}
}

// show writes messages even when their arguments do not encode.
func show(m []Message) string { return fmt.Sprintf("%+v", m) }

func TestRepairLeavesAValidConversationAlone(t *testing.T) {
	in := []Message{
		{Role: User, Text: "q"},
		{Role: Assistant, Text: "I look.", Calls: []Call{{ID: "toolu_01", Name: "a", Arguments: json.RawMessage(`{"x":1}`)}, {ID: "toolu_02", Name: "b", Arguments: json.RawMessage(`{}`)}}, Opaque: json.RawMessage(`{"t":1}`)},
		{Role: User, Results: []Result{{CallID: "toolu_01", Name: "a", Text: "one"}, {CallID: "toolu_02", Name: "b", Text: "two", Failed: true}}, Text: "Go on."},
		{Role: Assistant, Text: "Done."},
		{Role: User, Text: "Thanks."},
	}
	if diff := cmp.Diff(in, Repair(in)); diff != "" {
		t.Error(diff)
	}
	paused := []Message{{Role: User, Text: "q"}, {Role: Assistant, Text: "wait", Paused: true}}
	if diff := cmp.Diff(paused, Repair(paused)); diff != "" {
		t.Error("a paused turn: " + diff)
	}
}

func TestRepairGivesACallItsOwnResult(t *testing.T) {
	call := func(id, name string) Call { return Call{ID: id, Name: name, Arguments: json.RawMessage(`{}`)} }
	res := func(id, name, text string) Result { return Result{CallID: id, Name: name, Text: text} }
	for _, c := range []struct {
		name string
		in   []Message
		want []string // texts of all results, in order
	}{
		{"missing", []Message{{Role: User, Text: "q"}, {Role: Assistant, Calls: []Call{call("a", "t"), call("b", "t")}}, {Role: User, Results: []Result{res("b", "t", "B")}}}, []string{textMissingResult, "B"}},
		{"swapped", []Message{{Role: User, Text: "q"}, {Role: Assistant, Calls: []Call{call("a", "t"), call("b", "t")}}, {Role: User, Results: []Result{res("b", "t", "B"), res("a", "t", "A")}}}, []string{"A", "B"}},
		{"spread over two messages", []Message{{Role: User, Text: "q"}, {Role: Assistant, Calls: []Call{call("a", "t"), call("b", "t")}}, {Role: User, Results: []Result{res("b", "t", "B")}}, {Role: User, Text: "w", Results: []Result{res("a", "t", "A")}}}, []string{"A", "B"}},
		{"behind another turn", []Message{{Role: User, Text: "q"}, {Role: Assistant, Calls: []Call{call("a", "t")}}, {Role: Assistant, Text: "x"}, {Role: User, Results: []Result{res("a", "t", "A")}}}, []string{"A"}},
		{"same id, told apart by name", []Message{{Role: User, Text: "q"}, {Role: Assistant, Calls: []Call{call("a", "t"), call("a", "u")}}, {Role: User, Results: []Result{res("a", "u", "U"), res("a", "t", "T")}}}, []string{"T", "U"}},
		{"same id and name, in order", []Message{{Role: User, Text: "q"}, {Role: Assistant, Calls: []Call{call("a", "t"), call("a", "t")}}, {Role: User, Results: []Result{res("a", "t", "one"), res("a", "t", "two")}}}, []string{"one", "two"}},
		{"same id in two turns, the first unanswered", []Message{{Role: User, Text: "q"}, {Role: Assistant, Calls: []Call{call("a", "t")}}, {Role: User, Text: "and?"}, {Role: Assistant, Calls: []Call{call("a", "t")}}, {Role: User, Results: []Result{res("a", "t", "second")}}}, []string{textMissingResult, "second"}},
		{"twice", []Message{{Role: User, Text: "q"}, {Role: Assistant, Calls: []Call{call("a", "t")}}, {Role: User, Results: []Result{res("a", "t", "A"), res("a", "t", "again")}}}, []string{"A"}},
		{"nothing", []Message{{Role: User, Text: "q"}, {Role: Assistant, Calls: []Call{call("a", "t")}}, {Role: User, Results: []Result{res("a", "t", "")}}}, []string{textEmptyResult}},
	} {
		out := Repair(c.in)
		var got []string
		for _, m := range out {
			for _, r := range m.Results {
				got = append(got, r.Text)
				if failed := r.Text == textMissingResult; r.Failed != failed {
					t.Errorf("%s: %+v", c.name, r)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: results %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRepairKeepsEveryWord(t *testing.T) {
	out := Repair([]Message{{Role: User, Text: "one"}, {Role: User, Text: "two"}, {Role: Assistant, Text: "three"}, {Role: Assistant, Text: "four"}, {Role: User, Text: "five"}})
	want := []Message{{Role: User, Text: "one\n\ntwo"}, {Role: Assistant, Text: "three\n\nfour"}, {Role: User, Text: "five"}}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
}

func TestRepairMarksACallWhoseArgumentsWereLost(t *testing.T) {
	out := Repair([]Message{{Role: User, Text: "q"}, {Role: Assistant, Calls: []Call{{ID: "a", Name: "t", Arguments: json.RawMessage(`{"x":`)}}}})
	if c := out[1].Calls[0]; string(c.Arguments) != "{}" || c.Problem == "" {
		t.Errorf("call = %+v", c)
	}
}
