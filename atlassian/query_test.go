package atlassian

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostile are titles and names as alerts bring them.
var hostile = []string{
	`Error: "can't open" [C:\temp\] AND (project = HR) @ops #1`,
	`checkout") OR project = HR ORDER BY (summary ~ "`,
	`\" OR 1=1 --`, `ends in a backslash \`, `\\\`, `"`, `'`, `''' "" '`,
	"line\nbreak\tand\x00control \x1b[31mred", `wild* card? ~fuzzy^2 {a} [b] !c +d -e &&f ||g :h`,
	"NOT OR AND NULL EMPTY", `Ошибка пула соединений "база"`, "接続プール枯渇", "e\u0301te\u0301", "🔥🔥 🚒", "C# F# C++",
	strings.Repeat("very ", 500) + "long", `</query>${jndi:ldap://x}`, "a", "%41%22", "checkout_api.eu-1",
}

var (
	jqlForm = regexp.MustCompile(`^\((text|summary) ~ S( OR (text|summary) ~ S)*\) AND ` +
		`(statusCategory != Done|\(statusCategory != Done OR resolved >= -30d OR \(resolved is EMPTY AND updated >= -30d\)\)) ORDER BY updated DESC$`)
	cqlForm = regexp.MustCompile(`^type = page AND (text ~ S|\((text|title) ~ S( OR (text|title) ~ S)*\))$`)
)

// skeleton replaces each string of a query by S, and fails when a quote is
// open at the end or a string holds what a text search gives a meaning.
func skeleton(t *testing.T, query string) string {
	t.Helper()
	var out, inside strings.Builder
	open, escaped := false, false
	for _, r := range query {
		switch {
		case !open && r == '"':
			open = true
			inside.Reset()
		case !open:
			out.WriteRune(r)
		case escaped:
			escaped = false
			inside.WriteRune(r)
		case r == '\\':
			escaped = true
		case r == '"':
			open = false
			out.WriteString("S")
			checkSearchText(t, inside.String())
		default:
			inside.WriteRune(r)
		}
	}
	if open {
		t.Errorf("a quote is open at the end of %s", query)
	}
	return out.String()
}

func checkSearchText(t *testing.T, text string) {
	t.Helper()
	bare := text
	if p, ok := strings.CutPrefix(text, `"`); ok {
		if bare, ok = strings.CutSuffix(p, `"`); !ok {
			t.Errorf("open phrase in %q", text)
		}
	} else if strings.Contains(bare, "-") {
		t.Errorf("a bare - in %q", text)
	}
	if strings.TrimSpace(bare) == "" || strings.ContainsAny(bare, "\"\\+&|!(){}[]^~*?:/'#\n\x00") {
		t.Errorf("search text %q", text)
	}
}

func TestWordsFromOutsideCannotLeaveTheirString(t *testing.T) {
	for _, h := range hostile {
		for _, q := range []Query{{Service: h}, {Words: []string{h}, ClosedDays: 30}, {Service: h, Words: hostile, ClosedDays: 30}} {
			jql, err := q.jql()
			if err != nil {
				if len(tellingWords(h, nil)) > 0 {
					t.Errorf("%q: %v", h, err)
				}
				continue
			}
			if form := skeleton(t, jql); !jqlForm.MatchString(form) {
				t.Errorf("%q became %s", h, jql)
			}
		}
		all, anyOf, err := pageQuery(h)
		if err != nil {
			if len(words(h)) > 0 {
				t.Errorf("%q: %v", h, err)
			}
			continue
		}
		for _, cql := range []string{all, anyOf} {
			if cql != "" && !cqlForm.MatchString(skeleton(t, cql)) {
				t.Errorf("%q became %s", h, cql)
			}
		}
	}
}

func TestStringsOfQueryLanguagesAreQuoted(t *testing.T) {
	for in, want := range map[string]string{
		`a "b" \c`: `"a \"b\" \\c"`, "x\ny\x00": `"x y "`, ``: `""`, `\`: `"\\"`, `'`: `"'"`,
	} {
		if got := jqlString(in); got != want {
			t.Errorf("JQL %q: %s, want %s", in, got, want)
		}
		if got := cqlString(in); got != want {
			t.Errorf("CQL %q: %s, want %s", in, got, want)
		}
	}
}

func TestAQueryThatIsCQLAlreadyIsUsedAsItIs(t *testing.T) {
	for _, q := range []string{
		`type = page AND space = OPS`, `title~"Runbook"`, ` ( label in (a, b) OR text ~ "x" )`, `siteSearch ~ "x" order by lastmodified`, `space.key = OPS`,
		`not type = comment and text ~ "x"`, `id=42`,
	} {
		if all, anyOf, err := pageQuery(q); err != nil || all != strings.TrimSpace(q) || anyOf != "" {
			t.Errorf("%q: %q %q %v", q, all, anyOf, err)
		}
	}
	for _, q := range []string{"title in progress", "text is lost", "type", "space shuttle = down", "how to label pods", `"quoted phrase"`} {
		if all, _, err := pageQuery(q); err != nil || !strings.HasPrefix(all, "type = page AND text ~ ") {
			t.Errorf("%q: %q %v", q, all, err)
		}
	}
	for _, q := range []string{"", "   ", "***", strings.Repeat("x ", 3000)} {
		if _, _, err := pageQuery(q); err == nil {
			t.Errorf("%q is accepted", q)
		}
	}
}

func TestJQLWithoutAnOrderIsReadNewestFirst(t *testing.T) {
	for in, want := range map[string]string{
		`project = A`:                           `project = A ORDER BY updated DESC`,
		` project = A order  by created `:       `project = A order  by created`,
		`text ~ "order by phone"`:               `text ~ "order by phone" ORDER BY updated DESC`,
		`text ~ 'say \' order by' `:             `text ~ 'say \' order by' ORDER BY updated DESC`,
		`summary ~ "a" ORDER BY x, key`:         `summary ~ "a" ORDER BY x, key`,
		`summary ~ "a \" order by" and b = 'c'`: `summary ~ "a \" order by" and b = 'c' ORDER BY updated DESC`,
	} {
		if got, err := newestFirst(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", " ", strings.Repeat("x", maxQuery+1)} {
		if _, err := newestFirst(in); err == nil {
			t.Errorf("%d bytes are accepted", len(in))
		}
	}
}

func TestTellingWordsLeaveOutGrammarAndIds(t *testing.T) {
	got := tellingWords("[FIRING:2] High error-rate on checkout-7d9f8b6c5d-x2k4z (prod) since 1764028800 for the 502 p99", []string{"checkout"})
	if diff := cmp.Diff([]string{"error", "rate", "x2k4z", "since", "502", "p99"}, got); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
}

func TestAPhraseKeepsANameAsItIsWritten(t *testing.T) {
	for in, want := range map[string]string{
		"payments_api": `"payments_api"`, "payments-api": `"\"payments-api\""`, "Payments API (EU)": `"\"Payments API EU\""`,
		"api.example.com": `"\"api.example.com\""`, "-x-": `"x"`, "C#": `"C"`,
	} {
		if got := jqlPhrase(in); got != want || cqlPhrase(in) != want {
			t.Errorf("%q: %s, %s, want %s", in, got, cqlPhrase(in), want)
		}
	}
}
