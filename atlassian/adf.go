package atlassian

import (
	"strconv"
	"strings"
	"time"
)

// adfText turns a description or comment of Jira Cloud into Markdown. Jira
// sends Atlassian Document Format there; a plain string, which Server and some
// proxies send, is taken as it is. A node of an unknown type gives its text.
func adfText(f field) string {
	if s := f.text(); s != "" {
		return strings.TrimSpace(s)
	}
	if _, ok := f.value.(map[string]any); !ok {
		return ""
	}
	return joinBlocks(adfBlocks([]field{f}, 0))
}

// adfInline holds the types that stand inside a line. All others are blocks.
var adfInline = map[string]func(field) string{
	"hardBreak":                   func(field) string { return "\n" },
	"mention":                     adfMention,
	"emoji":                       func(n field) string { return firstOf(n, "text", "shortName") },
	"date":                        adfDate,
	"status":                      func(n field) string { return firstOf(n, "text") },
	"inlineCard":                  adfCard,
	"mediaInline":                 adfMedia,
	"placeholder":                 func(n field) string { return firstOf(n, "text") },
	"inlineExtension":             adfExtension,
	"confluenceJiraIssue":         func(n field) string { return firstOf(n, "issueKey", "text") },
	"unsupportedInline":           adfUnknown,
	"confluenceUnsupportedInline": adfUnknown,
}

// adfBlocks turns sibling nodes into blocks; runs of inline nodes become
// paragraphs, wherever they stand.
func adfBlocks(nodes []field, depth int) []block {
	var out []block
	var line inlineText
	for _, n := range nodes {
		kind := n.at("type").raw()
		kids := adfKids(n)
		inline, ok := adfInline[kind]
		switch {
		case kind == "text":
			line.add(adfStyled(n))
		case kind == "inlineCard": // a bare address ends where what follows does
			line.folded(" ")
			line.add(plainText, inline(n))
			line.folded(" ")
		case ok:
			line.add(plainText, inline(n))
		case len(kids) == 0 && !adfLeafBlock(kind):
			line.add(plainText, " "+adfUnknown(n)+" ")
		default:
			out = append(out, paragraph(line.take())...)
			out = append(out, adfBlock(n, kind, kids, depth+1)...)
		}
	}
	return append(out, paragraph(line.take())...)
}

func adfLeafBlock(kind string) bool {
	switch kind {
	case "rule", "media", "blockCard", "embedCard", "extension", "paragraph", "listItem", "expand", "nestedExpand":
		return true
	}
	return false
}

func adfKids(n field) []field {
	kids, ok := n.at("content").list()
	if !ok && n.has("content") {
		return []field{n.at("content")} // a single node, or text, where a list belongs
	}
	return kids
}

// adfBlock turns one block node into blocks.
func adfBlock(n field, kind string, kids []field, depth int) []block {
	if depth > maxNesting {
		return paragraph(adfFlat(n))
	}
	switch kind {
	case "heading":
		return heading(n.at("attrs", "level").number(2), joinBlocks(adfBlocks(kids, depth)))
	case "codeBlock":
		return fence(adfFlat(n), n.at("attrs", "language").text())
	case "bulletList", "orderedList", "taskList", "decisionList":
		return adfList(n, kind, kids, depth)
	case "listItem", "taskItem", "blockTaskItem", "decisionItem": // outside any list
		return listItem(adfMarker(n, kind), adfBlocks(kids, depth))
	case "panel":
		return quote(panelKind(n.at("attrs", "panelType").text()), "", adfBlocks(kids, depth))
	case "blockquote":
		return quote("", "", adfBlocks(kids, depth))
	case "expand", "nestedExpand":
		return append(boldLine(n.at("attrs", "title").text()), adfBlocks(kids, depth)...)
	case "rule":
		return []block{{text: "---"}}
	case "table":
		return table(adfRows(kids, depth))
	case "blockCard", "embedCard":
		return paragraph(adfCard(n))
	case "media":
		return paragraph(adfMedia(n))
	case "extension":
		return paragraph(adfExtension(n))
	default: // doc, paragraph, layouts, mediaSingle, caption, and what is not known
		own := paragraph(n.at("text").text())
		return append(own, adfBlocks(kids, depth)...)
	}
}

func adfList(n field, kind string, kids []field, depth int) []block {
	var out []block
	next := n.at("attrs", "order").number(1)
	for _, k := range kids {
		item := k.at("type").raw()
		switch item {
		case "taskList", "decisionList", "bulletList", "orderedList": // nested without an item around it
			nested := adfBlock(k, item, adfKids(k), depth+1)
			for i := range nested {
				if !nested[i].fence {
					nested[i].text = prefixLines(nested[i].text, "  ")
				}
			}
			out = append(out, nested...)
			continue
		}
		marker := adfMarker(k, item)
		if kind == "orderedList" {
			marker = numberMarker(next)
			next++
		}
		out = append(out, listItem(marker, adfBlocks(adfKids(k), depth))...)
	}
	return out
}

