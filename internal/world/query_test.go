package world

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// jqlKeys runs a query on the company's tickets.
func jqlKeys(t *testing.T, w *World, jql string) ([]string, error) {
	t.Helper()
	a := &atlassian{w: w, people: map[string]person{}}
	for _, p := range w.h.People {
		a.people[p.Handle] = p
	}
	all, err := a.jql(jql)
	keys := []string{}
	for _, tk := range all {
		keys = append(keys, tk.Key)
	}
	return keys, err
}

func TestJQLFindsWhatItSays(t *testing.T) {
	w := start(t, "")
	for jql, want := range map[string]string{
		`text ~ "booking-api" AND statusCategory != Done ORDER BY key`:                   "FER-412 FER-431",
		`text ~ "\"seat map\"" ORDER BY key`:                                             "FER-412 FER-420",
		`text ~ "map seat" ORDER BY key`:                                                 "FER-412 FER-420",
		`text ~ "\"map seat\""`:                                                          "",
		`summary ~ "certif*" ORDER BY key DESC`:                                          "PLAT-207 PLAT-176",
		`comment ~ "load test"`:                                                          "FER-412",
		`project = PLAT AND status in ("To Do", Backlog) ORDER BY key`:                   "PLAT-189 PLAT-207 PLAT-215",
		`project = plat and not status = Done and assignee = jonas`:                      "PLAT-212",
		`assignee is EMPTY AND project = FER ORDER BY key`:                               "FER-420 FER-431",
		`assignee = EMPTY AND priority is empty`:                                         "FER-420",
		`assignee = currentUser()`:                                                       "PLAT-198",
		`assignee in ("Hana Sato") AND resolution = Unresolved`:                          "PLAT-207",
		`labels = certificates AND resolved >= -120d`:                                    "PLAT-176",
		`labels not in (certificates, memory) AND labels = "payments-api"`:               "",
		`(key = FER-412 OR key = "PLAT-207") AND created < -20d`:                         "PLAT-207",
		`updated >= startOfDay(-6d) AND project = FER AND status != Done`:                "FER-431 FER-412",
		`resolved is EMPTY and updated <= "2026-02-01" and issuetype = Story`:            "",
		`statusCategory = "In Progress" AND component = fares ORDER BY updated ASC, key`: "FER-405 FER-440",
		`text ~ "pod's 'quoted' text"`:                                                   "",
		`(text ~ "\"payments-api\"" OR summary ~ "card payment") AND (statusCategory != Done OR resolved >= -30d) ORDER BY key`: "PLAT-207",
		`statusCategory = Done AND resolutiondate >= -61d ORDER BY resolutiondate`:                                              "FER-389 FER-377 FER-398",
		`reporter = hana && text ~ client || key = FER-433 ORDER BY key`:                                                        "FER-433 PLAT-176",
	} {
		got, err := jqlKeys(t, w, jql)
		if err != nil {
			t.Errorf("%s: %v", jql, err)
			continue
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: got %q, want %q", jql, s, want)
		}
	}
}

func TestJQLMistakesAreRefusedInJirasWords(t *testing.T) {
	w := start(t, "")
	for jql, want := range map[string]string{
		`text ~ "booking`:                     "The quoted string 'booking' has not been completed",
		`text ~ "a\q"`:                        `'\q' is an illegal escape sequence`,
		`summary ~ {x}`:                       "The character '{' is a reserved character",
		`text ~ can't open`:                   "has not been completed",
		`project = HR`:                        "The value 'HR' does not exist for the field 'project'.",
		`wurst = 1`:                           "Field 'wurst' does not exist",
		`project FER`:                         "Expecting operator but got 'FER'",
		`project =`:                           "Expecting either a value, list or function",
		`project = FER AND`:                   "Expecting a field name",
		`(project = FER`:                      "Expecting ')'",
		`project = FER project = FER`:         "Expecting either 'OR' or 'AND'",
		`created > soon`:                      "Date value 'soon' for field 'created' is invalid",
		`summary > "a"`:                       "The operator '>' is not supported by the 'summary' field.",
		`text ~ "*x"`:                         "Unable to parse the text '*x'",
		`text ~ "a \"b"`:                      "Unable to parse the text",
		`project in FER`:                      "Expecting '(' after IN",
		`assignee is hana`:                    "EMPTY or NULL",
		`project = FER ORDER BY wurst`:        "Field 'wurst' does not exist",
		`project = FER ORDER`:                 "Expecting 'by'",
		`text ~ "x" AND (project = HR) OR a`:  "Expecting operator but reached the end",
		`text ~ "C:\temp\" AND (project = X)`: "has not been completed",
	} {
		got, err := jqlKeys(t, w, jql)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v %v, want an error with %q", jql, got, err, want)
		}
	}
}

