package pagerduty

import (
	"strings"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Updates is what a review under way is told of its incident. The name never
// changes: open reviews hear it.
var Updates = core.SignalOf[incident.Update](UpdatesName)

// UpdatesName is the name of the signal, for references.
const UpdatesName = "incident_updates"

// telling are the events that matter to somebody who reads a brief.
var telling = map[string]bool{
	"incident.acknowledged": true, "incident.unacknowledged": true, "incident.resolved": true, Reopened: true,
	"incident.escalated": true, "incident.reassigned": true, "incident.priority_updated": true, "incident.service_updated": true, annotated: true,
}

// tell makes what a review under way is told of an event; nil when it is nothing.
// Events that do not name their service pass: only a wanted incident is under
// review.
func (d door) tell(e Event) *core.Tell {
	service := e.Incident.Service
	wanted := len(d.filter.services) == 0 || !e.ServiceKnown || d.filter.services[service.ID] || d.filter.services[service.Name] ||
		e.Type == "incident.service_updated"
	if !telling[e.Type] || !wanted || !validID(e.Incident.ID) {
		return nil
	}
	return &core.Tell{WorkflowID: WorkflowID(e.Incident.ID), Signal: UpdatesName, Value: e.update()}
}

func (e Event) update() incident.Update {
	i := e.Incident
	return incident.Update{
		Kind: strings.TrimPrefix(e.Type, aboutPrefix), At: e.OccurredAt, By: e.By, Status: i.Status, Urgency: i.Urgency,
		Priority: i.Priority, Service: i.Service, Note: e.Note, Merged: e.ResolvedByMerge,
	}
}
