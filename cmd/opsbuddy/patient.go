package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"sync"
	"time"
)

// answersWithin is how long the end of the input is held back for answers that
// are still under way.
const answersWithin = 60 * time.Second

// patient is a pair of streams whose input ends only when every request was
// answered. `printf … | opsbuddy mcp pagerduty` would lose its answers: the end of
// the input ends the session.
type patient struct {
	in  *bufio.Reader
	out io.Writer

	mu   sync.Mutex
	open int           // requests without an answer
	zero chan struct{} // told when open falls to none
	rest []byte        // of a line that did not fit
	part []byte        // of an answer whose line is not complete
}

func newPatient(in io.Reader, out io.Writer) *patient {
	return &patient{in: bufio.NewReader(in), out: out, zero: make(chan struct{}, 1)}
}

// Read passes on one line at a time and counts requests.
func (p *patient) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		line, err := p.in.ReadBytes('\n')
		p.count(line, "method", 1)
		p.rest = line
		if len(line) == 0 && err != nil {
			p.wait()
			return 0, err
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// Write counts answers.
func (p *patient) Write(b []byte) (int, error) {
	n, err := p.out.Write(b)
	p.part = append(p.part, b[:n]...)
	for {
		i := bytes.IndexByte(p.part, '\n')
		if i < 0 {
			return n, err
		}
		p.count(p.part[:i], "", -1)
		p.part = p.part[i+1:]
	}
}

// count looks for a message with an id that has the key method, or has none.
func (p *patient) count(line []byte, method string, by int) {
	var m map[string]json.RawMessage
	if json.Unmarshal(line, &m) != nil || m["id"] == nil {
		return
	}
	if _, asks := m["method"]; asks != (method != "") {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open += by; p.open <= 0 {
		select {
		case p.zero <- struct{}{}:
		default:
		}
	}
}

func (p *patient) wait() {
	t := time.NewTimer(answersWithin)
	defer t.Stop()
	for {
		p.mu.Lock()
		open := p.open
		p.mu.Unlock()
		if open <= 0 {
			return
		}
		select {
		case <-p.zero:
		case <-t.C:
			return
		}
	}
}

// Close leaves both streams open: they belong to the process.
func (p *patient) Close() error { return nil }
