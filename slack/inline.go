package slack

import (
	"html"
	"net/url"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// span is a run of text in one style, and a link when it has an address.
type span struct {
	text                       string
	bold, italic, strike, code bool
	url                        string
}

// spans flattens the inline nodes below n. allowed says which addresses may be
// clickable; the label of any other stays as text.
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
		return with(style, string(n.Value))
	case *ast.CodeSpan:
		style.code = true
		return with(style, c.raw(n))
	case *ast.Emphasis:
		return c.emphasis(n, style)
	case *extast.Strikethrough:
		style.strike = true
		return c.spans(n, style)
	case *ast.Link:
		return c.link(string(n.Destination), c.spans(n, style), style)
	case *ast.AutoLink:
		return c.autolink(n, style)
	case *ast.Image:
		// Never an image: Slack would fetch it, and its address can carry data out.
		return c.link(string(n.Destination), c.spans(n, style), style)
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

func with(style span, text string) []span {
	if text == "" {
		return nil
	}
	style.text = text
	return []span{style}
}

func (c *converter) text(n *ast.Text, style span) []span {
	text := unescape(string(n.Segment.Value(c.source)))
	switch {
	case n.HardLineBreak(), n.SoftLineBreak() && c.lineBreaks:
		text += "\n"
	case n.SoftLineBreak():
		text += " "
	}
	return with(style, text)
}

// emphasis keeps the asterisks of a command: CommonMark takes those of
// /tmp/*.lock and /var/*.lock for emphasis.
func (c *converter) emphasis(n *ast.Emphasis, style span) []span {
	if first, ok := n.FirstChild().(*ast.Text); ok {
		open := first.Segment.Start - n.Level
		if open > 0 && strings.IndexByte("/.=", c.source[open-1]) >= 0 || strings.HasPrefix(string(first.Segment.Value(c.source)), ".") {
			mark := strings.Repeat("*", n.Level)
			return append(append(with(style, mark), c.spans(n, style)...), with(style, mark)...)
		}
	}
	if n.Level == 1 {
		style.italic = true
	} else {
		style.bold = true
	}
	return c.spans(n, style)
}

// autolink also reads Slack's own form <https://…|label>, which models mix into
// Markdown.
func (c *converter) autolink(n *ast.AutoLink, style span) []span {
	address, label, ok := strings.Cut(string(n.Label(c.source)), "|")
	if !ok {
		label = address
	}
	if n.AutoLinkType == ast.AutoLinkEmail {
		return with(style, label)
	}
	return c.link(address, with(style, label), style)
}

// link makes its label clickable when the address may be. A code span in a
// label stays code.
func (c *converter) link(address string, label []span, style span) []span {
	address = unescape(address)
	if strings.TrimSpace(joined(label)) == "" {
		label = with(style, address)
	}
	if !c.clickable(address) {
		return label
	}
	for i := range label {
		label[i].url = strings.ReplaceAll(address, "|", "%7C")
	}
	return label
}

func (c *converter) clickable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return false
	}
	if len(address) > maxLink || strings.ContainsAny(address, " <>\n\t") {
		return false
	}
	return c.allowed == nil || c.allowed(address)
}

func joined(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.text)
	}
	return b.String()
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
	return b.String()
}

func (c *converter) segments(n *ast.RawHTML) string {
	var b strings.Builder
	for i := range n.Segments.Len() {
		s := n.Segments.At(i)
		b.Write(s.Value(c.source))
	}
	return b.String()
}

// plainHTML shows what a person would see of HTML in Markdown: comments vanish,
// <br> is a line break, other tags go and their text stays. A <! that is no
// comment, such as <!channel>, is text.
func plainHTML(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			return html.UnescapeString(b.String())
		}
		b.WriteString(s[:i])
		s = s[i:]
		switch end := strings.IndexByte(s, '>'); {
		case strings.HasPrefix(s, "<!--"):
			stop := strings.Index(s, "-->")
			if stop < 0 {
				return b.String()
			}
			s = s[stop+3:]
		case end < 0:
			b.WriteString(s)
			return b.String()
		case strings.HasPrefix(s, "<!") || strings.HasPrefix(s, "<?"):
			b.WriteString(s[:end+1])
			s = s[end+1:]
		default:
			if name := strings.ToLower(strings.Trim(s[1:end], "/ ")); name == "br" || strings.HasPrefix(name, "br ") {
				b.WriteByte('\n')
			}
			s = s[end+1:]
		}
	}
}

const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

// unescape resolves Markdown's backslashes and entities, each exactly once.
func unescape(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte(punctuation, s[i+1]) >= 0:
			i++
			b.WriteByte(s[i])
		case s[i] == '&':
			end := strings.IndexByte(s[i:], ';')
			if end > 1 && end < 32 {
				if r := html.UnescapeString(s[i : i+end+1]); r != s[i:i+end+1] {
					b.WriteString(r)
					i += end
					continue
				}
			}
			b.WriteByte('&')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
