package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
)

// maxArguments bounds a call's arguments in bytes. A query or an id is far
// below; what is above came from a model in a loop.
const maxArguments = 64 << 10

// fence is a text that is one Markdown code block and nothing else.
var fence = regexp.MustCompile("(?s)^(```+|~~~+)[ \t]*[a-zA-Z0-9_-]*\\s*(.*?)\\s*(```+|~~~+)$")

// ParseArguments reads the arguments of a call as models write them: an object,
// an object in one Markdown fence, or an object inside a JSON string. Text that
// is truly empty (nothing, null, an empty string) is an object without members.
// Anything else has a problem, in words for the model, and comes back as {}:
// such a call must not be run, and broken JSON must not enter the history,
// where it makes some servers fail for ever. Text inside is cleaned.
func ParseArguments(text string) (json.RawMessage, string) {
	if len(text) > maxArguments {
		return emptyObject(), fmt.Sprintf("they are longer than %d bytes", maxArguments)
	}
	text = unwrap(text)
	if text == "" || text == "null" {
		return emptyObject(), ""
	}
	args, ok := compactObject(json.RawMessage(text))
	if !ok {
		return emptyObject(), notAnObject(text)
	}
	return cleanJSON(args), ""
}

// wrappings is how many layers of strings and fences are taken off.
const wrappings = 3

// unwrap takes off what models and gateways put around an object.
func unwrap(text string) string {
	for range wrappings {
		text = strings.TrimSpace(text)
		if inner, ok := unfence(text); ok {
			text = inner
			continue
		}
		var inner string
		if !strings.HasPrefix(text, `"`) || json.Unmarshal([]byte(text), &inner) != nil {
			break
		}
		text = inner
	}
	return strings.TrimSpace(text)
}

// unfence takes one enclosing code fence away.
func unfence(text string) (string, bool) {
	m := fence.FindStringSubmatch(text)
	if m == nil || m[1][0] != m[3][0] {
		return text, false
	}
	return strings.TrimSpace(m[2]), true
}

// notAnObject says what is wrong, so that the model can do better.
func notAnObject(text string) string {
	var v any
	err := json.Unmarshal([]byte(text), &v)
	if err == nil {
		return fmt.Sprintf("they are %s, not a JSON object", jsonKind(v))
	}
	start, _ := border.Cut(border.Line(text), 60)
	return fmt.Sprintf("they are not valid JSON (%v); they begin with: %s", err, start)
}

func jsonKind(v any) string {
	switch v.(type) {
	case []any:
		return "an array"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	}
	return "a number"
}

// cleanJSON cleans every string of a JSON value, as border.Clean does, and
// returns raw as it is when there is nothing to clean. Numbers keep their
// digits. An escape can hide a NUL or half an emoji, so text with \u is read.
func cleanJSON(raw json.RawMessage) json.RawMessage {
	if !bytes.Contains(raw, []byte(`\u`)) && border.Clean(string(raw)) == string(raw) {
		return raw
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return raw
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(cleanValue(v)) != nil {
		return raw
	}
	return bytes.TrimSpace(b.Bytes())
}

func cleanValue(v any) any {
	switch v := v.(type) {
	case string:
		return border.Clean(v)
	case []any:
		for i := range v {
			v[i] = cleanValue(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, val := range v {
			out[border.Clean(key)] = cleanValue(val)
		}
		return out
	}
	return v
}
