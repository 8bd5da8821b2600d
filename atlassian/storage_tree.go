package atlassian

import (
	"strings"

	"golang.org/x/net/html"

	"github.com/opsbuddy/opsbuddy/border"
)

// element is a tag, or text when name is empty, of a page's storage format.
type element struct {
	name  string
	attrs map[string]string
	kids  []*element
	text  string
	// block is set on elements that stand on lines of their own or hold one
	// that does.
	block bool
}

// maxOpenTags bounds the depth of the tree: what is opened deeper stays flat.
const maxOpenTags = 200

// blockTags stand on lines of their own. A macro is one when it has a body.
var blockTags = set(
	"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "blockquote", "pre", "hr",
	"details", "section", "ac:layout", "ac:layout-section", "ac:layout-cell", "ac:rich-text-body", "ac:plain-text-body",
	"ac:task-list", "ac:task", "ac:adf-extension", "ac:adf-content",
)

// emptyTags never have an end tag in HTML that was pasted into a page.
var emptyTags = set("br", "hr", "img", "col", "input", "wbr")

// parseStorage reads Confluence's storage format. The tokenizer is used rather
// than html.Parse because the format is XML in HTML's clothes: it has CDATA,
// whose letters must survive (html.Parse takes a code macro's body for a
// comment), and self-closing tags of its own. Broken nesting is tolerated.
func parseStorage(storage string) *element {
	root := &element{name: "page"}
	stack := []*element{root}
	z := html.NewTokenizer(strings.NewReader(storage))
	z.AllowCDATA(true)
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			closeTo(&stack, 0)
			return root
		}
		top := stack[len(stack)-1]
		switch kind {
		case html.TextToken:
			top.kids = append(top.kids, &element{text: border.Clean(tokenText(z))})
		case html.StartTagToken, html.SelfClosingTagToken:
			e := tagElement(z)
			z.NextIsNotRawText()
			top.kids = append(top.kids, e)
			if kind == html.StartTagToken && !emptyTags[e.name] && len(stack) < maxOpenTags {
				stack = append(stack, e)
			} else {
				top.block = top.block || e.block
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if i := lastOpen(stack, string(name)); i > 0 {
				closeTo(&stack, i)
			}
		}
	}
}

// tokenText is the text of a token. The tokenizer would decode entities inside
// CDATA, where "&amp;" means those five letters.
func tokenText(z *html.Tokenizer) string {
	raw := string(z.Raw())
	if body, ok := strings.CutPrefix(raw, "<![CDATA["); ok {
		return strings.TrimSuffix(body, "]]>")
	}
	return string(z.Text())
}

func tagElement(z *html.Tokenizer) *element {
	name, more := z.TagName()
	e := &element{name: string(name), block: blockTags[string(name)]}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if e.attrs == nil {
			e.attrs = map[string]string{}
		}
		e.attrs[string(key)] = border.Line(string(value))
	}
	return e
}

// lastOpen is the place of the innermost open tag of that name, or -1.
func lastOpen(stack []*element, name string) int {
	for i := len(stack) - 1; i > 0; i-- {
		if stack[i].name == name {
			return i
		}
	}
	return -1
}

// closeTo closes the open tags from the innermost up to and with place i.
func closeTo(stack *[]*element, i int) {
	for len(*stack) > max(i, 1) {
		last := len(*stack) - 1
		(*stack)[last-1].block = (*stack)[last-1].block || (*stack)[last].block
		*stack = (*stack)[:last]
	}
}

// child is the first child of that name, or an empty element.
func (e *element) child(name string) *element {
	for _, k := range e.kids {
		if k.name == name {
			return k
		}
	}
	return &element{}
}

// find is the first element of that name below e, or an empty element.
func (e *element) find(name string) *element {
	for _, k := range e.kids {
		if k.name == name {
			return k
		}
		if f := k.find(name); f.name != "" {
			return f
		}
	}
	return &element{}
}

// verbatim is all text below e as it stands, line breaks as such.
func (e *element) verbatim() string {
	var b strings.Builder
	e.writeVerbatim(&b)
	return b.String()
}

func (e *element) writeVerbatim(b *strings.Builder) {
	if e.name == "br" {
		b.WriteString("\n")
	}
	b.WriteString(e.text)
	for _, k := range e.kids {
		k.writeVerbatim(b)
	}
}

// params are the parameters of a macro by name.
func (e *element) params() map[string]string {
	out := map[string]string{}
	for _, k := range e.kids {
		if k.name == "ac:parameter" {
			out[k.attrs["ac:name"]] = oneLine(k.verbatim())
		}
	}
	return out
}

func set(names ...string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}
