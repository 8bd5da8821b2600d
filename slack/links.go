package slack

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// slackLinks reads Slack's own form <https://…|label>, which models mix into
// Markdown: CommonMark takes it for an address with a bar in it, for text when
// the label has blanks, or for two cells of a table.
type slackLinks struct{}

// Extend puts it before the parsers of links (200), tables (200) and
// autolinks (300).
func (s slackLinks) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(
		parser.WithParagraphTransformers(util.Prioritized(s, 150)),
		parser.WithInlineParsers(util.Prioritized(s, 150)),
	)
}

// barMark stands for the bar of a Slack link while the tree is built. The border
// leaves no such character in a text, so it cannot be mistaken.
const barMark = '\x01'

// unmarked turns the marks back.
func unmarked(s string) string { return strings.ReplaceAll(s, string(barMark), "|") }

// Transform hides the bars of Slack links from the table parser. It sees
// paragraphs only, so code keeps its letters.
func (slackLinks) Transform(n *ast.Paragraph, reader text.Reader, _ parser.Context) {
	source := reader.Source()
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		rest := source[segment.Start:segment.Stop]
		for {
			open := bytes.IndexByte(rest, '<')
			if open < 0 {
				break
			}
			rest = rest[open:]
			if bar, end := slackLink(rest); end > 0 {
				rest[bar] = barMark
				rest = rest[end:]
				continue
			}
			rest = rest[1:]
		}
	}
}

// Trigger is the character that a Slack link begins with.
func (slackLinks) Trigger() []byte { return []byte{'<'} }

// Parse makes a link of a Slack link. What names a person, a channel or a group
// becomes its label: it must not ping.
func (slackLinks) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	l, segment := block.PeekLine()
	bar, end := slackLink(l)
	if end == 0 {
		return nil
	}
	address, label := bytes.TrimSuffix(l[1:bar], []byte(`\`)), text.NewSegment(segment.Start+bar+1, segment.Start+end-1)
	block.Advance(end)
	if !bytes.HasPrefix(address, []byte("http")) {
		prefix := ""
		if kind := address[0]; (kind == '@' || kind == '#') && l[bar+1] != kind {
			prefix = string(kind)
		}
		return ast.NewString([]byte(prefix + string(label.Value(block.Source()))))
	}
	link := ast.NewLink()
	link.Destination = address
	link.AppendChild(link, ast.NewTextSegment(label))
	return link
}

// slackLink finds the bar and the end of the Slack link that l begins with; the
// end is 0 when it begins with none.
func slackLink(l []byte) (bar, end int) {
	end = bytes.IndexByte(l, '>')
	if end < 0 {
		return 0, 0
	}
	inside := l[1:end]
	known := false
	for _, p := range []string{"http://", "https://", "mailto:", "#C", "@U", "@W", "!"} {
		known = known || bytes.HasPrefix(inside, []byte(p)) && !bytes.HasPrefix(inside, []byte("!--"))
	}
	bar = bytes.IndexAny(inside, "|"+string(barMark))
	if !known || bar < 0 || bar == len(inside)-1 || bytes.ContainsAny(inside[:bar], " \t\n<") || bytes.ContainsAny(inside[bar:], "\n<") {
		return 0, 0
	}
	return bar + 1, end + 1
}

// clickable reports whether an address may be a link.
func (c *converter) clickable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return false
	}
	if len(address) > maxLink || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == '<' || r == '>' || r == '"' }) {
		return false
	}
	return c.allowed == nil || c.allowed(address)
}

// host is where an address leads; empty for what is none.
func host(address string) string {
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
