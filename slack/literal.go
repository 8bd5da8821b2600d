package slack

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// literalMark is the emphasis marks of n as text when they are letters of a
// command, a path or a name: CommonMark takes those of /tmp/*.lock and
// /var/*.lock, of 2*3*4 and of __init__.py for emphasis. Empty when n is emphasis.
func (c *converter) literalMark(n *ast.Emphasis) string {
	begin, end := c.begin(n.FirstChild()), c.end(n.LastChild())
	open, after := begin-n.Level, end+n.Level
	if begin < 0 || end <= begin || open < 0 || after > len(c.source) {
		return ""
	}
	mark := string(c.source[open:begin])
	if strings.Trim(mark, "*") != "" && strings.Trim(mark, "_") != "" {
		return ""
	}
	if c.command > 0 || lettersOfCommand(mark, surroundings{c.source[:open], c.source[begin:end], c.source[after:]}) {
		return mark
	}
	return ""
}

// surroundings are what stands before, between and after two marks.
type surroundings struct{ before, inner, after []byte }

func lettersOfCommand(mark string, s surroundings) bool {
	before, after := last(s.before), first(s.after)
	switch mark {
	case "*":
		return alnum(before) || alnum(after) || strings.IndexByte(`/.=-_$\@:^%+`, before) >= 0 || strings.IndexByte(`/=_\$@`, after) >= 0 ||
			dotted(s.after) || strings.IndexByte(".=,;", s.inner[0]) >= 0 || strings.IndexByte(`/=-,(\`, last(s.inner)) >= 0 ||
			last(s.inner) == '.' && !bytes.ContainsAny(s.inner, " \n")
	case "_":
		return strings.IndexByte(`/.=-$\@:}`, before) >= 0 || strings.IndexByte(`/=\$(`, after) >= 0 || dotted(s.after)
	case "**":
		path := s.inner[0] == '/' || last(s.inner) == '/'
		return alnum(before) && alnum(after) || path && (before == '/' || after == '/')
	default:
		return strings.IndexByte(`/.=$\`, before) >= 0 || strings.IndexByte(`/=\(`, after) >= 0 || dotted(s.after) || identifier(s.inner)
	}
}

// dotted tells the dot of a file name from that of a sentence.
func dotted(after []byte) bool { return len(after) > 1 && after[0] == '.' && alnum(after[1]) }

func identifier(s []byte) bool {
	return !bytes.ContainsFunc(s, func(r rune) bool { return r > 'z' || !alnum(byte(r)) && r != '_' })
}

func alnum(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// first and last are 0 where there is nothing, which is in none of the sets.
func first(s []byte) byte {
	if len(s) == 0 {
		return 0
	}
	return s[0]
}

func last(s []byte) byte {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1]
}

// begin and end are where a node stands in the source, marks included; -1 when
// that cannot be told.
func (c *converter) begin(n ast.Node) int {
	switch n := n.(type) {
	case *ast.Text:
		return n.Segment.Start
	case *ast.Emphasis:
		if at := c.begin(n.FirstChild()); at >= 0 {
			return at - n.Level
		}
	case *extast.Strikethrough:
		at := c.begin(n.FirstChild())
		for at > 0 && c.source[at-1] == '~' {
			at--
		}
		return at
	}
	return -1
}

func (c *converter) end(n ast.Node) int {
	switch n := n.(type) {
	case *ast.Text:
		return n.Segment.Stop
	case *ast.Emphasis:
		if at := c.end(n.LastChild()); at >= 0 {
			return at + n.Level
		}
	case *extast.Strikethrough:
		at := c.end(n.LastChild())
		for at >= 0 && at < len(c.source) && c.source[at] == '~' {
			at++
		}
		return at
	}
	return -1
}
