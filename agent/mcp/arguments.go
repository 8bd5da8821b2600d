package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// shape is what of a schema says how an argument is written.
type shape struct {
	Type       any              `json:"type"`
	Properties map[string]shape `json:"properties"`
	Items      *shape           `json:"items"`
	Required   []string         `json:"required"`
}

// arguments reads what the model wrote for a tool, and mends what models get
// wrong: an object written as a string is parsed, a required one that was left
// out is added, null for what may be left out is left out. Numbers keep their
// digits: as a float, a Slack timestamp loses its last ones.
func arguments(schema, raw json.RawMessage) (map[string]any, error) {
	var in any = map[string]any{}
	if len(bytes.TrimSpace(raw)) > 0 {
		var err error
		if in, err = parse(raw); err != nil {
			return nil, errors.New("they are not one JSON value")
		}
	}
	if text, ok := in.(string); ok {
		in = map[string]any{}
		if strings.TrimSpace(text) != "" {
			in, _ = parse([]byte(text))
		}
	}
	if in == nil {
		in = map[string]any{}
	}
	args, ok := in.(map[string]any)
	if !ok {
		return nil, errors.New("they are no JSON object")
	}
	var s shape
	if json.Unmarshal(schema, &s) == nil { // else they go as they are
		s.object(args)
	}
	return args, nil
}

func parse(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

func (s shape) object(args map[string]any) {
	for name, v := range args {
		p, known := s.Properties[name]
		switch {
		case !known:
		case v == nil && !slices.Contains(s.Required, name):
			delete(args, name)
		default:
			args[name] = p.value(v)
		}
	}
	for _, name := range s.Required {
		p := s.Properties[name]
		if _, there := args[name]; !there && p.Type == "object" {
			empty := map[string]any{}
			p.object(empty)
			args[name] = empty
		}
	}
}

// value is v in the type that is wanted, where it is that in other clothes.
func (s shape) value(v any) any {
	if text, ok := v.(string); ok && s.Type != "string" {
		if parsed, err := parse([]byte(text)); err == nil && s.fits(parsed) {
			v = parsed
		}
	}
	if n, ok := v.(json.Number); ok && s.Type == "string" {
		return n.String()
	}
	switch v := v.(type) {
	case map[string]any:
		s.object(v)
	case []any:
		for i := range v {
			if s.Items != nil {
				v[i] = s.Items.value(v[i])
			}
		}
	}
	return v
}

func (s shape) fits(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return s.Type == "object"
	case []any:
		return s.Type == "array"
	case bool:
		return s.Type == "boolean"
	case json.Number:
		return s.Type == "number" || s.Type == "integer" && !strings.ContainsAny(v.String(), ".eE")
	}
	return false
}
