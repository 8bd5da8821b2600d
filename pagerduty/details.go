package pagerduty

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
)

// Bounds of details that are written as lines.
const (
	maxLines = 200
	maxDepth = 20 // deeper values are left out
)

// flatten writes any JSON value as "path: value" lines, in the order of the
// sender: a model reads that better than JSON, and it takes half the tokens.
// Text stays text, numbers keep every digit, empty values are left out. The
// result is cleaned, redacted and at most "most" runes long.
func flatten(raw json.RawMessage, most int) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	f := flattener{dec: json.NewDecoder(bytes.NewReader(raw))}
	f.dec.UseNumber()
	// raw was part of an answer that has been decoded, so this cannot fail
	// half-way; if it ever does, what came before still stands.
	_ = f.value("", 0)
	return longText(strings.Join(f.lines, "\n"), most)
}

type flattener struct {
	dec   *json.Decoder
	lines []string
}

// value writes the next value of the decoder under path.
func (f *flattener) value(path string, depth int) error {
	tok, err := f.dec.Token()
	if err != nil {
		return err
	}
	switch v := tok.(type) {
	case json.Delim:
		if v == '{' {
			return f.members(path, depth)
		}
		return f.elements(path, depth)
	case string:
		f.add(path, v, depth)
	case nil:
	default:
		f.add(path, fmt.Sprint(v), depth)
	}
	return nil
}

func (f *flattener) members(path string, depth int) error {
	for f.dec.More() {
		key, err := f.dec.Token()
		if err != nil {
			return err
		}
		name := fmt.Sprint(key)
		if path != "" {
			name = path + "." + name
		}
		if err := f.value(name, depth+1); err != nil {
			return err
		}
	}
	_, err := f.dec.Token()
	return err
}

func (f *flattener) elements(path string, depth int) error {
	for n := 0; f.dec.More(); n++ {
		if err := f.value(fmt.Sprintf("%s[%d]", path, n), depth+1); err != nil {
			return err
		}
	}
	_, err := f.dec.Token()
	return err
}

func (f *flattener) add(path, value string, depth int) {
	value = strings.TrimSpace(border.Clean(value))
	if value == "" || depth > maxDepth || len(f.lines) >= maxLines {
		return
	}
	if path != "" {
		value = border.Line(path) + ": " + strings.ReplaceAll(value, "\n", "\n  ")
	}
	f.lines = append(f.lines, value)
}
