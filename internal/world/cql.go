package world

import (
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"
)

// hit is a page that a search found.
type hit struct {
	page  page
	text  string   // of the page, without marks
	words []string // that were searched for
	score int
}

// excerptLen is about what Confluence shows of a page.
const excerptLen = 260

// excerpt is the part of the page around the first word that was searched for.
func (h hit) excerpt() string {
	low := strings.ToLower(h.text)
	from := 0
	for _, w := range h.words {
		if i := strings.Index(low, w); i >= 0 {
			from = max(0, i-60)
			break
		}
	}
	part := h.text[min(from, len(h.text)):]
	return strings.ToValidUTF8(part[:min(excerptLen, len(part))], "")
}

// highlight marks the words that were searched for, as Confluence does.
func highlight(text string, words []string) string {
	for _, w := range words {
		if i := strings.Index(strings.ToLower(text), w); i >= 0 && len(strings.ToLower(text)) == len(text) {
			text = text[:i] + "@@@hl@@@" + text[i:i+len(w)] + "@@@endhl@@@" + text[i+len(w):]
		}
	}
	return text
}

// hits runs a CQL query, and answers itself when the query is at fault.
func (a *atlassian) hits(rw http.ResponseWriter, r *http.Request) ([]hit, bool) {
	cql := r.URL.Query().Get("cql")
	q, err := parseQuery(cql)
	if err != nil || strings.TrimSpace(cql) == "" {
		wikiError(rw, http.StatusBadRequest, "Could not parse cql : "+cql)
		return nil, false
	}
	words := searched(q.where)
	var out []hit
	for _, p := range a.w.h.Pages {
		h := hit{page: p, text: plainText(p.Body), words: words}
		ok, err := q.where.holds(func(c *clause) (bool, error) { return a.cqlTest(c, h) })
		if err != nil {
			wikiError(rw, http.StatusBadRequest, "Could not parse cql : "+cql+": "+err.Error())
			return nil, false
		}
		if ok {
			h.score = relevance(h)
			out = append(out, h)
		}
	}
	a.sortHits(out, q.order)
	return out, true
}

// searched are the words of a query's text searches.
func searched(c *clause) []string {
	if c == nil {
		return nil
	}
	var out []string
	if c.op == "~" {
		out = textWords(c.values[0].text)
	}
	for _, part := range c.of {
		out = append(out, searched(part)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// relevance counts the words found, those of the title more.
func relevance(h hit) int {
	title, body := textWords(h.page.Title), textWords(h.text)
	n := 0
	for _, w := range h.words {
		if slices.Contains(title, w) {
			n += 5
		}
		if slices.Contains(body, w) {
			n++
		}
	}
	return n
}

func (a *atlassian) cqlTest(c *clause, h hit) (bool, error) {
	p := h.page
	switch c.field {
	case "type":
		return c.sameAs("page")
	case "space", "space.key":
		return c.sameAs(p.Space)
	case "space.type", "space.title":
		return c.sameAs("global", p.Space)
	case "id", "content":
		return c.sameAs(p.ID)
	case "label":
		return c.sameAs(p.Labels...)
	case "title":
		return c.contains(p.Title)
	case "text", "sitesearch":
		return c.contains(p.Title + " " + h.text)
	case "creator", "contributor":
		who := a.people[p.By]
		return c.sameAs(who.Handle, who.Name, accountID(p.By))
	case "created", "lastmodified":
		return c.compares(p.Updated.in(a.w.now), a.w.now)
	}
	return false, refusalf("unknown field %q", c.field)
}

// sortHits orders by what the query says, else by relevance.
func (a *atlassian) sortHits(all []hit, order []ordering) {
	sort.SliceStable(all, func(i, j int) bool { return all[i].score > all[j].score })
	for _, o := range slices.Backward(order) {
		key := func(h hit) string { return h.page.Title }
		if o.field == "lastmodified" || o.field == "created" {
			key = func(h hit) string { return h.page.Updated.in(a.w.now).Format(time.RFC3339) }
		}
		sort.SliceStable(all, func(i, j int) bool {
			if o.down {
				return key(all[i]) > key(all[j])
			}
			return key(all[i]) < key(all[j])
		})
	}
}