func TestMomentsAreOffsetsOrClockTimes(t *testing.T) {
	for in, want := range map[string]string{
		"-2m": "2026-03-14T15:07:26Z", "-1h30m": "2026-03-14T13:39:26Z", "-20d 03:14": "2026-02-22T03:14:00Z",
		"7h": "2026-03-14T22:09:26Z", "-3d": "2026-03-11T15:09:26Z", "-110s": "2026-03-14T15:07:36Z", "+1d": "2026-03-15T15:09:26Z",
	} {
		m, err := parseMoment(in)
		if err != nil || m.in(day).Format(time.RFC3339) != want {
			t.Errorf("%s: got %s %v, want %s", in, m.in(day).Format(time.RFC3339), err, want)
		}
	}
	for _, in := range []string{"", "-", "yesterday", "-20d 25:00", "-2x", "-20d 3:14", "2026-03-14"} {
		if _, err := parseMoment(in); err == nil {
			t.Errorf("%q was taken for a time", in)
		}
	}
}

func TestMarkdownBecomesWhatTheVendorsKeep(t *testing.T) {
	const markdown = "Look at `a<b` and **this**, @mira.\n\n```sh\nls *.lock && echo \"]]>\"\n```\n\n1. one\n\n   ```sh\n   two\n   ```\n\n:::expand More\nsee https://x.example/a?b=1&c=2\n:::\n\n:::warning\nhot\n:::\n\n| h | i |\n|---|---|\n| 1 | 2 |\n"
	doc := adf{map[string]person{"mira": {Handle: "mira", Name: "Mira Okafor"}}}.document(markdown)
	kinds := []string{}
	for _, b := range doc["content"].([]obj) {
		kinds = append(kinds, b["type"].(string))
	}
	if d := cmp.Diff([]string{"paragraph", "codeBlock", "orderedList", "expand", "panel", "table"}, kinds); d != "" {
		t.Error(d)
	}
	first := doc["content"].([]obj)[0]["content"].([]obj)
	if d := cmp.Diff([]obj{{"type": "code"}}, first[1]["marks"]); d != "" {
		t.Error(d)
	}
	if got := first[len(first)-2]; got["type"] != "mention" || got["attrs"].(obj)["text"] != "@Mira Okafor" {
		t.Errorf("the mention is %v", got)
	}
	card := doc["content"].([]obj)[3]["content"].([]obj)[0]["content"].([]obj)[1]
	if d := cmp.Diff(obj{"type": "inlineCard", "attrs": obj{"url": "https://x.example/a?b=1&c=2"}}, card); d != "" {
		t.Error(d)
	}
	for _, want := range []string{
		`<p>Look at <code>a&lt;b</code> and <strong>this</strong>, @mira.</p>`,
		`<ac:parameter ac:name="language">sh</ac:parameter><ac:plain-text-body><![CDATA[ls *.lock && echo "]]]]><![CDATA[>"]]></ac:plain-text-body>`,
		`<ol><li><p>one</p><ac:structured-macro ac:name="code"`,
		`<ac:structured-macro ac:name="expand" ac:schema-version="1"><ac:parameter ac:name="title">More</ac:parameter>`,
		`<a href="https://x.example/a?b=1&amp;c=2">`,
		`<ac:structured-macro ac:name="warning" ac:schema-version="1"><ac:rich-text-body><p>hot</p>`,
		`<table><tbody><tr><th><p>h</p></th>`,
	} {
		if got := storage(markdown); !strings.Contains(got, want) {
			t.Errorf("storage: %s\nis missing %s", got, want)
		}
	}
	for _, want := range []string{"{{a<b}} and *this*", "{code:sh}\nls *.lock", "# one", "{panel:title=More}"} {
		if got := wiki(markdown); !strings.Contains(got, want) {
			t.Errorf("wiki: %s\nis missing %s", got, want)
		}
	}
}
