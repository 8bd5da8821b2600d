package killtest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/money"
)

// recorder stands around the stand-ins: it writes every request down, holds those
// that a moment wants held, and lets each wait a little, so that more of them are
// open at once.
type recorder struct {
	mu     sync.Mutex
	reader reader
	life   int
	all    []*request
	first  int // of this life, in all
	holds  []*hold
	pauses *rand.Rand
	greedy bool // the model bills as much as it may
	woken  chan struct{}
}

// maxPause is how long an answer is put off at most.
const maxPause = 12 * time.Millisecond

func newRecorder(rnd *rand.Rand, greedy bool) *recorder {
	return &recorder{
		reader: reader{index: map[string]int{}, posts: map[string]int{}},
		pauses: rnd, greedy: greedy, woken: make(chan struct{}),
	}
}

// hold keeps matching requests at a stand-in until the one who asks is gone, or
// until it is let go.
type hold struct {
	match func(*request) bool
	after bool // the stand-in has taken it: a message stands, a call is billed
	free  chan struct{}
	count int // of those held so far
}

func (r *recorder) hold(after bool, match func(*request) bool) *hold {
	h := &hold{match: match, after: after, free: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holds = append(r.holds, h)
	return h
}

// let lets the held requests go, and holds no more.
func (r *recorder) let(h *hold) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, o := range r.holds {
		if o == h {
			r.holds = append(r.holds[:i:i], r.holds[i+1:]...)
			close(h.free)
			return
		}
	}
}

func (r *recorder) held(h *hold) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return h.count
}

// changed is closed at the next event.
func (r *recorder) changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.woken
}

// wake tells those who wait; the lock is held.
func (r *recorder) wake() {
	close(r.woken)
	r.woken = make(chan struct{})
}

func (r *recorder) born() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.life++
	r.first = len(r.all)
}

// loses says that an answer is lost on its way, though nobody dies: one in three of
// those to a first message, which the outcome then has to find.
func (r *recorder) loses(q *request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return q.step == stepFirst && r.pauses.IntN(3) == 0
}

// requests are copies of all requests so far.
func (r *recorder) requests() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]request, len(r.all))
	for i, q := range r.all {
		out[i] = *q
	}
	return out
}

// around is world.Options.Around.
func (r *recorder) around(which func(*http.Request) world.API, stand http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil { // its sender died in the middle
			panic(http.ErrAbortHandler)
		}
		q, pause := r.came(which(req), req, body)
		r.wait(req, q, false, pause)
		req.Body = io.NopCloser(bytes.NewReader(body))
		answer := &answer{header: http.Header{}, status: http.StatusOK}
		stand.ServeHTTP(answer, req)
		r.took(q, body, answer)
		r.wait(req, q, true, 0)
		if r.loses(q) {
			panic(http.ErrAbortHandler)
		}
		maps.Copy(rw.Header(), answer.header)
		rw.WriteHeader(answer.status)
		_, _ = rw.Write(answer.body.Bytes()) // whoever asked may be gone
		r.mu.Lock()
		defer r.mu.Unlock()
		q.answered = time.Now()
		r.wake()
	})
}

// answer is what a stand-in says, before it is sent.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

func (r *recorder) came(api world.API, req *http.Request, body []byte) (*request, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.reader.read(api, req, body)
	q.life = r.life
	r.all = append(r.all, q)
	r.wake()
	return q, time.Duration(r.pauses.Int64N(int64(maxPause)))
}

// wait passes a pause and the holds that match. When the one who asks dies
// meanwhile the request ends here.
func (r *recorder) wait(req *http.Request, q *request, after bool, pause time.Duration) {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-req.Context().Done():
		panic(http.ErrAbortHandler)
	}
	for _, free := range r.stopped(q, after) {
		select {
		case <-free:
		case <-req.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
}

func (r *recorder) stopped(q *request, after bool) []chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []chan struct{}
	for _, h := range r.holds {
		if h.after == after && q.incident != nobody && h.match(q) {
			h.count++
			q.held = true
			out = append(out, h.free)
			r.wake()
		}
	}
	return out
}

// took notes what a stand-in did with a request.
func (r *recorder) took(q *request, body []byte, a *answer) {
	if q.api == world.Anthropic && a.status == http.StatusOK && r.greedy {
		a.body = *bytes.NewBuffer(greed(body, a.body.Bytes()))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	q.taken = time.Now()
	switch q.api {
	case world.Anthropic:
		if a.status == http.StatusOK {
			q.bill = bill(a.body.Bytes())
		}
	case world.Slack:
		var said struct {
			OK bool   `json:"ok"`
			TS string `json:"ts"`
		}
		if json.Unmarshal(a.body.Bytes(), &said) == nil && said.OK && q.mark != "" {
			q.ts = said.TS
			r.reader.posts[said.TS] = q.incident
		}
		if !said.OK {
			q.outcome = ""
		}
	case world.SlackWebhook:
		if a.status != http.StatusOK {
			q.outcome = ""
		}
	}
}

// usage is what Anthropic says about a call.
type usage struct {
	Input      int `json:"input_tokens"`
	Output     int `json:"output_tokens"`
	CacheWrite int `json:"cache_creation_input_tokens"`
	CacheRead  int `json:"cache_read_input_tokens"`
}

// bill is what the vendor asks for an answer.
func bill(said []byte) (usd money.USD) {
	var m struct {
		Model string `json:"model"`
		Usage usage  `json:"usage"`
	}
	if json.Unmarshal(said, &m) != nil {
		return usd
	}
	u := model.Usage{Input: m.Usage.Input, Output: m.Usage.Output, CacheRead: m.Usage.CacheRead, CacheWrite: m.Usage.CacheWrite}
	return model.Cost("anthropic", m.Model, u)
}

// greed changes an answer so that it bills all the tokens it was allowed.
func greed(asked, said []byte) []byte {
	var ask struct {
		MaxTokens int `json:"max_tokens"`
	}
	var m map[string]any
	if json.Unmarshal(asked, &ask) != nil || json.Unmarshal(said, &m) != nil {
		return said
	}
	if u, ok := m["usage"].(map[string]any); ok {
		u["output_tokens"] = ask.MaxTokens
	}
	out, err := json.Marshal(m)
	if err != nil {
		return said
	}
	return out
}

// outcomes counts the incidents whose outcome was taken.
func (r *recorder) outcomes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	have := map[int]bool{}
	for _, q := range r.all {
		if q.outcome != "" && !q.taken.IsZero() {
			have[q.incident] = true
		}
	}
	return len(have)
}

// answers counts the answers of this life that match, after a moment.
func (r *recorder) answers(since time.Time, match func(q *request, life []*request) bool) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, q := range r.all[r.first:] {
		if q.incident != nobody && q.answered.After(since) && match(q, r.all[r.first:]) {
			n++
		}
	}
	return n
}
