//go:build cluster

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/money"
)

// gate stands between the processes and the model of a crowd: it holds the calls
// that a test wants held, and writes down what every answer cost.
type gate struct {
	world  *world.World
	n      int // incidents of the crowd
	server *httptest.Server

	mu      sync.Mutex
	holds   func(call) bool
	changed chan struct{} // closed when holds is another
	calls   []*call
}

// call is one call of the model.
type call struct {
	number         int // of all calls, from 0
	incident, turn int // turns of the model before it
	at             time.Time
	answered       bool
	left           bool // who asked is gone
	cost           money.USD
}

func newGate(t *testing.T, w *world.World, n int) *gate {
	t.Helper()
	g := &gate{world: w, n: n, holds: func(call) bool { return false }, changed: make(chan struct{})}
	g.server = httptest.NewServer(g)
	t.Cleanup(func() {
		g.server.CloseClientConnections()
		g.server.Close()
	})
	return g
}

// setting points the program at the gate.
func (g *gate) setting() string { return "ANTHROPIC_BASE_URL=" + g.server.URL }

// hold says from now on which calls get no answer yet.
func (g *gate) hold(which func(call) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds = which
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *gate) open() { g.hold(func(call) bool { return false }) }

// all are the calls so far, in order.
func (g *gate) all() []call {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]call, len(g.calls))
	for i, c := range g.calls {
		out[i] = *c
	}
	return out
}

// paid is what the answers cost by the price list, and fails when one turn was
// answered twice.
func (g *gate) paid(t *testing.T) money.USD {
	t.Helper()
	var sum money.USD
	times := map[string]int{}
	for _, c := range g.all() {
		if c.answered {
			sum = sum.Add(c.cost)
			times[fmt.Sprintf("turn %d of review %d", c.turn, c.incident)]++
		}
	}
	for turn, n := range times {
		if n > 1 {
			t.Errorf("%s was paid %d times", turn, n)
		}
	}
	return sum
}

func (g *gate) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	c := g.note(body)
	for g.held(r, c) {
	}
	if r.Context().Err() != nil {
		g.leave(c)
		panic(http.ErrAbortHandler) // who asked is gone: nothing is paid
	}
	req, err := http.NewRequest(r.Method, g.world.AnthropicURL()+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = resp.Body.Close() }()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if resp.StatusCode == http.StatusOK {
		g.pay(c, said)
	}
	rw.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	rw.WriteHeader(resp.StatusCode)
	_, _ = rw.Write(said)
}

func (g *gate) leave(c *call) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.left = true
}

// openToTheLiving opens the gate once it has seen that a dead process is gone from so
// many calls: before, it would answer them, and nobody would be there to be paid for.
func (g *gate) openToTheLiving(t *testing.T, dead int) {
	t.Helper()
	eventually(t, fmt.Sprintf("the end of %d calls of a dead process", dead), func() bool {
		left := 0
		for _, c := range g.all() {
			if c.left {
				left++
			}
		}
		return left >= dead
	})
	g.open()
}

// note writes a call down: which incident it names first, and which turn it asks
// for.
func (g *gate) note(body []byte) *call {
	c := &call{incident: -1, at: time.Now()}
	first := len(body)
	for i := range g.n {
		if at := bytes.Index(body, []byte(g.world.IncidentID(world.CrowdName(i)))); at >= 0 && at < first {
			c.incident, first = i, at
		}
	}
	c.turn = strings.Count(string(body), `"role":"assistant"`)
	g.mu.Lock()
	defer g.mu.Unlock()
	c.number = len(g.calls)
	g.calls = append(g.calls, c)
	return c
}

// held waits until there is another rule and reports whether to ask again.
func (g *gate) held(r *http.Request, c *call) bool {
	g.mu.Lock()
	holds, changed := g.holds(*c), g.changed
	g.mu.Unlock()
	if !holds {
		return false
	}
	select {
	case <-changed:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (g *gate) pay(c *call, answer []byte) {
	var a struct {
		Model string
		Usage struct {
			Input      int `json:"input_tokens"`
			Output     int `json:"output_tokens"`
			CacheWrite int `json:"cache_creation_input_tokens"`
			CacheRead  int `json:"cache_read_input_tokens"`
		}
	}
	cost := money.Unknown
	if err := json.Unmarshal(answer, &a); err == nil {
		u := a.Usage
		cost = model.Cost("anthropic", a.Model, model.Usage{Input: u.Input, Output: u.Output, CacheWrite: u.CacheWrite, CacheRead: u.CacheRead})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c.answered, c.cost = true, cost
}
