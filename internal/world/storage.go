package world

import (
	"html"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// storage writes Markdown as Confluence keeps pages: XHTML with macros for code,
// boxes and expanding parts.
func storage(markdown string) string {
	var b strings.Builder
	for _, part := range boxes(markdown) {
		d := parseMarkdown(part.markdown)
		if part.kind == "" {
			storageBlocks(&b, d, d.root)
			continue
		}
		b.WriteString(`<ac:structured-macro ac:name="` + part.kind + `" ac:schema-version="1">`)
		if part.title != "" {
			b.WriteString(`<ac:parameter ac:name="title">` + html.EscapeString(part.title) + `</ac:parameter>`)
		}
		b.WriteString(`<ac:rich-text-body>`)
		storageBlocks(&b, d, d.root)
		b.WriteString(`</ac:rich-text-body></ac:structured-macro>`)
	}
	return b.String()
}

func storageBlocks(b *strings.Builder, d parsed, n ast.Node) {
	for _, k := range kids(n) {
		storageBlock(b, d, k)
	}
}

func storageBlock(b *strings.Builder, d parsed, n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		h := "h" + strconv.Itoa(n.Level)
		b.WriteString("<" + h + ">" + storageInline(d, n) + "</" + h + ">")
	case *ast.Paragraph:
		b.WriteString("<p>" + storageInline(d, n) + "</p>")
	case *ast.TextBlock:
		b.WriteString(storageInline(d, n))
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		b.WriteString(codeMacro(d.language(n), d.code(n)))
	case *ast.List:
		tag := "ul"
		if n.IsOrdered() {
			tag = "ol"
		}
		b.WriteString("<" + tag + ">")
		for _, item := range kids(n) {
			b.WriteString("<li>")
			storageBlocks(b, d, item)
			b.WriteString("</li>")
		}
		b.WriteString("</" + tag + ">")
	case *ast.Blockquote:
		b.WriteString("<blockquote>")
		storageBlocks(b, d, n)
		b.WriteString("</blockquote>")
	case *ast.ThematicBreak:
		b.WriteString("<hr />")
	case *extast.Table:
		storageTable(b, d, n)
	default:
		b.WriteString("<p>" + html.EscapeString(d.plain(n)) + "</p>")
	}
}

// codeMacro keeps every letter: CDATA cannot hold its own end, which is split.
func codeMacro(language, code string) string {
	var b strings.Builder
	b.WriteString(`<ac:structured-macro ac:name="code" ac:schema-version="1">`)
	if language != "" {
		b.WriteString(`<ac:parameter ac:name="language">` + language + `</ac:parameter>`)
	}
	b.WriteString(`<ac:plain-text-body><![CDATA[` + strings.ReplaceAll(code, "]]>", "]]]]><![CDATA[>") + `]]></ac:plain-text-body></ac:structured-macro>`)
	return b.String()
}

func storageTable(b *strings.Builder, d parsed, t *extast.Table) {
	b.WriteString("<table><tbody>")
	for i, row := range kids(t) {
		tag := "td"
		if i == 0 {
			tag = "th"
		}
		b.WriteString("<tr>")
		for _, cell := range kids(row) {
			b.WriteString("<" + tag + "><p>" + storageInline(d, cell) + "</p></" + tag + ">")
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
}

func storageInline(d parsed, n ast.Node) string {
	var b strings.Builder
	for _, k := range kids(n) {
		switch k := k.(type) {
		case *ast.Text:
			b.WriteString(html.EscapeString(string(k.Segment.Value(d.source))))
			if k.HardLineBreak() {
				b.WriteString("<br />")
			} else if k.SoftLineBreak() {
				b.WriteByte('\n')
			}
		case *ast.CodeSpan:
			b.WriteString("<code>" + html.EscapeString(d.plain(k)) + "</code>")
		case *ast.Emphasis:
			tag := "em"
			if k.Level == 2 {
				tag = "strong"
			}
			b.WriteString("<" + tag + ">" + storageInline(d, k) + "</" + tag + ">")
		case *ast.Link:
			b.WriteString(`<a href="` + html.EscapeString(string(k.Destination)) + `">` + storageInline(d, k) + "</a>")
		case *ast.AutoLink:
			url := html.EscapeString(string(k.URL(d.source)))
			b.WriteString(`<a href="` + url + `">` + url + "</a>")
		default:
			b.WriteString(html.EscapeString(d.plain(k)))
		}
	}
	return b.String()
}
