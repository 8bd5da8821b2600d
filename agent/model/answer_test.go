package model

import (
	"encoding/json"
	"testing"
)

func ask(messages ...Message) Request {
	return Request{Messages: append([]Message{{Role: User, Text: "q"}}, messages...), Tools: printable()}
}

func TestReasoningBecomesTheAnswerOnlyWhenTheModelWasAskedAgain(t *testing.T) {
	empty := []Message{{Role: Assistant}, {Role: User, Text: "Your turn was empty."}}
	a := Answer{Reasoning: "It is the disk.", Stop: StopEnd}
	final := ask()
	final.Final = true
	for _, c := range []struct {
		name string
		req  Request
		want string
	}{
		{"first time", ask(), ""},
		{"asked again", ask(empty...), "It is the disk."},
		{"after a turn with text", ask(Message{Role: Assistant, Text: "hm"}, Message{Role: User, Text: "and?"}), ""},
		{"last word", final, "It is the disk."},
	} {
		if m, stop := a.Turn(c.req); m.Text != c.want || stop != StopEnd {
			t.Errorf("%s: %q, stop %q, want %q", c.name, m.Text, stop, c.want)
		}
	}
	inText := Answer{Text: "<think>It is the disk.", Stop: StopEnd}
	if m, _ := inText.Turn(ask(empty...)); m.Text != "It is the disk." {
		t.Errorf("thinking inside the text: %q", m.Text)
	}
	cut := Answer{Reasoning: "It is the di", Stop: StopLength}
	if m, stop := cut.Turn(ask(empty...)); m.Text != "" || stop != StopLength {
		t.Errorf("cut reasoning: %q, stop %q", m.Text, stop)
	}
}

func TestACallInsideTheReasoningIsFound(t *testing.T) {
	a := Answer{Reasoning: "I need it.\n<tool_call>{\"name\":\"jira\",\"arguments\":{\"jql\":\"x\"}}</tool_call>", Stop: StopEnd}
	m, stop := a.Turn(ask())
	if stop != StopTools || len(m.Calls) != 1 || m.Text != "" {
		t.Errorf("turn = %+v, stop %q", m, stop)
	}
}

func TestACutTurnShowsNoHalfCall(t *testing.T) {
	for in, want := range map[string]string{
		"Let me see.\n<tool_call>\n{\"name\":\"jira\",\"argum":    "Let me see.",
		"Let me see.\n```json\n{\"name\": \"mcp__atl":             "Let me see.",
		`{"name": "jira", "arguments": {"jql": "pro`:              "",
		"<function=jira>\n<parameter=jql>\npro":                   "",
		"## Brief\n\n1. Run `get {\"name\": 1}` and wait for the": "## Brief\n\n1. Run `get {\"name\": 1}` and wait for the",
		"## Brief\n\n```sh\nkubectl get po":                       "## Brief\n\n```sh\nkubectl get po",
	} {
		m, stop := Answer{Text: in, Stop: StopLength}.Turn(ask())
		if m.Text != want || len(m.Calls) != 0 || stop != StopLength {
			t.Errorf("%q = %+v, stop %q", in, m, stop)
		}
	}
}

func TestIDsAreOwnShortAndTheSameEveryTime(t *testing.T) {
	history := Message{Role: Assistant, Calls: []Call{{ID: "call_1", Name: "jira", Arguments: json.RawMessage(`{}`)}}}
	turn := func(keep bool) []Call {
		a := Answer{Calls: []Call{{ID: "call_1", Name: "jira"}, {ID: "call_2", Name: "jira"}, {ID: "call_2", Name: "jira"}, {Name: "jira"}}, KeepIDs: keep}
		m, _ := a.Turn(ask(history))
		return m.Calls
	}
	kept, minted := turn(true), turn(false)
	seen := map[string]bool{"call_1": true}
	for i, c := range kept {
		if seen[c.ID] || (i == 1) != (c.ID == "call_2") {
			t.Errorf("call %d has the id %q", i, c.ID)
		}
		seen[c.ID] = true
	}
	for i, c := range minted {
		if !shortID.MatchString(c.ID) {
			t.Errorf("id %q is not of 9 letters and digits", c.ID)
		}
		if c.ID != turn(false)[i].ID {
			t.Error("ids differ from time to time")
		}
	}
}

func TestShortIDKeepsWhatIsShortAlready(t *testing.T) {
	if got := ShortID("aB3456789"); got != "aB3456789" {
		t.Errorf("got %q", got)
	}
	if a, b := ShortID("toolu_01"), ShortID("toolu_02"); a == b || !shortID.MatchString(a) || a != ShortID("toolu_01") {
		t.Errorf("got %q and %q", a, b)
	}
}
