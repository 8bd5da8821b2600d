package mcp

import (
	"maps"
	"slices"
)

var alternatives = []string{"allOf", "anyOf", "oneOf"}

// merged is over without some keys, on top of base.
func merged(over, base map[string]any, without ...string) map[string]any {
	out := maps.Clone(base)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range over {
		if !slices.Contains(without, k) {
			out[k] = v
		}
	}
	return out
}

// flattened joins alternatives at the top into one object: a top-level anyOf
// makes Anthropic refuse every request. What one alternative alone needs is no
// longer required; the server checks it.
func flattened(m map[string]any) map[string]any {
	out := merged(m, nil, alternatives...)
	props, _ := m["properties"].(map[string]any)
	props = maps.Clone(props)
	if props == nil {
		props = map[string]any{}
	}
	required, _ := m["required"].([]any)
	for _, key := range alternatives {
		list, _ := m[key].([]any)
		for _, e := range list {
			o, _ := e.(map[string]any)
			more, _ := o["properties"].(map[string]any)
			for name, p := range more {
				if _, there := props[name]; !there {
					props[name] = p
				}
			}
			if needs, ok := o["required"].([]any); ok && (key == "allOf" || len(list) == 1) {
				required = append(slices.Clone(required), needs...)
			}
			if out["type"] == nil && o["type"] != nil {
				out["type"] = o["type"]
			}
		}
	}
	out["properties"], out["required"] = props, required
	return out
}

// onlyAlternative is a schema whose alternatives are "this or null", or a
// single one, as just this. Nil for any other.
func onlyAlternative(m map[string]any) map[string]any {
	for _, key := range alternatives {
		list, ok := m[key].([]any)
		if !ok {
			continue
		}
		kept := slices.DeleteFunc(slices.Clone(list), isNull)
		if len(kept) != 1 {
			continue
		}
		if one, ok := kept[0].(map[string]any); ok {
			return merged(m, one, key)
		}
	}
	return nil
}

func isNull(v any) bool {
	m, ok := v.(map[string]any)
	return ok && (m["type"] == "null" || m["const"] == nil && hasKey(m, "const"))
}

func hasKey(m map[string]any, key string) bool {
	_, ok := m[key]
	return ok
}

// tidyType takes null out of types and choices, and says of an array what it
// holds, without which OpenAI refuses it.
func tidyType(out map[string]any) {
	if list, ok := out["type"].([]any); ok {
		list = slices.DeleteFunc(slices.Clone(list), func(t any) bool { return t == "null" })
		out["type"] = list
		if len(list) == 1 {
			out["type"] = list[0]
		}
	}
	if choices, ok := out["enum"].([]any); ok {
		out["enum"] = slices.DeleteFunc(slices.Clone(choices), func(c any) bool { return c == nil })
	}
	if out["type"] == "array" && out["items"] == nil {
		out["items"] = map[string]any{}
	}
	if out["type"] == nil && out["properties"] != nil {
		out["type"] = "object"
	}
}
