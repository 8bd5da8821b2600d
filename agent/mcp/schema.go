package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxDepth bounds how deep references are followed.
const maxDepth = 12

// normalise makes an input schema that every vendor takes: an object with
// properties, no references, no alternatives at the top. One tool with a bad
// schema makes a vendor refuse every request, so a schema that cannot be mended
// is an error and the tool is left out.
func normalise(schema any) (json.RawMessage, error) {
	raw, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil || root == nil {
		return nil, errors.New("it is no JSON object")
	}
	n := normaliser{defs: definitions(root)}
	out, ok := n.value(root, 0).(map[string]any)
	if !ok {
		return nil, errors.New("it is no JSON object")
	}
	flattenTop(out)
	if t, ok := out["type"].(string); ok && t != "object" {
		return nil, fmt.Errorf("its type is %q, not object", t)
	}
	out["type"] = "object"
	if _, ok := out["properties"].(map[string]any); !ok {
		out["properties"] = map[string]any{}
	}
	return json.Marshal(out)
}

func definitions(root map[string]any) map[string]any {
	defs := map[string]any{}
	for _, key := range []string{"$defs", "definitions"} {
		if m, ok := root[key].(map[string]any); ok {
			for name, d := range m {
				defs["#/"+key+"/"+name] = d
			}
		}
	}
	return defs
}

type normaliser struct{ defs map[string]any }

// dropped are keys that cost tokens and tell a model nothing.
var dropped = map[string]bool{"$schema": true, "$id": true, "$defs": true, "definitions": true, "title": true, "examples": true, "additionalProperties": true}

func (n normaliser) value(v any, depth int) any {
	switch v := v.(type) {
	case map[string]any:
		return n.object(v, depth)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = n.value(e, depth)
		}
		return out
	default:
		return v
	}
}

func (n normaliser) object(m map[string]any, depth int) any {
	if depth > maxDepth {
		return map[string]any{}
	}
	if ref, ok := m["$ref"].(string); ok {
		target, _ := n.defs[ref].(map[string]any)
		return n.object(target, depth+1)
	}
	if one := onlyNonNull(m); one != nil {
		merged := map[string]any{}
		for k, v := range m {
			if k != "anyOf" && k != "oneOf" {
				merged[k] = v
			}
		}
		for k, v := range one {
			merged[k] = v
		}
		return n.object(merged, depth+1)
	}
	out := map[string]any{}
	for k, v := range m {
		switch {
		case k == "properties": // its keys are names, not keywords
			out[k] = n.properties(v, depth)
		case dropped[k] || k == "default" && v == nil:
		default:
			out[k] = n.value(v, depth+1)
		}
	}
	return out
}

func (n normaliser) properties(v any, depth int) any {
	props, ok := v.(map[string]any)
	if !ok {
		return map[string]any{}
	}
	out := make(map[string]any, len(props))
	for name, p := range props {
		out[name] = n.value(p, depth+1)
	}
	return out
}

// onlyNonNull is the one alternative of "this or null".
func onlyNonNull(m map[string]any) map[string]any {
	for _, key := range []string{"anyOf", "oneOf"} {
		list, ok := m[key].([]any)
		if !ok {
			continue
		}
		var kept []map[string]any
		for _, e := range list {
			if o, ok := e.(map[string]any); ok && o["type"] != "null" {
				kept = append(kept, o)
			}
		}
		if len(kept) == 1 {
			return kept[0]
		}
	}
	return nil
}

// flattenTop joins alternatives at the top into one object: a top-level anyOf
// makes Anthropic refuse the whole request.
func flattenTop(out map[string]any) {
	props, _ := out["properties"].(map[string]any)
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		list, ok := out[key].([]any)
		if !ok {
			continue
		}
		delete(out, key)
		for _, e := range list {
			o, _ := e.(map[string]any)
			more, _ := o["properties"].(map[string]any)
			for name, p := range more {
				if props == nil {
					props = map[string]any{}
				}
				if _, there := props[name]; !there {
					props[name] = p
				}
			}
		}
	}
	if props != nil {
		out["properties"] = props
	}
}

// arguments reads what the model wrote for a tool, and mends what models get
// wrong with nested objects: one written as a string is parsed, a required one
// that may be empty is added.
func arguments(schema, args json.RawMessage) (map[string]any, error) {
	in := map[string]any{}
	if len(strings.TrimSpace(string(args))) > 0 {
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, errors.New("they are no JSON object")
		}
		if in == nil {
			in = map[string]any{}
		}
	}
	var s struct {
		Properties map[string]struct {
			Type any `json:"type"`
		} `json:"properties"`
		Required []string `json:"required"`
	}
	if err := json.Unmarshal(schema, &s); err != nil {
		return in, nil
	}
	for name, p := range s.Properties {
		in = mend(in, name, p.Type)
	}
	for _, name := range s.Required {
		if _, there := in[name]; !there && s.Properties[name].Type == "object" {
			in[name] = map[string]any{}
		}
	}
	return in, nil
}

func mend(in map[string]any, name string, want any) map[string]any {
	switch v := in[name].(type) {
	case string:
		var parsed any
		if (want == "object" || want == "array" || want == "integer" || want == "number" || want == "boolean") && json.Unmarshal([]byte(v), &parsed) == nil {
			in[name] = parsed
		}
	case float64:
		if want == "string" {
			in[name] = strings.TrimSuffix(fmt.Sprintf("%.0f", v), ".")
		}
	}
	return in
}
