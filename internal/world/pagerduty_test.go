package world

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPagerDutyWantsItsTokenAndNamesItsErrors(t *testing.T) {
	w := start(t, "tls-expiry")
	id := "/incidents/" + w.IncidentID("")
	for name, c := range map[string]struct {
		auth, method, path string
		status             int
		code               float64
	}{
		"no token":         {"", "GET", id, 401, 2006},
		"wrong token":      {"Token token=other", "GET", id, 401, 2006},
		"bearer":           {"Bearer " + pagerDutyKey, "GET", id, 401, 2006},
		"no such incident": {"Token token=" + pagerDutyKey, "GET", "/incidents/PNOTHING/alerts", 404, 2100},
		"no such path":     {"Token token=" + pagerDutyKey, "GET", "/response_plays", 404, 2100},
		"no such service":  {"Token token=" + pagerDutyKey, "GET", "/services/PNOTHING", 404, 2100},
		"a write":          {"Token token=" + pagerDutyKey, "PUT", "/incidents", 403, 2010},
		"too far":          {"Token token=" + pagerDutyKey, "GET", id + "/alerts?offset=10000", 400, 2001},
		"no date":          {"Token token=" + pagerDutyKey, "GET", "/incidents?since=tomorrow", 400, 2001},
		"too long":         {"Token token=" + pagerDutyKey, "GET", "/incidents?since=2020-01-01", 400, 2001},
	} {
		got := caller{t, w.PagerDutyURL(), c.auth}.send(c.method, c.path, "", c.status)
		if at(got, "error", "code") != c.code {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAlertsComeInPagesAndTheTellingOneIsNumber58(t *testing.T) {
	w := start(t, "tls-expiry")
	c := w.pagerDutyCaller(t)
	path := "/incidents/" + w.IncidentID("") + "/alerts"
	first := c.get(path, 200)
	if length(first["alerts"]) != 25 || first["more"] != true || first["total"] != nil || first["limit"] != 25.0 {
		t.Errorf("first page: %d alerts, more %v, total %v", length(first["alerts"]), first["more"], first["total"])
	}
	all := c.get(path+"?limit=500&total=true", 200)
	if length(all["alerts"]) != 60 || all["more"] != false || all["total"] != 60.0 || all["limit"] != 100.0 {
		t.Errorf("all: %d alerts, more %v, total %v, limit %v", length(all["alerts"]), all["more"], all["total"], all["limit"])
	}
	var telling []int
	for i, s := range each(all["alerts"], "summary") {
		if strings.Contains(s, "certificate expired") {
			telling = append(telling, i+1)
		}
	}
	if d := cmp.Diff([]int{58}, telling); d != "" {
		t.Error(d)
	}
	if got := at(all["alerts"], 6, "body", "details", "attempt"); got != "7" {
		t.Errorf("the seventh alert is number %v", got)
	}
	last := c.get(path+"?limit=25&offset=50", 200)
	if length(last["alerts"]) != 10 || last["more"] != false {
		t.Errorf("last page: %d alerts, more %v", length(last["alerts"]), last["more"])
	}
	newest := c.get(path+"?limit=1&sort_by=created_at:desc", 200)
	if got := at(newest["alerts"], 0, "created_at"); got != "2026-03-14T15:06:31Z" {
		t.Errorf("the newest alert is of %v", got)
	}
	ids := map[string]bool{}
	for _, id := range each(all["alerts"], "id") {
		ids[id] = true
	}
	if len(ids) != 60 {
		t.Errorf("60 alerts have %d ids", len(ids))
	}
}

func TestAnIncidentTellsItsLife(t *testing.T) {
	w := start(t, "already-over")
	c := w.pagerDutyCaller(t)
	in := at(c.get("/incidents/"+w.IncidentID("")+"?include[]=body", 200), "incident").(obj)
	got := []any{in["status"], in["resolved_at"], at(in, "last_status_change_by", "summary"), at(in, "alert_counts", "resolved"), at(in, "body", "type"), length(in["assignments"])}
	want := []any{"resolved", "2026-03-14T09:18:26Z", "Tomás Echeverría", 1.0, "incident_body", 0}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	log := c.get("/incidents/"+w.IncidentID("")+"/log_entries?include[]=channels", 200)["log_entries"]
	wantLog := []string{"resolve_log_entry", "annotate_log_entry", "acknowledge_log_entry", "notify_log_entry", "assign_log_entry", "trigger_log_entry"}
	gotLog := each(log, "type")
	if gotLog[0] != "resolve_log_entry" && gotLog[0] != "annotate_log_entry" {
		t.Errorf("the newest entry is %s", gotLog[0])
	}
	if d := cmp.Diff(wantLog[2:], gotLog[2:]); d != "" {
		t.Error(d)
	}
	if at(log, 5, "channel", "details", "failed_logins") != "40%" {
		t.Errorf("the trigger's channel is %v", at(log, 5, "channel"))
	}
	bare := c.get("/incidents/"+w.IncidentID("")+"/log_entries", 200)["log_entries"]
	if d := cmp.Diff(obj{"type": "api"}, at(bare, 5, "channel")); d != "" {
		t.Error(d)
	}
}

func TestRecoveredAlertsStandInAnOpenIncident(t *testing.T) {
	w := start(t, "recovered")
	c := w.pagerDutyCaller(t)
	path := "/incidents/" + w.IncidentID("")
	if got := at(c.get(path, 200), "incident", "status"); got != "triggered" {
		t.Errorf("the incident is %v", got)
	}
	if d := cmp.Diff([]string{"resolved", "resolved"}, each(c.get(path+"/alerts", 200)["alerts"], "status")); d != "" {
		t.Error(d)
	}
	if n := length(c.get(path+"/alerts?statuses[]=triggered", 200)["alerts"]); n != 0 {
		t.Errorf("%d alerts still fire", n)
	}
}

func TestSimilarAndRelatedIncidentsAreFound(t *testing.T) {
	w := start(t, "bad-deploy")
	c := w.pagerDutyCaller(t)
	path := "/incidents/" + w.IncidentID("")
	past := c.get(path+"/past_incidents", 200)
	if d := cmp.Diff([]string{incidentID("fare-cache"), incidentID("fare-supplier")}, each(past["past_incidents"], "incident", "id")); d != "" {
		t.Error(d)
	}
	if at(past, "past_incidents", 0, "score") != 94.1 || at(past, "past_incidents", 0, "incident", "status") != nil {
		t.Errorf("the first one is %v", at(past, "past_incidents", 0))
	}
	if n := length(c.get(path+"/past_incidents?limit=1", 200)["past_incidents"]); n != 1 {
		t.Errorf("limit 1 gives %d", n)
	}
	related := c.get(path+"/related_incidents?additional_details[]=incident", 200)
	if at(related, "related_incidents", 0, "incident", "service", "summary") != "edge-gateway" ||
		at(related, "related_incidents", 0, "relationships", 0, "type") != "service_dependency" {
		t.Errorf("related: %v", related)
	}
}

func TestChangesAreShownWithTheReason(t *testing.T) {
	for scenario, want := range map[string][]string{
		"bad-deploy":    {"Deploy fare-engine v2.31.0: most_recent"},
		"tls-expiry":    {"Deploy notification-hub v3.4.0: intelligent"},
		"recurring-502": {},
	} {
		w := start(t, scenario)
		list := w.pagerDutyCaller(t).get("/incidents/"+w.IncidentID("")+"/related_change_events", 200)["change_events"]
		got := each(list, "summary")
		for i, reason := range each(list, "correlation_reason", "reason") {
			got[i] += ": " + reason
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", scenario, d)
		}
	}
}

func TestIncidentsAreListedByServiceStatusAndTime(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.pagerDutyCaller(t)
	service := "&service_ids[]=" + serviceID("booking-api")
	month := each(c.get("/incidents?limit=100"+service, 200)["incidents"], "id")
	if d := cmp.Diff([]string{w.IncidentID(""), incidentID("oom-3"), incidentID("oom-2")}, month); d != "" {
		t.Errorf("the last month: %s", d)
	}
	ever := each(c.get("/incidents?date_range=all&statuses[]=resolved&limit=100"+service, 200)["incidents"], "id")
	if d := cmp.Diff([]string{incidentID("oom-3"), incidentID("oom-2"), incidentID("oom-1"), incidentID("disk-bookings"), incidentID("booking-slow")}, ever); d != "" {
		t.Errorf("ever: %s", d)
	}
	low := each(c.get("/incidents?date_range=all&urgencies[]=low"+service, 200)["incidents"], "title")
	if d := cmp.Diff([]string{"bookings-db-1: disk 92% full"}, low); d != "" {
		t.Error(d)
	}
}

func TestStaffAndServicesAreKnown(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.pagerDutyCaller(t)
	calls := c.get("/oncalls?include[]=users&escalation_policy_ids[]="+policyID("Booking on-call"), 200)["oncalls"]
	if d := cmp.Diff([]string{"Priya Raman", "Lewis Adeyemi"}, each(calls, "user", "name")); d != "" {
		t.Error(d)
	}
	if at(calls, 0, "end") != "2026-03-14T18:09:26Z" || at(calls, 1, "end") != nil || at(calls, 1, "schedule") != nil {
		t.Errorf("shifts: %v", calls)
	}
	rules := at(c.get("/escalation_policies/"+policyID("Platform on-call"), 200), "escalation_policy", "escalation_rules")
	if d := cmp.Diff([]string{"10", "15", "30"}, each(rules, "escalation_delay_in_minutes")); d != "" {
		t.Error(d)
	}
	if at(rules, 0, "targets", 0, "type") != "schedule_reference" || at(rules, 2, "targets", 0, "summary") != "Jonas Leitner" {
		t.Errorf("rules: %v", rules)
	}
	found := c.get("/services?query=payments", 200)["services"]
	if d := cmp.Diff([]string{"payments-api", "payments-portal"}, each(found, "name")); d != "" {
		t.Error(d)
	}
	if got := at(c.get("/services/"+serviceID("booking-api"), 200), "service", "status"); got != "critical" {
		t.Errorf("a service with a triggered incident is %v", got)
	}
	fields := c.get("/incidents/"+w.IncidentID("")+"/custom_fields/values", 200)["custom_fields"]
	if at(fields, 0, "name") != "environment" || at(fields, 0, "value") != "prod-north" {
		t.Errorf("custom fields: %v", fields)
	}
	if got := at(c.get("/users/me", 200), "user", "email"); got != "mira@harbourline.example" {
		t.Errorf("me: %v", got)
	}
	if n := length(c.get("/service_dependencies/technical_services/"+serviceID("payments-api"), 200)["relationships"]); n != 3 {
		t.Errorf("payments-api has %d neighbours", n)
	}
}

func TestANoteThatIsWrittenIsReadAgain(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.pagerDutyCaller(t)
	path := "/incidents/" + w.IncidentID("") + "/notes"
	c.send("POST", path, `{"note":{"content":"brief"}}`, 400)
	if len(w.PostedNotes()) != 0 {
		t.Error("a note without From was taken")
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.PagerDutyURL()+path, strings.NewReader(`{"note":{"content":"brief"}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Token token="+pagerDutyKey)
	req.Header.Set("From", "mira@harbourline.example")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := each(c.get(path, 200)["notes"], "content"); !cmp.Equal(got, []string{"brief"}) {
		t.Errorf("notes: %v", got)
	}
	if got := w.PostedNotes(); len(got) != 1 || got[0].From != "mira@harbourline.example" || got[0].IncidentID != w.IncidentID("") {
		t.Errorf("posted: %+v", got)
	}
	if n := length(c.get("/incidents/"+incidentID("oom-1")+"/notes", 200)["notes"]); n != 2 {
		t.Errorf("another incident has %d notes", n)
	}
}
