package world

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// adf writes Markdown as a document of Jira Cloud (Atlassian Document Format).
type adf struct{ people map[string]person }

func (a adf) document(markdown string) obj {
	content := []obj{}
	for _, b := range boxes(markdown) {
		inner := a.blocks(parseMarkdown(b.markdown), nil)
		switch b.kind {
		case "":
			content = append(content, inner...)
		case "expand":
			content = append(content, obj{"type": "expand", "attrs": obj{"title": b.title}, "content": inner})
		default:
			content = append(content, obj{"type": "panel", "attrs": obj{"panelType": b.kind}, "content": inner})
		}
	}
	return obj{"type": "doc", "version": 1, "content": content}
}

// blocks writes the blocks of a node, of the whole document when it is nil.
func (a adf) blocks(d parsed, n ast.Node) []obj {
	if n == nil {
		n = d.root
	}
	out := []obj{}
	for _, k := range kids(n) {
		if o := a.block(d, k); o != nil {
			out = append(out, o)
		}
	}
	return out
}

func (a adf) block(d parsed, n ast.Node) obj {
	switch n := n.(type) {
	case *ast.Heading:
		return obj{"type": "heading", "attrs": obj{"level": n.Level}, "content": a.inlines(d, n, nil)}
	case *ast.Paragraph, *ast.TextBlock:
		return obj{"type": "paragraph", "content": a.inlines(d, n, nil)}
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return obj{"type": "codeBlock", "attrs": obj{"language": d.language(n)}, "content": []obj{{"type": "text", "text": d.code(n)}}}
	case *ast.List:
		kind := "bulletList"
		if n.IsOrdered() {
			kind = "orderedList"
		}
		items := []obj{}
		for _, item := range kids(n) {
			items = append(items, obj{"type": "listItem", "content": a.blocks(d, item)})
		}
		return obj{"type": kind, "content": items}
	case *ast.Blockquote:
		return obj{"type": "blockquote", "content": a.blocks(d, n)}
	case *ast.ThematicBreak:
		return obj{"type": "rule"}
	case *extast.Table:
		return a.table(d, n)
	}
	return obj{"type": "paragraph", "content": []obj{{"type": "text", "text": d.plain(n)}}}
}

func (a adf) table(d parsed, t *extast.Table) obj {
	rows := []obj{}
	for i, row := range kids(t) {
		kind := "tableCell"
		if i == 0 {
			kind = "tableHeader"
		}
		cells := []obj{}
		for _, cell := range kids(row) {
			cells = append(cells, obj{"type": kind, "attrs": obj{}, "content": []obj{{"type": "paragraph", "content": a.inlines(d, cell, nil)}}})
		}
		rows = append(rows, obj{"type": "tableRow", "content": cells})
	}
	return obj{"type": "table", "content": rows}
}

// inlines writes the text of a block with its marks.
func (a adf) inlines(d parsed, n ast.Node, marks []obj) []obj {
	out := []obj{}
	for _, k := range kids(n) {
		switch k := k.(type) {
		case *ast.Text:
			out = append(out, a.words(string(k.Segment.Value(d.source)), marks)...)
			if k.HardLineBreak() {
				out = append(out, obj{"type": "hardBreak"})
			} else if k.SoftLineBreak() {
				out = append(out, marked(" ", marks))
			}
		case *ast.String:
			out = append(out, marked(string(k.Value), marks))
		case *ast.CodeSpan:
			out = append(out, marked(d.plain(k), with(marks, obj{"type": "code"})))
		case *ast.Emphasis:
			mark := "em"
			if k.Level == 2 {
				mark = "strong"
			}
			out = append(out, a.inlines(d, k, with(marks, obj{"type": mark}))...)
		case *ast.Link:
			out = append(out, a.inlines(d, k, with(marks, obj{"type": "link", "attrs": obj{"href": string(k.Destination)}}))...)
		case *ast.AutoLink:
			out = append(out, obj{"type": "inlineCard", "attrs": obj{"url": string(k.URL(d.source))}})
		default:
			out = append(out, marked(d.plain(k), marks))
		}
	}
	return out
}

func with(marks []obj, m obj) []obj { return append(append([]obj{}, marks...), m) }

func marked(text string, marks []obj) obj {
	o := obj{"type": "text", "text": text}
	if len(marks) > 0 {
		o["marks"] = marks
	}
	return o
}

var mentionForm = regexp.MustCompile(`@([a-z]+)`)

// words writes text; a person's handle behind an @ is a mention.
func (a adf) words(text string, marks []obj) []obj {
	var out []obj
	for _, m := range mentionForm.FindAllStringSubmatchIndex(text, -1) {
		who, ok := a.people[text[m[2]:m[3]]]
		if !ok {
			continue
		}
		before, rest := text[:m[0]], text[m[1]:]
		if before != "" {
			out = append(out, marked(before, marks))
		}
		out = append(out, obj{"type": "mention", "attrs": obj{"id": accountID(who.Handle), "text": "@" + who.Name, "accessLevel": ""}})
		return append(out, a.words(rest, marks)...)
	}
	if text != "" {
		out = append(out, marked(text, marks))
	}
	return out
}

// wiki writes Markdown as the wiki markup of Jira Server.
func wiki(markdown string) string {
	var b strings.Builder
	for _, part := range boxes(markdown) {
		if part.kind != "" {
			b.WriteString("{panel:title=" + orElse(part.title, part.kind) + "}\n")
		}
		d := parseMarkdown(part.markdown)
		wikiBlocks(&b, d, d.root, "")
		if part.kind != "" {
			b.WriteString("{panel}\n")
		}
	}
	return strings.TrimSpace(b.String())
}

func wikiBlocks(b *strings.Builder, d parsed, n ast.Node, bullet string) {
	for _, k := range kids(n) {
		switch k := k.(type) {
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			lang := d.language(k)
			if lang != "" {
				lang = ":" + lang
			}
			b.WriteString("{code" + lang + "}\n" + d.code(k) + "\n{code}\n")
		case *ast.Heading:
			b.WriteString("h" + string(rune('0'+k.Level)) + ". " + wikiInline(d, k) + "\n\n")
		case *ast.List:
			mark := "*"
			if k.IsOrdered() {
				mark = "#"
			}
			for _, item := range kids(k) {
				wikiBlocks(b, d, item, bullet+mark)
			}
		default:
			if bullet != "" {
				b.WriteString(bullet + " ")
			}
			b.WriteString(wikiInline(d, k) + "\n")
			if bullet == "" {
				b.WriteString("\n")
			}
		}
	}
}

func wikiInline(d parsed, n ast.Node) string {
	var b strings.Builder
	for _, k := range kids(n) {
		switch k := k.(type) {
		case *ast.CodeSpan:
			b.WriteString("{{" + d.plain(k) + "}}")
		case *ast.Link:
			b.WriteString("[" + d.plain(k) + "|" + string(k.Destination) + "]")
		case *ast.Emphasis:
			mark := strings.Repeat("*", k.Level-1) + strings.Repeat("_", 2-k.Level)
			b.WriteString(mark + wikiInline(d, k) + mark)
		case *ast.Text:
			b.Write(k.Segment.Value(d.source))
			if k.SoftLineBreak() {
				b.WriteByte('\n')
			}
		default:
			b.WriteString(d.plain(k))
		}
	}
	return b.String()
}
