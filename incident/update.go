package incident

import (
	"cmp"
	"slices"
	"time"
)

// SameProblem is the kind of an Update that names another incident of the same
// problem. All other kinds are PagerDuty's event types without "incident.".
const SameProblem = "same_problem"

const priorityUpdated = "priority_updated"

// Update is something that happened to an incident while it was under review.
// Fields that an event does not tell are empty. Frozen: histories hold it.
type Update struct {
	Kind     string    `json:"kind"` // "acknowledged", "resolved", "annotated", …, or SameProblem
	At       time.Time `json:"at,omitzero"`
	By       string    `json:"by,omitempty"`
	Status   string    `json:"status,omitempty"` // as of then
	Urgency  string    `json:"urgency,omitempty"`
	Priority string    `json:"priority,omitempty"`
	Service  Ref       `json:"service,omitzero"`
	Note     string    `json:"note,omitempty"`
	Merged   bool      `json:"merged,omitempty"` // resolved because it went into another incident
	Other    Incident  `json:"other,omitzero"`   // of SameProblem
}

// Known drops what was told twice and puts the rest in the order in which it
// happened: webhooks come at least once, and in any order.
func Known(all []Update) []Update {
	var out []Update
	for _, u := range all {
		twice := slices.ContainsFunc(out, func(o Update) bool {
			return o.Kind == u.Kind && o.At.Equal(u.At) && o.Note == u.Note && o.Other.ID == u.Other.ID
		})
		if !twice {
			out = append(out, u)
		}
	}
	slices.SortStableFunc(out, func(a, b Update) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	return out
}

// News are the known updates, each with an urgency only when it is another one than
// before: PagerDuty has no event for that, and tells it along with whatever comes
// next.
func (i Incident) News(all []Update) []Update {
	out := Known(all)
	for n := range out {
		switch u := &out[n]; u.Urgency {
		case "", i.Urgency:
			u.Urgency = ""
		default:
			i.Urgency = u.Urgency
		}
	}
	return out
}

// After is the incident as the updates leave it.
func (i Incident) After(all []Update) Incident {
	for _, u := range Known(all) {
		if u.Kind == SameProblem {
			continue
		}
		i.Status, i.Urgency, i.Priority = cmp.Or(u.Status, i.Status), cmp.Or(u.Urgency, i.Urgency), cmp.Or(u.Priority, i.Priority)
		i.Service = cmp.Or(u.Service, i.Service)
		if u.Kind == priorityUpdated {
			i.Priority = u.Priority // it may have been taken away
		}
		switch {
		case u.Status == Resolved:
			i.ResolvedAt, i.StatusChangedBy = u.At, u.By
		case u.Status != "":
			i.ResolvedAt = time.Time{}
		}
	}
	return i
}

// Others are the incidents of the same problem, once each.
func Others(all []Update) []Incident {
	var out []Incident
	for _, u := range all {
		if u.Kind == SameProblem && !slices.ContainsFunc(out, func(o Incident) bool { return o.ID == u.Other.ID }) {
			out = append(out, u.Other)
		}
	}
	return out
}
