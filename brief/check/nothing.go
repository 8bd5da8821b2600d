package check

import (
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// lookers are the tools that look where a source of the facts does, by parts of
// their names.
var lookers = map[string][]string{
	evidence.Tickets:  {"jira_search"},
	evidence.Past:     {"past_incidents", "list_incidents"},
	evidence.Related:  {"related_incidents", "list_incidents"},
	evidence.Runbook:  {"confluence_search", "confluence_get_page"},
	evidence.Changes:  {"change_events"},
	evidence.Alerts:   {"list_alerts"},
	evidence.Notes:    {"incident_notes"},
	evidence.OnCall:   {"oncalls", "escalation_policy"},
	evidence.Messages: {"slack"},
}

// looked tells whether a tool looked where the facts could not.
func (p *pass) looked(source string) bool {
	return slices.ContainsFunc(p.x.brought, func(i evidence.Item) bool {
		return i.State == evidence.Found && slices.ContainsFunc(lookers[source], func(tool string) bool { return strings.Contains(i.Source, tool) })
	})
}

// holds tells whether a source has what is denied, within the time that is denied
// for it.
func (p *pass) holds(d denied) bool {
	back := d.window()
	return slices.ContainsFunc(p.entries(d), func(at time.Time) bool {
		return back == 0 || at.IsZero() || !at.Before(p.x.facts.ReadAt.Add(-back))
	})
}

// entries are the moments of what a source has of the kind that is denied, or zero
// for what has none.
func (p *pass) entries(d denied) []time.Time {
	f := p.x.facts
	switch d.source {
	case evidence.Tickets:
		return each(p.ticketsOf(d), func(incident.Ticket) time.Time { return time.Time{} })
	case evidence.Past:
		if _, recurs := f.Recurs(); !recurs {
			return nil
		}
		return each(f.Past, func(o incident.Past) time.Time { return o.Incident.CreatedAt })
	case evidence.Related:
		return each(f.Related, func(o incident.Past) time.Time { return o.Incident.CreatedAt })
	case evidence.Changes:
		return each(p.changesOf(d), func(c incident.Change) time.Time { return c.At })
	case evidence.Runbook:
		return make([]time.Time, min(1, len(f.Runbook.ID)))
	case evidence.Alerts:
		return make([]time.Time, p.alertsOf(d))
	case evidence.Notes:
		return each(f.Notes, func(n incident.Note) time.Time { return n.At })
	case evidence.Messages:
		return each(f.Messages, func(m incident.ChatMessage) time.Time { return m.At })
	case evidence.OnCall:
		return make([]time.Time, len(f.OnCall))
	}
	return nil
}

func each[T any](all []T, at func(T) time.Time) []time.Time {
	var out []time.Time
	for _, v := range all {
		out = append(out, at(v))
	}
	return out
}

// ticketsOf are the open tickets that a denial speaks of: those that name the paged
// service when the denial does.
func (p *pass) ticketsOf(d denied) []incident.Ticket {
	service := fold(p.x.facts.Incident.Service.Name)
	var out []incident.Ticket
	for _, t := range p.x.tickets {
		text := fold(t.Summary + "\n" + t.Description + "\n" + strings.Join(t.Labels, "\n"))
		if !done(t) && (!ofIt.MatchString(d.clause) || says(text, service)) {
			out = append(out, t)
		}
	}
	return out
}

// changesOf are the changes that a denial speaks of: of the paged service when it
// names that, those shortly before the first alert when it says recent, else all.
func (p *pass) changesOf(d denied) []incident.Change {
	f := p.x.facts
	switch {
	case ofIt.MatchString(d.clause) && !p.x.changed(""):
		return nil
	case lately.MatchString(d.clause):
		return f.NearChanges()
	}
	return f.Changes
}

// alertsOf counts the alerts that a denial speaks of.
func (p *pass) alertsOf(d denied) int {
	switch all := len(p.x.facts.Alerts); {
	case areFiring.MatchString(d.clause):
		return all - p.x.recovered()
	case areRecovered.MatchString(d.clause):
		return p.x.recovered()
	default:
		return all
	}
}
