package border

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// secretNames are what a name ends in when its value is a secret. Names that
// only mention one (token_count, secretName, max_tokens) do not end so.
var secretNames = []string{"password", "passwords", "passwd", "passphrase", "pwd", "_pass", "-pass", "secret", "token", "credential", "credentials"}

// secretKeys stand before "key", with or without a blank, dash or underscore.
var secretKeys = []string{"api", "app", "application", "access", "account", "secret", "private", "routing", "integration", "service", "signing",
	"encryption", "auth", "license", "master"}

// cursorNames end in "token" too, but only mark a place in a list; the model
// needs their values to ask for the next page.
var cursorNames = []string{"page", "next", "continuation", "sync", "cursor"}

// value has the groups 1 quoted, 2 bare. Quotes may be escaped, as in JSON
// inside JSON.
var value = regexp.MustCompile(`^(?:(\\"[^"\n]*?\\"|\\'[^'\n]*?\\'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|([^\s,;&"'<>\\)\]}]+))`)

// redactAssignments replaces the values in password=value, "api_key": "value"
// and client-secret: value. It goes from sign to sign and looks back for the
// name: one regular expression for all of it was ten times slower.
func redactAssignments(s string) string {
	var out strings.Builder
	at := 0
	for i := 0; i < len(s); {
		sign := strings.IndexAny(s[i:], "=:")
		if sign < 0 {
			break
		}
		sign += i
		start, colon := signEnd(s, sign)
		i = start
		name := nameBefore(s[at:sign])
		if name == "" {
			continue
		}
		if m := value.FindStringSubmatch(s[start:]); m != nil {
			out.WriteString(s[at:start])
			out.WriteString(assigned(name, colon, m[1], m[2]))
			at = start + len(m[0])
			i = at
		}
	}
	if at == 0 {
		return s
	}
	out.WriteString(s[at:])
	return out.String()
}

// signEnd returns where the value begins after =, ==, =>, := or :, and whether
// it was a colon alone.
func signEnd(s string, at int) (start int, colon bool) {
	end := at + 1
	if end < len(s) && (s[end] == '=' || s[at] == '=' && s[end] == '>') {
		end++
	}
	colon = s[at] == ':' && end == at+1
	for blanks := 0; end < len(s) && blanks < 8 && (s[end] == ' ' || s[end] == '\t'); blanks++ {
		end++
	}
	return end, colon
}

// nameBefore returns the secret name, in lower case, that s ends in, or "".
func nameBefore(s string) string {
	s = strings.TrimRight(s[max(0, len(s)-40):], " \t")
	s = strings.TrimSuffix(strings.TrimRight(s, `"'])`), `\`)
	s = strings.ToLower(s[max(0, len(s)-24):])
	for _, n := range secretNames {
		if strings.HasSuffix(s, n) && !(n == "token" && endsIn(strings.TrimSuffix(s, n), cursorNames)) {
			return n
		}
	}
	if before, ok := strings.CutSuffix(s, "key"); ok && endsIn(before, secretKeys) {
		return "key"
	}
	return ""
}

// endsIn reports whether s, less one separator, ends in one of the words.
func endsIn(s string, words []string) bool {
	if n := len(s) - 1; n >= 0 && strings.IndexByte(" _-", s[n]) >= 0 {
		s = s[:n]
	}
	return slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(s, w) })
}

// assigned decides whether name, sign and value are a secret or a sentence
// about one, and returns what stands in the value's place.
func assigned(name string, colon bool, quoted, bare string) string {
	switch {
	case quoted != "":
		return redactQuoted(quoted)
	case placeholder(bare), colon && prose(name, bare):
		return bare
	}
	return Redacted
}

func redactQuoted(quoted string) string {
	mark := 1
	if quoted[0] == '\\' {
		mark = 2
	}
	if placeholder(quoted[mark : len(quoted)-mark]) {
		return quoted
	}
	return quoted[:mark] + Redacted + quoted[len(quoted)-mark:]
}

// prose reports whether "name: word" reads as a sentence, such as "invalid
// token: expired". A password may be any word, so for its names only short
// numbers and known words pass (see placeholder).
func prose(name, value string) bool {
	if strings.Contains(name, "pass") || name == "pwd" {
		return false
	}
	return !strings.ContainsFunc(value, unicode.IsDigit) || len(value) < 6
}

// said are words that stand after "password" or "token" in messages and
// settings and are no secret.
var said = map[string]bool{}

func init() {
	const words = `true false yes no on off null nil none undefined empty unset set missing required optional invalid
		expired wrong incorrect rejected revoked disabled enabled unknown string changed not is was the a an has must for
		authentication failed denied error here password secret token hidden masked redacted changeme`
	for _, w := range strings.Fields(words) {
		said[w] = true
	}
}

// placeholder reports whether a value only stands for a secret: a variable, a
// template, a mask, a word about it, or what Redact left.
func placeholder(v string) bool {
	v = strings.Trim(v, ".,:;!?()[]")
	switch {
	case len(v) < 3, said[strings.ToLower(v)]:
		return true
	case strings.ContainsAny(v[:1], "$<{%"), strings.Trim(v, "*xX•.") == "":
		return true
	}
	if v[0] == '/' && strings.Count(v, "/") > 1 && !strings.ContainsAny(v, "+=") {
		return true // the path of a file that holds the secret
	}
	for _, p := range []string{"os.", "env.", "process.env", "ENV[", "vault:", "secretKeyRef", "valueFrom", "file:///"} {
		if strings.HasPrefix(v, p) {
			return true
		}
	}
	return false
}
