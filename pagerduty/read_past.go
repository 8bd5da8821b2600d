package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	api "github.com/PagerDuty/go-pagerduty"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of earlier incidents.
const (
	maxPast      = 50
	maxPastNotes = 5   // notes of one of them
	enriched     = 5   // how many, the newest, are read with notes and end
	maxListed    = 300 // incidents of a service looked through for likeness
	maxRelated   = 20

	// pastWindow is how far back PagerDuty lists incidents in one request, less
	// a margin for clocks that differ.
	pastWindow = 180*24*time.Hour - 10*time.Minute

	likeEnough = 0.6 // shared words of two titles, see alike
)

// Values of incident.Past.How.
const (
	howPagerDuty = "pagerduty"
	howTitle     = "title"
)

type apiPast struct {
	Incident apiIncident `json:"incident"`
	Score    float64     `json:"score"`
}

func (a apiPast) past() incident.Past {
	return incident.Past{Incident: a.Incident.incident(), Score: a.Score, How: howPagerDuty}
}

// Past reads earlier incidents like i: by PagerDuty's Past Incidents where the
// account has it, else by titles on the same service.
func (c *Client) Past(ctx context.Context, i incident.Incident) ([]incident.Past, error) {
	past, err := c.PastIncidents(ctx, i.ID)
	if !errors.Is(err, ErrNotInPlan) || i.Service.ID == "" || i.Title == "" {
		return past, err
	}
	return c.similar(ctx, i)
}

// similar reads earlier incidents by title.
func (c *Client) similar(ctx context.Context, i incident.Incident) ([]incident.Past, error) {
	past, _, err := c.SimilarByTitle(ctx, i.Service.ID, i.Title, c.now().Add(-pastWindow))
	return slices.DeleteFunc(past, func(p incident.Past) bool { return p.Incident.ID == i.ID }), err
}

// PastIncidents asks PagerDuty for earlier incidents like this one, at most 50,
// the newest first; the newest five come with notes and end. It is a feature of
// some plans: without it the error is ErrNotInPlan.
func (c *Client) PastIncidents(ctx context.Context, id string) ([]incident.Past, error) {
	if err := checkID("an incident", id); err != nil {
		return nil, err
	}
	query := url.Values{"limit": {strconv.Itoa(maxPast)}}
	p, err := list[apiPast](ctx, c, "past_incidents", c.get(c.plan, "/incidents/"+id+"/past_incidents", query))
	if err = inPlan("past incidents of "+id, err); err != nil {
		return nil, err
	}
	past := usable(p.records, id, maxPast)
	slices.SortStableFunc(past, newestFirst)
	c.enrich(ctx, past)
	return past, nil
}

// RelatedIncidents asks PagerDuty for open incidents on other services that
// belong to this one, at most 20. Without the feature the error is ErrNotInPlan.
func (c *Client) RelatedIncidents(ctx context.Context, id string) ([]incident.Past, error) {
	if err := checkID("an incident", id); err != nil {
		return nil, err
	}
	query := url.Values{"additional_details[]": {"incident"}}
	p, err := list[apiPast](ctx, c, "related_incidents", c.get(c.plan, "/incidents/"+id+"/related_incidents", query))
	if err = inPlan("related incidents of "+id, err); err != nil {
		return nil, err
	}
	related := usable(p.records, id, maxRelated)
	slices.SortStableFunc(related, newestFirst)
	var wg sync.WaitGroup
	for n := range related[:min(len(related), enriched)] {
		if related[n].Incident.Status == "" { // the answer held only id and title
			wg.Go(func() { c.fill(ctx, &related[n]) })
		}
	}
	wg.Wait()
	return related, nil
}

func usable(records []apiPast, self string, most int) []incident.Past {
	var out []incident.Past
	for _, r := range records {
		if p := r.past(); p.Incident.ID != "" && p.Incident.ID != self && len(out) < most {
			out = append(out, p)
		}
	}
	return out
}

func newestFirst(a, b incident.Past) int {
	return b.Incident.CreatedAt.Compare(a.Incident.CreatedAt)
}

// enrich adds to the newest what the list did not say: how each ended, and what
// was noted. All are asked at once.
func (c *Client) enrich(ctx context.Context, past []incident.Past) {
	var wg sync.WaitGroup
	for n := range past[:min(len(past), enriched)] {
		p := &past[n]
		wg.Go(func() {
			if p.Incident.Status == "" {
				c.fill(ctx, p)
			}
			notes, err := c.Notes(ctx, p.Incident.ID)
			p.Notes = append(p.Notes, notes[:min(len(notes), maxPastNotes)]...)
			unread(p, err)
		})
	}
	wg.Wait()
}

// fill reads the whole of an incident of which a list gave id and title only.
func (c *Client) fill(ctx context.Context, p *incident.Past) {
	whole, err := c.incident(ctx, p.Incident.ID)
	if err == nil {
		p.Incident = whole
	}
	unread(p, err)
}

// unread says, where the notes stand, that part of p could not be read: an
// incident without notes must not look like one that nobody could look into.
func unread(p *incident.Past, err error) {
	if err != nil {
		text, _ := border.Cut("(could not be read: "+err.Error()+")", maxLogText)
		p.Notes = append(p.Notes, incident.Note{Text: text})
	}
}

// SimilarByTitle looks through a service's incidents since a time, at most 180
// days ago and at most 300 of them, for titles like the given one. It returns
// those alike, the newest first and at most 50, the newest five with notes; the
// incident with that title itself is one of them. The cut says how many incidents were looked through, of how many.
func (c *Client) SimilarByTitle(ctx context.Context, serviceID, title string, since time.Time) ([]incident.Past, incident.Cut, error) {
	if err := checkID("a service", serviceID); err != nil {
		return nil, incident.Cut{}, err
	}
	now := c.now().UTC()
	if oldest := now.Add(-pastWindow); since.Before(oldest) {
		since = oldest
	}
	options := api.ListIncidentsOptions{
		Limit: pageSize, Total: true, ServiceIDs: []string{serviceID}, SortBy: "created_at:desc",
		Since: since.UTC().Format(time.RFC3339), Until: now.Format(time.RFC3339),
	}
	listed, cut, err := listing[apiIncident, incident.Incident]{
		key: "incidents", most: maxListed, convert: apiIncident.incident, id: func(i incident.Incident) string { return i.ID },
		send: func(ctx context.Context, offset uint) error {
			o := options
			o.Offset = offset
			_, err := c.main.ListIncidentsWithContext(ctx, o)
			return err
		},
	}.read(ctx, c)
	if err != nil {
		return nil, cut, fmt.Errorf("incidents of service %s: %w", serviceID, err)
	}
	var past []incident.Past
	for _, i := range listed {
		if share := alike(title, i.Title); share >= likeEnough && len(past) < maxPast {
			past = append(past, incident.Past{Incident: i, Score: float64(int(share * 100)), How: howTitle})
		}
	}
	slices.SortStableFunc(past, newestFirst)
	c.enrich(ctx, past)
	return past, cut, nil
}
