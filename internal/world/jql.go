package world

import (
	"errors"
	"sort"
	"strings"
	"time"
)

// jql finds tickets. An error is what Jira would say.
func (a *atlassian) jql(text string) ([]ticket, error) {
	q, err := parseQuery(text)
	var bad *queryError
	if errors.As(err, &bad) {
		return nil, refusalf("Error in the JQL Query: %s", bad.Error())
	}
	var out []ticket
	for _, t := range a.w.h.Tickets {
		ok, err := q.where.holds(func(c *clause) (bool, error) { return a.jqlTest(c, t) })
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, t)
		}
	}
	return out, a.sortTickets(out, q.order)
}

func (a *atlassian) jqlTest(c *clause, t ticket) (bool, error) {
	now := a.w.now
	switch c.field {
	case "project":
		return a.testProject(c, t)
	case "key", "issue", "issuekey", "id":
		return c.sameAs(t.Key, idNumber(t.Key))
	case "status":
		return c.sameAs(t.Status)
	case "statuscategory":
		return c.sameAs(statusCategory(t.Status), categoryNames[statusCategory(t.Status)])
	case "assignee":
		return a.testPerson(c, t.Assignee)
	case "reporter", "creator":
		return a.testPerson(c, t.Reporter)
	case "labels":
		return c.sameAs(t.Labels...)
	case "component":
		return c.sameAs(t.Components...)
	case "priority":
		return c.sameAs(t.Priority)
	case "type", "issuetype":
		return c.sameAs(orElse(t.Type, "Task"))
	case "resolution":
		return a.testResolution(c, t)
	case "created", "createddate":
		return c.compares(t.Created.in(now), now)
	case "updated", "updateddate":
		return c.compares(t.updated(now), now)
	case "resolved", "resolutiondate":
		return c.compares(t.resolved(now), now)
	case "summary":
		return c.contains(t.Summary)
	case "description":
		return c.contains(plainText(t.Description))
	case "comment":
		return c.contains(remarks(t))
	case "text", "textfields":
		return c.contains(t.Summary + " " + plainText(t.Description) + " " + remarks(t))
	}
	return false, refusalf("Field '%s' does not exist or you do not have permission to view it.", c.field)
}

func remarks(t ticket) string {
	var b strings.Builder
	for _, r := range t.Comments {
		b.WriteString(plainText(r.Text) + " ")
	}
	return b.String()
}

func (a *atlassian) testProject(c *clause, t ticket) (bool, error) {
	known := a.projectKeys()
	for _, v := range c.values {
		if !wantedFold(known, v.text) && !strings.EqualFold(v.text, "empty") {
			return false, refusalf("The value '%s' does not exist for the field 'project'.", v.text)
		}
	}
	return c.sameAs(t.project())
}

func wantedFold(list []string, v string) bool {
	for _, l := range list {
		if strings.EqualFold(l, v) {
			return true
		}
	}
	return false
}

func (a *atlassian) testPerson(c *clause, handle string) (bool, error) {
	who, ok := a.people[handle]
	if !ok {
		return c.sameAs()
	}
	for i, v := range c.values {
		if v.call && strings.EqualFold(v.text, "currentUser") {
			c.values[i] = value{text: a.w.h.People[0].Handle}
		}
	}
	return c.sameAs(who.Handle, who.Name, accountID(who.Handle), a.w.h.email(who))
}

func (a *atlassian) testResolution(c *clause, t ticket) (bool, error) {
	if strings.EqualFold(c.values[0].text, "unresolved") && !strings.HasPrefix(c.op, "is") {
		return t.resolved(a.w.now).IsZero() == (c.op == "="), nil
	}
	if t.resolved(a.w.now).IsZero() {
		return c.sameAs()
	}
	return c.sameAs("Done")
}

// sortTickets orders by the fields that have an order here, the latest first
// where nothing is said, as Jira does.
func (a *atlassian) sortTickets(all []ticket, order []ordering) error {
	keys := map[string]func(ticket) string{
		"created": func(t ticket) string { return t.Created.in(a.w.now).Format(time.RFC3339) },
		"updated": func(t ticket) string { return t.updated(a.w.now).Format(time.RFC3339) },
		"key":     func(t ticket) string { return t.project() + paddedNumber(number(t.Key[strings.Index(t.Key, "-")+1:])) },
		"status":  func(t ticket) string { return t.Status },
		"summary": func(t ticket) string { return t.Summary },
		"priority": func(t ticket) string {
			return map[string]string{"Highest": "5", "High": "4", "Medium": "3", "Low": "2", "Lowest": "1"}[t.Priority]
		},
		"resolved": func(t ticket) string { return t.resolved(a.w.now).Format(time.RFC3339) },
	}
	for same, as := range map[string]string{"createddate": "created", "updateddate": "updated", "issuekey": "key", "resolutiondate": "resolved"} {
		keys[same] = keys[as]
	}
	if len(order) == 0 {
		order = []ordering{{field: "created", down: true}}
	}
	for _, o := range order {
		if keys[o.field] == nil {
			return refusalf("Field '%s' does not exist or you do not have permission to view it.", o.field)
		}
	}
	sort.SliceStable(all, func(i, j int) bool {
		for _, o := range order {
			x, y := keys[o.field](all[i]), keys[o.field](all[j])
			if x != y {
				return (x < y) != o.down
			}
		}
		return false
	})
	return nil
}
