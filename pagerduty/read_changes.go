package pagerduty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	api "github.com/PagerDuty/go-pagerduty"

	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of change events.
const (
	maxChanges       = 50
	maxChangeDetails = 800
	changesBefore    = 24 * time.Hour // how long before the incident changes are looked for
)

type apiChange struct {
	ID        string          `json:"id"`
	Summary   string          `json:"summary"`
	Source    string          `json:"source"`
	Timestamp string          `json:"timestamp"`
	Services  []wireRef       `json:"services"`
	Details   json.RawMessage `json:"custom_details"`
	Links     []alertContext  `json:"links"`
	Reason    struct {
		Reason string `json:"reason"`
	} `json:"correlation_reason"`
}

func (a apiChange) change() incident.Change {
	c := incident.Change{
		ID: saneID(a.ID), Summary: shortText(a.Summary, maxTitle), Source: shortText(a.Source, maxName), At: moment(a.Timestamp),
		Services: refs(a.Services), Links: alertBody{Contexts: a.Links}.links(), Details: flatten(a.Details, maxChangeDetails),
	}
	if reason := shortText(a.Reason.Reason, maxName); reason != "" {
		c.Details = strings.TrimSpace(c.Details + "\nPagerDuty relates it because: " + reason)
	}
	return c
}

// Changes reads the changes that may have to do with i: those PagerDuty relates
// to it, and those on its service from a day before it began until now. It
// fails when it found none and could not look everywhere.
func (c *Client) Changes(ctx context.Context, i incident.Incident) ([]incident.Change, error) {
	related, relatedErr := c.IncidentChanges(ctx, i.ID)
	if i.Service.ID == "" {
		return related, relatedErr
	}
	began := i.CreatedAt
	if began.IsZero() {
		began = c.now()
	}
	onService, err := c.ServiceChanges(ctx, i.Service.ID, began.Add(-changesBefore), c.now())
	all := related
	for _, ch := range onService {
		if !slices.ContainsFunc(all, func(o incident.Change) bool { return o.ID == ch.ID }) {
			all = append(all, ch)
		}
	}
	if errors.Is(relatedErr, ErrNotInPlan) {
		relatedErr = nil // the service's own changes are what there is to see
	}
	if len(all) == 0 {
		return nil, errors.Join(err, relatedErr)
	}
	slices.SortStableFunc(all, func(a, b incident.Change) int { return b.At.Compare(a.At) })
	return all[:min(len(all), maxChanges)], nil
}

// IncidentChanges reads the change events that PagerDuty relates to an
// incident. Without that feature the error is ErrNotInPlan.
func (c *Client) IncidentChanges(ctx context.Context, id string) ([]incident.Change, error) {
	if err := checkID("an incident", id); err != nil {
		return nil, err
	}
	p, err := list[apiChange](ctx, c, "change_events", c.get(c.plan, "/incidents/"+id+"/related_change_events", limited(maxChanges)))
	if err = inPlan("change events related to "+id, err); err != nil {
		return nil, err
	}
	return changes(p.records), nil
}

// ServiceChanges reads the change events of a service between two times, the
// newest first, at most 50.
func (c *Client) ServiceChanges(ctx context.Context, serviceID string, since, until time.Time) ([]incident.Change, error) {
	if err := checkID("a service", serviceID); err != nil {
		return nil, err
	}
	query := limited(maxChanges)
	query.Set("since", since.UTC().Format(time.RFC3339))
	query.Set("until", until.UTC().Format(time.RFC3339))
	p, err := list[apiChange](ctx, c, "change_events", c.get(c.main, "/services/"+serviceID+"/change_events", query))
	if err != nil {
		return nil, fmt.Errorf("change events of service %s: %w", serviceID, err)
	}
	return changes(p.records), nil
}

func limited(n int) url.Values { return url.Values{"limit": {strconv.Itoa(n)}} }

func changes(records []apiChange) []incident.Change {
	var out []incident.Change
	for _, r := range records {
		if ch := r.change(); ch.ID != "" || ch.Summary != "" {
			out = append(out, ch)
		}
	}
	slices.SortStableFunc(out, func(a, b incident.Change) int { return b.At.Compare(a.At) })
	return out
}

type apiOnCall struct {
	User     wireRef `json:"user"`
	Schedule wireRef `json:"schedule"`
	Policy   wireRef `json:"escalation_policy"`
	Level    int     `json:"escalation_level"`
	End      string  `json:"end"` // null: always on call
}

// maxOnCalls bounds a list of who is on call.
const maxOnCalls = 50

// OnCalls reads who is on call now for an escalation policy, those who are paged
// first at the top.
func (c *Client) OnCalls(ctx context.Context, policyID string) ([]incident.OnCall, error) {
	out, _, err := c.onCalls(ctx, policyID)
	return out, err
}

// onCalls reads who is on call now for the given policies; for none, for all.
func (c *Client) onCalls(ctx context.Context, policyIDs ...string) ([]incident.OnCall, incident.Cut, error) {
	for _, id := range policyIDs {
		if err := checkID("an escalation policy", id); err != nil {
			return nil, incident.Cut{}, err
		}
	}
	p, err := list[apiOnCall](ctx, c, "oncalls", func(ctx context.Context) error {
		_, err := c.main.ListOnCallsWithContext(ctx, api.ListOnCallOptions{
			Limit: pageSize, Total: true, Earliest: true, EscalationPolicyIDs: policyIDs,
		})
		return err
	})
	if err != nil {
		return nil, incident.Cut{}, fmt.Errorf("who is on call: %w", err)
	}
	var out []incident.OnCall
	for _, r := range p.records {
		o := incident.OnCall{Person: r.User.ref(), Level: r.Level, Policy: r.Policy.ref(), Schedule: r.Schedule.ref(), Until: moment(r.End)}
		if o.Person != (incident.Ref{}) && len(out) < maxOnCalls && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b incident.OnCall) int { return a.Level - b.Level })
	cut := incident.Cut{Shown: len(out), Total: max(p.total, len(p.records))}
	if p.more && p.total < 0 {
		cut.Total = -1
	}
	return out, cut, nil
}
