package atlassian

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of what is read from Confluence. maxPageText keeps a page that goes
// into Temporal's history far from its limit of 2 MB a payload.
const (
	maxPages     = 50
	defaultPages = 10
	maxPageText  = 96 << 10
	maxExcerpt   = 400
)

// SearchPages finds pages, at most limit of them (0 means 10, never more than
// 50), in Confluence's own order, the likeliest first. query is words, or CQL,
// which is used as it is. Words are first searched for all together and, when
// no page holds them all, for any of them.
func (c *Client) SearchPages(ctx context.Context, query string, limit int) ([]incident.Page, incident.Cut, error) {
	all, anyOf, err := pageQuery(query)
	if err != nil {
		return nil, incident.Cut{}, err
	}
	pages, cut, err := c.searchCQL(ctx, all, limit)
	if err != nil || len(pages) > 0 || anyOf == "" {
		return pages, cut, err
	}
	return c.searchCQL(ctx, anyOf, limit)
}

func (c *Client) searchCQL(ctx context.Context, cql string, limit int) ([]incident.Page, incident.Cut, error) {
	if c.confluence == nil {
		return nil, incident.Cut{}, errNoConfluence
	}
	if limit <= 0 {
		limit = defaultPages
	}
	limit = min(limit, maxPages)
	answer, err := c.confluence.call(ctx, request{path: "/rest/api/search", query: url.Values{
		"cql": {cql}, "limit": {strconv.Itoa(limit)}, "expand": {"content.space,content.version"},
	}})
	if err != nil {
		return nil, incident.Cut{}, err
	}
	results, ok := answer.at("results").list()
	if !ok {
		return nil, incident.Cut{}, errNoAnswer("Confluence", "the answer holds no list of results")
	}
	pages := make([]incident.Page, 0, len(results))
	for _, r := range results {
		if p := c.found(r, answer); p.ID != "" && len(pages) < limit {
			pages = append(pages, p)
		}
	}
	return pages, pageCut(answer, len(pages), len(results)), nil
}

func pageCut(answer field, shown, read int) incident.Cut {
	total := answer.at("totalSize").number(-1)
	if total < 0 && !answer.at("_links").has("next") {
		total = read
	}
	if total >= 0 {
		total = max(total, shown)
	}
	return incident.Cut{Shown: shown, Total: total}
}

// found reads one search result. Spaces, people and the like have no id.
func (c *Client) found(r, answer field) incident.Page {
	content := r.at("content")
	p := incident.Page{
		ID: content.at("id").line(), Title: content.at("title").line(), Space: content.at("space", "key").line(),
		Updated: firstTime(r.at("lastModified"), content.at("version", "when")),
	}
	p.Excerpt, _ = border.Cut(excerpt(r.at("excerpt").raw()), maxExcerpt)
	if p.Title == "" {
		p.Title = excerpt(r.at("title").raw())
	}
	if p.Space == "" {
		p.Space = spaceIn(r.at("resultGlobalContainer", "displayUrl").raw())
	}
	path := content.at("_links", "webui").raw()
	if path == "" {
		path = r.at("url").raw()
	}
	p.URL = c.pageURL(answer.at("_links"), path, p.ID)
	return p
}

func firstTime(fields ...field) (t time.Time) {
	for _, f := range fields {
		if t = f.time(); !t.IsZero() {
			return t
		}
	}
	return t
}

// excerpt is a search excerpt without the marks around what was found, which
// otherwise end up inside commands, and with its entities decoded.
func excerpt(s string) string {
	s = strings.NewReplacer("@@@hl@@@", "", "@@@endhl@@@", "").Replace(s)
	return border.Line(html.UnescapeString(s))
}

// spaceIn is the key in "/spaces/OPS" or "/display/OPS".
func spaceIn(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range parts {
		if (p == "spaces" || p == "display") && i+1 < len(parts) {
			return border.Line(parts[i+1])
		}
	}
	return ""
}

