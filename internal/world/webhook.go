package world

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Webhook is the body of the V3 webhook (incident.triggered) that opens a
// scenario; "" is the one that the world was started for. It is the same bytes
// whenever it is asked for, as PagerDuty's repeats are. It panics on a name that
// is no scenario.
func (w *World) Webhook(scenario string) []byte {
	in := w.opening(scenario)
	p := &pagerDuty{w: w}
	s, _ := w.h.service(in.Service)
	data := p.incidentRef(in)
	delete(data, "summary")
	for k, v := range (obj{
		"type": "incident", "number": w.numbers[in.Slug], "status": "triggered", "incident_key": nil,
		"created_at": stamp(in.Opened.in(w.now)), "reopened_at": nil, "title": in.Title, "service": p.serviceRef(in.Service),
		"assignees": []obj{p.userRef(p.first(in))}, "escalation_policy": p.policyRef(s.Policy),
		"teams": []obj{p.ref(teamID(s.Team), "team", "/teams", s.Team)}, "priority": p.priority(in.Priority),
		"urgency": in.urgency(), "conference_bridge": nil, "resolve_reason": nil, "incident_type": obj{"name": "incident_default"},
	}) {
		data[k] = v
	}
	agent := p.ref(integrationID(in.Service), "inbound_integration", "/services/"+serviceID(in.Service)+"/integrations", "Events API V2")
	event := obj{
		"id": eventID(in.Slug), "event_type": "incident.triggered", "resource_type": "incident",
		"occurred_at": in.Opened.in(w.now).Format("2006-01-02T15:04:05.000Z"), "agent": agent, "client": nil, "data": data,
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(obj{"event": event}); err != nil {
		panic(fmt.Sprintf("world: webhook of %s: %v", in.Slug, err))
	}
	return bytes.TrimSpace(b.Bytes())
}

// IncidentID is the PagerDuty id of a scenario's incident; "" is the one that
// the world was started for. It panics on a name that is no scenario.
func (w *World) IncidentID(scenario string) string { return incidentID(w.opening(scenario).Slug) }

// opening is a scenario's own incident.
func (w *World) opening(scenario string) incident {
	if scenario == "" {
		scenario = w.scenario
	}
	for _, s := range w.h.Scenarios {
		if s.Slug == scenario {
			return s.Incident
		}
	}
	panic(fmt.Sprintf("world: the scenario %q is not part of this world", scenario))
}

// Sign makes the value of the header X-PagerDuty-Signature for a body.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}
