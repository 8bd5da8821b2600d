package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/agent/tool"
)

// lostError says that the session ended before it answered. The server may have
// done what it was asked, unless it refused the session itself.
type lostError struct {
	why    string
	unseen bool
}

func (e *lostError) Error() string { return e.why }

// call asks the server, within the call's time. That counts the wait in line,
// for a start and for a second try.
func (s *session) call(outer context.Context, d tool.Def, raw json.RawMessage) tool.Result {
	args, err := arguments(d.Schema, raw)
	if err != nil {
		res := failed("the arguments of %s cannot be read: %v", d.Tool, err)
		res.Mistake = true
		return res
	}
	ctx, cancel := context.WithTimeout(outer, s.server.CallTimeout)
	defer cancel()
	if s.server.oneAtATime() {
		select {
		case s.line <- struct{}{}:
			defer func() { <-s.line }()
		case <-ctx.Done():
			return failed("%s did not answer within %s: other calls were before it", d.Tool, s.server.CallTimeout)
		}
	}
	res, err := s.ask(ctx, d.Tool, args)
	var lost *lostError
	if errors.As(err, &lost) && ctx.Err() == nil && (lost.unseen || s.reads(d.Tool)) { // once
		res, err = s.ask(ctx, d.Tool, args)
	}
	switch {
	case err == nil:
		return s.result(res)
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && !errors.Is(err, errStarting):
		return failed("%s did not answer within %s; ask for less, or go on without it", d.Tool, s.server.CallTimeout)
	default:
		return failed("%s could not be asked: %s", d.Tool, s.clean(err.Error()))
	}
}

// ask makes one call on a live session, and gives the session up when it died
// or did not answer in time: pagerduty-mcp never comes back from such a call.
func (s *session) ask(ctx context.Context, name string, args map[string]any) (*sdk.CallToolResult, error) {
	l, err := s.running(ctx, false)
	if err != nil {
		return nil, err
	}
	res, err := await(ctx, func() (*sdk.CallToolResult, error) {
		return l.client.CallTool(ctx, &sdk.CallToolParams{Name: name, Arguments: args})
	})
	switch {
	case err == nil:
		s.answered()
		return res, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		s.lost(l, fmt.Errorf("%s did not answer within %s", name, s.server.CallTimeout))
		return nil, err
	case ctx.Err() != nil: // the caller went away; that says nothing of the server
		return nil, err
	case refused(err):
		s.answered()
		return nil, err
	case !l.broken(err): // one request, or one answer, went wrong
		return nil, errors.New(joined("no usable answer", s.clean(plainHTTP(err).Error())))
	}
	why := s.reason(l.link, err)
	s.lost(l, errors.New(why))
	if why == errLongLine.Error() { // it would be as long the second time
		return nil, errLongLine
	}
	return nil, &lostError{why: why, unseen: errors.Is(err, sdk.ErrSessionMissing)}
}

// Codes that the SDK gives to failures of its own transport.
const (
	codeClosing  = -32003
	codeRejected = -32005
)

// refused tells an error that the server sent from the end of the session.
func refused(err error) bool {
	var e *jsonrpc.Error
	return errors.As(err, &e) && (e.Code > codeClosing || e.Code < codeRejected)
}

// await returns what f returns, or why ctx ended. The SDK writes a request on
// the goroutine of its caller: to a child that stopped reading, that waits for
// ever with ctx long over.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		v, err := f()
		done <- outcome{v, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}

// oneAtATime tells the servers that serve one call after the other and are deaf
// meanwhile, to a ping as to a cancellation.
func (s Server) oneAtATime() bool {
	return slices.ContainsFunc(s.Args, func(a string) bool { return strings.Contains(a, "pagerduty-mcp") })
}

func failed(format string, args ...any) tool.Result {
	return tool.Result{Failed: true, Text: fmt.Sprintf(format, args...)}
}
