package modeltest

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// Call is a tool call of a scripted turn.
type Call struct {
	Tool string
	// Args are the arguments, as anything that encodes to a JSON object. A string
	// stands as it is: toward OpenAI it is the literal text of the arguments, so
	// that broken ones can be sent. Nil is an empty object.
	Args any
	ID   string // "" = made up, never the same twice in a conversation
}

// Turn is what the model does next. The zero Turn is an empty answer.
type Turn struct {
	Text     string
	Thinking string // a thinking block with a signature, or reasoning_content
	Calls    []Call
	// Stop overrides the vendor's word for why the turn ended. "pause_turn" also
	// adds the call of a server tool, as the real vendor does.
	Stop string
	// Usage is reported as it is. Zero is counted roughly from the request;
	// Estimated leaves the usage out of an OpenAI answer.
	Usage model.Usage
	Delay time.Duration // before the answer; ends early when the client leaves

	// Status other than 0 and 200 answers with an error. An ErrorType with status
	// 0 or 200 is an error in the clothes of a success.
	Status       int
	ErrorType    string // "" = the vendor's usual one for Status
	ErrorMessage string
	Header       map[string]string // added to the answer, whatever it is
	Raw          string            // the literal body, in place of everything above
}

// Ask is a request, read for the convenience of a script.
type Ask struct {
	Vendor    string // "anthropic" or "openai"
	Model     string
	System    string
	First     string   // text of the first user message
	Last      string   // text or results after the model's last turn
	All       string   // every text of the conversation, system prompt first
	Turn      int      // the model's turns so far
	Tools     []string // names, in the order sent
	MaxTokens int
	Final     bool   // tool_choice is none
	Body      []byte // as it came
}

// Script decides the next turn. It is called by several requests at once.
type Script func(Ask) Turn

// Replay plays turns in order, one a request, and repeats the last one.
func Replay(turns ...Turn) Script {
	var mu sync.Mutex
	next := 0
	return func(Ask) Turn {
		mu.Lock()
		defer mu.Unlock()
		if len(turns) == 0 {
			return Turn{}
		}
		t := turns[min(next, len(turns)-1)]
		next++
		return t
	}
}

// Recorder is a Handler that remembers what it was asked. Safe for concurrent
// use.
type Recorder struct {
	handler http.Handler

	mu       sync.Mutex
	requests int
	asks     []Ask
	refused  []string
}

// Record makes a Recorder around a script.
func Record(script Script) *Recorder {
	r := &Recorder{}
	h := newHandler(func(a Ask) Turn {
		r.mu.Lock()
		r.asks = append(r.asks, a)
		r.mu.Unlock()
		return script(a)
	})
	h.refused = func(why string) {
		r.mu.Lock()
		r.refused = append(r.refused, why)
		r.mu.Unlock()
	}
	r.handler = h
	return r
}

// ServeHTTP implements http.Handler.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.requests++
	r.mu.Unlock()
	r.handler.ServeHTTP(w, req)
}

// Requests is how many requests came, refused ones too.
func (r *Recorder) Requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

// Asks are the requests that reached the script, in order.
func (r *Recorder) Asks() []Ask {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asks)
}

// Refused are the reasons why requests were refused before the script saw them.
// A test of an agent wants none.
func (r *Recorder) Refused() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.refused)
}
