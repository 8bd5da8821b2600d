package atlassian

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files of the converters")

func storageText(body string) string {
	return storage{base: "https://acme.atlassian.net/wiki", space: "PAY"}.markdown(body)
}

func adfFrom(t testing.TB, doc string) string {
	t.Helper()
	f, ok := decode([]byte(doc))
	if !ok {
		t.Fatalf("not an object: %s", doc)
	}
	return adfText(f)
}

func TestDocumentsBecomeTheirGoldenMarkdown(t *testing.T) {
	for pattern, convert := range map[string]func(string) string{
		"testdata/storage/*.xml": storageText,
		"testdata/adf/*.json":    func(s string) string { return adfFrom(t, s) },
	} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", pattern, err)
		}
		for _, file := range files {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := convert(string(in)) + "\n"
			golden := strings.TrimSuffix(file, filepath.Ext(file)) + ".md"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		}
	}
}

// commands whose letters something on the way likes to eat.
var commands = []string{
	`rm /tmp/*.lock && echo "done" > /dev/null`,
	`psql -c 'select * from "t" where a <> b' | grep -v '^$'`,
	"kubectl get po -l 'app in (a,b)' -o jsonpath='{.items[*].metadata.name}'",
	`curl -d '{"a":"<b>&amp;</b>"}' https://x.example/?a=1&b=2`,
	"cat <<'EOF'\n  - a: |\n      ```\n\n\tb\nEOF",
	`echo $((1<<2)) \\ ~user __name__ ]] > done`,
	"awk '{print $1}' | sort -u",
}

func TestCommandsSurviveLetterByLetterWhereverTheyStand(t *testing.T) {
	for _, cmd := range commands {
		cdata := "<![CDATA[" + strings.ReplaceAll(cmd, "]]>", "]]]]><![CDATA[>") + "]]>"
		macro := `<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter><ac:parameter ac:name="linenumbers">true</ac:parameter>` +
			`<ac:plain-text-body>` + cdata + `</ac:plain-text-body></ac:structured-macro>`
		escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(cmd)
		places := map[string]string{
			"page":          macro,
			"noformat":      `<ac:structured-macro ac:name="noformat"><ac:plain-text-body>` + cdata + `</ac:plain-text-body></ac:structured-macro>`,
			"unknown":       `<ac:structured-macro ac:name="acme-shell"><ac:plain-text-body>` + cdata + `</ac:plain-text-body></ac:structured-macro>`,
			"step":          `<ol><li><p>do</p>` + macro + `</li><li>then</li></ol>`,
			"first in step": `<ul><li>` + macro + `after</li></ul>`,
			"deep list":     `<ol><li>a<ul><li>b` + macro + `</li></ul></li></ol>`,
			"box":           `<ac:structured-macro ac:name="warning"><ac:rich-text-body><p>x</p>` + macro + `</ac:rich-text-body></ac:structured-macro>`,
			"quote":         `<blockquote>` + macro + `</blockquote>`,
			"expand":        `<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">t</ac:parameter><ac:rich-text-body>` + macro + `</ac:rich-text-body></ac:structured-macro>`,
			"table":         `<table><tr><th>A</th><th>B</th></tr><tr><td>x</td><td>` + macro + `</td></tr></table>`,
			"paragraph":     `<p>Run ` + macro + ` now</p>`,
			"layout":        `<ac:layout><ac:layout-section><ac:layout-cell>` + macro + `</ac:layout-cell></ac:layout-section></ac:layout>`,
			"pre":           `<pre>` + escaped + `</pre>`,
			"pre in step":   `<ol><li><pre>` + escaped + `</pre></li></ol>`,
		}
		if !strings.Contains(cmd, "\n") {
			places["inline code"] = `<p>Run <code>` + escaped + `</code>.</p>`
			places["code in table"] = `<table><tr><td>x</td><td><code>` + escaped + `</code></td></tr></table>`
			places["bold code"] = `<p><strong><code>` + escaped + `</code></strong></p>`
			places["plain text"] = `<p>Run ` + escaped + `</p>`
		}
		for place, body := range places {
			got := storageText(body)
			if !strings.Contains(got, cmd) {
				t.Errorf("%s: lost %q in:\n%s", place, cmd, got)
			}
			if strings.Contains(got, "bash"+cmd[:3]) {
				t.Errorf("%s: the language is glued on:\n%s", place, got)
			}
		}
		text, _ := json.Marshal(cmd)
		code := `{"type":"codeBlock","attrs":{"language":"bash"},"content":[{"type":"text","text":` + string(text) + `}]}`
		for place, doc := range map[string]string{
			"adf page":   code,
			"adf panel":  `{"type":"panel","attrs":{"panelType":"info"},"content":[` + code + `]}`,
			"adf step":   `{"type":"orderedList","content":[{"type":"listItem","content":[` + code + `]}]}`,
			"adf expand": `{"type":"nestedExpand","content":[` + code + `]}`,
			"adf cell":   `{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableCell","content":[` + code + `]}]}]}`,
			"adf new":    `{"type":"syncBlock","content":[` + code + `]}`,
		} {
			if got := adfFrom(t, `{"type":"doc","content":[`+doc+`]}`); !strings.Contains(got, cmd) {
				t.Errorf("%s: lost %q in:\n%s", place, cmd, got)
			}
		}
	}
}

