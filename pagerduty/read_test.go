package pagerduty

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/incident"
)

var created = time.Date(2026, 5, 4, 9, 30, 11, 0, time.UTC)

func restRef(id, kind, name string) incident.Ref {
	return incident.Ref{ID: id, Name: name, URL: "https://shop.pagerduty.com/" + kind + "s/" + id}
}

func TestIncidentIsReadWithBodyAndCustomFields(t *testing.T) {
	body := restIncident(id, "Checkout answers 502", "triggered", created)
	body["body"] = obj{"type": "incident_body", "details": "runbook: https://wiki.example/p/1\nsecret password=hunter2hunter2"}
	body["priority"] = ref("PPRIO01", "priority", "P1")
	c, f := client(t, map[string]func(url.Values) answer{
		incidentPath: ok(obj{"incident": body}),
		fieldsPath: ok(obj{"custom_fields": []any{
			obj{"id": "PF1", "name": "env", "display_name": "Environment", "value": "production"},
			obj{"id": "PF2", "name": "regions", "value": []any{"eu", "us"}}, obj{"id": "PF3", "name": "unset", "value": nil}, "odd",
		}}),
	})
	got, err := c.Incident(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := incident.Incident{
		ID: id, Number: 812, Title: "Checkout answers 502", URL: "https://shop.pagerduty.com/incidents/" + id, Status: "triggered", Urgency: "high",
		Priority: "P1", Service: restRef("PCHECK1", "service", "checkout"), EscalationPolicy: restRef("PPOL001", "escalation_policy", "Shop on-call"),
		Assignees: []incident.Ref{restRef("PANNA01", "user", "Anna Berg")}, AlertCount: 3, CreatedAt: created, StatusChangedBy: "Anna Berg",
		Body:         "runbook: https://wiki.example/p/1\nsecret password=[redacted]",
		CustomFields: []incident.Field{{Name: "Environment", Value: "production"}, {Name: "regions", Value: "[0]: eu, [1]: us"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if q := f.called(incidentPath); len(q) != 1 || q[0].Get("include[]") != "body" {
		t.Errorf("asked with %v", q)
	}
}

func TestIncidentIsNeitherHiddenNorEmbellishedByItsCustomFields(t *testing.T) {
	for status, want := range map[int]string{402: "", 404: "", 500: "could not be read"} {
		c, _ := client(t, map[string]func(url.Values) answer{
			incidentPath: ok(obj{"incident": restIncident(id, "x", "triggered", created)}), fieldsPath: refuse(status),
		})
		got, err := c.Incident(t.Context(), id)
		if err != nil || len(got.CustomFields) > 0 != (want != "") {
			t.Errorf("%d: %v %v", status, got.CustomFields, err)
		}
		if want != "" && !strings.Contains(got.CustomFields[0].Value, want) {
			t.Errorf("%d: %v", status, got.CustomFields)
		}
	}
}

func TestIncidentThatEndedSaysWhenAndHow(t *testing.T) {
	merged := restIncident(id, "x", "resolved", created)
	merged["resolve_reason"] = obj{"type": "merge_resolve_reason", "incident": ref("QOTHER", "incident", "other")}
	for name, c := range map[string]struct {
		body obj
		by   string
		at   time.Time
	}{
		"resolved":        {with(restIncident(id, "x", "resolved", created), "resolved_at", "2026-05-04T09:35:00Z"), "Anna Berg", created.Add(4*time.Minute + 49*time.Second)},
		"without a time":  {restIncident(id, "x", "resolved", created), "Anna Berg", created.Add(12 * time.Minute)},
		"merged":          {merged, "Anna Berg (merged into QOTHER)", created.Add(12 * time.Minute)},
		"still triggered": {restIncident(id, "x", "triggered", created), "Anna Berg", time.Time{}},
	} {
		api, _ := client(t, map[string]func(url.Values) answer{incidentPath: ok(obj{"incident": c.body}), fieldsPath: refuse(404)})
		got, err := api.Incident(t.Context(), id)
		if err != nil || got.StatusChangedBy != c.by || !got.ResolvedAt.Equal(c.at) {
			t.Errorf("%s: by %q at %s, %v", name, got.StatusChangedBy, got.ResolvedAt, err)
		}
	}
}

func TestFieldsThatAreNullOrOddRefuseNoRead(t *testing.T) {
	odd := obj{
		"id": id, "incident_number": "812", "title": nil, "summary": "from the summary", "service": nil, "teams": nil, "assignments": []any{nil, obj{"assignee": nil}},
		"priority": "P1", "alert_counts": nil, "body": "text", "created_at": 5, "last_status_change_by": []any{}, "resolve_reason": "merged",
	}
	c, _ := client(t, map[string]func(url.Values) answer{
		incidentPath: ok(obj{"incident": odd}), fieldsPath: ok(obj{"custom_fields": []any{}}),
		alertsPath: ok(obj{"alerts": []any{nil, "text", 5, obj{}, obj{"id": "QA1", "body": nil}, obj{"id": "QA2", "body": obj{"contexts": "x", "cef_details": 5}, "service": []any{}}}}),
		notesPath:  ok(obj{"notes": []any{nil, obj{"content": nil}, obj{"content": "kept", "user": nil}}}),
		logPath: ok(obj{"log_entries": []any{
			nil, obj{"id": "R1", "type": "trigger_log_entry", "summary": "kept", "channel": obj{"type": 5}, "event_details": obj{"a": obj{"b": 1}}},
		}}),
		"/oncalls": ok(obj{"oncalls": []any{nil, obj{"user": nil}, obj{"user": ref("PANNA01", "user", "Anna"), "schedule": nil, "end": nil, "escalation_level": 1}}}),
	})
	ctx := t.Context()
	if got, err := c.Incident(ctx, id); err != nil || got.ID != id || got.Title != "from the summary" {
		t.Errorf("incident %+v %v", got, err)
	}
	if got, cut, err := c.Alerts(ctx, id); err != nil || len(got) != 2 || cut.Shown != 2 {
		t.Errorf("alerts %+v %+v %v", got, cut, err)
	}
	if got, err := c.Notes(ctx, id); err != nil || len(got) != 1 || got[0].Text != "kept" {
		t.Errorf("notes %+v %v", got, err)
	}
	if got, _, err := c.LogEntries(ctx, id); err != nil || len(got) != 1 || got[0].Summary != "kept" {
		t.Errorf("log %+v %v", got, err)
	}
	if got, err := c.OnCalls(ctx, "PPOL001"); err != nil || len(got) != 1 || got[0].Person.Name != "Anna" {
		t.Errorf("on call %+v %v", got, err)
	}
}

func TestNotesAreTheNewestFirstCleanedAndBounded(t *testing.T) {
	var all []any
	for n := range 50 {
		all = append(all, note("Anna", fmt.Sprintf("note %d\u0000 token=abcdef0123456789abcdef", n), testNow.Add(time.Duration(n)*time.Minute)))
	}
	c, _ := client(t, map[string]func(url.Values) answer{notesPath: ok(obj{"notes": all})})
	got, err := c.Notes(t.Context(), id)
	if err != nil || len(got) != maxNotes || got[0].Text != "note 49 token=[redacted]" || got[0].Author != "Anna" {
		t.Errorf("%d notes, first %+v, %v", len(got), got[0], err)
	}
}

func logOf(n int, kind, summary string, at time.Time, channel any) obj {
	e := ref(fmt.Sprintf("RLOG%04d", n), "x", summary)
	e["type"], e["created_at"], e["agent"], e["channel"] = kind, at.Format(time.RFC3339), ref("PANNA01", "user", "Anna Berg"), channel
	return e
}

func TestLogBeginsWithHowItBeganAndSaysWhatTheChannelKnows(t *testing.T) {
	all := []any{
		logOf(1, "trigger_log_entry", "Triggered through the API.", created, obj{"type": "api", "details": obj{"host": "db-1"}}),
		logOf(2, "assign_log_entry", "Assigned to Anna Berg.", created, obj{"type": "auto"}),
		logOf(3, "notify_log_entry", "Notified Anna Berg by SMS.", created.Add(time.Second), obj{"type": "auto", "notification": obj{"type": "sms", "status": "failed"}}),
		logOf(4, "annotate_log_entry", "Note added.", created.Add(time.Minute), obj{"type": "note", "summary": "restarted the pod"}),
		logOf(5, "trigger_log_entry", "Triggered via email.", created.Add(2*time.Minute), obj{"type": "email", "subject": "disk full", "details": "not this"}),
	}
	c, f := client(t, map[string]func(url.Values) answer{logPath: paged("log_entries", reversed(all))})
	got, cut, err := c.LogEntries(t.Context(), id)
	if err != nil || cut != (incident.Cut{Shown: 5, Total: 5}) {
		t.Fatal(cut, err)
	}
	var summaries []string
	for _, e := range got {
		summaries = append(summaries, e.Summary)
	}
	want := []string{
		"Triggered through the API. host: db-1", "Assigned to Anna Berg.", "Notified Anna Berg by SMS. sms failed",
		"Note added. restarted the pod", "Triggered via email. disk full",
	}
	if diff := cmp.Diff(want, summaries); diff != "" {
		t.Error(diff)
	}
	if q := f.called(logPath); len(q) != 1 || q[0].Get("include[]") != "channels" {
		t.Errorf("asked with %v", q)
	}
}

func TestALongLogKeepsItsBeginningAndWhatIsNoNotification(t *testing.T) {
	var all []any
	for n := range 450 {
		kind := notification
		if n%100 == 0 || n == 449 {
			kind = "escalate_log_entry"
		}
		all = append(all, logOf(n, kind, fmt.Sprintf("entry %d", n), created.Add(time.Duration(n)*time.Second), nil))
	}
	c, f := client(t, map[string]func(url.Values) answer{logPath: paged("log_entries", reversed(all))})
	got, cut, err := c.LogEntries(t.Context(), id)
	if err != nil || len(got) > maxLog || got[0].Summary != "entry 0" || got[len(got)-1].Summary != "entry 449" {
		t.Fatalf("%d entries, %+v, %v", len(got), cut, err)
	}
	if cut.Total != 450 || cut.Shown != len(got) || len(f.calls) != 3 {
		t.Errorf("%+v after %d calls", cut, len(f.calls))
	}
	if slices.ContainsFunc(got, func(e incident.LogEntry) bool { return e.Type == notification }) {
		t.Error("notifications took the place of what happened")
	}
}

func TestALongLogWithoutNotificationsLosesItsMiddle(t *testing.T) {
	var all []any
	for n := range 150 {
		all = append(all, logOf(n, "escalate_log_entry", fmt.Sprintf("entry %d", n), created.Add(time.Duration(n)*time.Second), nil))
	}
	c, _ := client(t, map[string]func(url.Values) answer{logPath: paged("log_entries", reversed(all))})
	got, cut, err := c.LogEntries(t.Context(), id)
	if err != nil || cut != (incident.Cut{Shown: 80, Total: 150}) || got[0].Summary != "entry 0" || got[39].Summary != "entry 39" || got[40].Summary != "entry 110" || got[79].Summary != "entry 149" {
		t.Errorf("%d entries, %+v, %v", len(got), cut, err)
	}
}

func TestWhoIsOnCallIsReadByLevel(t *testing.T) {
	entry := func(who string, level int, end any) obj {
		return obj{
			"user": ref("P"+who, "user", who), "escalation_level": level, "end": end, "start": nil,
			"escalation_policy": ref("PPOL001", "escalation_policy", "Shop on-call"), "schedule": nil,
		}
	}
	c, f := client(t, map[string]func(url.Values) answer{"/oncalls": ok(obj{"oncalls": []any{
		entry("BEN", 2, nil), entry("ANNA", 1, "2026-05-05T08:00:00+02:00"), entry("ANNA", 1, "2026-05-05T08:00:00+02:00"),
	}})})
	got, err := c.OnCalls(t.Context(), "PPOL001")
	policy := restRef("PPOL001", "escalation_policy", "Shop on-call")
	want := []incident.OnCall{
		{Person: restRef("PANNA", "user", "ANNA"), Level: 1, Policy: policy, Until: time.Date(2026, 5, 5, 6, 0, 0, 0, time.UTC)},
		{Person: restRef("PBEN", "user", "BEN"), Level: 2, Policy: policy},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if q := f.called("/oncalls"); q[0].Get("escalation_policy_ids[]") != "PPOL001" || q[0].Get("earliest") != "true" {
		t.Errorf("asked with %v", q)
	}
}

func TestServicePolicyAndUserAreRead(t *testing.T) {
	service := ref("PCHECK1", "service", "checkout")
	service["name"], service["description"], service["status"] = "checkout", "Takes money.\nRunbook: https://wiki.example/checkout", "critical"
	service["escalation_policy"], service["teams"] = ref("PPOL001", "escalation_policy", "Shop on-call"), nil
	policy := ref("PPOL001", "escalation_policy", "Shop on-call")
	policy["num_loops"], policy["escalation_rules"] = 2, []any{obj{"escalation_delay_in_minutes": 15, "targets": []any{ref("PANNA01", "user", "Anna")}}, nil}
	user := ref("PANNA01", "user", "Anna Berg")
	user["email"], user["role"] = "anna@shop.example", "limited_user"
	c, f := client(t, map[string]func(url.Values) answer{
		"/services/PCHECK1": ok(obj{"service": service}), "/services": paged("services", []any{service}),
		"/escalation_policies/PPOL001": ok(obj{"escalation_policy": policy}), "/users/me": ok(obj{"user": user}),
	})
	ctx := t.Context()
	if got, err := c.Service(ctx, "PCHECK1"); err != nil || got.Name != "checkout" || got.Status != "critical" || got.EscalationPolicy.ID != "PPOL001" || !strings.Contains(got.Description, "wiki.example") {
		t.Errorf("%+v %v", got, err)
	}
	if got, cut, err := c.Services(ctx, "check out&x=1"); err != nil || len(got) != 1 || !cut.Complete() || f.called("/services")[0].Get("query") != "check out&x=1" {
		t.Errorf("%+v %+v %v", got, cut, err)
	}
	if got, err := c.EscalationPolicy(ctx, "PPOL001"); err != nil || got.Loops != 2 || got.Rules[0].DelayMinutes != 15 || got.Rules[0].Targets[0].Name != "Anna" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := c.Me(ctx); err != nil || got.Name != "Anna Berg" || got.Role != "limited_user" {
		t.Errorf("%+v %v", got, err)
	}
}
