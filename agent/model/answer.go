package model

import (
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
)

// Answer is a vendor's turn before it is trusted.
type Answer struct {
	Text      string
	Reasoning string // what came beside the text, where a vendor has a field for it
	Calls     []Call // Arguments and Problem are read; ids are the vendor's
	Stop      Stop   // the vendor's word; "" when it gave none that is known
	KeepIDs   bool   // the vendor's ids may stay where they are unique
}

const problemCut = "the turn was cut off before it was complete"

// Turn makes the message and the reason of an answer to req. Text is cleaned,
// thinking is taken out of it, a call printed as text is found, every call gets
// an id of its own. The presence of calls decides that there are calls to run,
// not the vendor's word, which lies; but no call of a turn that was cut or
// refused may run, and each says so in its Problem.
func (a Answer) Turn(req Request) (Message, Stop) {
	text, thought := StripThinking(border.Clean(a.Text))
	a.Reasoning = joinNotBlank(border.Clean(a.Reasoning), thought)
	m := Message{Role: Assistant, Text: notBlank(text), Calls: a.Calls}
	cut := a.Stop == StopLength || a.Stop == StopRefusal
	if len(m.Calls) == 0 && !cut {
		a.printedCalls(req, &m)
	}
	if cut {
		m.Text = withoutOpenCall(m.Text)
		for i := range m.Calls {
			m.Calls[i].Problem = problemCut
		}
	}
	for i := range m.Calls {
		m.Calls[i].Name = border.Line(m.Calls[i].Name)
	}
	assignIDs(m.Calls, req.Messages, a.KeepIDs)
	return m, a.stop(&m)
}

func (a Answer) stop(m *Message) Stop {
	switch {
	case a.Stop == StopLength || a.Stop == StopRefusal:
		return a.Stop
	case len(m.Calls) > 0:
		return StopTools
	case a.Stop == StopPause:
		m.Paused = true
		return StopPause
	}
	return StopEnd
}

// printedCalls looks for calls in the text, and in the reasoning when there is
// no text. Reasoning is taken for the answer only when the model was asked
// again for one and still has no text: some servers put every word there
// (vllm#45736), but thinking that is not the answer must not become a brief.
func (a Answer) printedCalls(req Request, m *Message) {
	if m.Text != "" {
		m.Text, m.Calls = TextCalls(m.Text, req.Tools)
		return
	}
	rest, calls := TextCalls(a.Reasoning, req.Tools)
	switch {
	case len(calls) > 0:
		m.Calls = calls
	case a.Stop != StopPause && (req.Final || lastTurnEmpty(req.Messages)):
		m.Text = notBlank(rest)
	}
}

// lastTurnEmpty reports whether the model's last turn said nothing at all.
func lastTurnEmpty(messages []Message) bool {
	for i := len(messages) - 1; i >= 0; i-- {
		if m := messages[i]; m.Role == Assistant {
			return notBlank(m.Text) == "" && len(m.Calls) == 0
		}
	}
	return false
}

// withoutOpenCall drops a printed call that was cut off: it is nothing to show.
func withoutOpenCall(text string) string {
	at := unfinishedCall.FindStringIndex(text)
	if at == nil || strings.Contains(text[at[0]:], "</tool_call>") {
		return text
	}
	return strings.TrimSpace(text[:at[0]])
}
