package slack

import (
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
			run.add(s)
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
		run.next++ // an empty item keeps its number for itself
	}
}

// listRun collects neighbouring entries of one list.
type listRun struct {
	c       *converter
	indent  int
	ordered bool
	next    int // number of the next entry
	entries []api.RichTextElement
	size    int
}

func (r *listRun) add(s []span) {
	for i, part := range split(s) {
		n := sizeOf(part)
		if r.size+n > maxPiece {
			r.flush()
		}
		if i > 0 { // the rest of a very long entry is no entry of its own
			r.flush()
			r.c.add(api.NewRichTextSection(elements(part)...), n, false)
			continue
		}
		r.entries = append(r.entries, api.NewRichTextSection(elements(part)...))
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
	r.c.add(l, r.size, false)
	r.entries, r.size = nil, 0
}

// table adds a table as a list, one entry a row: a table is not readable on a
// phone, and an incoming webhook may not take one. The first cell is bold, each
// other cell has its column's name in front.
func (c *converter) table(n *extast.Table) {
	var columns []string
	run := listRun{c: c}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		if _, ok := row.(*extast.TableHeader); ok {
			for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
				columns = append(columns, strings.TrimSpace(joined(c.spans(cell, span{}))))
			}
			continue
		}
		if entry := c.row(row, columns); len(entry) > 0 {
			run.add(entry)
		}
	}
	run.flush()
}

func (c *converter) row(row ast.Node, columns []string) []span {
	var out []span
	i := 0
	for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
		text := trimmed(c.spans(cell, span{bold: i == 0}))
		if len(text) > 0 {
			if len(out) > 0 {
				out = append(out, span{text: " · "})
				if i < len(columns) && columns[i] != "" {
					out = append(out, span{text: columns[i] + ": "})
				}
			}
			out = append(out, text...)
		}
		i++
	}
	return out
}
