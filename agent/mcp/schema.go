package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
)

// Bounds of one tool's schema. Recursive definitions with several references
// each would otherwise grow without end.
const (
	maxDepth = 16
	maxNodes = 4000
)

// normalise makes an input schema that every vendor takes: an object with
// properties, no references, no alternatives at the top. A vendor answers one
// bad schema by refusing the whole request, so a schema that cannot be mended is
// an error and its tool is left out.
func normalise(schema any) (json.RawMessage, error) {
	raw, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil || root == nil {
		return nil, errors.New("it is no JSON object")
	}
	n := normaliser{root: root, left: maxNodes}
	out := n.schema(flattened(n.resolved(root)), 0)
	if t, ok := out["type"].(string); ok && t != "object" {
		return nil, fmt.Errorf("its type is %q, not object", t)
	}
	out["type"] = "object"
	if _, ok := out["properties"].(map[string]any); !ok {
		out["properties"] = map[string]any{}
	}
	if n.bad != nil {
		return nil, n.bad
	}
	return json.Marshal(out)
}

// normaliser carries one schema through.
type normaliser struct {
	root  map[string]any
	stack []string // references being followed
	left  int      // nodes
	bad   error
}

// kept are the keywords with plain values that vendors take. The others cost
// tokens and tell a model nothing ($schema, title), differ from vendor to vendor
// (additionalProperties), or would carry references along (if, not).
var kept = map[string]bool{
	"type": true, "enum": true, "const": true, "default": true, "required": true, "format": true, "pattern": true,
	"minimum": true, "maximum": true, "exclusiveMinimum": true, "exclusiveMaximum": true, "multipleOf": true,
	"minLength": true, "maxLength": true, "minItems": true, "maxItems": true, "uniqueItems": true,
	"minProperties": true, "maxProperties": true,
}

// schema is one node and all under it.
func (n *normaliser) schema(v any, depth int) map[string]any {
	m, ok := v.(map[string]any)
	if n.left--; n.left < 0 {
		n.bad = fmt.Errorf("it has more than %d parts", maxNodes)
	}
	if !ok || depth > maxDepth || n.bad != nil { // true, false, and what is no schema: anything goes
		return map[string]any{}
	}
	if ref, ok := m["$ref"].(string); ok {
		return n.follow(ref, m, depth)
	}
	if one := onlyAlternative(m); one != nil {
		return n.schema(one, depth+1)
	}
	out := map[string]any{}
	for key, v := range m {
		n.keyword(out, key, v, depth)
	}
	tidyType(out)
	n.required(out)
	return out
}

// follow puts a definition where a reference to it stood, once on each way down.
func (n *normaliser) follow(ref string, m map[string]any, depth int) map[string]any {
	if slices.Contains(n.stack, ref) {
		return map[string]any{}
	}
	n.stack = append(n.stack, ref)
	defer func() { n.stack = n.stack[:len(n.stack)-1] }()
	return n.schema(merged(m, n.lookUp(ref), "$ref"), depth+1)
}

// lookUp finds a definition by a JSON pointer into this schema; elsewhere
// nothing is looked up.
func (n *normaliser) lookUp(ref string) map[string]any {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	var at any = n.root
	for _, step := range strings.Split(path, "/") {
		m, _ := at.(map[string]any)
		at = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
	}
	m, _ := at.(map[string]any)
	return m
}

// resolved follows the references at the top, where alternatives are joined.
func (n *normaliser) resolved(m map[string]any) map[string]any {
	for range maxDepth {
		ref, ok := m["$ref"].(string)
		if !ok {
			break
		}
		m = merged(m, n.lookUp(ref), "$ref")
	}
	m = merged(m, nil)
	for _, key := range alternatives {
		list, _ := m[key].([]any)
		for i, e := range list {
			if o, ok := e.(map[string]any); ok && o["$ref"] != nil {
				ref, _ := o["$ref"].(string)
				list[i] = merged(o, n.lookUp(ref), "$ref")
			}
		}
	}
	return m
}

// goodKey is what Anthropic takes as an argument's name.
var goodKey = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,64}$`)

func (n *normaliser) keyword(out map[string]any, key string, v any, depth int) {
	switch key {
	case "properties":
		if props, ok := v.(map[string]any); ok {
			out[key] = n.properties(props, depth)
		}
	case "items":
		out[key] = n.schema(v, depth+1)
	case "anyOf", "oneOf", "allOf":
		list, _ := v.([]any)
		ways := []any{}
		for _, e := range list {
			if !isNull(e) {
				ways = append(ways, n.schema(e, depth+1))
			}
		}
		if len(ways) > 0 {
			out[key] = ways
		}
	case "description":
		if text, ok := v.(string); ok {
			out[key] = shorten(border.Clean(text), maxHint)
		}
	default:
		_, draft4 := v.(bool) // exclusiveMinimum: true
		if kept[key] && v != nil && !(draft4 && strings.HasPrefix(key, "exclusive")) {
			out[key] = v
		}
	}
}

// properties keeps the arguments whose names a vendor takes. The rest can only
// be done without when the tool does not need them, see required.
func (n *normaliser) properties(props map[string]any, depth int) map[string]any {
	out := make(map[string]any, len(props))
	for name, p := range props {
		if goodKey.MatchString(name) {
			out[name] = n.schema(p, depth+1)
		}
	}
	return out
}

// required keeps the names that are there; one that is not cannot be given.
func (n *normaliser) required(out map[string]any) {
	list, ok := out["required"].([]any)
	delete(out, "required")
	props, _ := out["properties"].(map[string]any)
	if !ok || props == nil {
		return
	}
	var names []string
	for _, e := range list {
		name, _ := e.(string)
		if !goodKey.MatchString(name) {
			n.bad = fmt.Errorf("it needs an argument with the name %q, which vendors refuse", name)
		} else if _, there := props[name]; there {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		out["required"] = names
	}
}
