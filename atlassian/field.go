package atlassian

import (
	"strconv"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
)

// field is a JSON value that is read leniently and by exact key: a field that
// is null, missing or of another kind reads as empty, so that one odd field
// cannot cost the ticket, and one odd ticket not the list.
type field struct{ value any }

// at follows exact keys down.
func (f field) at(keys ...string) field {
	for _, k := range keys {
		m, ok := f.value.(map[string]any)
		if !ok {
			return field{}
		}
		f = field{m[k]}
	}
	return f
}

// has reports whether the key is there and not null.
func (f field) has(key string) bool { return f.at(key).value != nil }

// list is the elements of an array, and whether it is one.
func (f field) list() ([]field, bool) {
	values, ok := f.value.([]any)
	out := make([]field, 0, len(values))
	for _, v := range values {
		out = append(out, field{v})
	}
	return out, ok
}

// raw is the text of a string or a number as it came.
func (f field) raw() string {
	switch v := f.value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// text is cleaned text that may have several lines.
func (f field) text() string { return border.Clean(f.raw()) }

// line is cleaned text on one line.
func (f field) line() string { return border.Line(f.raw()) }

// number is a whole number, or def when it is none.
func (f field) number(def int) int {
	n, err := strconv.Atoi(f.raw())
	if err != nil {
		return def
	}
	return n
}

// flag is true only for a JSON true.
func (f field) flag() bool {
	b, _ := f.value.(bool)
	return b
}

// timeLayouts are what Jira ("+0000" without a colon) and Confluence write.
var timeLayouts = []string{"2006-01-02T15:04:05.999-0700", time.RFC3339Nano, time.DateOnly}

// time is a moment in UTC, or zero.
func (f field) time() time.Time {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, f.raw()); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
