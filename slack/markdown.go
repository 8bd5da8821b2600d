package slack

import (
	"strings"
	"unicode/utf8"

	api "github.com/slack-go/slack"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/opsbuddy/opsbuddy/border"
)

// piece is one element of a message with what it takes of Slack's limits.
type piece struct {
	element api.RichTextElement
	size    int
	heading bool // begins a new block
}

// converter walks a Markdown tree once. There is no chain of replacements: a
// second pass turns bold into italic, and escapes twice.
type converter struct {
	source  []byte
	allowed func(url string) bool
	pieces  []piece
	// lineBreaks keeps the lines of the source: the status lines of a brief stand
	// in a quote, one below the other.
	lineBreaks bool
}

var parser = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList)).Parser()

// convert makes the pieces of a Markdown text. Empty parts are left out: Slack
// refuses a whole message for one element without text.
func convert(markdown string, allowed func(url string) bool) []piece {
	c := &converter{source: []byte(border.Clean(markdown)), allowed: allowed}
	doc := parser.Parse(text.NewReader(c.source))
	c.blocks(doc)
	return c.pieces
}

func (c *converter) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		c.block(n)
	}
}

func (c *converter) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		spans := c.spans(n, span{})
		for i := range spans { // emphasis inside a heading is flattened
			spans[i].bold, spans[i].italic = true, false
		}
		c.section(spans, true)
	case *ast.Paragraph, *ast.TextBlock:
		c.section(c.spans(n, span{}), false)
	case *ast.List:
		c.list(n, 0)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		c.fence(c.lines(n))
	case *ast.Blockquote:
		c.quote(n)
	case *ast.HTMLBlock:
		raw := c.lines(n)
		if n.HasClosure() {
			raw += string(n.ClosureLine.Value(c.source))
		}
		c.section(with(span{}, strings.TrimSpace(plainHTML(raw))), false)
	case *extast.Table:
		c.table(n)
	case *ast.ThematicBreak:
	default:
		c.blocks(n)
	}
}

func (c *converter) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(c.source))
	}
	return b.String()
}

func (c *converter) add(e api.RichTextElement, size int, heading bool) {
	c.pieces = append(c.pieces, piece{element: e, size: size, heading: heading})
}

// section adds a paragraph or a heading, split when it is long.
func (c *converter) section(spans []span, heading bool) {
	for i, part := range split(trimmed(spans)) {
		c.add(api.NewRichTextSection(elements(part)...), sizeOf(part), heading && i == 0)
	}
}

// quote adds what stands in a quote, whatever it is, as quoted lines.
func (c *converter) quote(n ast.Node) {
	inner := &converter{source: c.source, allowed: c.allowed, lineBreaks: true}
	var lines [][]span
	for k := n.FirstChild(); k != nil; k = k.NextSibling() {
		lines = append(lines, inner.flat(k)...)
	}
	var all []span
	for i, l := range lines {
		if i > 0 {
			all = append(all, span{text: "\n"})
		}
		all = append(all, l...)
	}
	for _, part := range split(trimmed(all)) {
		c.add(&api.RichTextQuote{Type: api.RTEQuote, Elements: elements(part)}, sizeOf(part), false)
	}
}

// flat are the lines of a block as text.
func (c *converter) flat(n ast.Node) [][]span {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock, *ast.Heading:
		return [][]span{c.spans(n, span{})}
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return [][]span{with(span{code: true}, strings.TrimRight(c.lines(n), "\n"))}
	case *ast.ListItem:
		var out [][]span
		for k := n.FirstChild(); k != nil; k = k.NextSibling() {
			out = append(out, c.flat(k)...)
		}
		if len(out) > 0 {
			out[0] = append(with(span{}, "• "), out[0]...)
		}
		return out
	default:
		var out [][]span
		for k := n.FirstChild(); k != nil; k = k.NextSibling() {
			out = append(out, c.flat(k)...)
		}
		return out
	}
}

// fence adds code as it stands, split between lines when it is long: every part
// is a block of its own, so no fence is left open.
func (c *converter) fence(code string) {
	code = strings.TrimRight(code, "\n")
	if strings.TrimSpace(code) == "" {
		return
	}
	for _, part := range splitText(code, maxPiece) {
		e := &api.RichTextPreformatted{Type: api.RTEPreformatted, Elements: elements(with(span{}, part))}
		c.add(e, utf8.RuneCountInString(part), false)
	}
}
