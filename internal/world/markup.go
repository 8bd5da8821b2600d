package world

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// The file's long texts are Markdown; Jira and Confluence keep them in formats
// of their own. A box is opened by ":::info", ":::warning" or ":::expand Title"
// on a line of its own and closed by ":::".

// box is a part of a text: plain (kind "") or one of the boxes.
type box struct{ kind, title, markdown string }

func boxes(markdown string) []box {
	var out []box
	var lines []string
	at := box{}
	flush := func(next box) {
		if at.markdown = strings.Trim(strings.Join(lines, "\n"), "\n"); at.markdown != "" {
			out = append(out, at)
		}
		at, lines = next, nil
	}
	for line := range strings.SplitSeq(markdown, "\n") {
		mark, ok := strings.CutPrefix(strings.TrimRight(line, " "), ":::")
		if !ok {
			lines = append(lines, line)
			continue
		}
		kind, title, _ := strings.Cut(mark, " ")
		flush(box{kind: kind, title: title})
	}
	flush(box{})
	return out
}

var markdownParser = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Linkify))

// parsed is a Markdown document with its source, which its nodes point into.
type parsed struct {
	root   ast.Node
	source []byte
}

func parseMarkdown(markdown string) parsed {
	source := []byte(markdown)
	return parsed{root: markdownParser.Parser().Parse(text.NewReader(source)), source: source}
}

// code is the text of a code block, letter by letter.
func (d parsed) code(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(d.source))
	}
	return strings.TrimRight(b.String(), "\n")
}

func (d parsed) language(n ast.Node) string {
	if f, ok := n.(*ast.FencedCodeBlock); ok {
		return string(f.Language(d.source))
	}
	return ""
}

// plain is the text of a node without its marks.
func (d parsed) plain(n ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, in bool) (ast.WalkStatus, error) {
		if !in {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(d.source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte('\n')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.URL(d.source))
		case *ast.RawHTML:
			for i := range n.Segments.Len() {
				segment := n.Segments.At(i)
				b.Write(segment.Value(d.source))
			}
		case *ast.FencedCodeBlock, *ast.CodeBlock, *ast.HTMLBlock:
			b.WriteString(" " + d.code(n) + " ")
		}
		if n.Type() == ast.TypeBlock && n.Kind() != ast.KindDocument && b.Len() > 0 {
			b.WriteByte(' ')
		}
		return ast.WalkContinue, nil
	})
	return strings.TrimSpace(b.String())
}

// plainText is a whole text without marks, for searching and for excerpts.
func plainText(markdown string) string {
	var parts []string
	for _, b := range boxes(markdown) {
		d := parseMarkdown(b.markdown)
		parts = append(parts, strings.TrimSpace(b.title+" "+d.plain(d.root)))
	}
	return strings.Join(parts, " ")
}

// kids are a node's children.
func kids(n ast.Node) []ast.Node {
	var out []ast.Node
	for k := n.FirstChild(); k != nil; k = k.NextSibling() {
		out = append(out, k)
	}
	return out
}
