package atlassian

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of what is read from Jira. A list line needs no more of a description
// than what it is about; one ticket is read for its content.
const (
	maxSearchPages       = 4
	searchPageSize       = 50
	maxTickets           = 100
	defaultTickets       = 20
	maxListDescription   = 600
	maxTicketDescription = 16 << 10
	maxComments          = 10
	maxComment           = 4 << 10
)

// ticketFields are the fields that are asked for and used.
var ticketFields = []string{"summary", "status", "assignee", "priority", "labels", "created", "updated", "resolutiondate", "description"}

// SearchTickets finds tickets by words, newest change first.
func (c *Client) SearchTickets(ctx context.Context, q Query) ([]incident.Ticket, incident.Cut, error) {
	jql, err := q.jql()
	if err != nil {
		return nil, incident.Cut{}, err
	}
	return c.Search(ctx, jql, q.Limit)
}

// TicketsAbout finds open tickets, and those closed in the last 30 days, that
// name a service or share two telling words with a title. The likeliest come
// first, among equals the newest. At most 20 are returned.
func (c *Client) TicketsAbout(ctx context.Context, service string, title []string) ([]incident.Ticket, incident.Cut, error) {
	found, cut, err := c.SearchTickets(ctx, Query{Service: service, Words: title, ClosedDays: 30, Limit: searchPageSize})
	if err != nil {
		return nil, incident.Cut{}, err
	}
	name := words(service)
	about := tellingWords(strings.Join(title, " "), name)
	score := func(t incident.Ticket) int {
		n := 2 * overlap(t.Summary, about)
		if holdsAll(t.Summary+" "+strings.Join(t.Labels, " "), name) {
			n += 3
		}
		if t.StatusCategory != "done" {
			n++
		}
		return n
	}
	slices.SortStableFunc(found, func(a, b incident.Ticket) int { return score(b) - score(a) })
	if len(found) > defaultTickets {
		found = found[:defaultTickets]
		cut.Shown = len(found)
	}
	return found, cut, nil
}

// Search finds tickets by JQL, at most limit of them (0 means 20, never more
// than 100). A query without an order is read newest change first.
func (c *Client) Search(ctx context.Context, jql string, limit int) ([]incident.Ticket, incident.Cut, error) {
	jql, err := newestFirst(jql)
	if err != nil {
		return nil, incident.Cut{}, err
	}
	if limit <= 0 {
		limit = defaultTickets
	}
	limit = min(limit, maxTickets)
	server, err := c.jiraIsServer(ctx)
	if err != nil {
		return nil, incident.Cut{}, err
	}
	s := &ticketSearch{c: c, jql: jql, limit: limit, server: server, seen: map[string]bool{}, total: -1}
	if err := s.run(ctx); err != nil {
		return nil, incident.Cut{}, err
	}
	if len(s.tickets) == 0 && s.read > 0 { // an empty list would say that there are none
		return nil, incident.Cut{}, errNoAnswer("Jira", fmt.Sprintf("the answer holds %d issues without a key", s.read))
	}
	return s.tickets, s.cut(), nil
}

// ticketSearch is one search over its pages.
type ticketSearch struct {
	c       *Client
	jql     string
	limit   int
	server  bool
	tickets []incident.Ticket
	seen    map[string]bool // keys and page tokens
	read    int             // records read, odd ones too
	total   int             // -1: not known
	token   string
	done    bool // Jira said that there is no more
}

func (s *ticketSearch) run(ctx context.Context) error {
	for range maxSearchPages {
		page, err := s.page(ctx)
		if err != nil {
			return err
		}
		issues, ok := page.at("issues").list()
		if !ok {
			return errNoAnswer("Jira", "the answer holds no list of issues")
		}
		for _, i := range issues {
			s.add(i)
		}
		s.read += len(issues)
		if !s.more(page, len(issues)) || len(s.tickets) >= s.limit {
			return nil
		}
	}
	return nil
}

func (s *ticketSearch) page(ctx context.Context) (field, error) {
	body := map[string]any{"jql": s.jql, "maxResults": min(searchPageSize, s.limit), "fields": ticketFields}
	path := "/rest/api/3/search/jql"
	if s.server {
		path = "/rest/api/2/search"
		body["startAt"] = s.read
	} else if s.token != "" {
		body["nextPageToken"] = s.token
	}
	return s.c.jira.call(ctx, request{method: http.MethodPost, path: path, body: body})
}

// add keeps a ticket once; a record without a key is none.
func (s *ticketSearch) add(f field) {
	t := s.c.ticket(f)
	if t.Key == "" || s.seen[t.Key] || len(s.tickets) >= s.limit {
		return
	}
	s.seen[t.Key] = true
	t.Description = cutText(t.Description, maxListDescription)
	s.tickets = append(s.tickets, t)
}

