package pagerduty

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of one incident, in runes and entries.
const (
	maxBody   = 4000
	maxFields = 30
	maxValue  = 500
)

// apiIncident is an incident as the REST API writes it, as far as it is used.
type apiIncident struct {
	wireRef
	Number             int       `json:"incident_number"`
	Title              string    `json:"title"`
	CreatedAt          string    `json:"created_at"`
	UpdatedAt          string    `json:"updated_at"`
	ResolvedAt         string    `json:"resolved_at"`
	LastStatusChangeAt string    `json:"last_status_change_at"`
	LastStatusChangeBy wireRef   `json:"last_status_change_by"`
	Key                string    `json:"incident_key"`
	Service            wireRef   `json:"service"`
	EscalationPolicy   wireRef   `json:"escalation_policy"`
	Teams              []wireRef `json:"teams"`
	Priority           wireRef   `json:"priority"`
	Urgency            string    `json:"urgency"`
	Status             string    `json:"status"`
	Assignments        []struct {
		Assignee wireRef `json:"assignee"`
	} `json:"assignments"`
	AlertCounts struct {
		All int `json:"all"`
	} `json:"alert_counts"`
	ResolveReason struct {
		Type     string  `json:"type"`
		Incident wireRef `json:"incident"`
	} `json:"resolve_reason"`
	Body struct {
		Details json.RawMessage `json:"details"`
	} `json:"body"`
}

func (a apiIncident) incident() incident.Incident {
	i := incident.Incident{
		ID: saneID(a.ID), Number: max(a.Number, 0), Title: shortText(cmp.Or(strings.TrimSpace(a.Title), a.Summary), maxTitle),
		URL: webURL(a.HTMLURL), Status: word(a.Status), Urgency: word(a.Urgency), Priority: a.Priority.ref().Name,
		Service: a.Service.ref(), EscalationPolicy: a.EscalationPolicy.ref(), Teams: refs(a.Teams), Key: shortText(a.Key, maxName),
		Body: flatten(a.Body.Details, maxBody), AlertCount: max(a.AlertCounts.All, 0),
		CreatedAt: moment(a.CreatedAt), UpdatedAt: moment(a.UpdatedAt), ResolvedAt: moment(a.ResolvedAt),
		StatusChangedBy: a.LastStatusChangeBy.ref().Name,
	}
	for _, as := range a.Assignments {
		if r := as.Assignee.ref(); r != (incident.Ref{}) && len(i.Assignees) < maxRefs {
			i.Assignees = append(i.Assignees, r)
		}
	}
	if i.Status == incident.Resolved && i.ResolvedAt.IsZero() {
		i.ResolvedAt = moment(a.LastStatusChangeAt)
	}
	if a.ResolveReason.Type == mergeReason { // then the agent is who merged, not who solved it
		i.StatusChangedBy = strings.TrimSpace(fmt.Sprintf("%s (merged into %s)", i.StatusChangedBy, cmp.Or(saneID(a.ResolveReason.Incident.ID), "another incident")))
	}
	return i
}

// Incident reads an incident by its id, or by its number, with its body and its
// custom fields.
func (c *Client) Incident(ctx context.Context, id string) (incident.Incident, error) {
	if err := checkID("an incident", id); err != nil {
		return incident.Incident{}, err
	}
	var fields []incident.Field
	var wg sync.WaitGroup
	wg.Go(func() { fields = c.customFields(ctx, id) })
	i, err := c.incident(ctx, id, "body")
	wg.Wait()
	if err != nil {
		return incident.Incident{}, err
	}
	i.CustomFields = fields
	return i, nil
}

// incident reads an incident without what takes another call.
func (c *Client) incident(ctx context.Context, id string, include ...string) (incident.Incident, error) {
	if err := checkID("an incident", id); err != nil {
		return incident.Incident{}, err
	}
	query := url.Values{}
	if len(include) > 0 {
		query["include[]"] = include // the library's call has no parameters
	}
	a, err := object[apiIncident](ctx, c, "incident", c.get(c.main, "/incidents/"+id, query))
	if err != nil {
		return incident.Incident{}, fmt.Errorf("incident %s: %w", id, err)
	}
	i := a.incident()
	if i.ID == "" {
		return incident.Incident{}, fmt.Errorf("incident %s: %s answered 200 without an incident's id", id, c.name)
	}
	return i, nil
}

// customFields reads an incident's custom fields. Accounts without the feature
// have none; a failure is told in place of the fields, since it must neither
// hide the incident nor look like "no fields".
func (c *Client) customFields(ctx context.Context, id string) []incident.Field {
	type value struct {
		Name        string          `json:"name"`
		DisplayName string          `json:"display_name"`
		Value       json.RawMessage `json:"value"`
	}
	p, err := list[value](ctx, c, "custom_fields", c.get(c.plan, "/incidents/"+id+"/custom_fields/values", nil))
	switch err = inPlan("custom fields", err); {
	case errors.Is(err, ErrNotInPlan):
		return nil
	case err != nil:
		text, _ := border.Cut(err.Error(), maxValue)
		return []incident.Field{{Name: "custom fields", Value: "(could not be read: " + text + ")"}}
	}
	var out []incident.Field
	for _, v := range p.records {
		name, text := shortText(cmp.Or(v.DisplayName, v.Name), maxName), flatten(v.Value, maxValue)
		if name != "" && text != "" && len(out) < maxFields {
			out = append(out, incident.Field{Name: name, Value: strings.ReplaceAll(text, "\n", ", ")})
		}
	}
	return out
}
