package mcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/border"
)

// maxLine bounds one message of a server: pagerduty-mcp's list of tools is
// 420 KB on one line, and results come twice on it.
const maxLine = 16 << 20

// link is the way to a server.
type link struct {
	transport sdk.Transport
	stop      func()        // ends what the way runs on; may be called twice
	ended     func() bool   // whether that has ended by itself
	why       func() string // what the server said last, or ""
	byeFirst  bool          // the goodbye has to be sent before the way is taken down
}

// link makes a fresh way to the server.
func (s *session) link() (link, error) {
	switch {
	case s.server.InMemory != nil:
		return s.inMemory()
	case s.server.URL != "":
		return s.http(), nil
	default:
		return s.stdio()
	}
}

func no() bool       { return false }
func silent() string { return "" }

// inMemory serves a built-in server in this process.
func (s *session) inMemory() (link, error) {
	client, server := sdk.NewInMemoryTransports()
	ss, err := s.server.InMemory.Connect(s.life, server, nil)
	if err != nil {
		return link{}, fmt.Errorf("the built-in server: %w", err)
	}
	stop := func() {
		done := make(chan struct{})
		go func() { // it waits for its handlers, of which one may hang
			defer close(done)
			_ = ss.Close()
		}()
		wait(done, graceBye)
	}
	return link{transport: client, stop: stop, ended: no, why: silent}, nil
}

// survive keeps a panic in one of our tools from ending the whole program with
// every review in it: it becomes the answer of that one call.
func survive(server *sdk.Server, log *slog.Logger) {
	server.AddReceivingMiddleware(func(next sdk.MethodHandler) sdk.MethodHandler {
		return func(ctx context.Context, method string, req sdk.Request) (res sdk.Result, err error) {
			defer func() {
				if r := recover(); r != nil {
					log.Error("a built-in tool panicked", "method", method, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
					res, err = nil, errors.New("the built-in tool broke off; this is a mistake in the program")
				}
			}()
			return next(ctx, method, req)
		}
	})
}

// stdio starts the server's command.
func (s *session) stdio() (link, error) {
	log := s.opts.Logger.With("server", s.server.Name)
	p, err := startProcess(s.server, Env(s.opts.BaseEnv, s.server.Env), log)
	if err != nil {
		return link{}, err
	}
	return link{
		transport: &sdk.IOTransport{Reader: p.out, Writer: p.in, MaxLineLength: 2 * maxLine}, // the filter is stricter
		stop:      p.stop,
		ended:     func() bool { return wait(p.gone, graceExit) },
		why: func() string {
			end, tail := p.said()
			return joined(end, pythonHint(tail, filepath.Base(s.server.Command)), s.lastWords(tail))
		},
	}, nil
}

// maxSaid is how much of stderr is shown, in characters.
const maxSaid = 300

// lastWords are the end of what a server wrote to stderr, on one line and
// without secrets: a traceback says why in its last line.
func (s *session) lastWords(tail string) string {
	words := []rune(border.Line(s.redact.Redact(border.Clean(tail))))
	return strings.TrimSpace(string(words[max(0, len(words)-maxSaid):]))
}

// oldPython is how uv and pip say that a server wants a newer Python.
var oldPython = regexp.MustCompile(`(?i)(?:requires[- ]python|python|not in ')\s*:?\s*(?:>=|~=|==)\s*(3\.\d+)`)

// pythonHint says what to do when the first Python found is not the right one:
// pagerduty-mcp wants 3.12, and uv takes what it finds first.
func pythonHint(tail, command string) string {
	m := oldPython.FindStringSubmatch(tail)
	if m == nil {
		return ""
	}
	hint := "it needs Python " + m[1] + ", install it"
	if strings.HasPrefix(command, "uv") {
		hint += " and put --python " + m[1] + " first in the server's args"
	}
	return hint
}
