package modeltest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// toolName is what both vendors take, at the shorter of their lengths.
var toolName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// checkTool refuses a tool that one of the vendors refuses. seen holds the names
// so far.
func checkTool(where, name string, schema json.RawMessage, seen map[string]bool) *fault {
	if !toolName.MatchString(name) {
		return invalid("%s.name: %q should match pattern '%s'", where, name, toolName)
	}
	if seen[name] {
		return invalid("tools: Tool names must be unique: %s", name)
	}
	seen[name] = true
	var s map[string]json.RawMessage
	if json.Unmarshal(schema, &s) != nil {
		return invalid("%s: the schema should be an object", where)
	}
	if string(s["type"]) != `"object"` {
		return invalid("%s: the schema's type should be 'object'", where)
	}
	var properties map[string]json.RawMessage
	if json.Unmarshal(s["properties"], &properties) != nil || properties == nil {
		return invalid("%s: the schema should have properties, an object", where)
	}
	for _, word := range []string{"oneOf", "allOf", "anyOf"} {
		if _, ok := s[word]; ok {
			return invalid("%s: the schema does not support oneOf, allOf, or anyOf at the top level", where)
		}
	}
	return nil
}

// blank reports a text that vendors call empty.
func blank(s string) bool { return strings.TrimSpace(s) == "" }

// isObject reports a JSON object.
func isObject(raw json.RawMessage) bool {
	var m map[string]json.RawMessage
	return json.Unmarshal(raw, &m) == nil && m != nil
}

// pairing follows which calls are open.
type pairing struct {
	used map[string]bool // every call id of the conversation
	open []string        // calls of the last turn without a result
}

func (p *pairing) call(where, id string) *fault {
	if p.used[id] {
		return invalid("%s: tool call ids must be unique: %s", where, id)
	}
	if p.used == nil {
		p.used = map[string]bool{}
	}
	p.used[id] = true
	p.open = append(p.open, id)
	return nil
}

func (p *pairing) result(where, id string) *fault {
	for i, open := range p.open {
		if open == id {
			p.open = append(p.open[:i:i], p.open[i+1:]...)
			return nil
		}
	}
	return invalid("%s: unexpected tool result: no call with id %q waits for one", where, id)
}

// closed refuses calls that were not answered.
func (p *pairing) closed(where string) *fault {
	if len(p.open) == 0 {
		return nil
	}
	return invalid("%s: tool calls without a result immediately after: %s", where, strings.Join(p.open, ", "))
}

// arguments encodes a scripted call's arguments.
func arguments(args any) json.RawMessage {
	if args == nil {
		return json.RawMessage("{}")
	}
	raw, err := json.Marshal(args)
	if err != nil {
		return json.RawMessage(fmt.Sprintf("%q", err.Error()))
	}
	return raw
}

// idLength is how many characters follow the prefix of a vendor's ids.
const idLength = 24

// newID makes an id that no earlier call of the conversation has: it depends on
// all of the request.
func newID(prefix string, body []byte, index int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", index, body))
	return prefix + hex.EncodeToString(sum[:])[:idLength]
}

// tokens counts roughly: what on-call text takes in cl100k (3.4 bytes a token).
func tokens(bytes int) int { return (bytes*10 + 33) / 34 }
