// Package evidencetest changes facts as tests need them. Plain values; it belongs
// to neither side of the workflow line.
package evidencetest

import (
	"slices"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Without is what the facts would be if one source had been in another state: not
// read, not set up, or with nothing in it.
func Without(f evidence.Facts, source string, state evidence.State) evidence.Facts {
	f.Items = slices.Clone(f.Items)
	for n := range f.Items {
		if f.Items[n].Source == source {
			f.Items[n].State, f.Items[n].Text = state, ""
		}
	}
	switch source {
	case evidence.Tickets:
		f.Tickets, f.TicketsCut = nil, incident.Cut{}
	case evidence.Past:
		f.Past = nil
	case evidence.Related:
		f.Related = nil
	case evidence.Changes:
		f.Changes = nil
	case evidence.Runbook:
		f.Runbook, f.RunbookMatch = incident.Page{}, ""
	case evidence.Alerts:
		f.Alerts, f.AlertsCut = nil, incident.Cut{}
	case evidence.Notes:
		f.Notes = nil
	case evidence.Messages:
		f.Messages = nil
	case evidence.OnCall:
		f.OnCall = nil
	}
	return f
}
