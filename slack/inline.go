package slack

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"github.com/opsbuddy/opsbuddy/border"
)

// span is a run of text in one style, and a link when it has an address.
type span struct {
	text                       string
	bold, italic, strike, code bool
	url                        string
}

// with is a text in a style. It is cleaned here, since an entity may stand for
// a character that the border has taken out.
func with(style span, text string) []span {
	if text = border.Clean(text); text == "" {
		return nil
	}
	style.text = text
	return []span{style}
}

func joined(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.text)
	}
	return b.String()
}

// spans flattens the inline nodes below n. A bare address stays text: what others
// wrote into a title or a runbook must not become a link here.
func (c *converter) spans(n ast.Node, style span) []span {
	var out []span
	for k := n.FirstChild(); k != nil; k = k.NextSibling() {
		out = append(out, c.inline(k, style)...)
	}
	return out
}

func (c *converter) inline(n ast.Node, style span) []span {
	switch n := n.(type) {
	case *ast.Text:
		return c.text(n, style)
	case *ast.String:
		return with(style, unmarked(string(n.Value)))
	case *ast.CodeSpan:
		style.code = true
		return with(style, c.raw(n))
	case *ast.Emphasis:
		return c.emphasis(n, style)
	case *extast.Strikethrough:
		return c.strike(n, style)
	case *ast.Link:
		c.used[string(n.Destination)] = true
		return c.link(unescape(string(n.Destination)), c.spans(n, style), style)
	case *ast.AutoLink:
		return c.autolink(n, style)
	case *ast.Image:
		return c.image(n, style)
	case *ast.RawHTML:
		return with(style, plainHTML(c.segments(n)))
	case *extast.TaskCheckBox:
		if n.IsChecked {
			return with(style, "[x] ")
		}
		return with(style, "[ ] ")
	default:
		return c.spans(n, style)
	}
}

func (c *converter) text(n *ast.Text, style span) []span {
	text := unescape(unmarked(string(n.Segment.Value(c.source))))
	switch {
	case n.HardLineBreak(), n.SoftLineBreak() && c.lineBreaks:
		text += "\n"
	case n.SoftLineBreak():
		text += " "
	}
	return with(style, text)
}

// emphasis is bold or italic, unless its marks belong to a command.
func (c *converter) emphasis(n *ast.Emphasis, style span) []span {
	if mark := c.literalMark(n); mark != "" {
		c.command++
		inside := c.spans(n, style)
		c.command--
		return append(append(with(style, mark), inside...), with(style, mark)...)
	}
	if n.Level == 1 {
		style.italic = true
	} else {
		style.bold = true
	}
	return c.spans(n, style)
}

// strike wants two tildes. One stands for a home folder or for "about".
func (c *converter) strike(n *extast.Strikethrough, style span) []span {
	if begin := c.begin(n.FirstChild()); begin >= 1 && (begin < 2 || c.source[begin-2] != '~') {
		return append(append(with(style, "~"), c.spans(n, style)...), with(style, "~")...)
	}
	style.strike = true
	return c.spans(n, style)
}

func (c *converter) autolink(n *ast.AutoLink, style span) []span {
	address := entities(unmarked(string(n.Label(c.source))))
	if n.AutoLinkType == ast.AutoLinkEmail {
		return with(style, address)
	}
	return c.link(address, with(style, address), style)
}

// image is never an image: Slack would fetch it, and its address can carry data
// out. It is a link when its address may be one.
func (c *converter) image(n *ast.Image, style span) []span {
	c.used[string(n.Destination)] = true
	address, label := unescape(string(n.Destination)), c.spans(n, style)
	if strings.TrimSpace(joined(label)) == "" && !c.clickable(address) {
		return with(style, "(image)")
	}
	return c.link(address, label, style)
}

// link makes its label clickable when the address may be. A code span in a label
// stays code. A label that is itself an address shows where the link really
// leads.
func (c *converter) link(address string, label []span, style span) []span {
	said := strings.TrimSpace(joined(label))
	if said == "" {
		label = with(style, address)
	}
	if !c.clickable(address) {
		return label
	}
	if other := host(said); other != "" && other != host(address) {
		label = with(style, address)
	}
	for i := range label {
		label[i].url = strings.ReplaceAll(address, "|", "%7C")
	}
	return label
}

// raw is the source below a node, as it stands.
func (c *converter) raw(n ast.Node) string {
	var b strings.Builder
	for k := n.FirstChild(); k != nil; k = k.NextSibling() {
		if t, ok := k.(*ast.Text); ok {
			b.Write(t.Segment.Value(c.source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
	}
	return unmarked(strings.ReplaceAll(b.String(), "\n", " "))
}

func (c *converter) segments(n *ast.RawHTML) string {
	var b strings.Builder
	for i := range n.Segments.Len() {
		s := n.Segments.At(i)
		b.Write(s.Value(c.source))
	}
	return unmarked(b.String())
}
