package world

import (
	"net/http"
	"slices"
	"sort"
	"time"
)

func (p *pagerDuty) changeObject(c change) obj {
	id := changeID(c.Summary)
	services := []obj{}
	for _, s := range c.Services {
		services = append(services, p.serviceRef(s))
	}
	links := []obj{}
	for _, l := range c.Links {
		links = append(links, obj{"href": l.Href, "text": l.Text})
	}
	out := obj{
		"id": id, "type": "change_event", "summary": c.Summary, "source": c.Source, "timestamp": stamp(c.At.in(p.w.now)),
		"self": p.w.PagerDutyURL() + "/change_events/" + id, "html_url": p.w.PagerDutyURL() + "/change_events/" + id,
		"services": services, "links": links, "images": []obj{}, "custom_details": c.Details, "integration": nil, "routing_key": nil,
	}
	if len(c.Services) > 0 {
		out["integration"] = p.ref(integrationID(c.Services[0]), "inbound_integration", "/services/"+serviceID(c.Services[0])+"/integrations", "Change events")
	}
	return out
}

// changes are the change events that keep accepts, the latest first.
func (p *pagerDuty) changes(keep func(change) bool) []obj {
	all := slices.Clone(p.w.h.Changes)
	sort.SliceStable(all, func(a, b int) bool { return all[a].At.in(p.w.now).After(all[b].At.in(p.w.now)) })
	var out []obj
	for _, c := range all {
		if keep(c) {
			out = append(out, p.changeObject(c))
		}
	}
	return out
}

// within reports whether a change lies between since and until, when given.
func (p *pagerDuty) within(r *http.Request, c change) bool {
	at := c.At.in(p.w.now)
	since, errSince := parseISO(r.URL.Query().Get("since"))
	until, errUntil := parseISO(r.URL.Query().Get("until"))
	return (errSince != nil || !at.Before(since)) && (errUntil != nil || !at.After(until))
}

func (p *pagerDuty) listChanges(rw http.ResponseWriter, r *http.Request) {
	paged(rw, r, "change_events", p.changes(func(c change) bool { return p.within(r, c) }))
}

func (p *pagerDuty) listServiceChanges(rw http.ResponseWriter, r *http.Request) {
	paged(rw, r, "change_events", p.changes(func(c change) bool {
		return p.within(r, c) && slices.ContainsFunc(c.Services, func(s string) bool { return serviceID(s) == r.PathValue("id") })
	}))
}

func (p *pagerDuty) getChange(rw http.ResponseWriter, r *http.Request) {
	for _, c := range p.changes(func(c change) bool { return changeID(c.Summary) == r.PathValue("id") }) {
		writeJSON(rw, http.StatusOK, obj{"change_event": c})
		return
	}
	pagerDutyError(rw, http.StatusNotFound, "Not Found")
}

// listRelatedChanges is the Recent Changes feature: changes of the day before,
// each with the reason why it is shown.
func (p *pagerDuty) listRelatedChanges(rw http.ResponseWriter, r *http.Request, in incident) {
	s, _ := p.w.h.service(in.Service)
	reason := func(c change) string {
		switch {
		case in.Opened.in(p.w.now).Sub(c.At.in(p.w.now)) > 24*time.Hour:
			return ""
		case slices.Contains(c.Services, in.Service):
			return "most_recent"
		case slices.Contains(c.SuspectedIn, in.Slug):
			return "intelligent"
		case slices.ContainsFunc(c.Services, func(name string) bool { return slices.Contains(s.DependsOn, name) }):
			return "related_service"
		}
		return ""
	}
	reasons := map[string]string{}
	out := p.changes(func(c change) bool { reasons[changeID(c.Summary)] = reason(c); return reason(c) != "" })
	for _, o := range out {
		o["correlation_reason"] = obj{"reason": reasons[o["id"].(string)]}
	}
	paged(rw, r, "change_events", out)
}
