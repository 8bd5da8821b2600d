package mcp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/agent/tool"
)

// Bounds of listing tools: one server in the field answered every page with the
// same cursor, and another page of the same tools, for ever.
const (
	maxPages = 20
	maxTools = 500
)

// list returns the tools, cached after the first time so that the tools of a
// run never change under it. With force, a server that is down is tried at once.
func (s *session) list(ctx context.Context, force bool) ([]tool.Def, error) {
	s.mu.Lock()
	tools := s.tools
	s.mu.Unlock()
	if tools != nil {
		return tools, nil
	}
	l, err := s.running(ctx, force)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.server.CallTimeout)
	defer cancel()
	all, err := listAll(ctx, l.client)
	if err != nil {
		err = fmt.Errorf("listing tools: %s", s.reason(l.link, err))
		if !errors.Is(ctx.Err(), context.Canceled) {
			s.lost(l, err)
		}
		return nil, err
	}
	return s.keep(all)
}

// listAll follows the pages, but not a cursor that was there before.
func listAll(ctx context.Context, c *sdk.ClientSession) ([]*sdk.Tool, error) {
	var all []*sdk.Tool
	seen := map[string]bool{}
	cursor := ""
	for range maxPages {
		page, err := await(ctx, func() (*sdk.ListToolsResult, error) {
			return c.ListTools(ctx, &sdk.ListToolsParams{Cursor: cursor})
		})
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

// keep caches what the server offers and the allow list lets through. A server
// that offers nothing of the list has renamed its tools, and counts as down:
// none is not what was asked for.
func (s *session) keep(all []*sdk.Tool) ([]tool.Def, error) {
	var offered, absent []string
	for _, t := range all {
		offered = append(offered, t.Name)
	}
	for _, name := range s.server.AllowTools {
		if !slices.Contains(offered, name) {
			absent = append(absent, name)
		}
	}
	defs := s.defs(all)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.absent = absent
	if allow := len(s.server.AllowTools); allow > 0 && allow == len(absent) {
		return nil, fmt.Errorf("it offers none of the %d tools that are allowed; it offers %s", allow, some(offered, 10))
	}
	if len(offered) == 0 {
		return nil, errors.New("it offers no tools; check its settings (mcp-atlassian lists nothing when it has no login)")
	}
	if s.tools == nil {
		s.tools, s.readers = defs, readers(all)
	}
	return s.tools, nil
}

// defs puts the allowed tools into the model's form, in the order of their names.
func (s *session) defs(all []*sdk.Tool) []tool.Def {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b *sdk.Tool) int { return strings.Compare(a.Name, b.Name) })
	all = slices.CompactFunc(all, func(a, b *sdk.Tool) bool { return a.Name == b.Name })
	defs := []tool.Def{}
	used := map[string]bool{}
	for _, t := range all {
		if len(s.server.AllowTools) > 0 && !slices.Contains(s.server.AllowTools, t.Name) {
			continue
		}
		schema, err := normalise(t.InputSchema)
		if err != nil {
			s.opts.Logger.Warn("tool left out: its schema cannot be offered", "server", s.server.Name, "tool", t.Name, "error", err)
			continue
		}
		name := modelName(s.server.Name, t.Name)
		if used[name] { // "a.b" and "a_b" of one server
			name = hashedName(s.server.Name, t.Name)
		}
		used[name] = true
		defs = append(defs, tool.Def{Name: name, Server: s.server.Name, Tool: t.Name, Description: describe(t.Description), Schema: schema})
	}
	slices.SortFunc(defs, func(a, b tool.Def) int { return strings.Compare(a.Name, b.Name) })
	return defs
}

// Words that judge a tool without annotations, as those of server-slack.
var (
	readWords  = []string{"get", "list", "search", "read", "find", "fetch", "browse", "query", "describe", "show", "lookup"}
	writeWords = []string{"add", "create", "update", "delete", "remove", "set", "post", "send", "reply", "manage", "start", "run", "move", "edit", "write", "assign", "transition", "upload", "resolve", "acknowledge"}
)

// readers names the tools that may be asked again after their server died over
// them. It allows nothing: that is the allow list's duty.
func readers(all []*sdk.Tool) []string {
	var out []string
	for _, t := range all {
		words := strings.FieldsFunc(strings.ToLower(t.Name), func(r rune) bool { return r < 'a' || r > 'z' })
		has := func(list []string) bool {
			return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
		}
		if t.Annotations != nil && t.Annotations.ReadOnlyHint || t.Annotations == nil && has(readWords) && !has(writeWords) {
			out = append(out, t.Name)
		}
	}
	return out
}

func (s *session) reads(tool string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.readers, tool)
}

func (s *session) missing() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.absent)
}

// some names the first n of a list.
func some(names []string, n int) string {
	if len(names) == 0 {
		return "none at all"
	}
	text := strings.Join(names[:min(n, len(names))], ", ")
	if len(names) > n {
		text += fmt.Sprintf(" and %d more", len(names)-n)
	}
	return text
}
