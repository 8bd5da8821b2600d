package world

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func (h *house) service(name string) (service, bool) {
	for _, s := range h.Services {
		if s.Name == name {
			return s, true
		}
	}
	return service{}, false
}

func (p *pagerDuty) serviceObject(s service) obj {
	out := p.serviceRef(s.Name)
	for k, v := range (obj{
		"type": "service", "name": s.Name, "description": s.Description, "status": p.serviceStatus(s.Name),
		"created_at": stamp(p.w.now.AddDate(-2, 0, 0)), "escalation_policy": p.policyRef(s.Policy),
		"teams": []obj{p.ref(teamID(s.Team), "team", "/teams", s.Team)}, "alert_creation": "create_alerts_and_incidents",
		"acknowledgement_timeout": 1800, "auto_resolve_timeout": nil, "integrations": []obj{
			p.ref(integrationID(s.Name), "events_api_v2_inbound_integration", "/services/"+serviceID(s.Name)+"/integrations", "Events API V2"),
		},
		"incident_urgency_rule": obj{"type": "constant", "urgency": "high"}, "support_hours": nil, "scheduled_actions": []obj{}, "addons": []obj{},
	}) {
		out[k] = v
	}
	return out
}

// serviceStatus is "critical" while a triggered incident is open, "warning"
// while an acknowledged one is.
func (p *pagerDuty) serviceStatus(name string) string {
	status := "active"
	for _, in := range p.w.h.Incidents {
		switch {
		case in.Service != name:
		case in.status() == "triggered":
			return "critical"
		case in.status() == "acknowledged":
			status = "warning"
		}
	}
	return status
}

func (p *pagerDuty) listServices(rw http.ResponseWriter, r *http.Request) {
	var out []obj
	for _, s := range p.w.h.Services {
		if has(s.Name, r.URL.Query().Get("query")) && wanted(list(r, "team_ids"), teamID(s.Team)) {
			out = append(out, p.serviceObject(s))
		}
	}
	paged(rw, r, "services", out)
}

// has is the search of the vendor's lists: a part of the name, whatever its case.
func has(name, query string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(strings.TrimSpace(query)))
}

func (p *pagerDuty) getService(rw http.ResponseWriter, r *http.Request) {
	for _, s := range p.w.h.Services {
		if serviceID(s.Name) == r.PathValue("id") {
			writeJSON(rw, http.StatusOK, obj{"service": p.serviceObject(s)})
			return
		}
	}
	pagerDutyError(rw, http.StatusNotFound, "Not Found")
}

func (p *pagerDuty) getDependencies(rw http.ResponseWriter, r *http.Request) {
	out := []obj{}
	for _, s := range p.w.h.Services {
		for _, on := range s.DependsOn {
			if id := r.PathValue("id"); id == serviceID(s.Name) || id == serviceID(on) {
				out = append(out, obj{
					"id": idFor("D", 13, "dependency", s.Name+on), "type": "service_dependency",
					"supporting_service": obj{"id": serviceID(on), "type": "service"}, "dependent_service": obj{"id": serviceID(s.Name), "type": "service"},
				})
			}
		}
	}
	writeJSON(rw, http.StatusOK, obj{"relationships": out})
}

func (p *pagerDuty) policyObject(v policy) obj {
	rules := []obj{}
	services := []obj{}
	for _, l := range v.Levels {
		target := p.userRef(l.Person)
		if l.Schedule != "" {
			target = p.ref(scheduleID(l.Schedule), "schedule", "/schedules", l.Schedule)
		}
		wait := time.Duration(l.Wait)
		if wait == 0 {
			wait = 30 * time.Minute
		}
		rules = append(rules, obj{
			"id": idFor("P", 6, "rule", v.Name+l.Person), "escalation_delay_in_minutes": int(wait.Minutes()), "targets": []obj{target},
			"escalation_rule_assignment_strategy": "assign_to_everyone",
		})
	}
	for _, s := range p.w.h.Services {
		if s.Policy == v.Name {
			services = append(services, p.serviceRef(s.Name))
		}
	}
	out := p.policyRef(v.Name)
	for k, value := range (obj{
		"type": "escalation_policy", "name": v.Name, "description": nil, "num_loops": 2, "on_call_handoff_notifications": "if_has_services",
		"escalation_rules": rules, "services": services, "teams": []obj{p.ref(teamID(v.Team), "team", "/teams", v.Team)},
	}) {
		out[k] = value
	}
	return out
}

func (p *pagerDuty) listPolicies(rw http.ResponseWriter, r *http.Request) {
	var out []obj
	for _, v := range p.w.h.Policies {
		if has(v.Name, r.URL.Query().Get("query")) && wanted(list(r, "team_ids"), teamID(v.Team)) {
			out = append(out, p.policyObject(v))
		}
	}
	paged(rw, r, "escalation_policies", out)
}

