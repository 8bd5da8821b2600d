package slack

import (
	"html"
	"strings"

	"github.com/yuin/goldmark/util"
)

// formTags are the tags that are only form. Any other, such as the <pod> of a
// command, is text: people fill it in.
var formTags = func() map[string]bool {
	tags := map[string]bool{}
	for t := range strings.FieldsSeq("a abbr b blockquote br center code dd del details div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins " +
		"kbd li mark ol p pre s samp small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul") {
		tags[t] = true
	}
	return tags
}()

// plainHTML shows what a person would see of HTML in Markdown: comments vanish,
// <br> is a line break, other tags of form go and their text stays. What is no
// tag of form, such as <!channel> or <pod>, is text.
func plainHTML(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		b.WriteString(entities(s[:i]))
		s = s[i:]
		if rest, ok := strings.CutPrefix(s, "<!--"); ok {
			_, s, _ = strings.Cut(rest, "-->")
			continue
		}
		end := strings.IndexByte(s, '>')
		if end < 0 {
			b.WriteString(entities(s))
			break
		}
		b.WriteString(plainTag(s[:end+1]))
		s = s[end+1:]
	}
	return b.String()
}

// plainTag is what is seen of one tag.
func plainTag(tag string) string {
	name := strings.ToLower(strings.Trim(tag, "</>"))
	if i := strings.IndexAny(name, " \t\n/"); i >= 0 {
		name = name[:i]
	}
	switch {
	case name == "br":
		return "\n"
	case formTags[name]:
		return ""
	}
	return tag
}

const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

// unescape resolves Markdown's backslashes and entities, each exactly once.
func unescape(s string) string { return resolve(s, true) }

// entities resolves HTML's entities, each exactly once.
func entities(s string) string { return resolve(s, false) }

func resolve(s string, backslashes bool) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if backslashes && s[i] == '\\' && i+1 < len(s) && strings.IndexByte(punctuation, s[i+1]) >= 0 {
			i++
		} else if means, size := entity(s[i:]); size > 0 {
			b.WriteString(means)
			i += size - 1
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// entity reads the entity that s begins with. Only whole ones count: in
// ?a=1&copy=2 there is none.
func entity(s string) (string, int) {
	end := strings.IndexByte(s, ';')
	if s[0] != '&' || end < 2 || end > 32 {
		return "", 0
	}
	if s[1] == '#' {
		if r := html.UnescapeString(s[:end+1]); !strings.HasSuffix(r, ";") {
			return r, end + 1
		}
		return "", 0
	}
	if e, ok := util.LookUpHTML5EntityByName(s[1:end]); ok {
		return string(e.Characters), end + 1
	}
	return "", 0
}
