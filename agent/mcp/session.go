package mcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/agent/tool"
	"github.com/opsbuddy/opsbuddy/border"
)

// protocol is asked for everywhere: the SDK's newest begins with a question
// that some servers never answer and that ends others.
const protocol = "2025-11-25"

// A server that keeps dying is started again after 0.5, 1, 2 … seconds, at most
// this many. The first time it is started again at once.
const (
	backOffFirst = 500 * time.Millisecond
	backOffMax   = 30 * time.Second
)

// graceBye is how long a session may take to say goodbye; pagerduty-mcp in the
// middle of a call never does.
const graceBye = 2 * time.Second

var (
	errClosed   = errors.New("the worker is stopping")
	errStarting = errors.New("the server is still starting; ask again in a moment")
)

// session is one server: started when it is first needed, and again when it
// died or was given up.
type session struct {
	server Server
	opts   Options
	redact *border.Redactor
	line   chan struct{} // held during a call by servers that take one at a time

	life context.Context //nolint:containedctx // a start outlives the call that asked for it, and ends with close
	kill context.CancelFunc
	busy sync.WaitGroup // starts and ends under way

	mu        sync.Mutex
	live      *live    // nil while none is running
	starting  *attempt // nil while none is being started
	failures  int      // starts and sessions lost since the last answer
	notBefore time.Time
	why       string     // of the last failure
	tools     []tool.Def // cached; nil until listed
	readers   []string   // of them, those that may be asked twice
	absent    []string   // allowed, but not offered
}

// live is a session that was agreed on with the server.
type live struct {
	client *sdk.ClientSession
	link   link
	over   chan struct{} // closed when the connection is
}

// settle is how long a broken connection may take to be known as one.
const settle = 100 * time.Millisecond

// broken tells the end of the session from an answer that cannot be read and a
// request that did not get through.
func (l *live) broken(err error) bool {
	return errors.Is(err, sdk.ErrConnectionClosed) || errors.Is(err, sdk.ErrSessionMissing) || errors.Is(err, io.EOF) || wait(l.over, settle)
}

// attempt is one start, shared by all who wait for it.
type attempt struct {
	done chan struct{} // closed when live or err is set
	live *live
	err  error
}

func newSession(s Server, o Options) *session {
	if s.CallTimeout <= 0 {
		s.CallTimeout = defaultCall
	}
	if s.StartTimeout <= 0 {
		s.StartTimeout = defaultStart
	}
	if s.InMemory != nil {
		survive(s.InMemory, o.Logger)
	}
	life, kill := context.WithCancel(context.Background())
	return &session{server: s, opts: o, redact: border.NewRedactor(s.secrets()...), line: make(chan struct{}, 1), life: life, kill: kill}
}

// running returns the live session and starts one when there is none. A start
// goes on when the caller's time is over: ending npx in the middle of an
// install throws the install away, and the next try would fare no better.
// Without force it holds to the back-off.
func (s *session) running(ctx context.Context, force bool) (*live, error) {
	s.mu.Lock()
	if s.life.Err() != nil {
		s.mu.Unlock()
		return nil, errClosed
	}
	if l := s.live; l != nil {
		s.mu.Unlock()
		return l, nil
	}
	if wait := time.Until(s.notBefore); s.starting == nil && wait > 0 && !force {
		defer s.mu.Unlock()
		return nil, fmt.Errorf("it is down, the next try is in %s: %s", wait.Round(time.Second/10), s.why)
	}
	if s.starting == nil {
		s.starting = &attempt{done: make(chan struct{})}
		s.busy.Add(1)
		go s.start(s.starting)
	}
	a := s.starting
	s.mu.Unlock()
	select {
	case <-a.done:
		return a.live, a.err
	case <-ctx.Done():
		return nil, errStarting
	}
}

