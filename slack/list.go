package slack

import (
	"strconv"
	"strings"

	api "github.com/slack-go/slack"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// maxIndent is how deep Slack indents a list.
const maxIndent = 8

// list adds a list. Slack nests lists by indent, not by containment, so a nested
// list ends its parent, which goes on after it with the next number.
func (c *converter) list(n *ast.List, indent int) {
	run := listRun{c: c, indent: min(indent, maxIndent), ordered: n.IsOrdered(), next: max(1, n.Start)}
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		c.item(&run, item, indent)
	}
	run.flush()
}

// item adds one item: its paragraphs are one entry, its lists and code follow it.
func (c *converter) item(run *listRun, item ast.Node, indent int) {
	var text []span
	taken := false
	take := func() {
		if s := trimmed(text); len(s) > 0 {
			run.add(s, taken)
			taken = true
		}
		text = nil
	}
	for k := item.FirstChild(); k != nil; k = k.NextSibling() {
		switch k := k.(type) {
		case *ast.Paragraph, *ast.TextBlock:
			if len(text) > 0 {
				text = append(text, span{text: "\n"})
			}
			text = append(text, c.spans(k, span{})...)
		case *ast.List:
			take()
			run.flush()
			c.list(k, indent+1)
		default:
			take()
			run.flush()
			c.block(k)
		}
	}
	take()
	if !taken && run.ordered {
		run.flush()
		run.next++ // an empty item keeps its number for itself
	}
}

// listRun collects neighbouring entries of one list.
type listRun struct {
	c       *converter
	indent  int
	ordered bool
	next    int // number of the first of the entries
	entries []api.RichTextElement
	size    int
}

// add adds an entry. more marks the text that goes on below an item's code or
// list: it is no entry of its own, and takes no number.
func (r *listRun) add(s []span, more bool) {
	for i, part := range split(s) {
		n := sizeOf(part)
		if r.size+n > maxPiece || more || i > 0 {
			r.flush()
		}
		section := api.NewRichTextSection(elements(part)...)
		if more || i > 0 {
			r.c.add(section, "")
			continue
		}
		r.entries = append(r.entries, section)
		r.size += n
	}
}

func (r *listRun) flush() {
	if len(r.entries) == 0 {
		return
	}
	style := api.RTEListBullet
	if r.ordered {
		style = api.RTEListOrdered
	}
	l := api.NewRichTextList(style, r.indent, r.entries...)
	if r.ordered {
		l.Offset = r.next - 1
		r.next += len(r.entries)
	}
	r.c.add(l, "")
	r.entries, r.size = nil, 0
}

// number is how an ordered list shows a number.
func number(n int) string { return strconv.Itoa(n) + ". " }

// table adds a table as a list, one entry a row: Slack's own table is not
// readable on a phone, is taken once in a message, and an incoming webhook may
// not take it at all. The first cell is bold, each other cell has its column's
// name in front.
func (c *converter) table(n *extast.Table) {
	var columns []string
	rows := 0
	run := listRun{c: c}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		if _, ok := row.(*extast.TableHeader); ok {
			for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
				columns = append(columns, strings.TrimSpace(joined(c.spans(cell, span{}))))
			}
			continue
		}
		if entry := c.row(row, columns); len(entry) > 0 {
			run.add(entry, false)
			rows++
		}
	}
	run.flush()
	if rows == 0 { // the names of the columns are all that it says
		c.section(with(span{}, strings.Join(columns, " · ")), false)
	}
}

func (c *converter) row(row ast.Node, columns []string) []span {
	var out []span
	i := 0
	for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
		if text := trimmed(c.spans(cell, span{bold: i == 0})); len(text) > 0 {
			if len(out) > 0 {
				out = append(out, span{text: " · "})
			}
			if i > 0 && i < len(columns) && columns[i] != "" {
				out = append(out, span{text: columns[i] + ": "})
			}
			out = append(out, text...)
		}
		i++
	}
	return out
}