func TestNothingFetchesAPictureFromAPage(t *testing.T) {
	for _, body := range []string{
		`<ac:image ac:alt="graph"><ri:url ri:value="https://evil.example/p.png?d=SEKRIT"/></ac:image>`,
		`<p><img src="https://evil.example/p.png?d=SEKRIT" alt="graph"/></p>`,
		`<a href="javascript:alert('SEKRIT')">graph</a>`,
	} {
		if got := storageText(body); strings.Contains(got, "SEKRIT") || !strings.Contains(got, "graph") || strings.Contains(got, "![") {
			t.Errorf("%s became %s", body, got)
		}
	}
	if got := adfFrom(t, `{"type":"doc","content":[{"type":"mediaSingle","content":[{"type":"media","attrs":{"type":"external","url":"https://evil.example/?SEKRIT","alt":"graph"}}]}]}`); got != "[image: graph]" {
		t.Errorf("adf: %s", got)
	}
}

func TestMarkupSmallThings(t *testing.T) {
	for in, want := range map[string]string{
		``:                                                           "",
		`<p></p><p>&nbsp;</p><ul><li></li></ul>`:                     "",
		`plain`:                                                      "plain",
		`<p>a<br/>b</p>`:                                             "a\nb",
		`<p>one  two&nbsp;&nbsp;three</p>`:                           "one two three",
		`<p><strong>bold </strong>after</p>`:                         "**bold** after",
		`<p><strong>rm *.log</strong></p>`:                           "rm *.log",
		`<p><em>ssh</em> host</p>`:                                   "ssh host",
		`<ol start="3"><li>c</li><li>d</li></ol>`:                    "3. c\n4. d",
		`<p>unclosed <strong>bold<p>next`:                            "unclosed\n\nbold\n\nnext",
		`</p></div>stray`:                                            "stray",
		`<h9>odd</h9><h2>  </h2><h2>T<br/>U</h2>`:                    "odd\n\n## T U",
		`<p><a href="https://a.example/x y">l [1]</a></p>`:           "l [1] (https://a.example/x%20y)",
		`<p><a href="mailto:ops@acme.example">ops</a></p>`:           "[ops](mailto:ops@acme.example)",
		`<p><a href="#anchor">jump</a></p>`:                          "jump",
		`<ac:link><ri:attachment ri:filename="x.pdf"/></ac:link>`:    "x.pdf",
		`<ac:link ac:anchor="Rollback"></ac:link>`:                   "Rollback",
		`<ac:link><ri:page ri:content-title="Two words"/></ac:link>`: "[Two words](https://acme.atlassian.net/wiki/display/PAY/Two+words)",
		`<ac:emoticon ac:name="cross"/><ac:emoticon ac:name="blue-star" ac:emoji-fallback="★"/>`:                                                                             "✗★",
		`<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Common steps"/></ac:link></ac:parameter></ac:structured-macro>`: "[included page: Common steps]",
		`<ac:structured-macro ac:name="tip"><ac:rich-text-body><ul><li>a</li></ul></ac:rich-text-body></ac:structured-macro>`:                                                "> **Tip:**\n>\n> - a",
		`<table><tr><td>a</td></tr></table>`:                   "|  |\n|---|\n| a |",
		`<table><tr><th>only | head</th></tr></table>`:         "only | head",
		`<table>no rows</table>`:                               "no rows",
		`<dl><dt>Term</dt><dd>what</dd></dl>`:                  "**Term**\n\n- what",
		`<details><summary>Sum</summary><p>body</p></details>`: "Sum\n\nbody",
		`<title>raw <b>text</b></title><script>x()</script>`:   "raw **text**",
		`a<![CDATA[]]>b`: "ab",
		`<ul><li>a</li><ol><li>b</li></ol><pre>c</pre></ul>`:                                                                                 "- a\n  1. b\n\n```\nc\n```",
		`<p>~~~</p><p>` + "```sh" + `</p>`:                                                                                                   "\\~~~\n\n\\```sh",
		`<p>a <code>x</code><code>` + "a``b" + `</code> c <strong>d</strong><strong>e</strong></p>`:                                          "a ``` xa``b ``` c **de**",
		`<p><code>kubectl </code><ac:inline-comment-marker ac:ref="1"><code>rollout</code></ac:inline-comment-marker><code> undo</code></p>`: "`kubectl rollout undo`",
		`<ac:link><ri:user ri:username="ana"/></ac:link> <ac:link><ri:user/><ac:link-body>Ana</ac:link-body></ac:link>`:                      "@ana Ana",
		`<ac:link><ri:url ri:value="https://a.example"/><ac:plain-text-link-body><![CDATA[A]]></ac:plain-text-link-body></ac:link>`:          "[A](https://a.example)",
		`<ac:adf-extension><ac:adf-node type="decision-list"><ac:adf-node type="decision-item"><ac:adf-content>go</ac:adf-content></ac:adf-node></ac:adf-node><ac:adf-fallback><p>go</p></ac:adf-fallback></ac:adf-extension>`: "- Decision: go",
		`<ac:adf-extension><ac:adf-node type="new"/><ac:adf-fallback><p>old way</p></ac:adf-fallback></ac:adf-extension>`:                                                                                                      "old way",
		`<ac:image><ri:attachment ri:filename="net.png"/></ac:image><ac:image/>`:                                                                                                                                               "[image: net.png][image]",
		`<ac:structured-macro ac:name="code"><ac:rich-text-body>rich</ac:rich-text-body></ac:structured-macro>`:                                                                                                                "```\nrich\n```",
		`<ac:structured-macro ac:name="jira"><ac:parameter ac:name="jqlQuery">project = A</ac:parameter></ac:structured-macro>`:                                                                                                "[jira: jqlQuery=project = A]",
		`<ac:structured-macro ac:name="children"/><ac:structured-macro/>`:                                                                                                                                                      "",
		`<pre>a<br/>b</pre>`:                "```\na\nb\n```",
		`<p>x</p><!-- comment --><p>y</p>`:  "x\n\ny",
		"bell\x07 and &#27;[31mred&#x202e;": "bell and red",
	} {
		if got := storageText(in); got != want {
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestADFSmallThings(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"mention","attrs":{"id":"5b10"}}`:                                          "@5b10",
		`{"type":"date","attrs":{"timestamp":"soon"}}`:                                      "soon",
		`{"type":"date","attrs":{"timestamp":1795564800000}}`:                               "2026-11-25",
		`{"type":"emoji","attrs":{"shortName":":fire:"}}`:                                   ":fire:",
		`{"type":"inlineCard","attrs":{"data":{"url":"https://a.example/1","name":"One"}}}`: "[One](https://a.example/1)",
		`{"type":"paragraph","content":[{"type":"text","text":"see"},{"type":"inlineCard","attrs":{"url":"https://a.example/1"}},{"type":"mention","attrs":{"text":"@Ann"}}]}`: "see https://a.example/1 @Ann",
		`{"type":"blockCard","attrs":{"url":"javascript:x"}}`:                                                                                                                                                                                                "",
		`{"type":"mediaGroup","content":[{"type":"media","attrs":{}}]}`:                                                                                                                                                                                      "[image]",
		`{"type":"panel","attrs":{"panelType":"success"},"content":[{"type":"text","text":"ok"}]}`:                                                                                                                                                           "> **Tip:** ok",
		`{"type":"panel","attrs":{"panelType":"custom"},"content":[{"type":"text","text":"ok"}]}`:                                                                                                                                                            "> ok",
		`{"type":"panel","attrs":{"panelType":"error"},"content":[{"type":"heading","content":[{"type":"text","text":"H"}]}]}`:                                                                                                                               "> **Error:**\n>\n> ## H",
		`{"type":"panel","attrs":{"panelType":"note"},"content":[{"type":"text","text":"n"}]}`:                                                                                                                                                               "> **Note:** n",
		`{"type":"panel","attrs":{"panelType":"info"},"content":[{"type":"text","text":"i"}]}`:                                                                                                                                                               "> **Info:** i",
		`{"type":"codeBlock","content":[{"type":"text","text":"a","marks":[{"type":"strong"}]},{"type":"hardBreak"},{"type":"mention","attrs":{"text":"@b"}},{"type":"new"},{"type":"x","content":["c"]}]}`:                                                  "```\na\n@bc\n```",
		`{"type":"taskItem","attrs":{"state":"DONE"},"content":[{"type":"text","text":"alone"}]}`:                                                                                                                                                            "- [x] alone",
		`{"type":"paragraph","content":[{"type":"text","text":"a\u00a0b"},{"type":"inlineExtension","attrs":{"extensionKey":"k","text":"fallback"}}]}`:                                                                                                       "a bfallback",
		`{"type":"paragraph","content":[{"type":"text","text":"see [1]","marks":[{"type":"link","attrs":{"href":"https://a.example"}}]}]}`:                                                                                                                   "see [1] (https://a.example)",
		`{"type":"paragraph","content":[{"type":"text","text":"x","marks":null},{"type":"text","text":7},{"type":"text"},{}]}`:                                                                                                                               "x7",
		`{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableHeader","content":[{"type":"text","text":"H"}]}]},{"type":"tableRow","content":[{"type":"tableCell","content":[{"type":"text","text":"ps | wc"}]}]}]}`:                       "- **H:** ps | wc",
		`{"type":"paragraph","content":[{"type":"text","text":"rm ","marks":[{"type":"code"}]},{"type":"text","text":"/tmp/*","marks":[{"type":"annotation"},{"type":"code"}]},{"type":"text","text":".lock","marks":[{"type":"code"},{"type":"strong"}]}]}`: "`rm /tmp/*.lock`",
		`"just a string"`:                        "just a string",
		`{"type":"text","text":"` + "```" + `"}`: "\\```",
	} {
		if got := adfFrom(t, `{"type":"doc","content":[`+in+`]}`); got != want {
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestHostileDocumentsStayBounded(t *testing.T) {
	cell := "x"
	for range 40 {
		cell = `<table><tr><td rowspan="99">` + cell + `</td><td>a</td></tr>` + strings.Repeat(`<tr><td>b</td></tr>`, 20) + `</table>`
	}
	deep := 50000
	for name, body := range map[string]string{
		"nested rowspans": cell,
		"wide":            `<table>` + strings.Repeat(`<tr><td colspan="999999999">x</td></tr>`, 500) + `</table>`,
		"deep quotes":     strings.Repeat("<blockquote>", deep) + "core" + strings.Repeat("</blockquote>", deep),
		"deep bold":       strings.Repeat("<strong>", deep) + "core",
		"deep lists":      strings.Repeat("<ul><li>x", deep),
		"deep macros":     strings.Repeat(`<ac:structured-macro ac:name="info"><ac:rich-text-body>`, deep) + "core",
	} {
		got := storageText(body)
		if len(got) > 40*len(body) {
			t.Errorf("%s: %d bytes became %d", name, len(body), len(got))
		}
		if strings.Contains(body, "core") && !strings.Contains(got, "core") {
			t.Errorf("%s: the text is gone", name)
		}
	}
	n := 3000
	doc := strings.Repeat(`{"type":"blockquote","content":[`, n) + `{"type":"text","text":"core"}` + strings.Repeat(`]}`, n)
	if got := adfFrom(t, doc); !strings.Contains(got, "core") || len(got) > 10*len(doc) {
		t.Errorf("deep adf: %d bytes", len(got))
	}
}

func FuzzStorage(f *testing.F) {
	seed, err := os.ReadFile("testdata/storage/runbook.xml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(seed))
	for _, s := range []string{"<table><tr><td rowspan=3 colspan=-1>", "<![CDATA[", "<ac:link><ri:page", "<code>`</code>", "<li><pre>\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got := storageText(body)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\x1b\r") {
			t.Errorf("unclean: %q", got)
		}
		if openFence(got) != "" {
			t.Errorf("a fence is open at the end: %q", got)
		}
		cut, _ := cutMarkdown(got, 60)
		if openFence(cut) != "" || !utf8.ValidString(cut) {
			t.Errorf("cut: %q", cut)
		}
	})
}

func FuzzADF(f *testing.F) {
	seed, err := os.ReadFile("testdata/adf/description.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"type":"table","content":[{"content":[{"type":"tableCell","attrs":{"rowspan":9,"colspan":1e9},"content":[{}]}]}]}`))
	f.Add([]byte(`{"type":"orderedList","attrs":{"order":-5},"content":["x",{"type":"codeBlock","content":{"text":"` + "```" + `"}}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		parsed, ok := decode(doc)
		if !ok {
			return
		}
		got := adfText(parsed)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\x1b\r") {
			t.Errorf("unclean: %q", got)
		}
		if openFence(got) != "" {
			t.Errorf("a fence is open at the end: %q", got)
		}
	})
}
