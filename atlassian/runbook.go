package atlassian

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// How a runbook was found, as FindRunbook says it.
const (
	Linked         = "linked"                                    // the incident names the page
	MatchedByTitle = "matched by title"                          // the likeliest page by its words
	MatchedInstead = "matched by title; the linked page is gone" // the same, the link answered 404
)

// FindRunbook finds the runbook of an incident: the page that the link opens,
// or else the page whose title fits the service and the incident's title best.
// The string says which: Linked, MatchedByTitle or MatchedInstead. A link to
// something that is no page of this Confluence is passed over. The error is
// ErrNothing when somebody looked and no page fits; any other says that nobody
// could look.
func (c *Client) FindRunbook(ctx context.Context, link, service, title string) (incident.Page, string, error) {
	match := MatchedByTitle
	linked, errLink := c.linkedPage(ctx, link)
	switch {
	case errLink == nil:
		return linked, Linked, nil
	case notFound(errLink):
		match = MatchedInstead
	case !errors.Is(errLink, errElsewhere):
		return incident.Page{}, "", errLink
	}
	best, err := c.likeliestRunbook(ctx, service, title)
	if errors.Is(err, ErrNothing) && match == MatchedInstead {
		return incident.Page{}, "", errLink
	}
	if err != nil {
		return incident.Page{}, "", err
	}
	p, err := c.Page(ctx, best.ID)
	if err != nil {
		return incident.Page{}, "", err
	}
	p.Excerpt = best.Excerpt
	return p, match, nil
}

// errElsewhere says that a link opens no page of this Confluence.
var errElsewhere = errors.New("the link opens no page of this Confluence")

// linkedPage reads the page a link opens. Behind another host name the same
// number may be another page, so there the title in the link has to agree.
func (c *Client) linkedPage(ctx context.Context, link string) (incident.Page, error) {
	if !strings.Contains(link, "://") {
		return incident.Page{}, errElsewhere
	}
	ref := pageRefIn(link)
	if ref.id == "" && ref.title == "" {
		return incident.Page{}, errElsewhere
	}
	if c.ownConfluence(link) {
		return c.Page(ctx, link)
	}
	if ref.title == "" {
		return incident.Page{}, errElsewhere
	}
	p, err := c.Page(ctx, link)
	switch {
	case errors.Is(err, ErrNothing), notFound(err), err == nil && strings.Join(words(p.Title), " ") != strings.Join(words(ref.title), " "):
		return incident.Page{}, errElsewhere
	}
	return p, err
}

func (c *Client) ownConfluence(link string) bool {
	return c.confluence != nil && sameHost(c.confluence.base(), link)
}

// minFit is the least fit of a page to be shown as a runbook: a service's full
// name in the title, or two of the incident title's telling words, or its only
// one.
const minFit = 4

// likeliestRunbook searches by the service's name and the title's words and
// picks by how well a page's title fits.
func (c *Client) likeliestRunbook(ctx context.Context, service, title string) (incident.Page, error) {
	name := words(service)
	about := tellingWords(title, name)
	var clauses []string
	if phrase(service) != "" {
		clauses = append(clauses, "title ~ "+cqlPhrase(service), "text ~ "+cqlPhrase(service))
	}
	if len(about) > 0 {
		clauses = append(clauses, anyWord("title", about))
	}
	if len(clauses) == 0 {
		return incident.Page{}, ErrNothing
	}
	pages, _, err := c.searchCQL(ctx, "type = page AND ("+strings.Join(clauses, " OR ")+")", maxPages)
	if err != nil {
		return incident.Page{}, err
	}
	var best incident.Page
	bestRank := 0
	for _, p := range pages {
		fit := runbookFit(p, name, about)
		if rank := fit + kindRank(p.Title); fit >= minFit && rank > bestRank {
			best, bestRank = p, rank
		}
	}
	if best.ID == "" {
		return incident.Page{}, ErrNothing
	}
	return best, nil
}

// Words of titles that say what kind of page it is.
var (
	runbookWords = []string{"runbook", "runbooks", "playbook", "sop", "troubleshooting", "oncall", "recovery", "handbook", "mitigation"}
	recordWords  = []string{"postmortem", "postmortems", "retro", "retrospective", "meeting", "minutes", "notes", "review", "rca",
		"report", "roadmap", "proposal", "rfc", "archive", "archived", "deprecated", "obsolete", "draft", "template"}
)

// runbookFit weighs how much a page is about a service and an incident.
func runbookFit(p incident.Page, name, about []string) int {
	fit := 2 * overlap(p.Title, about)
	if holdsAll(p.Title, about) {
		fit += 2
	}
	switch {
	case holdsAll(p.Title, name):
		fit += 4
	case holdsAll(p.Excerpt+" "+p.Title, name):
		fit += 2
	}
	return fit
}

// kindRank prefers a page that tells what to do to one that tells what happened.
func kindRank(title string) int {
	rank := 0
	if overlap(title, runbookWords) > 0 || strings.Contains(strings.ToLower(title), "on-call") {
		rank += 2
	}
	if overlap(title, recordWords) > 0 {
		rank -= 3
	}
	return rank
}

// pageRef names a page by number, or by title and space.
type pageRef struct{ id, space, title string }

var pageNumber = regexp.MustCompile(`^[0-9]{1,20}$`)

// pageRefIn reads a page's number or address: pageId=…, /pages/ID/Title,
// /display/SPACE/Title and the short /x/CODE.
func pageRefIn(s string) pageRef {
	s = strings.TrimSpace(s)
	if pageNumber.MatchString(s) {
		return pageRef{id: s}
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return pageRef{}
	}
	if id := u.Query().Get("pageId"); pageNumber.MatchString(id) {
		return pageRef{id: id}
	}
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for i, p := range parts {
		rest := parts[i+1:]
		switch {
		case p == "pages" && len(rest) > 0 && pageNumber.MatchString(rest[0]):
			return pageRef{id: rest[0], title: titleIn(rest[1:])}
		case p == "display" && len(rest) > 1:
			return pageRef{space: unescapeSpace(rest[0]), title: titleIn(rest[1:])}
		case p == "x" && len(rest) == 1:
			return pageRef{id: shortID(rest[0])}
		}
	}
	return pageRef{}
}

// titleIn is a title in a path, where "+" is a blank.
func titleIn(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	title, err := url.QueryUnescape(parts[len(parts)-1])
	if err != nil {
		return ""
	}
	return oneLine(title)
}

func unescapeSpace(s string) string {
	space, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return space
}

// shortID is the page number in a short link: the number's bytes, lowest
// first, in base64 with "-" for "/" and "_" for "+", its closing zeros left out.
func shortID(code string) string {
	if code == "" || len(code) > 11 {
		return ""
	}
	code = strings.NewReplacer("-", "/", "_", "+").Replace(code)
	raw, err := base64.StdEncoding.DecodeString(code + strings.Repeat("A", 11-len(code)) + "=")
	if err != nil {
		return ""
	}
	if id := binary.LittleEndian.Uint64(raw); id > 0 {
		return strconv.FormatUint(id, 10)
	}
	return ""
}
