package slacktest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func rich(elements string) string {
	return `[{"type":"rich_text","elements":[` + elements + `]}]`
}

func section(inline string) string {
	return `{"type":"rich_text_section","elements":[` + inline + `]}`
}

func text(s string) string { return fmt.Sprintf(`{"type":"text","text":%q}`, s) }

func list(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }

func TestBlocksThatSlackTakesAreTaken(t *testing.T) {
	for name, blocks := range map[string]string{
		"no blocks":       `[]`,
		"header":          `[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("ä", 150) + `"}}]`,
		"section":         `[{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("x", 3000) + `"}}]`,
		"fifty dividers":  `[` + list(50, `{"type":"divider"}`) + `]`,
		"context":         `[{"type":"context","elements":[` + list(10, `{"type":"plain_text","text":"x"}`) + `]}]`,
		"text and link":   rich(section(text("x") + `,{"type":"link","url":"https://a.example/?x=1","text":"a"},{"type":"link","url":"http://a.example"}`)),
		"quote and code":  rich(`{"type":"rich_text_quote","elements":[` + text("x") + `]},{"type":"rich_text_preformatted","elements":[` + text("y") + `]}`),
		"list":            rich(`{"type":"rich_text_list","style":"ordered","elements":[` + section(text("x")) + `]}`),
		"10,000 together": rich(list(10, section(text(strings.Repeat("x", 1000))))),
	} {
		for _, webhook := range []bool{false, true} {
			if err := Validate(json.RawMessage(blocks), webhook); err != nil {
				t.Errorf("%s (webhook %v): %v", name, webhook, err)
			}
		}
	}
	table := `[{"type":"table","rows":[[{"type":"raw_text","text":"a"},{"type":"rich_text","elements":[` + section(text("b")) + `]}]]}]`
	if err := Validate(json.RawMessage(table), false); err != nil {
		t.Error(err)
	}
}

func TestBlocksThatSlackRefusesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ blocks, want string }{
		"no list":               {`{"type":"divider"}`, "blocks are no list"},
		"fifty-one":             {`[` + list(51, `{"type":"divider"}`) + `]`, "51 blocks, at most 50"},
		"unknown type":          {`[{"type":"markdown","text":"x"}]`, `/blocks/0 (markdown): type "markdown" is not taken`},
		"the second one":        {`[{"type":"divider"},{"type":"image"}]`, "/blocks/1 (image)"},
		"no type":               {`[{}]`, `type "" is not taken`},
		"header of mrkdwn":      {`[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`, "a header wants plain_text"},
		"long header":           {`[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("ä", 151) + `"}}]`, "151 characters, at most 150"},
		"empty header":          {`[{"type":"header","text":{"type":"plain_text","text":""}}]`, "empty text"},
		"long section":          {`[{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("x", 3001) + `"}}]`, "3001 characters"},
		"section of nothing":    {`[{"type":"section"}]`, "empty text"},
		"empty context":         {`[{"type":"context","elements":[]}]`, "0 elements, want 1 to 10"},
		"full context":          {`[{"type":"context","elements":[` + list(11, `{"type":"plain_text","text":"x"}`) + `]}]`, "11 elements"},
		"context of nothing":    {`[{"type":"context","elements":[{"type":"plain_text","text":""}]}]`, "empty text"},
		"empty rich text":       {rich(``), "no elements"},
		"empty section":         {rich(section(``)), "an element with no text"},
		"empty text":            {rich(section(text(""))), "empty text"},
		"a NUL":                 {rich(section(`{"type":"text","text":"a\u0000b"}`)), "not clean"},
		"empty quote":           {rich(`{"type":"rich_text_quote","elements":[]}`), "an element with no text"},
		"empty code":            {rich(`{"type":"rich_text_preformatted","elements":[` + text("") + `]}`), "empty text"},
		"empty list":            {rich(`{"type":"rich_text_list","style":"bullet","elements":[]}`), "no elements"},
		"list of no style":      {rich(`{"type":"rich_text_list","elements":[` + section(text("x")) + `]}`), `list style ""`},
		"list in a list":        {rich(`{"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_list","style":"bullet","elements":[` + section(text("x")) + `]}]}`), `"rich_text_list" in a list`},
		"text without section":  {rich(text("x")), `element "text"`},
		"a ping":                {rich(section(`{"type":"broadcast","range":"channel"}`)), `inline element "broadcast"`},
		"a person":              {rich(section(`{"type":"user","user_id":"U1"}`)), `inline element "user"`},
		"a script":              {rich(section(`{"type":"link","url":"javascript:x","text":"a"}`)), "link to"},
		"a link with a blank":   {rich(section(`{"type":"link","url":"https://a.example/a b","text":"a"}`)), "link to"},
		"a long link":           {rich(section(`{"type":"link","url":"https://a.example/` + strings.Repeat("x", 3000) + `","text":"a"}`)), "link to"},
		"more than all can be":  {rich(list(10, section(text(strings.Repeat("x", 1000)))) + "," + section(text("x"))), "msg_blocks_too_long: 10001"},
		"addresses count":       {rich(list(4, section(`{"type":"link","url":"https://a.example/`+strings.Repeat("x", 2600)+`","text":"a"}`))), "msg_blocks_too_long"},
		"an emoji is two":       {`[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("🔥", 76) + `"}}]`, "152 characters"},
		"a deep list":           {rich(`{"type":"rich_text_list","style":"bullet","indent":9,"elements":[` + section(text("x")) + `]}`), "list indent 9"},
		"two tables":            {`[` + list(2, `{"type":"table","rows":[[{"type":"raw_text","text":"a"}]]}`) + `]`, "only one table"},
		"table of no rows":      {`[{"type":"table","rows":[]}]`, "0 rows, want 1 to 100"},
		"table of many rows":    {`[{"type":"table","rows":[` + list(101, `[{"type":"raw_text","text":"a"}]`) + `]}]`, "101 rows"},
		"table of many columns": {`[{"type":"table","rows":[[` + list(21, `{"type":"raw_text","text":"a"}`) + `]]}]`, "21 columns"},
		"an empty cell":         {`[{"type":"table","rows":[[{"type":"raw_text","text":""}]]}]`, "empty text"},
	} {
		err := Validate(json.RawMessage(c.blocks), false)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	table := `[{"type":"table","rows":[[{"type":"raw_text","text":"a"}]]}]`
	if err := Validate(json.RawMessage(table), true); err == nil || !strings.Contains(err.Error(), "none over a webhook") {
		t.Errorf("a table over a webhook: %v", err)
	}
}
