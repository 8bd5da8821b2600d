package mcp

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// errLongLine ends a session rather than leave a call without an answer.
var errLongLine = errors.New("an answer of the server is longer than 16 MB; ask for less")

// messages passes on the lines of a child's stdout that are JSON-RPC messages.
// Anything else, such as a banner or a log line, would end the session.
type messages struct {
	to     io.Writer
	broken func() // called when no more can be passed on: Node does not mind a closed stdout

	mu    sync.Mutex
	line  []byte // begun, not ended
	lines int    // of noise
	bytes int    // of noise
	err   error
}

func (m *messages) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rest := b
	for {
		head, tail, ended := bytes.Cut(rest, []byte{'\n'})
		if len(m.line)+len(head) > maxLine {
			m.err = errLongLine
			m.broken()
			return 0, m.err
		}
		m.line = append(m.line, head...)
		if !ended {
			return len(b), nil
		}
		if err := m.pass(); err != nil {
			m.broken()
			return 0, err
		}
		rest = tail
	}
}

// pass sends the line on when it is a message, and begins the next.
func (m *messages) pass() error {
	line := bytes.TrimSpace(m.line)
	defer func() {
		m.line = m.line[:0]
		if cap(m.line) > 1<<20 { // one large answer must not be kept for ever
			m.line = nil
		}
	}()
	if len(line) == 0 {
		return nil
	}
	// A byte order mark, or words without a line break, may stand before the
	// message. What the SDK cannot decode would end the session: an answer whose
	// id is null, an error that is a text.
	at := max(0, bytes.IndexByte(line, '{'))
	if _, err := jsonrpc.DecodeMessage(line[at:]); err != nil {
		m.lines++
		m.bytes += len(line)
		return nil
	}
	line = line[at:]
	_, err := m.to.Write(append(bytes.Clone(line), '\n'))
	return err
}

func (m *messages) noise() (lines, size int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lines, m.bytes
}

func (m *messages) fault() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// ring keeps the end of what was written to it.
type ring struct {
	limit int
	mu    sync.Mutex
	buf   []byte
}

func (r *ring) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.buf = append(r.buf, b[max(0, len(b)-r.limit):]...)
	if over := len(r.buf) - r.limit; over > 0 {
		r.buf = append(r.buf[:0], r.buf[over:]...)
	}
	return len(b), nil
}

// text is what was kept, from the beginning of a line: half a line may begin
// with half a secret, which nothing recognises.
func (r *ring) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.buf
	if len(kept) == r.limit {
		if _, whole, found := bytes.Cut(kept, []byte{'\n'}); found {
			kept = whole
		} else {
			kept = nil
		}
	}
	return string(kept)
}
