package modeltest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// sign makes the signature of a thinking block, so that a changed one is seen
// when it comes back.
func sign(thinking string) string {
	sum := sha256.Sum256([]byte("signed " + thinking))
	return hex.EncodeToString(sum[:])
}

func (*anthropic) refuse(f *fault) any {
	return map[string]any{
		"type":       "error",
		"error":      map[string]string{"type": f.kind, "message": f.message},
		"request_id": "req_modeltest",
	}
}

func (*anthropic) errorType(status int) string {
	switch status {
	case 401:
		return "authentication_error"
	case 402:
		return "billing_error"
	case 403:
		return "permission_error"
	case 404:
		return "not_found_error"
	case 409:
		return "conflict_error"
	case 413:
		return "request_too_large"
	case 429:
		return "rate_limit_error"
	case 504:
		return "timeout_error"
	case 529:
		return "overloaded_error"
	}
	if status >= 500 {
		return "api_error"
	}
	return "invalid_request_error"
}

func (v *anthropic) answer(a Ask, t Turn) any {
	content := []any{}
	if t.Thinking != "" {
		content = append(content, map[string]any{"type": "thinking", "thinking": t.Thinking, "signature": sign(t.Thinking)})
	}
	if t.Text != "" {
		content = append(content, map[string]any{"type": "text", "text": t.Text})
	}
	stop := "end_turn"
	for i, c := range t.Calls {
		stop = "tool_use"
		id := c.ID
		if id == "" {
			id = newID("toolu_", a.Body, i)
		}
		content = append(content, map[string]any{"type": "tool_use", "id": id, "name": c.Tool, "input": arguments(c.Args)})
	}
	if t.Stop != "" {
		stop = t.Stop
	}
	if stop == "pause_turn" {
		content = append(content, map[string]any{"type": "server_tool_use", "id": newID("srvtoolu_", a.Body, len(t.Calls)), "name": "web_search", "input": map[string]string{"query": "status"}})
	}
	return map[string]any{
		"id": newID("msg_", a.Body, 0), "type": "message", "role": "assistant", "model": a.Model,
		"content": content, "stop_reason": stop, "stop_sequence": nil, "usage": v.usage(a, t, content),
	}
}

func (v *anthropic) usage(a Ask, t Turn, content any) map[string]any {
	u := t.Usage
	if u == (model.Usage{}) {
		raw, _ := json.Marshal(content) // made of what encodes
		u = v.cache.count(a.Body)
		u.Output = tokens(len(raw))
	}
	return map[string]any{
		"input_tokens": u.Input, "output_tokens": u.Output,
		"cache_creation_input_tokens": u.CacheWrite, "cache_read_input_tokens": u.CacheRead,
	}
}

// cache is prompt caching as the vendor does it: exact prefixes in the order
// tools, system, messages, stored at breakpoints, found up to 20 blocks back.
type cache struct {
	mu     sync.Mutex
	stored map[[32]byte]bool
}

func newCache() *cache { return &cache{stored: map[[32]byte]bool{}} }

const (
	lookBack    = 20
	cacheAtMost = 1 << 16 // prefixes remembered; a demo never gets there
)

// count splits a request's tokens into read, written and plain.
func (c *cache) count(body []byte) model.Usage {
	var read, marked, total, at int
	var keys [][32]byte
	var sizes []int
	h := sha256.New()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range prefix(body) {
		h.Write(b.raw)
		total += len(b.raw)
		keys, sizes = append(keys, [32]byte(h.Sum(nil))), append(sizes, total)
		if !b.marked {
			continue
		}
		marked = total
		for at = len(keys) - 1; at >= 0 && at >= len(keys)-lookBack; at-- {
			if c.stored[keys[at]] {
				read = max(read, sizes[at])
				break
			}
		}
	}
	c.store(body, keys)
	all := tokens(len(body))
	u := model.Usage{CacheRead: min(all, tokens(read))}
	u.CacheWrite = min(all-u.CacheRead, tokens(marked)-u.CacheRead)
	u.Input = all - u.CacheRead - u.CacheWrite
	return u
}

func (c *cache) store(body []byte, keys [][32]byte) {
	for i, b := range prefix(body) {
		if b.marked && len(c.stored) < cacheAtMost {
			c.stored[keys[i]] = true
		}
	}
}

type prefixBlock struct {
	raw    []byte // without its cache_control
	marked bool
}

// prefix lists the blocks of a request in the order that caching sees them.
func prefix(body []byte) []prefixBlock {
	var req struct {
		Tools    []map[string]json.RawMessage `json:"tools"`
		System   json.RawMessage              `json:"system"`
		Messages []struct {
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
	}
	if json.Unmarshal(body, &req) != nil {
		return nil
	}
	out := prefixBlocks("tool", req.Tools)
	out = append(out, contentBlocks("system", req.System)...)
	for _, m := range req.Messages {
		out = append(out, contentBlocks(m.Role, m.Content)...)
	}
	return out
}

func contentBlocks(role string, raw json.RawMessage) []prefixBlock {
	var blocks []map[string]json.RawMessage
	if json.Unmarshal(raw, &blocks) != nil {
		return []prefixBlock{{raw: raw}}
	}
	return prefixBlocks(role, blocks)
}

func prefixBlocks(role string, blocks []map[string]json.RawMessage) []prefixBlock {
	var out []prefixBlock
	for _, b := range blocks {
		_, marked := b["cache_control"]
		delete(b, "cache_control")
		raw, _ := json.Marshal(b) // was JSON before
		out = append(out, prefixBlock{raw: append([]byte(role), raw...), marked: marked})
	}
	return out
}