// Page reads one page. id is its number, or the address of a page of this
// Confluence. Markdown longer than 96 KB is cut and says so at its end.
func (c *Client) Page(ctx context.Context, id string) (incident.Page, error) {
	p, err := c.wholePage(ctx, id)
	if err != nil {
		return incident.Page{}, err
	}
	if text, cut := cutMarkdown(p.Markdown, maxPageText); cut {
		p.Markdown = text + fmt.Sprintf("\n\n[cut at %d KB of %d KB]", maxPageText>>10, len(p.Markdown)>>10)
	}
	return p, nil
}

// wholePage reads a page without a cut, so that any section can be found.
func (c *Client) wholePage(ctx context.Context, id string) (incident.Page, error) {
	if c.confluence == nil {
		return incident.Page{}, errNoConfluence
	}
	ref := pageRefIn(id)
	switch {
	case ref.id != "":
		return c.pageByID(ctx, ref.id)
	case ref.title != "":
		return c.pageByTitle(ctx, ref.space, ref.title)
	}
	return incident.Page{}, errors.New("that is no page id; give the number from a search result, or the page's address")
}

const pageExpand = "body.storage,version,space"

func (c *Client) pageByID(ctx context.Context, id string) (incident.Page, error) {
	answer, err := c.confluence.call(ctx, request{path: "/rest/api/content/" + id, query: url.Values{"expand": {pageExpand}}})
	if err != nil {
		return incident.Page{}, fmt.Errorf("page %s: %w", id, err)
	}
	p := c.page(answer, answer.at("_links"))
	if p.ID == "" || !answer.at("body", "storage").has("value") {
		return incident.Page{}, fmt.Errorf("page %s: %w", id, errNoAnswer("Confluence", "the answer is no page with a body"))
	}
	return p, nil
}

func (c *Client) pageByTitle(ctx context.Context, space, title string) (incident.Page, error) {
	query := url.Values{"title": {title}, "expand": {pageExpand}, "limit": {"1"}}
	if space != "" {
		query.Set("spaceKey", space)
	}
	answer, err := c.confluence.call(ctx, request{path: "/rest/api/content", query: query})
	if err != nil {
		return incident.Page{}, fmt.Errorf("page %q: %w", border.Line(title), err)
	}
	results, ok := answer.at("results").list()
	if !ok {
		return incident.Page{}, fmt.Errorf("page %q: %w", border.Line(title), errNoAnswer("Confluence", "the answer holds no list of results"))
	}
	for _, r := range results {
		if p := c.page(r, answer.at("_links")); p.ID != "" {
			return p, nil
		}
	}
	return incident.Page{}, fmt.Errorf("page %q in space %q: %w", border.Line(title), border.Line(space), ErrNothing)
}

func (c *Client) page(f, links field) incident.Page {
	p := incident.Page{
		ID: f.at("id").line(), Title: f.at("title").line(), Space: f.at("space", "key").line(),
		Updated: f.at("version", "when").time(),
	}
	p.URL = c.pageURL(links, f.at("_links", "webui").raw(), p.ID)
	s := storage{base: c.confluenceWeb(links), space: p.Space}
	p.Markdown = s.markdown(f.at("body", "storage", "value").raw())
	return p
}

// confluenceWeb is the address people open pages under. Behind Atlassian's API
// gateway only Confluence itself knows it.
func (c *Client) confluenceWeb(links field) string {
	base := c.confluence.base()
	if web := webAddress(links.at("base").raw()); web != "" && hostOf(base) == gatewayHost {
		return strings.TrimRight(web, "/")
	}
	return base
}

func (c *Client) pageURL(links field, path, id string) string {
	switch web := c.confluenceWeb(links); {
	case strings.HasPrefix(path, "/"):
		return border.Line(webAddress(web + path))
	case id != "":
		return web + "/pages/viewpage.action?pageId=" + url.QueryEscape(id)
	}
	return ""
}