// start carries out an attempt.
func (s *session) start(a *attempt) {
	defer s.busy.Done()
	ctx, cancel := context.WithTimeout(s.life, s.server.StartTimeout)
	defer cancel()
	l, err := s.connect(ctx)
	s.mu.Lock()
	s.starting = nil
	closed := s.life.Err() != nil
	switch {
	case closed:
		err = errClosed
	case err != nil:
		s.countFailure(err)
	default:
		s.live = l
	}
	s.mu.Unlock()
	if closed && l != nil {
		l.end()
		l = nil
	}
	a.live, a.err = l, err
	close(a.done)
}

func (s *session) connect(ctx context.Context) (*live, error) {
	began := time.Now()
	k, err := s.link()
	if err != nil {
		return nil, err
	}
	client := sdk.NewClient(&sdk.Implementation{Name: "opsbuddy", Version: "1"}, nil)
	c, err := await(ctx, func() (*sdk.ClientSession, error) {
		return client.Connect(ctx, k.transport, &sdk.ClientSessionOptions{ProtocolVersion: protocol})
	})
	if err != nil {
		why := s.reason(k, err)
		if ctx.Err() != nil && s.life.Err() == nil {
			why = joined(fmt.Sprintf("it did not start within %s", s.server.StartTimeout), k.why())
		}
		k.stop()
		return nil, errors.New(why)
	}
	s.opts.Logger.Debug("mcp server started", "server", s.server.Name, "duration_ms", time.Since(began).Milliseconds())
	l := &live{client: c, link: k, over: make(chan struct{})}
	go func() {
		_ = c.Wait()
		close(l.over)
	}()
	return l, nil
}

// countFailure counts a failure and sets when the next start may be. s.mu is held.
func (s *session) countFailure(err error) {
	s.failures++
	s.why = err.Error()
	s.notBefore = time.Now().Add(backOff(s.failures))
}

func backOff(failures int) time.Duration {
	if failures < 2 {
		return 0
	}
	return min(backOffFirst<<min(failures-2, 10), backOffMax)
}

// lost gives a session up, once, however many calls were waiting on it.
func (s *session) lost(l *live, err error) {
	s.mu.Lock()
	if s.live != l || s.life.Err() != nil {
		s.mu.Unlock()
		return
	}
	s.live = nil
	s.countFailure(err)
	s.busy.Add(1)
	s.mu.Unlock()
	s.opts.Logger.Warn("mcp session lost", "server", s.server.Name, "reason", err.Error())
	go func() {
		defer s.busy.Done()
		l.end()
	}()
}

// answered forgets the failures: the server works.
func (s *session) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures, s.notBefore = 0, time.Time{}
}

func (s *session) close() {
	s.kill()
	s.mu.Lock()
	l := s.live
	s.live = nil
	s.mu.Unlock()
	if l != nil {
		l.end()
	}
	s.busy.Wait()
}

// end ends the session and what it ran on. Both at once: a child in the middle
// of a call takes no goodbye, and its death is what ends the client.
func (l *live) end() {
	bye := make(chan struct{})
	go func() {
		defer close(bye)
		_ = l.client.Close() // says only that the other side went first
	}()
	if l.link.byeFirst {
		wait(bye, graceBye)
	}
	l.link.stop()
	wait(bye, graceBye)
}

// wait waits for done, but not longer than d, and reports whether it came.
func wait(done <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
	}
	select { // both may have been ready
	case <-done:
		return true
	default:
		return false
	}
}

// reason is an error and what the server said about it, on one line, without
// addresses and secrets.
func (s *session) reason(k link, err error) string {
	if k.ended() { // the SDK only saw the pipe break
		return k.why()
	}
	return joined(s.clean(plainHTTP(err).Error()), k.why())
}

func (s *session) clean(text string) string {
	line, _ := border.Cut(border.Line(s.redact.Redact(text)), 400)
	return line
}

// joined puts a colon between the parts that say something.
func joined(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	return strings.Join(parts, ": ")
}