func (p *pagerDuty) getPolicy(rw http.ResponseWriter, r *http.Request) {
	for _, v := range p.w.h.Policies {
		if policyID(v.Name) == r.PathValue("id") {
			writeJSON(rw, http.StatusOK, obj{"escalation_policy": p.policyObject(v)})
			return
		}
	}
	pagerDutyError(rw, http.StatusNotFound, "Not Found")
}

// listOnCalls is who is on call now, by policy and level. A level without a
// schedule has no start and no end.
func (p *pagerDuty) listOnCalls(rw http.ResponseWriter, r *http.Request) {
	var out []obj
	for _, v := range p.w.h.Policies {
		for i, l := range v.Levels {
			if !wanted(list(r, "escalation_policy_ids"), policyID(v.Name)) || !wanted(list(r, "user_ids"), userID(l.Person)) ||
				!wanted(list(r, "schedule_ids"), scheduleID(l.Schedule)) {
				continue
			}
			o := obj{"escalation_policy": p.policyRef(v.Name), "escalation_level": i + 1, "user": p.userRef(l.Person), "schedule": nil, "start": nil, "end": nil}
			if slices.Contains(list(r, "include"), "users") {
				o["user"] = p.userObject(l.Person)
			}
			if l.Schedule != "" {
				o["schedule"] = p.ref(scheduleID(l.Schedule), "schedule", "/schedules", l.Schedule)
				o["start"], o["end"] = stamp(p.w.now.Add(-12*time.Hour)), stamp(p.shiftEnd(l))
			}
			out = append(out, o)
		}
	}
	paged(rw, r, "oncalls", out)
}

func (p *pagerDuty) shiftEnd(l level) time.Time {
	if l.Until.set {
		return l.Until.in(p.w.now)
	}
	return p.w.now.Add(12 * time.Hour)
}

func (p *pagerDuty) userObject(handle string) obj {
	who, _ := p.w.h.person(handle)
	teams := []obj{}
	for _, t := range p.w.h.Teams {
		if slices.Contains(t.Members, handle) {
			teams = append(teams, p.ref(teamID(t.Name), "team", "/teams", t.Name))
		}
	}
	out := p.userRef(handle)
	for k, v := range (obj{
		"type": "user", "name": who.Name, "email": p.w.h.email(who), "time_zone": orElse(who.Zone, "Etc/UTC"), "role": "user", "color": "purple",
		"job_title": who.Title, "description": nil, "avatar_url": nil, "billed": true, "invitation_sent": false, "teams": teams, "contact_methods": []obj{}, "notification_rules": []obj{},
	}) {
		out[k] = v
	}
	return out
}

func (h *house) email(p person) string { return p.Handle + "@" + orElse(h.Domain, "demo.example") }

func (p *pagerDuty) listUsers(rw http.ResponseWriter, r *http.Request) {
	var out []obj
	for _, u := range p.w.h.People {
		if has(u.Name+" "+p.w.h.email(u), r.URL.Query().Get("query")) {
			out = append(out, p.userObject(u.Handle))
		}
	}
	paged(rw, r, "users", out)
}

func (p *pagerDuty) getMe(rw http.ResponseWriter, _ *http.Request) {
	writeJSON(rw, http.StatusOK, obj{"user": p.userObject(p.w.h.People[0].Handle)})
}

func (p *pagerDuty) getUser(rw http.ResponseWriter, r *http.Request) {
	for _, u := range p.w.h.People {
		if userID(u.Handle) == r.PathValue("id") {
			writeJSON(rw, http.StatusOK, obj{"user": p.userObject(u.Handle)})
			return
		}
	}
	pagerDutyError(rw, http.StatusNotFound, "Not Found")
}

func (p *pagerDuty) teamObject(t team) obj {
	out := p.ref(teamID(t.Name), "team", "/teams", t.Name)
	out["type"], out["name"], out["description"] = "team", t.Name, nil
	return out
}

func (p *pagerDuty) listTeams(rw http.ResponseWriter, r *http.Request) {
	var out []obj
	for _, t := range p.w.h.Teams {
		if has(t.Name, r.URL.Query().Get("query")) {
			out = append(out, p.teamObject(t))
		}
	}
	paged(rw, r, "teams", out)
}

func (p *pagerDuty) getTeam(rw http.ResponseWriter, r *http.Request) {
	for _, t := range p.w.h.Teams {
		if teamID(t.Name) == r.PathValue("id") {
			writeJSON(rw, http.StatusOK, obj{"team": p.teamObject(t)})
			return
		}
	}
	pagerDutyError(rw, http.StatusNotFound, "Not Found")
}

func (p *pagerDuty) listPriorities(rw http.ResponseWriter, r *http.Request) {
	var out []obj
	for _, name := range []string{"P1", "P2", "P3", "P4", "P5"} {
		out = append(out, p.priority(name).(obj))
	}
	paged(rw, r, "priorities", out)
}

func (p *pagerDuty) listAbilities(rw http.ResponseWriter, _ *http.Request) {
	writeJSON(rw, http.StatusOK, obj{"abilities": []string{"teams", "advanced_reports", "urgencies", "service_support_hours", "event_intelligence"}})
}
