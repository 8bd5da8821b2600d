package atlassian

import (
	"net/url"
	"strconv"
	"strings"
)

// storage turns a page's storage format into Markdown. Its fields say where
// the page stands, so that links between pages get an address.
type storage struct {
	base  string // web address of Confluence, without a slash at its end
	space string
}

// markdown is the page as Markdown. Text of unknown macros is kept; pictures
// give their alternative text only.
func (s storage) markdown(body string) string {
	return joinBlocks(s.blocks(parseStorage(body).kids, 0))
}

// blocks turns siblings into blocks; text between blocks becomes paragraphs.
func (s storage) blocks(kids []*element, depth int) []block {
	var out []block
	var line inlineText
	for _, k := range kids {
		if !k.block {
			s.inline(&line, k)
			continue
		}
		out = append(out, paragraph(line.take())...)
		out = append(out, s.block(k, depth+1)...)
	}
	return append(out, paragraph(line.take())...)
}

// block turns one element that is a block, or holds one, into blocks.
func (s storage) block(e *element, depth int) []block {
	if depth > maxNesting {
		return paragraph(e.verbatim())
	}
	switch e.name {
	case "h1", "h2", "h3", "h4", "h5", "h6":
		return heading(int(e.name[1]-'0'), s.plain(e))
	case "ul":
		return s.list(e, 0, depth)
	case "ol":
		return s.list(e, max(1, atoi(e.attrs["start"])), depth)
	case "li", "dd":
		return listItem("- ", s.blocks(e.kids, depth))
	case "dt":
		return boldLine(s.plain(e))
	case "table":
		if rows := s.rows(e, depth); len(rows) > 0 {
			return table(rows)
		}
		return s.blocks(e.kids, depth)
	case "blockquote":
		return quote("", "", s.blocks(e.kids, depth))
	case "pre", "ac:plain-text-body":
		return fence(e.verbatim(), "")
	case "hr":
		return []block{{text: "---"}}
	case "ac:task":
		done := oneLine(e.child("ac:task-status").verbatim()) == "complete"
		return listItem(taskMarker(done), s.blocks(e.child("ac:task-body").kids, depth))
	case "ac:structured-macro", "ac:macro":
		return s.macro(e, depth)
	case "ac:adf-extension":
		return s.adfExtension(e, depth)
	case "ac:adf-node":
		return s.adfNode(e, depth)
	case "script", "style", "ac:placeholder", "ac:parameter", "ac:adf-attribute":
		return nil
	default: // p, div, layouts, rich-text bodies, and what is not known
		return s.blocks(e.kids, depth)
	}
}

// list is a list; first is the number of its first step, 0 for bullets. Only
// items are numbered: a list put straight into a list continues the item.
func (s storage) list(e *element, first, depth int) []block {
	var out []block
	for _, k := range e.kids {
		marker := "- "
		switch {
		case k.name != "li":
			for _, b := range s.blocks([]*element{k}, depth) {
				if !b.fence {
					b.text = prefixLines(b.text, "  ")
				}
				out = append(out, b)
			}
			continue
		case first > 0:
			marker = numberMarker(first)
			first++
		}
		out = append(out, listItem(marker, s.blocks(k.kids, depth))...)
	}
	return out
}

// rows collects the rows of a table through thead, tbody and the like, but not
// those of a table inside a cell.
func (s storage) rows(e *element, depth int) [][]cell {
	var out [][]cell
	for _, k := range e.kids {
		switch k.name {
		case "thead", "tbody", "tfoot":
			out = append(out, s.rows(k, depth)...)
		case "tr":
			var row []cell
			for _, c := range k.kids {
				if c.name == "td" || c.name == "th" {
					row = append(row, cell{
						blocks: s.blocks(c.kids, depth+1), header: c.name == "th",
						cols: atoi(c.attrs["colspan"]), rows: atoi(c.attrs["rowspan"]),
					})
				}
			}
			out = append(out, row)
		}
	}
	return out
}

// adfExtension holds a box of the new editor and, for old readers, the same
// content again.
func (s storage) adfExtension(e *element, depth int) []block {
	var out, fallback []block
	for _, k := range e.kids {
		if k.name == "ac:adf-fallback" {
			fallback = append(fallback, s.blocks(k.kids, depth)...)
		} else {
			out = append(out, s.blocks([]*element{k}, depth)...)
		}
	}
	if joinBlocks(out) == "" {
		return fallback
	}
	return out
}

