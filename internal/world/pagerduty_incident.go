package world

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ref is a reference to something, as PagerDuty nests them everywhere.
func (p *pagerDuty) ref(id, kind, path, summary string) obj {
	return obj{
		"id": id, "type": kind + "_reference", "summary": summary,
		"self": p.w.PagerDutyURL() + path + "/" + id, "html_url": p.w.PagerDutyURL() + path + "/" + id,
	}
}

func (p *pagerDuty) serviceRef(name string) obj {
	return p.ref(serviceID(name), "service", "/services", name)
}

func (p *pagerDuty) policyRef(name string) obj {
	return p.ref(policyID(name), "escalation_policy", "/escalation_policies", name)
}

func (p *pagerDuty) userRef(handle string) obj {
	who, _ := p.w.h.person(handle)
	return p.ref(userID(handle), "user", "/users", who.Name)
}

func (p *pagerDuty) incidentRef(in incident) obj {
	return p.ref(incidentID(in.Slug), "incident", "/incidents", p.summary(in))
}

func (p *pagerDuty) summary(in incident) string {
	return fmt.Sprintf("[#%d] %s", p.w.numbers[in.Slug], in.Title)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (i incident) status() string {
	switch {
	case i.Resolved != nil:
		return "resolved"
	case i.Acknowledged != nil:
		return "acknowledged"
	}
	return "triggered"
}

func (i incident) urgency() string { return orElse(i.Urgency, "high") }

// after is a moment of an incident's life.
func (p *pagerDuty) after(in incident, s span) time.Time {
	return in.Opened.in(p.w.now).Add(time.Duration(s))
}

// first is whom the policy pages first.
func (p *pagerDuty) first(in incident) string {
	s, _ := p.w.h.service(in.Service)
	for _, v := range p.w.h.Policies {
		if v.Name == s.Policy {
			return v.Levels[0].Person
		}
	}
	return ""
}

// incidentObject is an incident as GET /incidents/{id} has it.
func (p *pagerDuty) incidentObject(in incident, include []string) obj {
	s, _ := p.w.h.service(in.Service)
	out := p.incidentRef(in)
	for k, v := range (obj{
		"type": "incident", "incident_number": p.w.numbers[in.Slug], "title": in.Title, "description": in.Title,
		"created_at": stamp(in.Opened.in(p.w.now)), "status": in.status(), "urgency": in.urgency(),
		"incident_key": nil, "service": p.serviceRef(in.Service), "escalation_policy": p.policyRef(s.Policy),
		"teams": []obj{p.ref(teamID(s.Team), "team", "/teams", s.Team)}, "priority": p.priority(in.Priority),
		"assigned_via": "escalation_policy", "assignments": []obj{}, "acknowledgements": []obj{}, "pending_actions": []obj{},
		"is_mergeable": true, "conference_bridge": nil, "resolve_reason": nil, "alert_counts": p.alertCounts(in),
		"incident_type":           obj{"name": "incident_default"},
		"first_trigger_log_entry": p.ref(entryID(in.Slug, 0), "trigger_log_entry", "/log_entries", "Triggered through the API."),
		"last_status_change_at":   stamp(p.lastChange(in)), "last_status_change_by": p.serviceRef(in.Service),
		"updated_at": stamp(p.lastChange(in)), "resolved_at": nil,
	}) {
		out[k] = v
	}
	p.addLife(out, in)
	p.addIncluded(out, in, include)
	return out
}

// addLife says who had the incident, took it, and ended it.
func (p *pagerDuty) addLife(out obj, in incident) {
	if in.Resolved == nil {
		out["assignments"] = []obj{{"at": out["created_at"], "assignee": p.userRef(p.first(in))}}
	}
	if a := in.Acknowledged; a != nil && in.Resolved == nil && a.By != "" {
		out["acknowledgements"] = []obj{{"at": stamp(p.after(in, a.After)), "acknowledger": p.userRef(a.By)}}
		out["last_status_change_by"] = p.userRef(a.By)
	}
	if a := in.Resolved; a != nil {
		out["resolved_at"] = stamp(p.after(in, a.After))
		if a.By != "" {
			out["last_status_change_by"] = p.userRef(a.By)
		}
	}
}

// addIncluded adds what an include[] asks for.
func (p *pagerDuty) addIncluded(out obj, in incident, include []string) {
	if slices.Contains(include, "body") {
		out["body"] = obj{"type": "incident_body", "details": orElse(in.Body, in.Title)}
	}
	if slices.Contains(include, "custom_fields") {
		out["custom_fields"] = p.fieldValues(in)
	}
	if slices.Contains(include, "services") {
		if s, ok := p.w.h.service(in.Service); ok {
			out["service"] = p.serviceObject(s)
		}
	}
	if slices.Contains(include, "first_trigger_log_entries") {
		out["first_trigger_log_entry"] = p.trigger(in)
	}
}

// trigger is the first entry of an incident's log, with its channel.
func (p *pagerDuty) trigger(in incident) obj {
	all := p.log(in, true)
	return all[len(all)-1]
}

func (p *pagerDuty) priority(name string) any {
	if name == "" {
		return nil
	}
	return obj{
		"id": priorityID(name), "type": "priority", "summary": name, "name": name,
		"self": p.w.PagerDutyURL() + "/priorities/" + priorityID(name), "html_url": nil,
	}
}

func (p *pagerDuty) lastChange(in incident) time.Time {
	switch {
	case in.Resolved != nil:
		return p.after(in, in.Resolved.After)
	case in.Acknowledged != nil:
		return p.after(in, in.Acknowledged.After)
	}
	return in.Opened.in(p.w.now)
}

func (p *pagerDuty) alertCounts(in incident) obj {
	all := p.alerts(in, nil)
	triggered := 0
	for _, a := range all {
		if a["status"] == "triggered" {
			triggered++
		}
	}
	return obj{"all": len(all), "triggered": triggered, "resolved": len(all) - triggered}
}

// alerts are an incident's alerts, each line of the file as often as it says.
func (p *pagerDuty) alerts(in incident, include []string) []obj {
	var out []obj
	for _, a := range in.Alerts {
		for n := range max(1, a.Times) {
			at := in.Opened.in(p.w.now)
			if a.At.set {
				at = a.At.in(p.w.now)
			}
			every := time.Duration(a.Every)
			if every == 0 {
				every = time.Second
			}
			out = append(out, p.alertObject(in, a, len(out), at.Add(time.Duration(n)*every)))
			if slices.Contains(include, "first_trigger_log_entries") {
				out[len(out)-1]["first_trigger_log_entry"] = p.trigger(in)
			}
		}
	}
	return out
}

func (p *pagerDuty) alertObject(in incident, a alert, n int, at time.Time) obj {
	id := alertID(in.Slug, n)
	status := "triggered"
	if in.Resolved != nil || a.Resolved > 0 {
		status = "resolved"
	}
	summary := numbered(a.Summary, n+1).(string)
	out := p.ref(id, "alert", "/alerts", summary)
	for k, v := range (obj{
		"type": "alert", "self": p.w.PagerDutyURL() + "/incidents/" + incidentID(in.Slug) + "/alerts/" + id,
		"created_at": stamp(at), "status": status, "alert_key": strings.ToLower(idFor("", 32, "alert key", id)),
		"service": p.serviceRef(in.Service), "incident": p.incidentRef(in), "suppressed": false,
		"severity":    orElse(a.Severity, "error"),
		"integration": p.ref(integrationID(in.Service), "events_api_v2_inbound_integration", "/services/"+serviceID(in.Service)+"/integrations", "Events API V2"),
		"resolved_at": nil,
		"body": obj{
			"type": "alert_body", "contexts": contexts(a.Links), "details": numbered(a.Details, n+1),
			"cef_details": obj{
				"message": summary, "severity": orElse(a.Severity, "error"), "client": a.Client, "client_url": a.URL,
				"details": numbered(a.Details, n+1), "contexts": contexts(a.Links),
			},
		},
	}) {
		out[k] = v
	}
	if a.Resolved > 0 {
		out["resolved_at"] = stamp(at.Add(time.Duration(a.Resolved)))
	} else if in.Resolved != nil {
		out["resolved_at"] = stamp(p.after(in, in.Resolved.After))
	}
	return out
}

func contexts(links []link) []obj {
	out := []obj{}
	for _, l := range links {
		out = append(out, obj{"type": "link", "href": l.Href, "text": l.Text})
	}
	return out
}

// numbered puts the number of an alert in place of [n] in its texts.
func numbered(v any, n int) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "[n]", strconv.Itoa(n))
	case map[string]any:
		out := obj{}
		for k, inner := range v {
			out[k] = numbered(inner, n)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = numbered(inner, n)
		}
		return out
	}
	return v
}
