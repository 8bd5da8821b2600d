package world

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
)

// ModelCall is one call to the model that was answered.
type ModelCall struct {
	Scenario string // "" when the conversation names no incident of the company
	Turn     int    // the model's turns before this one
	Vendor   string // "anthropic" or "openai"
	Model    string
	Final    bool // an answer without tools was asked for
	Brief    bool // the answer was the brief
	At       time.Time
}

// ModelCalls are the calls to the model so far, in order.
func (w *World) ModelCalls() []ModelCall {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

// modelAPI tells the vendors apart by the path.
func modelAPI(r *http.Request) API {
	if strings.HasPrefix(r.URL.Path, "/v1/messages") {
		return Anthropic
	}
	return OpenAI
}

// newModels serves the replayed model in both vendors' formats.
func newModels(w *World) http.Handler { return modeltest.Handler(w.replay) }

// replay decides the model's next turn from the conversation alone, so that a
// call that is repeated gets the same answer.
func (w *World) replay(ask modeltest.Ask) modeltest.Turn {
	entry := ModelCall{Turn: ask.Turn, Vendor: ask.Vendor, Model: ask.Model, Final: ask.Final, At: time.Now()}
	answer := modeltest.Turn{Text: "Which incident shall I review? I was given no incident id."}
	if s, ok := w.about(ask); ok {
		entry.Scenario = s.Slug
		answer, entry.Brief = next(s.Model, ask)
		if text := asked(s, ask); text != "" {
			answer, entry.Brief = modeltest.Turn{Text: text}, false
		}
	}
	w.mu.Lock()
	w.calls = append(w.calls, entry)
	w.mu.Unlock()
	return answer
}

// about finds the scenario that a conversation is about: the one whose incident
// is named first. Facts name many incidents, the prompt names its own before.
func (w *World) about(ask modeltest.Ask) (scenario, bool) {
	for _, text := range []string{ask.First, ask.All} {
		best, found := -1, scenario{}
		for _, s := range w.h.Scenarios {
			if at := strings.Index(text, incidentID(s.Slug)); at >= 0 && (best < 0 || at < best) {
				best, found = at, s
			}
		}
		if best >= 0 {
			return found, true
		}
	}
	return scenario{}, false
}

// asked is the answer to a question that the conversation begins with, empty when
// it begins with none.
func asked(s scenario, ask modeltest.Ask) string {
	_, words, ok := strings.Cut(ask.First, "<<<QUESTION")
	if !ok {
		return ""
	}
	for _, q := range s.Questions {
		if strings.Contains(words, q.Asks) {
			return strings.TrimSpace(q.Answer)
		}
	}
	return "Nothing in the evidence answers that."
}

// next is the turn that follows, and whether it is the brief. Tools that are not
// offered are not called; when none is left to call, or none may be, it is the
// brief.
func next(turns []turn, ask modeltest.Ask) (modeltest.Turn, bool) {
	last := turns[len(turns)-1]
	t := turns[min(ask.Turn, len(turns)-1)]
	out := modeltest.Turn{Text: t.Says}
	for _, c := range t.Calls {
		if slices.Contains(ask.Tools, c.Tool) {
			out.Calls = append(out.Calls, modeltest.Call{Tool: c.Tool, Args: arguments(c.With)})
		}
	}
	switch {
	case t.Brief != "": // a second brief follows the first when it is asked to be mended
		return modeltest.Turn{Text: strings.TrimSpace(t.Brief)}, true
	case ask.Final || len(out.Calls) == 0:
		return modeltest.Turn{Text: strings.TrimSpace(last.Brief)}, true
	}
	return out, false
}

func arguments(with map[string]any) map[string]any {
	if with == nil {
		return obj{}
	}
	return with
}
