package border

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Redacted stands where a secret stood.
const Redacted = "[redacted]"

// minKnown is the shortest known value that is replaced: shorter ones are in
// every second sentence, and no real token is that short.
const minKnown = 6

// Redact takes secrets out of text that came from outside, before a model, a
// log or Slack sees it: private keys, tokens with a known form, passwords in
// connection strings, authorization and cookie headers, and values assigned to
// names such as password, api_key or token. The name stays, the value becomes
// "[redacted]". Incident ids, ticket keys, commit hashes, UUIDs, addresses
// without credentials, and commands that take a secret from a variable are left
// alone. Redact(Redact(s)) == Redact(s).
func Redact(s string) string {
	if len(s) < minKnown {
		return s
	}
	for _, r := range rules {
		if r.worthTrying(s) {
			s = r.apply(s)
		}
	}
	return redactAssignments(s)
}

// Redactor is Redact that also knows the values of our own secrets.
type Redactor struct {
	known *strings.Replacer
}

// NewRedactor returns a Redactor that replaces the known values wherever they
// stand, also as JSON or a URL writes them. Values under 6 bytes are ignored.
func NewRedactor(known ...string) *Redactor {
	var forms []string
	for _, k := range known {
		if k = strings.TrimSpace(k); len(k) < minKnown {
			continue
		}
		quoted, _ := json.Marshal(k) // a string always marshals
		forms = append(forms, k, strings.Trim(string(quoted), `"`), url.QueryEscape(k), url.PathEscape(k))
	}
	// Longest first: a value that contains another one must go as a whole.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range slices.Compact(forms) {
		pairs = append(pairs, f, Redacted)
	}
	return &Redactor{known: strings.NewReplacer(pairs...)}
}

// Hide returns a function that takes the known values out of JSON and leaves its
// form as it is. A value of letters alone stays, since it may be the name of a
// field, and one without letters, since it may be part of a number.
func Hide(known ...string) func(string) string {
	r := NewRedactor(slices.DeleteFunc(slices.Clone(known), isForm)...)
	return r.known.Replace
}

// isForm reports that JSON itself may hold s, outside of texts.
func isForm(s string) bool {
	other := func(r rune) bool { return r != '_' && !unicode.IsLetter(r) }
	return strings.IndexFunc(s, unicode.IsLetter) < 0 || strings.IndexFunc(s, other) < 0
}

// Redact replaces the known values, then does what the function Redact does. A
// nil Redactor knows no values.
func (r *Redactor) Redact(s string) string {
	if r != nil && r.known != nil {
		s = r.known.Replace(s)
	}
	return Redact(s)
}
