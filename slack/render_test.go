package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/slack/slacktest"
)

// shows renders Markdown and returns what a person reads, one line a line.
func shows(t *testing.T, md string, allowed func(string) bool) string {
	t.Helper()
	var b strings.Builder
	for _, m := range Render(md, Options{LinkAllowed: allowed}) {
		valid(t, m.Blocks)
		b.WriteString(plain(m.Blocks))
	}
	return b.String()
}

func valid(t *testing.T, blocks []api.Block) {
	t.Helper()
	if len(blocks) == 0 {
		return
	}
	raw, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	if err := slacktest.Validate(raw, true); err != nil {
		t.Fatalf("slack refuses: %v\n%.600s", err, raw)
	}
}

func TestMarkdownIsShownAsItIsMeant(t *testing.T) {
	for name, c := range map[string]struct{ md, want string }{
		"heading and bold":            {"## What **now**?\ntext", "What now?\ntext\n"},
		"nested list":                 {"1. a\n   - b\n   - c\n2. d", "1. a\n  • b\n  • c\n2. d\n"},
		"empty parts are left out":    {"```\n```\n\n>\n\n-\n\n- x", "• x\n"},
		"html comment and break":      {"a<!-- note -->b\n\na<br>b", "ab\na\nb\n"},
		"html comment left open":      {"a\n\n<!-- b\n\nc", "a\nb\nc\n"},
		"html block":                  {"<!-- whole\nblock -->\n\nx\n\n<div>y</div>", "x\ny\n"},
		"slack's own link form":       {"see <https://runbooks.example/gateway|runbook>.", "see runbook (https://runbooks.example/gateway).\n"},
		"escapes":                     {`\*not bold\*, \_x\_, \#5 &amp; &lt;b&gt;`, "*not bold*, _x_, #5 & <b>\n"},
		"escaped entity":              {`\&amp;`, "&amp;\n"},
		"a command keeps its stars":   {"rm /tmp/*.lock and /var/*.lock", "rm /tmp/*.lock and /var/*.lock\n"},
		"nothing pings":               {"<!channel> <@U123> @here <!subteam^S1>", "<!channel> <@U123> @here <!subteam^S1>\n"},
		"an image is a link":          {"![status](https://other.example/p.png)", "status (https://other.example/p.png)\n"},
		"table syntax inside a fence": {"```\n| a | b |\n|---|---|\n```", "| a | b |\n|---|---|\n"},
		"table":                       {"| Ticket | Status | Who |\n|---|---|---|\n| P-1 | Open | |\n| a \\| b |", "• P-1 · Status: Open\n• a | b\n"},
		"quote":                       {"> one\n> - two\n>\n> three", "one\n• two\nthree\n"},
		"bar in a link":               {"[Runbook](https://other.example/x?a=1|https://runbooks.example/g)", "Runbook (https://other.example/x?a=1%7Chttps://runbooks.example/g)\n"},
		"javascript link":             {"[x](javascript:alert(1))", "x\n"},
		"link with a login":           {"[x](https://u:p@host.example/)", "x\n"},
		"soft break":                  {"a\nb", "a b\n"},
		"tasks":                       {"- [x] done\n- [ ] open", "• [x] done\n• [ ] open\n"},
		"code in a list":              {"1. run\n   ```\n   ls *\n   ```\n2. stop", "1. run\nls *\n2. stop\n"},
		"strike":                      {"~~old~~ `a_b*c`", "old a_b*c\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shows(t, c.md, nil); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestOrderedListsKeepTheirNumbersAcrossWhatStandsBetween(t *testing.T) {
	all := Render("1. a\n   - b\n2. c\n\n   ```\n   x\n   ```\n3. d", Options{})
	raw, err := json.Marshal(all[0].Blocks)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"offset":0`, `"offset":1`, `"offset":2`, `"indent":1`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in %s", want, raw)
		}
	}
}

func TestOnlyAllowedAddressesAreClickable(t *testing.T) {
	only := func(url string) bool { return url == "https://good.example/a" }
	got := shows(t, "[a](https://good.example/a) [b](https://evil.example/?d=SEKRIT) <https://evil.example/x>", only)
	if got != "a (https://good.example/a) b https://evil.example/x\n" {
		t.Error(got)
	}
}

func TestLongTextsAreSplitWithinSlacksLimits(t *testing.T) {
	long := strings.Repeat("word ", 3000)
	for name, md := range map[string]string{
		"paragraph": long, "fence": "```\n" + strings.Repeat("line of code\n", 2000) + "```", "one word": strings.Repeat("x", 20000),
		"list": strings.Repeat("- item\n", 3000), "headings": strings.Repeat("## h\n\ntext\n\n", 200), "long item": "- " + long,
		"table": "| a | b |\n|---|---|\n" + strings.Repeat("| x | "+strings.Repeat("y", 200)+" |\n", 300), "emoji": strings.Repeat("👩‍💻", 9000),
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range layout(headBlocks("h", incident.Incident{}, nil), md, footBlock("f"), "t", nil) {
				valid(t, m.blocks)
				if said := m.plain; !utf8.ValidString(said) || strings.ContainsRune(said, '\uFFFD') {
					t.Error("a character was cut in half")
				}
			}
		})
	}
}

func TestATitleIsCutBetweenCharactersAndShownLetterByLetter(t *testing.T) {
	head := headBlocks(strings.Repeat("a", 146)+"🔥🔥🔥🔥🔥", incident.Incident{ID: "Q1", Number: 7, Title: "*CRIT* rm /tmp/*.lock _now_ ~old~ :fire: <!channel>", URL: "https://acme.pd.example/incidents/Q1"}, nil)
	valid(t, head)
	h := head[0].(*api.HeaderBlock).Text
	if utf8.RuneCountInString(h.Text) > maxHeader || strings.ContainsRune(h.Text, '\uFFFD') || h.Type != "plain_text" {
		t.Errorf("header %q", h.Text)
	}
	if got := plain(head[1:]); !strings.Contains(got, "#7 (https://acme.pd.example/incidents/Q1) *CRIT* rm /tmp/*.lock _now_ ~old~ :fire: <!channel>") {
		t.Error(got)
	}
}

func FuzzAnyMarkdownIsTakenBySlack(f *testing.F) {
	for _, s := range []string{
		"# a\n- b\n> c\n```\nd\n```\n| e | f |\n|-|-|\n| g |", "<!channel> [x](y) ![z](https://a.example)", "1. a\n\n   b\n\n   - c", "\x00\xff*_~`",
		"<a|b> <https://x|y>", "```markdown\n# a\n```\nb\n```\n```", "[a]: b\n\n| <https://x|y> | *a*b* |\n|-|-|\n|&#8238;|&nbsp;|", "**_~~<br>&#0;", strings.Repeat("🔥\n", 4000),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, md string) {
		i := incident.Incident{ID: "Q1", Title: md, URL: "https://a.example/" + md, Service: incident.Ref{Name: md}}
		all := layout(headBlocks(md, i, [][2]string{{md, "a" + md}}), md, footBlock("f"+md), fallback(md, i, "brief"), nil)
		for _, m := range all {
			valid(t, m.blocks)
		}
		valid(t, alone(all).blocks)
		for _, parts := range []int{1, maxParts} {
			some := Render(md, Options{Parts: parts, Text: md})
			if len(some) > parts || len(all) > maxParts {
				t.Errorf("%d and %d messages, at most %d", len(some), len(all), parts)
			}
			for _, m := range some {
				valid(t, m.Blocks)
			}
		}
	})
}
