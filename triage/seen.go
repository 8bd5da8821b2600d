package triage

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/brief"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/triage/problem"
)

// Seen is an earlier review of the same problem since which nothing that matters
// has changed. Frozen: histories hold it.
type Seen struct {
	Incident incident.Incident `json:"incident,omitzero"`
	At       time.Time         `json:"at,omitzero"` // when its facts were read
	Brief    string            `json:"brief,omitempty"`
	Items    []evidence.Item   `json:"items,omitempty"` // what its tools brought
}

// Bounds of what an earlier review hands on.
const (
	maxSeenItems = 12
	maxSeenText  = 3_000 // characters of one item
	earlierTool  = "earlier review, "
)

// seenBefore decides whether a review can start from an earlier one: that was
// finished, its alerts are the same, and neither a change, a ticket nor the runbook
// has moved since. Where that cannot be known, it cannot.
func seenBefore(earlier incident.Incident, out core.Outputs, now evidence.Facts) Seen {
	var then FactsOutput
	var said BriefOutput
	var review agent.Result
	for step, v := range map[string]any{"facts": &then, "brief": &said, "review": &review} {
		if ok, err := out.Get(step, v); !ok || err != nil {
			return Seen{}
		}
	}
	if said.Outcome != string(brief.Full) || !sameState(then.Facts, now) {
		return Seen{}
	}
	s := Seen{Incident: earlier, At: then.ReadAt, Brief: said.Markdown}
	for _, i := range then.Facts.Items {
		if strings.HasPrefix(i.Source, earlierTool) {
			s.Items = append(s.Items, i)
		}
	}
	for _, o := range review.Observations {
		if !o.Failed {
			i := item(o)
			i.Source = earlierTool + i.Source
			s.Items = append(s.Items, i)
		}
	}
	s.Items = s.Items[max(0, len(s.Items)-maxSeenItems):]
	for i := range s.Items {
		if r := []rune(s.Items[i].Text); len(r) > maxSeenText {
			s.Items[i].Text = string(r[:maxSeenText])
		}
	}
	return s
}

// sameState compares what a brief depends on.
func sameState(then, now evidence.Facts) bool {
	for _, source := range []string{evidence.Alerts, evidence.Changes, evidence.Tickets, evidence.Runbook} {
		if then.State(source) == evidence.Unread || now.State(source) == evidence.Unread {
			return false
		}
	}
	moved := slices.ContainsFunc(now.Changes, func(c incident.Change) bool { return !c.At.Before(then.ReadAt) })
	return !moved && then.Runbook.Markdown == now.Runbook.Markdown && slices.Equal(tickets(then), tickets(now)) &&
		alertsKey(then) != "" && alertsKey(then) == alertsKey(now)
}

func tickets(f evidence.Facts) []string {
	var all []string
	for _, t := range f.Tickets {
		all = append(all, strings.Join([]string{t.Key, t.Status, t.Assignee}, " "))
	}
	slices.SortFunc(all, cmp.Compare[string])
	return all
}

// alertsKey is what makes the alerts of an incident those of another one.
func alertsKey(f evidence.Facts) string {
	keys := problem.Keys(f)
	i := slices.IndexFunc(keys, func(k string) bool { return strings.HasPrefix(k, "alerts ") })
	if i < 0 {
		return ""
	}
	return keys[i]
}

// with adds what the earlier review's tools brought to the facts.
func (s Seen) with(f evidence.Facts) evidence.Facts {
	f.Items = slices.Clone(f.Items)
	for _, i := range s.Items {
		i.Number = len(f.Items) + 1
		f.Items = append(f.Items, i)
	}
	return f
}
