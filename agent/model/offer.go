package model

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Offer returns tools as every vendor takes them and as a cache needs them:
// sorted by name, each name once, each schema an object with properties, its
// bytes the same from turn to turn whatever the order of its keys was.
func Offer(tools []Tool) []Tool {
	out := slices.Clone(tools)
	slices.SortStableFunc(out, func(a, b Tool) int { return strings.Compare(a.Name, b.Name) })
	out = slices.CompactFunc(out, func(a, b Tool) bool { return a.Name == b.Name })
	for i := range out {
		out[i].Schema = objectSchema(out[i].Schema)
	}
	return out
}

// OfferFor is Offer for a request. A conversation that holds calls cannot be
// sent without tools; when there are none, the called names stand there with
// no arguments, and must not be called (then final is true).
func OfferFor(req Request, messages []Message) (tools []Tool, final bool) {
	if tools = Offer(req.Tools); len(tools) > 0 {
		return tools, req.Final
	}
	for _, m := range messages {
		for _, c := range m.Calls {
			tools = append(tools, Tool{Name: c.Name})
		}
	}
	return Offer(tools), true
}

// objectSchema makes a schema that every vendor takes. Anthropic refuses
// oneOf, allOf and anyOf at the top; others want type and properties
// (docker-agent#278). The tool's server still checks what it is given.
func objectSchema(raw json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var s map[string]any
	if d.Decode(&s) != nil || s == nil {
		s = map[string]any{}
	}
	s["type"] = "object"
	if _, ok := s["properties"].(map[string]any); !ok {
		s["properties"] = map[string]any{}
	}
	for _, word := range []string{"oneOf", "allOf", "anyOf", "$schema", "$id"} {
		delete(s, word)
	}
	if list, ok := s["required"].([]any); s["required"] != nil && (!ok || len(list) == 0) {
		delete(s, "required")
	}
	out, err := json.Marshal(s) // sorts the keys
	if err != nil {
		return json.RawMessage(`{"properties":{},"type":"object"}`)
	}
	return out
}
