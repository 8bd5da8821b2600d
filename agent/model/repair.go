package model

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// What stands where a conversation is broken. Each says what is missing and
// adds nothing.
const (
	textMissingStart  = "(The beginning of this conversation is missing.)"
	textMissingResult = "no result of this call was recorded"
	textEmptyResult   = "(the tool returned nothing)"
	textGoOn          = "Go on."
	problemNoObject   = "the arguments were no JSON object"
)

// Repair makes a conversation valid for every vendor, whatever compaction, an
// abort or a weak model did to it: it begins with the user, users do not speak
// twice in a row, each call is answered exactly once in the message behind it
// and its results stand there in the order of the calls, before any text; no
// result is without a call, no text is blank, ids are unique, names and
// arguments are well formed, and the last word is the user's (or a turn that
// the vendor paused). A call without a result gets an error result; nothing
// else is made up. The input is not changed.
//
// Two messages of the assistant follow each other only when one of them carries
// Opaque blocks or was paused, which must not be taken apart.
func Repair(messages []Message) []Message {
	r := repair{in: messages, ids: map[string]bool{}, taken: map[[2]int]bool{}}
	for i, m := range messages {
		if m.Role == Assistant {
			r.assistant(i, m)
		} else if text := notBlank(m.Text); text != "" {
			r.text = append(r.text, text)
		}
	}
	r.user()
	if n := len(r.out); n > 0 && r.out[n-1].Role == Assistant && !r.out[n-1].Paused {
		r.out = append(r.out, Message{Role: User, Text: textGoOn})
	}
	return r.out
}

type repair struct {
	in    []Message
	out   []Message
	ids   map[string]bool // in use
	taken map[[2]int]bool // results that were given to a call, by message and place

	open []openCall // calls of the last turn
	text []string   // the user's words since then
}

// openCall waits for its result.
type openCall struct {
	call  Call
	oldID string
	at    int // message of the call
}

func (r *repair) assistant(at int, m Message) {
	m.Text = notBlank(m.Text)
	m.Results = nil
	if m.Text == "" && len(m.Calls) == 0 && len(m.Opaque) == 0 {
		return
	}
	r.user()
	if len(r.out) == 0 {
		r.out = append(r.out, Message{Role: User, Text: textMissingStart})
	}
	m.Calls = r.calls(at, m.Calls)
	m.Paused = m.Paused && len(m.Calls) == 0
	last := &r.out[len(r.out)-1]
	if last.Role == Assistant && len(last.Opaque) == 0 && len(m.Opaque) == 0 && !last.Paused {
		last.Text = joinNotBlank(last.Text, m.Text)
		last.Calls, last.Paused = m.Calls, m.Paused
		return
	}
	r.out = append(r.out, m)
}

// calls makes the calls of a turn well formed.
func (r *repair) calls(at int, calls []Call) []Call {
	var out []Call
	for i, c := range calls {
		old := c.ID
		if !goodID.MatchString(c.ID) || r.ids[c.ID] {
			c.ID = freshID(r.ids, at, i, old)
		}
		r.ids[c.ID] = true
		c.Name = ToolName(c.Name)
		if args, ok := compactObject(c.Arguments); ok {
			c.Arguments = args
		} else {
			c.Arguments = emptyObject()
			if c.Problem == "" {
				c.Problem = problemNoObject
			}
		}
		out = append(out, c)
		r.open = append(r.open, openCall{call: c, oldID: old, at: at})
	}
	return out
}

// user writes what came from the user's side since the model's last turn.
func (r *repair) user() {
	if len(r.open) == 0 && len(r.text) == 0 {
		return
	}
	m := Message{Role: User, Text: joinNotBlank(r.text...)}
	for _, c := range r.open {
		m.Results = append(m.Results, r.result(c))
	}
	r.out = append(r.out, m)
	r.open, r.text = nil, nil
}

// result finds the result of a call: the first one with its id that no other
// call has, before the same id is used for another call. Where two calls of one
// turn share an id, the tool's name tells them apart.
func (r *repair) result(c openCall) Result {
	for _, byName := range []bool{true, false} {
		for i := c.at; i < len(r.in); i++ {
			if i > c.at && callsWith(r.in[i], c.oldID) {
				break
			}
			for j, res := range r.in[i].Results {
				if r.taken[[2]int{i, j}] || res.CallID != c.oldID || byName && ToolName(res.Name) != c.call.Name {
					continue
				}
				r.taken[[2]int{i, j}] = true
				if notBlank(res.Text) == "" {
					res.Text = textEmptyResult
				}
				return Result{CallID: c.call.ID, Name: c.call.Name, Text: res.Text, Failed: res.Failed}
			}
		}
	}
	return Result{CallID: c.call.ID, Name: c.call.Name, Text: textMissingResult, Failed: true}
}

func callsWith(m Message, id string) bool {
	return m.Role == Assistant && slices.ContainsFunc(m.Calls, func(c Call) bool { return c.ID == id })
}

// notBlank is s, or nothing when there is nothing to see in it: vendors refuse
// text of blanks as they refuse empty text.
func notBlank(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return s
}

func joinNotBlank(parts ...string) string {
	parts = slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return notBlank(s) == "" })
	return strings.Join(parts, "\n\n")
}

// maxName is the length of a tool's name that every vendor takes.
const maxName = 64

var badInName = regexp.MustCompile(`[^a-zA-Z0-9_-]`)

// ToolName makes a name that every vendor takes in a conversation: a model can
// call a tool that does not exist by a name that cannot, and the turn must
// still be sent back.
func ToolName(name string) string {
	name = badInName.ReplaceAllString(name, "_")
	if name == "" {
		return "unnamed"
	}
	return name[:min(len(name), maxName)]
}

func emptyObject() json.RawMessage { return json.RawMessage("{}") }

// compactObject returns raw without white space between its parts, and whether
// it is a JSON object.
func compactObject(raw json.RawMessage) (json.RawMessage, bool) {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil || b.Len() == 0 || b.Bytes()[0] != '{' {
		return nil, false
	}
	return b.Bytes(), true
}
