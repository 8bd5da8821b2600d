package pagerduty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Event types by name (developer.pagerduty.com, "Webhooks overview"). More may
// be added by PagerDuty at any time, and are then skipped.
const (
	Triggered = "incident.triggered"
	Reopened  = "incident.reopened"
	// ReviewRequested is ours, for a review that a person asks for: PagerDuty never
	// sends it.
	ReviewRequested = "incident.review_requested"

	ping        = "pagey.ping"
	annotated   = "incident.annotated"
	aboutPrefix = "incident."
)

// aboutItself are the events whose data is the incident itself. All others
// carry at most a reference to it, without its service.
var aboutItself = map[string]bool{
	Triggered: true, Reopened: true, "incident.acknowledged": true, "incident.unacknowledged": true,
	"incident.resolved": true, "incident.escalated": true, "incident.reassigned": true,
	"incident.delegated": true, "incident.priority_updated": true, "incident.service_updated": true,
	"incident.incident_type.changed": true, ReviewRequested: true,
}

// Requested is the event of a person who asks for a review. No filter holds it
// back, and no webhook can carry it.
func Requested(i incident.Incident) Event {
	return Event{Type: ReviewRequested, Incident: i, ServiceKnown: i.Service != incident.Ref{}}
}

// Event is what a V3 webhook says, as far as it is used, with cleaned text.
type Event struct {
	ID         string
	Type       string // "incident.triggered"
	OccurredAt time.Time
	// Incident has no ID when the event is about none. Of most events it holds
	// only what a reference does: id, title and link.
	Incident        incident.Incident
	ServiceKnown    bool   // the payload named the incident's service
	ResolvedByMerge bool   // resolved because it was merged into another one
	Note            string // the text of incident.annotated
	By              string // who did it, a person or an integration
}

// Errors of DecodeEvent; each says what was sent in place of a V3 event.
var (
	errOldVersion = errors.New("this looks like a V1 or V2 webhook, and only V3 is supported: create a V3 webhook subscription under Integrations, Generic Webhooks (v3)")
	errNoEvent    = errors.New(`not a V3 webhook: the body has no object "event" with an "event_type"`)
)

type envelope struct {
	Event    json.RawMessage `json:"event"`
	Messages json.RawMessage `json:"messages"` // V1 and V2
}

type eventHead struct {
	ID           string          `json:"id,omitempty"`
	EventType    string          `json:"event_type"`
	ResourceType string          `json:"resource_type,omitempty"`
	OccurredAt   string          `json:"occurred_at,omitempty"`
	Agent        wireRef         `json:"agent,omitzero"`
	Data         json.RawMessage `json:"data,omitempty"`
}

// DecodeEvent reads a V3 webhook in two steps, the envelope first and the data
// by its type, since the incident stands at a different place in most of them.
// Fields that are not used, and odd values in those that can be missing, refuse
// nothing. An event of a type that is not known, or about no incident, is no
// error.
func DecodeEvent(body []byte) (Event, error) {
	head, err := decodeHead(body)
	if err != nil {
		return Event{}, err
	}
	e := Event{
		ID: shortText(head.ID, maxName), Type: shortText(head.EventType, maxName), OccurredAt: moment(head.OccurredAt),
		By: head.Agent.ref().Name,
	}
	if !strings.HasPrefix(e.Type, aboutPrefix) || len(head.Data) == 0 {
		return e, nil
	}
	var d wireData
	if err := decodeSome(head.Data, &d); err != nil {
		return Event{}, fmt.Errorf("the event's data cannot be read: %w", err)
	}
	return e.with(d), nil
}

func decodeHead(body []byte) (eventHead, error) {
	var env envelope
	if err := decodeSome(body, &env); err != nil {
		return eventHead{}, err
	}
	event := bytes.TrimSpace(env.Event)
	switch {
	case bytes.HasPrefix(event, []byte("{")):
	case len(env.Messages) > 0, bytes.HasPrefix(event, []byte(`"`)):
		return eventHead{}, errOldVersion
	default:
		return eventHead{}, errNoEvent
	}
	var head eventHead
	if err := decodeSome(event, &head); err != nil {
		return eventHead{}, err
	}
	if strings.TrimSpace(head.EventType) == "" {
		return eventHead{}, errNoEvent
	}
	return head, nil
}

// decodeSome decodes what fits and lets the rest be: the caller checks what it
// cannot do without.
func decodeSome(data []byte, v any) error {
	err := border.DecodeJSON(data, v)
	var odd *border.FieldError
	if errors.As(err, &odd) {
		return nil
	}
	return err
}

// with adds what the data of an incident's event says.
func (e Event) with(d wireData) Event {
	switch {
	case aboutItself[e.Type], d.Type == "incident":
		e.Incident = d.incident()
		e.ServiceKnown = e.Incident.Service != incident.Ref{}
		e.ResolvedByMerge = d.ResolveReason.Type == mergeReason
	case d.Incident.ID != "":
		e.Incident = d.Incident.incident()
	case len(d.RoleAssignments) > 0:
		e.Incident = d.RoleAssignments[0].Incident.incident()
	}
	if e.Type == annotated {
		e.Note = longText(d.Content, maxNote)
	}
	return e
}

// Payload is the event as a V3 webhook again, reduced to what DecodeEvent uses
// and far below the 256 KB that an argument in Temporal may have. It is what
// the flow is started with in place of the body that came in.
func (e Event) Payload() string {
	data := wireData{wireIncident: wireIncident{Type: "event_data"}, Content: e.Note}
	if aboutItself[e.Type] || e.ServiceKnown {
		data.wireIncident = toWire(e.Incident)
		if e.ResolvedByMerge {
			data.ResolveReason.Type = mergeReason
		}
	} else if e.Incident.ID != "" {
		data.Incident = wireIncident{ID: e.Incident.ID, Type: "incident_reference", Summary: e.Incident.Title, HTMLURL: e.Incident.URL}
	}
	raw := encode(data)
	event := eventHead{ID: e.ID, EventType: e.Type, ResourceType: "incident", OccurredAt: written(e.OccurredAt), Agent: wireRef{Summary: e.By}, Data: raw}
	return string(encode(map[string]any{"event": event}))
}

// encode writes JSON without the escapes meant for HTML pages, which make one
// character six bytes.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // only strings, numbers and valid raw JSON come here
		return []byte("{}")
	}
	return bytes.TrimSpace(b.Bytes())
}
