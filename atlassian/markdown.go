package atlassian

import (
	"net/url"
	"strconv"
	"strings"
)

// maxNesting is how deep lists, quotes and tables are shown as such. What is
// nested deeper is shown flat: prefixing a line once per level would make the
// output grow with the square of a hostile document's depth.
const maxNesting = 24

// block is a piece of Markdown that stands on lines of its own.
type block struct {
	text string
	// fence marks code. It stands at column 0 whatever it is nested in, since a
	// heredoc, YAML or a copied command does not survive an indent or a "> ".
	fence bool
	// item marks a list item, which needs no blank line before the next one.
	item bool
}

// joinBlocks writes blocks as one text.
func joinBlocks(blocks []block) string {
	var b strings.Builder
	var last block
	for _, cur := range blocks {
		if cur.text == "" {
			continue
		}
		switch {
		case b.Len() == 0:
		case cur.item && last.item:
			b.WriteString("\n")
		default:
			b.WriteString("\n\n")
		}
		b.WriteString(cur.text)
		last = cur
	}
	return b.String()
}

// paragraph is inline text as a block, without blank lines inside. A line that
// would open a fence is escaped: it would take all that follows for code.
func paragraph(text string) []block {
	lines := strings.Split(text, "\n")
	kept := lines[:0]
	for _, l := range lines {
		l = strings.TrimSpace(l)
		if fenceAfter("", l) != "" || strings.HasPrefix(l, "~~~") {
			l = `\` + l
		}
		if l != "" {
			kept = append(kept, l)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return []block{{text: strings.Join(kept, "\n")}}
}

// heading is a heading of level 1 to 6.
func heading(level int, text string) []block {
	text = oneLine(text)
	if text == "" {
		return nil
	}
	return []block{{text: strings.Repeat("#", min(max(level, 1), 6)) + " " + text}}
}

// fence is code as it stands. Its marks are longer than any run of backticks
// in the code, and the language stands on the opening line, never in the code.
func fence(code, language string) []block {
	code = strings.ReplaceAll(code, "\r\n", "\n")
	code = strings.Trim(code, "\n")
	if strings.TrimSpace(code) == "" {
		return nil
	}
	marks := strings.Repeat("`", max(3, longestRun(code, '`')+1))
	return []block{{text: marks + languageName(language) + "\n" + code + "\n" + marks, fence: true}}
}

func languageName(s string) string {
	keep := func(r rune) rune {
		if r == '-' || r == '+' || r == '#' || r == '.' || r == '_' || isWordRune(r) {
			return r
		}
		return -1
	}
	return clip(strings.Map(keep, s), 20)
}

// codeSpan is inline code as it stands; each of its lines is a span.
func codeSpan(code string) string {
	lines := strings.Split(strings.Trim(code, "\n"), "\n")
	for i, l := range lines {
		lines[i] = codeLine(l)
	}
	return strings.Join(lines, "\n")
}

func codeLine(code string) string {
	if strings.TrimSpace(code) == "" {
		return code
	}
	marks := strings.Repeat("`", longestRun(code, '`')+1)
	if len(marks) > 1 { // CommonMark strips one space of padding on each side
		return marks + " " + code + " " + marks
	}
	return marks + code + marks
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// marked puts emphasis marks around text, its outer blanks left outside. Text
// that holds the mark's own character keeps its letters and loses the marks.
func marked(text, mark string) string {
	inner := strings.TrimSpace(text)
	if inner == "" || strings.Contains(inner, mark[:1]) || strings.Contains(inner, "\n") {
		return text
	}
	before, after, _ := strings.Cut(text, inner)
	return before + mark + inner + mark + after
}

// link is a link to a web or mail address; any other target leaves the text.
func link(text, target string) string {
	target = webAddress(target)
	label := oneLine(text)
	switch {
	case target == "":
		return text
	case label == "" || label == target:
		return target
	case strings.ContainsAny(label, "[]"):
		return label + " (" + target + ")"
	case strings.ContainsAny(target, "()"):
		return "[" + label + "](<" + target + ">)"
	default:
		return "[" + label + "](" + target + ")"
	}
}

// webAddress keeps http, https and mailto addresses on one line without
// characters that would end a link early; others become "".
func webAddress(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || (u.Host == "" && u.Opaque == "") {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "mailto":
		return strings.NewReplacer(" ", "%20", "<", "%3C", ">", "%3E", "|", "%7C", "\n", "", "\t", "").Replace(s)
	}
	return ""
}

// quote is a box or a quotation: its lines behind "> ", its code beside them.
func quote(kind, title string, blocks []block) []block {
	label := boxLabel(kind, title)
	if label != "" {
		blocks = withLabel(label, blocks)
	}
	out := make([]block, 0, len(blocks))
	for i := 0; i < len(blocks); {
		if blocks[i].fence {
			out = append(out, blocks[i])
			i++
			continue
		}
		j := i
		for j < len(blocks) && !blocks[j].fence {
			j++
		}
		if text := joinBlocks(blocks[i:j]); text != "" {
			out = append(out, block{text: prefixLines(text, "> ")})
		}
		i = j
	}
	return out
}

func boxLabel(kind, title string) string {
	title = oneLine(title)
	switch {
	case kind == "":
		return title
	case title == "":
		return kind
	default:
		return kind + ": " + title
	}
}

// withLabel puts a bold label before the first text of a box.
func withLabel(label string, blocks []block) []block {
	bold := marked(label+":", "**")
	if len(blocks) > 0 && !blocks[0].fence && !blocks[0].item && !strings.HasPrefix(blocks[0].text, "#") {
		first := block{text: bold + " " + blocks[0].text}
		return append([]block{first}, blocks[1:]...)
	}
	return append([]block{{text: bold}}, blocks...)
}

func prefixLines(text, prefix string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(prefix+l, " ")
	}
	return strings.Join(lines, "\n")
}

// listItem is one item behind its marker; later blocks are indented under it.
func listItem(marker string, blocks []block) []block {
	if joinBlocks(blocks) == "" {
		return nil
	}
	pad := strings.Repeat(" ", len(marker))
	out := make([]block, 0, len(blocks)+1)
	if blocks[0].fence {
		out = append(out, block{text: strings.TrimSpace(marker), item: true})
	}
	for i, b := range blocks {
		switch {
		case b.fence:
			out = append(out, b)
		case i == 0:
			out = append(out, block{text: marker + strings.TrimLeft(prefixLines(b.text, pad), " "), item: true})
		default:
			out = append(out, block{text: prefixLines(b.text, pad), item: b.item})
		}
	}
	return out
}

// numberMarker is the marker of the n-th step of a numbered list.
func numberMarker(n int) string { return strconv.Itoa(n) + ". " }

// taskMarker is the marker of a task.
func taskMarker(done bool) string {
	if done {
		return "- [x] "
	}
	return "- [ ] "
}

// oneLine folds all white space into single blanks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
