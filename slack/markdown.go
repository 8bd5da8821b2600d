package slack

import (
	"slices"
	"strings"

	api "github.com/slack-go/slack"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// piece is one element of a message with what it takes of Slack's limits.
type piece struct {
	element api.RichTextElement
	size    int
	heading string // its text when it is one: it begins a new block
}

// converter walks a Markdown tree once. There is no chain of replacements: a
// second pass turns bold into italic, and escapes twice.
type converter struct {
	source  []byte
	allowed func(url string) bool
	pieces  []piece
	used    map[string]bool // addresses that links point at
	// lineBreaks keeps the lines of the source: the status lines of a brief stand
	// in a quote, one below the other.
	lineBreaks bool
	command    int // inside so many marks that are letters: those inside are too
}

var markdown = goldmark.New(goldmark.WithExtensions(
	extension.Table, extension.Strikethrough, extension.TaskList, slackLinks{},
)).Parser()

// convert makes the pieces of a Markdown text. Empty parts are left out: Slack
// refuses a whole message for one element without text.
func convert(body string, allowed func(url string) bool) []piece {
	c := newConverter(allowed)
	c.parse(cleanBody(body))
	return c.pieces
}

func newConverter(allowed func(url string) bool) *converter {
	return &converter{allowed: allowed, used: map[string]bool{}}
}

// parse walks a text of its own, such as a fence that holds a brief.
func (c *converter) parse(body string) {
	outer := c.source
	c.source = []byte(body)
	references := parser.NewContext()
	c.blocks(markdown.Parse(text.NewReader(c.source), parser.WithContext(references)))
	c.unused(references.References())
	c.source = outer
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
	case *ast.FencedCodeBlock:
		if word := strings.ToLower(string(n.Language(c.source))); isMarkdown(word) {
			c.parse(c.lines(n))
			return
		}
		c.fence(c.lines(n))
	case *ast.CodeBlock:
		c.fence(c.lines(n))
	case *ast.Blockquote:
		c.quote(n)
	case *ast.HTMLBlock:
		if rest, open := strings.CutPrefix(strings.TrimSpace(c.lines(n)), "<!--"); open && !n.HasClosure() && !strings.Contains(rest, "-->") {
			c.parse(rest) // a comment that nobody closed would take the rest of the brief
			return
		}
		c.section(c.html(n), false)
	case *extast.Table:
		c.table(n)
	case *ast.ThematicBreak:
	default:
		c.blocks(n)
	}
}

func (c *converter) html(n *ast.HTMLBlock) []span {
	raw := c.lines(n)
	if n.HasClosure() {
		raw += string(n.ClosureLine.Value(c.source))
	}
	return with(span{}, strings.TrimSpace(plainHTML(raw)))
}

// lines are a block's lines as they stand.
func (c *converter) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		l := n.Lines().At(i)
		b.Write(l.Value(c.source))
	}
	return unmarked(b.String())
}

func (c *converter) add(e api.RichTextElement, heading string) {
	c.pieces = append(c.pieces, piece{element: e, size: weight(e), heading: heading})
}

// section adds a paragraph or a heading, split when it is long.
func (c *converter) section(spans []span, heading bool) {
	for i, part := range split(trimmed(spans)) {
		title := ""
		if heading && i == 0 {
			title = joined(part)
		}
		c.add(api.NewRichTextSection(elements(part)...), title)
	}
}

// quote adds what stands in a quote, whatever it is, as quoted lines.
func (c *converter) quote(n ast.Node) {
	inner := &converter{source: c.source, allowed: c.allowed, used: c.used, lineBreaks: true}
	for _, part := range split(trimmed(inner.flatAll(n, "\n"))) {
		c.add(&api.RichTextQuote{Type: api.RTEQuote, Elements: elements(part)}, "")
	}
}

// flatAll are the blocks below n as text, one below the other.
func (c *converter) flatAll(n ast.Node, between string) []span {
	var out []span
	for k := n.FirstChild(); k != nil; k = k.NextSibling() {
		one := c.flat(k)
		if len(out) > 0 && len(one) > 0 {
			out = append(out, span{text: between})
		}
		out = append(out, one...)
	}
	return out
}

// flat is a block as text.
func (c *converter) flat(n ast.Node) []span {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock, *extast.TableCell:
		return c.spans(n, span{})
	case *ast.Heading:
		return c.spans(n, span{bold: true})
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return with(span{code: true}, strings.TrimRight(c.lines(n), "\n"))
	case *ast.HTMLBlock:
		return c.html(n)
	case *ast.ListItem:
		if text := c.flatAll(n, "\n"); len(text) > 0 {
			return append([]span{{text: bullet(n)}}, text...)
		}
		return nil
	case *extast.TableHeader, *extast.TableRow:
		return c.flatAll(n, " | ")
	default:
		return c.flatAll(n, "\n")
	}
}

// bullet is what stands before a list's item in plain text.
func bullet(item *ast.ListItem) string {
	list, ok := item.Parent().(*ast.List)
	if !ok || !list.IsOrdered() {
		return "• "
	}
	n := max(1, list.Start)
	for k := item.PreviousSibling(); k != nil; k = k.PreviousSibling() {
		n++
	}
	return number(n)
}

// fence adds code as it stands, split between lines when it is long: every part
// is an element of its own, so no fence is left open.
func (c *converter) fence(code string) {
	code = strings.TrimRight(code, "\n")
	if strings.TrimSpace(code) == "" {
		return
	}
	for _, part := range splitText(code, maxPiece) {
		if part = strings.TrimSuffix(part, "\n"); part != "" {
			c.add(&api.RichTextPreformatted{Type: api.RTEPreformatted, Elements: elements([]span{{text: part}})}, "")
		}
	}
}

// unused shows the link definitions that no link uses: CommonMark takes a line
// such as "[note]: down" for one, and it would vanish.
func (c *converter) unused(all []parser.Reference) {
	slices.SortFunc(all, func(a, b parser.Reference) int { return strings.Compare(string(a.Label()), string(b.Label())) })
	for _, r := range all {
		if c.used[string(r.Destination())] {
			continue
		}
		said := "[" + string(r.Label()) + "]: " + string(r.Destination())
		if title := string(r.Title()); title != "" {
			said += " " + title
		}
		c.section(with(span{}, unescape(unmarked(said))), false)
	}
}
