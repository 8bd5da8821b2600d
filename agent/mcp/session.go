package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/agent/tool"
)

// protocol is asked for on stdio and in memory: a newer one begins with a
// question that some servers never answer.
const protocol = "2025-11-25"

// Bounds of listing tools.
const (
	maxPages = 20
	maxTools = 500
)

// session is one server, started when it is first needed and again when it broke.
type session struct {
	server Server
	opts   Options
	line   chan struct{} // held during a call by servers that take one at a time

	mu     sync.Mutex
	client *sdk.ClientSession // nil while it is not running
	stop   func() error       // ends what the transport started
	tools  []tool.Def         // cached; nil until listed
	absent []string           // allowed, but not offered
}

func newSession(s Server, o Options) *session {
	if s.CallTimeout <= 0 {
		s.CallTimeout = defaultCall
	}
	if s.StartTimeout <= 0 {
		s.StartTimeout = defaultStart
	}
	return &session{server: s, opts: o, line: make(chan struct{}, 1)}
}

// list returns the tools, cached after the first time so that a run's tools
// never change.
func (s *session) list(ctx context.Context) ([]tool.Def, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tools != nil {
		return s.tools, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.server.StartTimeout)
	defer cancel()
	c, err := s.running(ctx)
	if err != nil {
		return nil, err
	}
	all, err := listAll(ctx, c)
	if err != nil {
		s.broken()
		return nil, fmt.Errorf("listing tools: %w", err)
	}
	s.tools = s.allowed(all)
	return s.tools, nil
}

// listAll follows the pages, but not a cursor that does not move.
func listAll(ctx context.Context, c *sdk.ClientSession) ([]*sdk.Tool, error) {
	var all []*sdk.Tool
	seen := map[string]bool{}
	cursor := ""
	for range maxPages {
		page, err := c.ListTools(ctx, &sdk.ListToolsParams{Cursor: cursor})
		if err != nil {
			return nil, err
		}
		all = append(all, page.Tools...)
		cursor = page.NextCursor
		if cursor == "" || seen[cursor] || len(all) >= maxTools {
			break
		}
		seen[cursor] = true
	}
	return all[:min(len(all), maxTools)], nil
}

// allowed keeps the tools of the allow list, in the model's form.
func (s *session) allowed(all []*sdk.Tool) []tool.Def {
	defs := []tool.Def{}
	var offered []string
	used := map[string]bool{}
	for _, t := range all {
		offered = append(offered, t.Name)
		if len(s.server.AllowTools) > 0 && !slices.Contains(s.server.AllowTools, t.Name) {
			continue
		}
		schema, err := normalise(t.InputSchema)
		if err != nil {
			s.opts.Logger.Warn("tool left out: its schema cannot be offered", "server", s.server.Name, "tool", t.Name, "error", err)
			continue
		}
		d := tool.Def{Name: modelName(s.server.Name, t.Name), Server: s.server.Name, Tool: t.Name, Description: describe(t.Description), Schema: schema}
		if used[d.Name] {
			continue
		}
		used[d.Name] = true
		defs = append(defs, d)
	}
	slices.SortFunc(defs, func(a, b tool.Def) int { return strings.Compare(a.Name, b.Name) })
	s.absent = nil
	for _, name := range s.server.AllowTools {
		if !slices.Contains(offered, name) {
			s.absent = append(s.absent, name)
		}
	}
	return defs
}

func (s *session) missing() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.absent)
}

// running returns the live session and starts one when there is none. s.mu is held.
func (s *session) running(ctx context.Context) (*sdk.ClientSession, error) {
	if s.client != nil {
		return s.client, nil
	}
	transport, stop, err := s.transport(ctx)
	if err != nil {
		return nil, err
	}
	client := sdk.NewClient(&sdk.Implementation{Name: "opsbuddy", Version: "1"}, nil)
	c, err := client.Connect(ctx, transport, &sdk.ClientSessionOptions{ProtocolVersion: protocol})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting: %w", err), stop())
	}
	s.client, s.stop = c, stop
	return c, nil
}

// broken ends a session that cannot be trusted; the next call starts another.
// s.mu is held.
func (s *session) broken() {
	if s.client == nil {
		return
	}
	if err := s.stop(); err != nil {
		s.opts.Logger.Debug("ending an mcp session", "server", s.server.Name, "error", err)
	}
	s.client = nil
}

func (s *session) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		return nil
	}
	err := s.stop()
	s.client = nil
	return err
}

// call asks the server, within the call's time.
func (s *session) call(ctx context.Context, d tool.Def, args json.RawMessage) tool.Result {
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, s.server.CallTimeout)
	defer cancel()
	if s.server.oneAtATime() {
		select {
		case s.line <- struct{}{}:
			defer func() { <-s.line }()
		case <-ctx.Done():
			return failed("%s did not answer within %s: it was busy", d.Tool, s.server.CallTimeout)
		}
	}
	in, err := arguments(d.Schema, args)
	if err != nil {
		return failed("the arguments of %s cannot be read: %v", d.Tool, err)
	}
	res, err := s.ask(ctx, d.Tool, in)
	if err != nil && ctx.Err() == nil { // the session died before it answered; all tools are reads
		s.restart()
		res, err = s.ask(ctx, d.Tool, in)
	}
	switch {
	case err == nil:
		return result(res, s.opts.ResultCap)
	case outer.Err() == nil && ctx.Err() != nil:
		s.restart()
		return failed("%s did not answer within %s", d.Tool, s.server.CallTimeout)
	default:
		return failed("%s could not be asked: %v", d.Tool, err)
	}
}

func (s *session) ask(ctx context.Context, name string, args map[string]any) (*sdk.CallToolResult, error) {
	s.mu.Lock()
	c, err := s.running(ctx)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return c.CallTool(ctx, &sdk.CallToolParams{Name: name, Arguments: args})
}

func (s *session) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken()
}

// oneAtATime tells the servers that serve calls one after the other and block
// everything meanwhile.
func (s Server) oneAtATime() bool {
	return slices.ContainsFunc(s.Args, func(a string) bool { return strings.HasPrefix(a, "pagerduty-mcp") })
}

func failed(format string, args ...any) tool.Result {
	return tool.Result{Failed: true, Text: fmt.Sprintf(format, args...)}
}
