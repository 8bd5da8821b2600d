package evidence

import (
	"time"

	"github.com/opsbuddy/opsbuddy/incident"
)

// Facts is everything that was gathered about one incident. Frozen: histories
// hold it; every list is capped by its reader.
type Facts struct {
	Incident     incident.Incident      `json:"incident"`
	Alerts       []incident.Alert       `json:"alerts,omitempty"`
	AlertsCut    incident.Cut           `json:"alerts_cut"`
	Notes        []incident.Note        `json:"notes,omitempty"`
	Log          []incident.LogEntry    `json:"log,omitempty"`
	Past         []incident.Past        `json:"past,omitempty"`
	Related      []incident.Past        `json:"related,omitempty"`
	Changes      []incident.Change      `json:"changes,omitempty"`
	OnCall       []incident.OnCall      `json:"on_call,omitempty"`
	Tickets      []incident.Ticket      `json:"tickets,omitempty"`
	TicketsCut   incident.Cut           `json:"tickets_cut"`
	Runbook      incident.Page          `json:"runbook,omitzero"`
	RunbookMatch string                 `json:"runbook_match,omitempty"` // "linked …" or "matched by title"
	Channel      incident.Channel       `json:"channel,omitzero"`
	Messages     []incident.ChatMessage `json:"messages,omitempty"`
	Items        []Item                 `json:"items"`
	ReadAt       time.Time              `json:"read_at"`
}

// State says how looking into a source went.
func (f Facts) State(source string) State {
	for _, i := range f.Items {
		if i.Source == source {
			return i.State
		}
	}
	return NotSetUp
}

// Item finds the evidence of a source.
func (f Facts) Item(source string) (Item, bool) {
	for _, i := range f.Items {
		if i.Source == source {
			return i, true
		}
	}
	return Item{}, false
}

// Unread lists the sources that could not be looked into.
func (f Facts) Unread() []Item {
	var out []Item
	for _, i := range f.Items {
		if i.State == Unread {
			out = append(out, i)
		}
	}
	return out
}

// The sources, by the names that a brief shows.
const (
	Incident  = "PagerDuty incident"
	Alerts    = "PagerDuty alerts"
	Notes     = "PagerDuty notes"
	Log       = "PagerDuty log"
	Past      = "PagerDuty past incidents"
	Related   = "PagerDuty related incidents"
	Changes   = "PagerDuty change events"
	OnCall    = "PagerDuty on-call"
	Tickets   = "Jira tickets"
	Runbook   = "Confluence runbook"
	Messages  = "Slack channel"
	Derived   = "computed from the evidence"
	Since     = "PagerDuty events since the review began"
	sourceCap = 8 * time.Second // how long one source may take
)
