package world

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	keyForm  = regexp.MustCompile(`^[A-Z][A-Z0-9]+-\d+$`)
	pageForm = regexp.MustCompile(`^\d+$`)
	toolForm = regexp.MustCompile(`^mcp__[a-z]+__[a-z_]+$`)
)

// records checks changes, tickets and pages, of the company or of a scenario.
func (c *checker) records(changes []change, tickets []ticket, pages []page, prefix ...any) {
	at := func(list string, i int, field string) []any {
		return append(slices.Clone(prefix), list, i, field)
	}
	for i, v := range changes {
		c.text(v.Summary, at("changes", i, "summary")...)
		c.when(v.At, at("changes", i, "at")...)
		c.each("service", c.services, v.Services, at("changes", i, "services")...)
		c.each("incident", c.incidents, v.SuspectedIn, at("changes", i, "suspected_in")...)
	}
	for i, t := range tickets {
		c.ticket(t, func(field string) []any { return at("tickets", i, field) })
	}
	for i, p := range pages {
		c.page(p, func(field string) []any { return at("pages", i, field) })
	}
}

func (c *checker) ticket(t ticket, at func(string) []any) {
	if !keyForm.MatchString(t.Key) {
		c.bad("a Jira key looks like PAY-123", at("key")...)
	}
	n := 0
	for _, o := range c.h.allTickets() {
		if o.Key == t.Key {
			n++
		}
	}
	if n > 1 {
		c.bad(fmt.Sprintf("%q is there %d times", t.Key, n), at("key")...)
	}
	c.text(t.Summary, at("summary")...)
	if statusCategory(t.Status) == "" {
		c.bad(fmt.Sprintf("there is no status %q; there are %s", t.Status, strings.Join(statusNames(), ", ")), at("status")...)
	}
	c.when(t.Created, at("created")...)
	c.known("person", c.people, t.Assignee, at("assignee")...)
	c.known("person", c.people, t.Reporter, at("reporter")...)
	for i, r := range t.Comments {
		c.known("person", c.people, r.By, append(at("comments"), i, "by")...)
		c.when(r.At, append(at("comments"), i, "at")...)
	}
}

func (c *checker) page(p page, at func(string) []any) {
	if !pageForm.MatchString(p.ID) {
		c.bad("a page id is a number", at("id")...)
	}
	c.text(p.Title, at("title")...)
	c.text(p.Space, at("space")...)
	c.when(p.Updated, at("updated")...)
	c.known("person", c.people, p.By, at("by")...)
}

func (c *checker) incident(in incident, seen map[string]bool, path ...any) {
	at := func(steps ...any) []any { return append(slices.Clone(path), steps...) }
	if !slugForm.MatchString(in.Slug) {
		c.bad("a slug is lower-case letters, digits and dashes", at("slug")...)
	}
	c.once(seen, in.Slug, at("slug")...)
	c.text(in.Title, at("title")...)
	c.text(in.Service, at("service")...)
	c.known("service", c.services, in.Service, at("service")...)
	c.when(in.Opened, at("opened")...)
	if !slices.Contains([]string{"", "high", "low"}, in.Urgency) {
		c.bad("urgency is high or low", at("urgency")...)
	}
	for field, a := range map[string]*act{"acknowledged": in.Acknowledged, "resolved": in.Resolved} {
		if a != nil {
			c.known("person", c.people, a.By, at(field, "by")...)
		}
	}
	for i, n := range in.Notes {
		c.text(n.By, at("notes", i, "by")...)
		c.known("person", c.people, n.By, at("notes", i, "by")...)
	}
	for i, a := range in.Alerts {
		c.text(a.Summary, at("alerts", i, "summary")...)
		if !slices.Contains([]string{"", "critical", "error", "warning", "info"}, a.Severity) {
			c.bad("severity is critical, error, warning or info", at("alerts", i, "severity")...)
		}
	}
	c.each("incident", c.incidents, in.Past, at("past")...)
	c.each("incident", c.incidents, in.Related, at("related")...)
}

func (c *checker) message(m message, path ...any) {
	at := func(steps ...any) []any { return append(slices.Clone(path), steps...) }
	c.when(m.At, at("at")...)
	c.text(m.By+m.Bot, at("by")...)
	c.text(m.Text, at("text")...)
	c.known("person", c.people, m.By, at("by")...)
	for i, r := range m.Replies {
		c.text(r.By+r.Bot, at("replies", i, "by")...)
		c.known("person", c.people, r.By, at("replies", i, "by")...)
	}
}

func (c *checker) scenario(s scenario, seen map[string]bool, i int) {
	at := func(steps ...any) []any { return append([]any{"scenarios", i}, steps...) }
	c.text(s.Shows, at("shows")...)
	if i := slices.IndexFunc(s.Down, func(a string) bool { return !slices.Contains(apis, API(a)) }); i >= 0 {
		c.bad(fmt.Sprintf("there is no API %q; there are %v", s.Down[i], apis), at("down", i)...)
	}
	if child(child(child(c.root, "scenarios"), i), "slug") == nil {
		c.bad("is missing", at("slug")...)
	}
	c.incident(s.Incident, seen, at("incident")...)
	for k, o := range s.Others {
		c.incident(o, seen, at("others", k)...)
	}
	c.records(s.Changes, s.Tickets, s.Pages, at()...)
	for k, m := range s.Messages {
		c.text(m.Channel, at("messages", k, "channel")...)
		c.known("channel", c.channels, m.Channel, at("messages", k, "channel")...)
		c.message(m, at("messages", k)...)
	}
	c.turns(s.Model, at)
	for k, q := range s.Questions {
		c.text(q.Asks, at("questions", k, "asks")...)
		c.text(q.Answer, at("questions", k, "answer")...)
	}
}

// turns checks that a replayed model ends in a brief and calls tools by names.
func (c *checker) turns(turns []turn, at func(...any) []any) {
	if len(turns) == 0 || turns[len(turns)-1].Brief == "" {
		c.bad("the last turn has to have a brief", at("model")...)
	}
	for i, t := range turns {
		if t.Brief == "" && len(t.Calls) == 0 {
			c.bad("a turn has calls or a brief", at("model", i)...)
		}
		for k, call := range t.Calls {
			if !toolForm.MatchString(call.Tool) {
				c.bad("a tool's name looks like mcp__pagerduty__get_incident", at("model", i, "calls", k, "tool")...)
			}
		}
	}
}
