package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/agent/tool"
	"github.com/opsbuddy/opsbuddy/border"
)

// Bounds of a server that sets none.
const (
	defaultCall   = 25 * time.Second
	defaultStart  = 60 * time.Second
	defaultResult = 24 << 10 // bytes of one answer
	maxServerName = 32
)

// Server says how one MCP server is reached: by exactly one of Command, URL and
// InMemory.
type Server struct {
	Name       string
	Command    string
	Args       []string
	Env        map[string]string // all that the child sees beside PATH and the like
	URL        string
	Headers    map[string]string
	InMemory   *sdk.Server
	AllowTools []string // by the server's own names; empty allows all

	CallTimeout  time.Duration // 25 s when 0, waiting in line included
	StartTimeout time.Duration // 60 s when 0: a cold uvx installs first
}

// Options of a pool.
type Options struct {
	Logger    *slog.Logger
	ResultCap int      // bytes of one answer; 24 KB when 0
	BaseEnv   []string // KEY=VALUE, of which a child inherits a few
}

// Pool is the sessions of one agent, shared by all its runs. Safe for
// concurrent use.
type Pool struct {
	sessions []*session
	opts     Options

	mu      sync.Mutex
	offered map[string]offer // by the name that the model uses
}

// offer is a tool that the model may call.
type offer struct {
	session *session
	def     tool.Def
}

// goodName keeps the names of two servers' tools apart, see modelName.
var goodName = regexp.MustCompile(`^[a-zA-Z0-9](?:_?[a-zA-Z0-9-]){0,31}$`)

// NewPool checks the servers; nothing is started before it is needed.
// A duplicate or bad name and a server without exactly one way to it are errors.
func NewPool(servers []Server, o Options) (*Pool, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ResultCap <= 0 {
		o.ResultCap = defaultResult
	}
	p := &Pool{opts: o, offered: map[string]offer{}}
	var errs []error
	seen := map[string]bool{}
	for _, s := range servers {
		if err := s.check(); err != nil {
			errs = append(errs, err)
		}
		if seen[s.Name] {
			errs = append(errs, fmt.Errorf("mcp server %q stands twice", s.Name))
		}
		seen[s.Name] = true
		p.sessions = append(p.sessions, newSession(s, o))
	}
	sort.Slice(p.sessions, func(a, b int) bool { return p.sessions[a].server.Name < p.sessions[b].server.Name })
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

func (s Server) check() error {
	ways := 0
	for _, set := range []bool{s.Command != "", s.URL != "", s.InMemory != nil} {
		if set {
			ways++
		}
	}
	switch {
	case !goodName.MatchString(s.Name) || len(s.Name) > maxServerName:
		return fmt.Errorf("mcp server %q: name it with letters, digits, - and single _ between them, at most %d", s.Name, maxServerName)
	case ways != 1:
		return fmt.Errorf("mcp server %q: give it a command or a url, and not both", s.Name)
	case s.URL != "":
		if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("mcp server %q: its url wants http:// or https:// and a host", s.Name)
		}
	}
	return nil
}

// Tools lists what the model may call, by server and name, and the servers that
// could not be asked. It starts what is not running, all at once, and keeps the
// answers: a server is listed once, one that was down is tried again.
func (p *Pool) Tools(ctx context.Context) ([]tool.Def, []tool.Down) {
	return p.list(ctx, true)
}

func (p *Pool) list(ctx context.Context, force bool) ([]tool.Def, []tool.Down) {
	lists := make([][]tool.Def, len(p.sessions))
	whys := make([]string, len(p.sessions))
	var wg sync.WaitGroup
	for i, s := range p.sessions {
		wg.Go(func() {
			defs, err := s.list(ctx, force)
			if err != nil {
				whys[i] = err.Error()
			}
			lists[i] = defs
		})
	}
	wg.Wait()
	var defs []tool.Def
	var down []tool.Down
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, s := range p.sessions {
		if whys[i] != "" {
			down = append(down, tool.Down{Server: s.server.Name, Why: whys[i]})
		}
		for _, d := range lists[i] {
			p.offered[d.Name] = offer{session: s, def: d}
			defs = append(defs, d)
		}
	}
	return defs, down
}

// Call asks a tool. It never fails: a model that names a tool which was not
// offered is told which ones are, and nothing is called.
func (p *Pool) Call(ctx context.Context, name string, args json.RawMessage) tool.Result {
	o, ok := p.find(name)
	var down []tool.Down
	if !ok { // another worker may have listed the tools of this run
		listing, cancel := context.WithTimeout(ctx, defaultCall)
		defer cancel()
		_, down = p.list(listing, false)
		o, ok = p.find(name)
	}
	if !ok {
		text := fmt.Sprintf("there is no tool %q; there are: %s", shorten(border.Clean(name), maxName), some(p.names(), maxTools))
		for _, d := range down {
			text += fmt.Sprintf("\nthe tools of %s cannot be had now: %s", d.Server, d.Why)
		}
		return tool.Result{Failed: true, Mistake: len(down) == 0, Text: text}
	}
	return o.session.call(ctx, o.def, args)
}

// Offers reports whether there is such a tool, as far as the servers were listed.
func (p *Pool) Offers(name string) bool {
	_, ok := p.find(name)
	return ok
}

func (p *Pool) find(name string) (offer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, ok := p.offered[name]
	return o, ok
}

func (p *Pool) names() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for n := range p.offered {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Drift names the entries of allow lists that their servers do not offer: a
// server that renamed its tools looks like one that has none.
func (p *Pool) Drift() []string {
	var out []string
	for _, s := range p.sessions {
		for _, missing := range s.missing() {
			out = append(out, s.server.Name+": "+missing)
		}
	}
	return out
}

// Close ends every session and every child process, with all that these
// started, within a few seconds. Calls under way fail. It may be called twice.
func (p *Pool) Close() error {
	var wg sync.WaitGroup
	for _, s := range p.sessions {
		wg.Go(s.close)
	}
	wg.Wait()
	return nil
}
