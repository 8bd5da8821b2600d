package pagerduty

import (
	"net/url"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of text from a webhook, in runes, and of its lists. PagerDuty's own
// title limit is 1,024.
const (
	maxTitle   = 1024
	maxName    = 255
	maxNote    = 4000
	maxURL     = 2000
	maxRefs    = 10
	maxIDBytes = 64
)

const mergeReason = "merge_resolve_reason"

// wireRef is a reference as PagerDuty writes it; its summary is its name.
type wireRef struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type,omitempty"`
	Summary string `json:"summary,omitempty"`
	Name    string `json:"name,omitempty"`
	HTMLURL string `json:"html_url,omitempty"`
}

func (r wireRef) ref() incident.Ref {
	name := r.Summary
	if strings.TrimSpace(name) == "" {
		name = r.Name
	}
	return incident.Ref{ID: saneID(r.ID), Name: nameText(name), URL: webURL(r.HTMLURL)}
}

func refs(list []wireRef) []incident.Ref {
	var out []incident.Ref
	for _, w := range list {
		if r := w.ref(); r != (incident.Ref{}) && len(out) < maxRefs {
			out = append(out, r)
		}
	}
	return out
}

// wireIncident is an incident in a webhook, as far as it is used.
type wireIncident struct {
	ID               string    `json:"id,omitempty"`
	Type             string    `json:"type,omitempty"`
	HTMLURL          string    `json:"html_url,omitempty"`
	Number           int       `json:"number,omitempty"`
	Status           string    `json:"status,omitempty"`
	IncidentKey      string    `json:"incident_key,omitempty"`
	CreatedAt        string    `json:"created_at,omitempty"`
	Title            string    `json:"title,omitempty"`
	Summary          string    `json:"summary,omitempty"`
	Urgency          string    `json:"urgency,omitempty"`
	Service          wireRef   `json:"service,omitzero"`
	EscalationPolicy wireRef   `json:"escalation_policy,omitzero"`
	Priority         wireRef   `json:"priority,omitzero"`
	Assignees        []wireRef `json:"assignees,omitempty"`
	Teams            []wireRef `json:"teams,omitempty"`
	ResolveReason    struct {
		Type string `json:"type,omitempty"`
	} `json:"resolve_reason,omitzero"`
}

// wireData is the data of any event of an incident: the incident itself, or a
// thing that refers to it.
type wireData struct {
	wireIncident
	Incident        wireIncident `json:"incident,omitzero"`
	RoleAssignments []struct {
		Incident wireIncident `json:"incident"`
	} `json:"incident_role_assignments,omitempty"`
	Content string `json:"content,omitempty"`
}

// incident takes the id from its own field only: the addresses next to it have
// been seen with another one.
func (w wireIncident) incident() incident.Incident {
	title := w.Title
	if strings.TrimSpace(title) == "" {
		title = w.Summary
	}
	return incident.Incident{
		ID: border.Line(w.ID), Number: max(w.Number, 0), Title: shortText(title, maxTitle), URL: webURL(w.HTMLURL),
		Status: word(w.Status), Urgency: word(w.Urgency), Priority: w.Priority.ref().Name, Key: shortText(w.IncidentKey, maxName),
		Service: w.Service.ref(), EscalationPolicy: w.EscalationPolicy.ref(),
		Teams: refs(w.Teams), Assignees: refs(w.Assignees), CreatedAt: moment(w.CreatedAt),
	}
}

func toWire(i incident.Incident) wireIncident {
	w := wireIncident{
		ID: i.ID, Type: "incident", Number: i.Number, Title: i.Title, HTMLURL: i.URL, Status: i.Status, Urgency: i.Urgency,
		Priority: wireRef{Summary: i.Priority}, IncidentKey: i.Key, Service: toWireRef(i.Service),
		EscalationPolicy: toWireRef(i.EscalationPolicy), CreatedAt: written(i.CreatedAt),
	}
	for _, r := range i.Teams {
		w.Teams = append(w.Teams, toWireRef(r))
	}
	for _, r := range i.Assignees {
		w.Assignees = append(w.Assignees, toWireRef(r))
	}
	return w
}

func toWireRef(r incident.Ref) wireRef {
	return wireRef{ID: r.ID, Summary: r.Name, HTMLURL: r.URL}
}

// shortText is outside text for one line.
func shortText(s string, most int) string {
	s, _ = border.Cut(border.Redact(border.Line(s)), most)
	return s
}

// longText is outside text that may have lines.
func longText(s string, most int) string {
	s, _ = border.Cut(border.Redact(strings.TrimSpace(border.Clean(s))), most)
	return s
}

// nameText is a name that the account's own people gave. It is compared with
// settings, so nothing in it is redacted.
func nameText(s string) string {
	s, _ = border.Cut(border.Line(s), maxName)
	return strings.TrimSpace(s)
}

// word is a value out of a small set, such as a status.
func word(s string) string { return strings.ToLower(shortText(s, 40)) }

// validID reports whether id can be an object's id, and so stand in a path and
// in a workflow's name. Lengths differ: P and six characters in old accounts, Q
// and thirteen in new ones.
func validID(id string) bool {
	if id == "" || len(id) > maxIDBytes {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// saneID is id, or nothing when it cannot be one.
func saneID(id string) string {
	if id = strings.TrimSpace(id); validID(id) {
		return id
	}
	return ""
}

// webURL is an address that people can open, or nothing.
func webURL(s string) string {
	s = strings.TrimSpace(border.Line(s))
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(s, " <>\"|") {
		return ""
	}
	return border.Redact(s)
}

// moment reads a time with whatever offset, in UTC. A time that cannot be read,
// or that JSON could not carry, is none.
func moment(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			if t = t.UTC(); t.Year() >= 1970 && t.Year() <= 9999 {
				return t
			}
			break
		}
	}
	return time.Time{}
}

func written(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
