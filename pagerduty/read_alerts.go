package pagerduty

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	api "github.com/PagerDuty/go-pagerduty"

	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of an incident's alerts. All of them together cross into Temporal, so
// their details share a budget: few alerts are shown in full, many in short.
const (
	maxAlerts    = 300
	maxSummary   = 300 // runes
	detailBudget = 60_000
	maxDetails   = 3000 // runes of one alert's details
	minDetails   = 200
	maxLinks     = 60 // of all alerts; a link that all carry counts once
)

type apiAlert struct {
	wireRef
	CreatedAt  string    `json:"created_at"`
	ResolvedAt string    `json:"resolved_at"`
	Status     string    `json:"status"`
	Severity   string    `json:"severity"`
	Key        string    `json:"alert_key"`
	Service    wireRef   `json:"service"`
	Body       alertBody `json:"body"`
}

type alertBody struct {
	Details  json.RawMessage `json:"details"`
	Contexts []alertContext  `json:"contexts"`
	// CEF is the common form, which mostly says the same again; of it is used
	// only what the body itself does not say.
	CEF struct {
		Details   json.RawMessage `json:"details"`
		Contexts  []alertContext  `json:"contexts"`
		Severity  string          `json:"severity"`
		Client    string          `json:"client"`
		ClientURL string          `json:"client_url"`
	} `json:"cef_details"`
}

// alertContext is a link or an image that the sender attached.
type alertContext struct {
	Type string `json:"type"`
	Href string `json:"href"`
	Src  string `json:"src"`
	Text string `json:"text"`
	Alt  string `json:"alt"`
}

func (a apiAlert) alert() incident.Alert {
	out := incident.Alert{
		ID: saneID(a.ID), Summary: shortText(a.Summary, maxSummary), Status: word(a.Status),
		Severity: word(cmp.Or(a.Severity, a.Body.CEF.Severity)), Key: shortText(a.Key, maxName), URL: webURL(a.HTMLURL),
		Service: a.Service.ref(), CreatedAt: moment(a.CreatedAt), ResolvedAt: moment(a.ResolvedAt),
		Details: flatten(a.Body.Details, maxDetails), Links: a.Body.links(),
	}
	out.Service.URL = ""
	if out.Details == "" {
		out.Details = flatten(a.Body.CEF.Details, maxDetails)
	}
	return out
}

func (b alertBody) links() []incident.Link {
	all := append(slices.Clone(b.Contexts), b.CEF.Contexts...)
	all = append(all, alertContext{Href: b.CEF.ClientURL, Text: cmp.Or(b.CEF.Client, "sender")})
	var out []incident.Link
	for _, c := range all {
		l := incident.Link{URL: webURL(cmp.Or(c.Href, c.Src)), Text: shortText(cmp.Or(c.Text, c.Alt, c.Type), maxName)}
		if l.URL != "" && !slices.ContainsFunc(out, func(o incident.Link) bool { return o.URL == l.URL }) {
			out = append(out, l)
		}
	}
	return out
}

// Alerts reads the alerts of an incident, the newest first and at most 300. The
// cut says how many there are; API answers hold 25 unless asked for more
// (PagerDuty/api-schema#252).
func (c *Client) Alerts(ctx context.Context, id string) ([]incident.Alert, incident.Cut, error) {
	found, cut, err := c.alerts(ctx, id)
	shrink(found)
	return found, cut, err
}

// alerts reads the alerts with all that one may say.
func (c *Client) alerts(ctx context.Context, id string) ([]incident.Alert, incident.Cut, error) {
	if err := checkID("an incident", id); err != nil {
		return nil, incident.Cut{}, err
	}
	found, cut, err := listing[apiAlert, incident.Alert]{
		key: "alerts", most: maxAlerts, convert: apiAlert.alert, id: func(a incident.Alert) string { return a.ID },
		send: func(ctx context.Context, offset uint) error {
			_, err := c.main.ListIncidentAlertsWithContext(ctx, id, api.ListIncidentAlertsOptions{
				Limit: pageSize, Offset: offset, Total: true, SortBy: "created_at:desc",
			})
			return err
		},
	}.read(ctx, c)
	if err != nil {
		return nil, cut, fmt.Errorf("alerts of %s: %w", id, err)
	}
	slices.SortStableFunc(found, func(a, b incident.Alert) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return found, cut, nil
}

// shrink keeps many alerts within their budget.
func shrink(alerts []incident.Alert) {
	share := min(max(detailBudget/max(len(alerts), 1), minDetails), maxDetails)
	seen := map[string]bool{}
	for n := range alerts {
		a := &alerts[n]
		a.Details = longText(a.Details, share)
		a.Links = slices.DeleteFunc(a.Links, func(l incident.Link) bool {
			known := seen[l.URL] || len(seen) >= maxLinks
			if !known {
				seen[l.URL] = true
			}
			return known
		})
	}
}