func (s storage) adfNode(e *element, depth int) []block {
	kind := ""
	var kept []*element
	for _, k := range e.kids {
		switch k.name {
		case "ac:adf-attribute":
			if k.attrs["key"] == "panel-type" {
				kind = panelKind(oneLine(k.verbatim()))
			}
		default:
			kept = append(kept, k)
		}
	}
	blocks := s.blocks(kept, depth)
	switch e.attrs["type"] {
	case "panel":
		return quote(kind, "", blocks)
	case "decision-item":
		return listItem("- Decision: ", blocks)
	}
	return blocks
}

// plain is the inline text of an element on one line.
func (s storage) plain(e *element) string { return oneLine(s.wrapped(e)) }

// wrapped is the inline text of an element with its line breaks and outer blanks.
func (s storage) wrapped(e *element) string {
	var t inlineText
	for _, k := range e.kids {
		s.inline(&t, k)
	}
	return t.take()
}

// inline writes an element that stands in a line. Emphasis is left out: half
// of a command in italics would no longer be that command.
func (s storage) inline(t *inlineText, e *element) {
	switch e.name {
	case "":
		t.folded(e.text)
	case "br":
		t.add(plainText, "\n")
	case "code", "tt", "kbd", "samp":
		t.add(codeText, strings.ReplaceAll(e.verbatim(), "\u00a0", " "))
	case "strong", "b":
		t.add(boldText, s.wrapped(e))
	case "del", "s", "strike":
		t.add(struckText, s.wrapped(e))
	case "a":
		t.add(plainText, link(s.wrapped(e), s.absolute(e.attrs["href"])))
	case "ac:link":
		t.add(plainText, s.pageLink(e))
	case "ac:image", "img":
		t.add(plainText, imageNote(e))
	case "time":
		t.add(plainText, e.attrs["datetime"])
	case "ac:emoticon":
		t.add(plainText, emoticon(e))
	case "ac:structured-macro", "ac:macro":
		t.add(plainText, s.inlineMacro(e))
	case "ac:parameter", "ac:adf-attribute", "ac:task-id", "ac:placeholder", "script", "style", "colgroup":
	default:
		for _, k := range e.kids {
			s.inline(t, k)
		}
	}
}

func imageNote(e *element) string {
	for _, alt := range []string{e.attrs["ac:alt"], e.attrs["alt"], e.attrs["ac:title"], e.find("ri:attachment").attrs["ri:filename"]} {
		if alt = oneLine(alt); alt != "" {
			return "[image: " + alt + "]"
		}
	}
	return "[image]"
}

func emoticon(e *element) string {
	if s := e.attrs["ac:emoji-fallback"]; s != "" {
		return s
	}
	switch name := e.attrs["ac:name"]; name {
	case "tick":
		return "✓"
	case "cross":
		return "✗"
	case "warning":
		return "⚠"
	case "":
		return ""
	default:
		return ":" + name + ":"
	}
}

// pageLink is a link to a page, a person or a file, by the words it shows.
func (s storage) pageLink(e *element) string {
	text := s.plain(e.child("ac:link-body"))
	if text == "" {
		text = oneLine(e.child("ac:plain-text-link-body").verbatim())
	}
	for _, k := range e.kids {
		switch k.name {
		case "ri:user":
			return firstText(text, "@"+firstText(k.attrs["ri:username"], k.attrs["ri:account-id"], k.attrs["ri:userkey"], "somebody"))
		case "ri:page", "ri:blog-post":
			title := k.attrs["ri:content-title"]
			return link(firstText(text, title), s.titleAddress(firstText(k.attrs["ri:space-key"], s.space), title))
		case "ri:attachment":
			return firstText(text, k.attrs["ri:filename"])
		case "ri:url":
			return link(text, k.attrs["ri:value"])
		}
	}
	return firstText(text, e.attrs["ac:anchor"])
}

// titleAddress is the address that opens a page by space and title, on Cloud
// as on Server.
func (s storage) titleAddress(space, title string) string {
	if s.base == "" || space == "" || title == "" {
		return ""
	}
	return s.base + "/display/" + url.PathEscape(space) + "/" + url.QueryEscape(title)
}

// absolute gives a link inside Confluence its host.
func (s storage) absolute(href string) string {
	if !strings.HasPrefix(href, "/") || s.base == "" {
		return href
	}
	base, err := url.Parse(s.base)
	if err != nil {
		return href
	}
	target, err := base.Parse(href)
	if err != nil {
		return href
	}
	return target.String()
}

func firstText(options ...string) string {
	for _, o := range options {
		if o != "" {
			return o
		}
	}
	return ""
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