// more moves to the next page and reports whether there is one worth reading.
// A page token that comes again would be read for ever (prowler#12539).
func (s *ticketSearch) more(page field, got int) bool {
	if s.server {
		s.total = page.at("total").number(-1)
		s.done = s.total >= 0 && s.read >= s.total
		return !s.done && got > 0
	}
	next := page.at("nextPageToken").raw()
	s.done = page.at("isLast").flag() || next == "" && !page.has("isLast")
	if s.done || next == "" || s.seen["token "+next] {
		return false
	}
	s.seen["token "+next] = true
	s.token = next
	return true
}

// cut says how much was read. A record without a key counts as left out.
func (s *ticketSearch) cut() incident.Cut {
	shown := len(s.tickets)
	switch {
	case s.total >= 0:
		return incident.Cut{Shown: shown, Total: max(s.total, shown)}
	case s.done:
		return incident.Cut{Shown: shown, Total: s.read}
	}
	return incident.Cut{Shown: shown, Total: -1}
}

var issueKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]*-[0-9]+$`)

// Ticket reads one ticket with its newest comments, newest first. Cut counts
// the comments. key may be the address of the ticket's page.
func (c *Client) Ticket(ctx context.Context, key string) (incident.Ticket, incident.Cut, error) {
	key = keyIn(key)
	if !issueKey.MatchString(key) {
		return incident.Ticket{}, incident.Cut{}, errors.New("that is no Jira key; give one like PAY-123")
	}
	server, err := c.jiraIsServer(ctx)
	if err != nil {
		return incident.Ticket{}, incident.Cut{}, err
	}
	path := "/rest/api/3/issue/" + key
	if server {
		path = "/rest/api/2/issue/" + key
	}
	fields := strings.Join(append(slices.Clone(ticketFields), "comment"), ",")
	answer, err := c.jira.call(ctx, request{path: path, query: url.Values{"fields": {fields}}})
	if err != nil {
		return incident.Ticket{}, incident.Cut{}, fmt.Errorf("ticket %s: %w", key, err)
	}
	t := c.ticket(answer)
	if t.Key == "" {
		return incident.Ticket{}, incident.Cut{}, fmt.Errorf("ticket %s: %w", key, errNoAnswer("Jira", "the answer is no issue"))
	}
	t.Description = cutText(t.Description, maxTicketDescription)
	var cut incident.Cut
	t.Comments, cut = c.comments(ctx, path, answer.at("fields", "comment"))
	return t, cut, nil
}

// comments are the newest comments. The ticket's answer holds the oldest ones
// when there are many; then the newest are asked for. When that fails, what is
// there is kept and the count says that it is not all.
func (c *Client) comments(ctx context.Context, issuePath string, f field) ([]incident.Note, incident.Cut) {
	list, _ := f.at("comments").list()
	total := f.at("total").number(len(list))
	if total > len(list) {
		query := url.Values{"orderBy": {"-created"}, "maxResults": {fmt.Sprint(maxComments)}}
		answer, err := c.jira.call(ctx, request{path: issuePath + "/comment", query: query})
		if newest, ok := answer.at("comments").list(); ok && err == nil {
			list = newest
		} else {
			c.log.WarnContext(ctx, "newest comments not read", "path", issuePath, "error", err)
		}
	}
	notes := make([]incident.Note, 0, len(list))
	for _, n := range list {
		note := incident.Note{
			ID: n.at("id").line(), Author: n.at("author", "displayName").line(), At: n.at("created").time(),
			Text: cutText(adfText(n.at("body")), maxComment),
		}
		if note.Text != "" {
			notes = append(notes, note)
		}
	}
	slices.SortStableFunc(notes, func(a, b incident.Note) int { return b.At.Compare(a.At) })
	notes = notes[:min(len(notes), maxComments)]
	return notes, incident.Cut{Shown: len(notes), Total: max(total, len(notes))}
}

// ticket reads an issue; every field may be null or missing.
func (c *Client) ticket(f field) incident.Ticket {
	in := f.at("fields")
	t := incident.Ticket{
		Key: f.at("key").line(), Summary: in.at("summary").line(),
		Status: in.at("status", "name").line(), StatusCategory: in.at("status", "statusCategory", "key").line(),
		Assignee: in.at("assignee", "displayName").line(), Priority: in.at("priority", "name").line(),
		Created: in.at("created").time(), Updated: in.at("updated").time(), Resolved: in.at("resolutiondate").time(),
		Description: adfText(in.at("description")),
	}
	if t.Assignee == "" {
		t.Assignee = in.at("assignee", "name").line()
	}
	labels, _ := in.at("labels").list()
	for _, l := range labels {
		if s := l.line(); s != "" {
			t.Labels = append(t.Labels, s)
		}
	}
	if t.Key != "" {
		t.URL = c.jiraWeb() + "/browse/" + url.PathEscape(t.Key)
	}
	return t
}

// keyIn finds the key in a key or in the address of a ticket's page.
func keyIn(s string) string {
	s = strings.TrimSpace(s)
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		_, s, _ = strings.Cut(u.Path, "/browse/")
		s, _, _ = strings.Cut(s, "/")
		s = firstText(s, u.Query().Get("selectedIssue"))
	}
	return strings.ToUpper(s)
}