func adfMarker(n field, kind string) string {
	switch kind {
	case "taskItem", "blockTaskItem":
		return taskMarker(n.at("attrs", "state").text() == "DONE")
	case "decisionItem":
		return "- Decision: "
	}
	return "- "
}

func adfRows(rows []field, depth int) [][]cell {
	out := make([][]cell, 0, len(rows))
	for _, r := range rows {
		var row []cell
		for _, c := range adfKids(r) {
			row = append(row, cell{
				blocks: adfBlocks(adfKids(c), depth+1),
				header: c.at("type").raw() == "tableHeader",
				cols:   c.at("attrs", "colspan").number(1),
				rows:   c.at("attrs", "rowspan").number(1),
			})
		}
		out = append(out, row)
	}
	return out
}

// adfStyled is a text node and its style. Emphasis is left out: half of a
// command in italics would no longer be that command.
func adfStyled(n field) (style, string) {
	text := strings.ReplaceAll(n.at("text").text(), "\u00a0", " ")
	marks, _ := n.at("marks").list()
	target, how := "", plainText
	for _, m := range marks {
		switch m.at("type").raw() {
		case "code":
			how = codeText
		case "strike":
			if how != codeText {
				how = struckText
			}
		case "strong":
			if how == plainText {
				how = boldText
			}
		case "link":
			target = m.at("attrs", "href").text()
		}
	}
	if target == "" {
		return how, text
	}
	var label inlineText
	label.add(how, text)
	return plainText, link(label.take(), target)
}

func adfMention(n field) string {
	name := firstOf(n, "text")
	if name == "" {
		name = n.at("attrs", "id").text()
	}
	return "@" + strings.TrimPrefix(name, "@")
}

// adfDate shows a date node, which holds milliseconds since 1970 as text.
func adfDate(n field) string {
	stamp := n.at("attrs", "timestamp").text()
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return stamp
	}
	return time.UnixMilli(ms).UTC().Format(time.DateOnly)
}

func adfCard(n field) string {
	address := firstOf(n, "url")
	if address == "" {
		address = n.at("attrs", "data", "url").text()
	}
	return link(n.at("attrs", "data", "name").text(), address)
}

// adfMedia names a picture or file by its alternative text; its address is
// never shown, since fetching one can carry data out.
func adfMedia(n field) string {
	if alt := oneLine(firstOf(n, "alt", "fileName", "__fileName")); alt != "" {
		return "[image: " + alt + "]"
	}
	return "[image]"
}

func adfExtension(n field) string {
	if text := firstOf(n, "text"); text != "" {
		return text
	}
	params, _ := n.at("attrs", "parameters", "macroParams").value.(map[string]any)
	values := map[string]string{}
	for name, v := range params {
		values[name] = field{v}.at("value").text()
	}
	return macroNote(n.at("attrs", "extensionKey").text(), values)
}

// adfUnknown finds the text of a leaf that no one has told us about.
func adfUnknown(n field) string {
	if s := n.text(); s != "" {
		return s
	}
	if s := n.at("text").text(); s != "" {
		return s
	}
	text := firstOf(n, "text", "title", "name", "alt", "shortName")
	return link(text, firstOf(n, "url", "href"))
}

// firstOf is the first of these attributes that holds text.
func firstOf(n field, names ...string) string {
	for _, name := range names {
		if s := n.at("attrs", name).text(); s != "" {
			return s
		}
	}
	return ""
}

// adfFlat is all text below a node with nothing around it.
func adfFlat(n field) string {
	var b strings.Builder
	writeFlat(&b, n)
	return b.String()
}

// writeFlat recurses as deep as the document goes; the JSON decoder stops at
// 10,000 levels.
func writeFlat(b *strings.Builder, n field) {
	kind := n.at("type").raw()
	if kind == "text" { // without marks: in code every letter counts
		b.WriteString(n.at("text").text())
		return
	}
	if inline, ok := adfInline[kind]; ok {
		b.WriteString(inline(n))
		return
	}
	kids := adfKids(n)
	if len(kids) == 0 {
		b.WriteString(adfUnknown(n))
	}
	for _, k := range kids {
		writeFlat(b, k)
	}
}

func panelKind(kind string) string {
	switch kind {
	case "info":
		return "Info"
	case "note":
		return "Note"
	case "warning":
		return "Warning"
	case "error":
		return "Error"
	case "success", "tip":
		return "Tip"
	}
	return ""
}

func boldLine(title string) []block {
	return paragraph(marked(oneLine(title), "**"))
}
