package pagerduty

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/incident"
)

var occurred = time.Date(2026, 5, 4, 9, 30, 12, 347e6, time.UTC)

// whole is the incident of wholeIncident.
func whole() incident.Incident {
	return incident.Incident{
		ID: "Q2SHOPCHECKOUT", Number: 812, Title: "Checkout answers 502 in eu-west-1", URL: "https://shop.pagerduty.com/incidents/Q2SHOPCHECKOUT",
		Status: "triggered", Urgency: "high", CreatedAt: time.Date(2026, 5, 4, 9, 30, 11, 0, time.UTC),
		Service:          incident.Ref{ID: "PCHECK1", Name: "checkout", URL: "https://shop.pagerduty.com/services/PCHECK1"},
		EscalationPolicy: incident.Ref{ID: "PPOL001", Name: "Shop on-call", URL: "https://shop.pagerduty.com/escalation_policys/PPOL001"},
		Teams:            []incident.Ref{{ID: "PTEAM01", Name: "Shop", URL: "https://shop.pagerduty.com/teams/PTEAM01"}},
		Assignees:        []incident.Ref{{ID: "PANNA01", Name: "Anna Berg", URL: "https://shop.pagerduty.com/users/PANNA01"}},
	}
}

func referred() incident.Incident {
	return incident.Incident{ID: "Q2SHOPCHECKOUT", Title: "Checkout answers 502 in eu-west-1", URL: "https://shop.pagerduty.com/incidents/Q2SHOPCHECKOUT"}
}

func TestDecodeFindsTheIncidentOfEveryEventThatIsTheIncidentItself(t *testing.T) {
	for _, name := range []string{
		"triggered", "acknowledged", "unacknowledged", "resolved", "reopened", "escalated", "reassigned", "delegated",
		"priority_updated", "service_updated", "incident_type.changed",
	} {
		want := Event{ID: "01SHOP5V33QXBVIJDEVJFUNE", Type: "incident." + name, OccurredAt: occurred, Incident: whole(), ServiceKnown: true}
		if diff := cmp.Diff(want, decoded(t, eventBody("incident."+name, wholeIncident()))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestDecodeFindsTheIncidentOfEveryEventThatRefersToIt(t *testing.T) {
	inc := referredIncident()
	for name, data := range map[string]obj{
		"annotated":                    {"id": "PNOTE01", "type": "incident_note", "incident": inc, "content": "Resolution Note: restarted it\n", "trimmed": false},
		"status_update_published":      {"id": "PUPD001", "type": "incident_status_update", "incident": inc, "message": "We look into it.", "trimmed": false},
		"responder.added":              {"type": "incident_responder", "incident": inc, "user": ref("PANNA01", "user", "Anna"), "escalation_policy": ref("PPOL001", "escalation_policy", "x"), "state": "pending"},
		"responder.replied":            {"type": "incident_responder", "incident": inc, "user": ref("PANNA01", "user", "Anna"), "escalation_policy": nil, "message": "coming\n"},
		"conference_bridge.updated":    {"type": "incident_conference_bridge", "incident": inc, "conference_numbers": nil, "conference_url": "https://meet.example/1"},
		"custom_field_values.updated":  {"type": "incident_field_values", "incident": inc, "custom_fields": []any{obj{"id": "PF1", "value": []any{1, "x"}}}},
		"task.created":                 {"type": "incident_task", "id": "T1", "incident": inc, "title": "of the task, not of the incident"},
		"task.completed":               {"type": "incident_task", "incident": inc},
		"task.updated":                 {"type": "incident_task", "incident": inc},
		"action_invocation.created":    {"type": "incident_action_invocation", "incident": inc, "service": ref("POTHER1", "service", "not its service")},
		"action_invocation.terminated": {"type": "incident_action_invocation", "incident": inc},
		"action_invocation.updated":    {"type": "incident_action_invocation", "incident": inc},
		"workflow.started":             {"type": "incident_workflow_instance", "incident": inc, "summary": "of the workflow"},
		"workflow.completed":           {"type": "incident_workflow_instance", "incident": inc},
		"role.assigned":                {"type": "incident_role_assignment", "incident_role_assignments": []any{obj{"role": nil, "incident": inc}}},
		"shape.of.the.future":          {"type": "new", "incident": inc},
	} {
		want := Event{ID: "01SHOP5V33QXBVIJDEVJFUNE", Type: "incident." + name, OccurredAt: occurred, Incident: referred()}
		if name == "annotated" {
			want.Note = "Resolution Note: restarted it"
		}
		if diff := cmp.Diff(want, decoded(t, eventBody("incident."+name, data))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestDecodeTakesEventsAboutNoIncident(t *testing.T) {
	for name, data := range map[string]any{
		"pagey.ping":                          obj{"message": "Hello from your friend Pagey!", "type": "ping"},
		"service.created":                     with(ref("PCHECK1", "service", "checkout"), "type", "service"),
		"service.updated":                     with(ref("PCHECK1", "service", "checkout"), "type", "service"),
		"service.deleted":                     with(ref("PCHECK1", "service", "checkout"), "type", "service"),
		"service.custom_field_values.updated": obj{"type": "service_field_values", "service": ref("PCHECK1", "service", "checkout")},
		"something.new":                       []any{1, "two"},
		"incident.triggered":                  nil,
		"incident.resolved":                   "a text",
		"incident.annotated":                  obj{"incident": nil},
		"incident.role.assigned":              obj{"incident_role_assignments": []any{}},
	} {
		e := decoded(t, eventBody(name, data))
		if e.Type != name || e.Incident.ID != "" || e.ServiceKnown {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestDecodeIsRefusedByNothingThatIsNotNeeded(t *testing.T) {
	raw := string(eventBody(Triggered, wholeIncident()))
	odd := func(old, new string) []byte {
		if !strings.Contains(raw, old) {
			t.Fatalf("the fixture has no %s", old)
		}
		return []byte(strings.Replace(raw, old, new, 1))
	}
	for name, c := range map[string]struct {
		body   []byte
		change func(*Event)
	}{
		"number beyond 64 bits":   {odd(`"number":812`, `"number":12345678901234567890`), func(e *Event) { e.Incident.Number = 0 }},
		"number as a text":        {odd(`"number":812`, `"number":"812"`), func(e *Event) { e.Incident.Number = 0 }},
		"number below zero":       {odd(`"number":812`, `"number":-3`), func(e *Event) { e.Incident.Number = 0 }},
		"time with offset":        {odd(`"2026-05-04T09:30:11Z"`, `"2026-05-04T15:00:11+05:30"`), func(*Event) {}},
		"time that is none":       {odd(`"2026-05-04T09:30:11Z"`, `"yesterday"`), func(e *Event) { e.Incident.CreatedAt = time.Time{} }},
		"time before all years":   {odd(`"2026-05-04T09:30:11Z"`, `"0000-01-01T00:00:00+01:00"`), func(e *Event) { e.Incident.CreatedAt = time.Time{} }},
		"time as a number":        {odd(`"2026-05-04T09:30:12.347Z"`, `1777887012`), func(e *Event) { e.OccurredAt = time.Time{} }},
		"conference number":       {odd(`"conference_bridge":null`, `"conference_bridge":{"conference_number":1000}`), func(*Event) {}},
		"agent of another kind":   {odd(`"agent":null`, `"agent":["a",{"id":7}]`), func(*Event) {}},
		"client of another kind":  {odd(`"client":null`, `"client":"Grafana"`), func(*Event) {}},
		"assignees null":          {odd(`"assignees":[`, `"assignees":null,"x":[`), func(e *Event) { e.Incident.Assignees = nil }},
		"assignees odd":           {odd(`"assignees":[`, `"assignees":[null,"me",{"id":5},`), func(*Event) {}},
		"teams as a text":         {odd(`"teams":[`, `"teams":"Shop","x":[`), func(e *Event) { e.Incident.Teams = nil }},
		"policy null":             {odd(`"escalation_policy":{`, `"escalation_policy":null,"x":{`), func(e *Event) { e.Incident.EscalationPolicy = incident.Ref{} }},
		"priority of P1":          {odd(`"priority":null`, `"priority":{"id":"PPRIO01","summary":"P1"}`), func(e *Event) { e.Incident.Priority = "P1" }},
		"key set":                 {odd(`"incident_key":null`, `"incident_key":"disk/web-1"`), func(e *Event) { e.Incident.Key = "disk/web-1" }},
		"unknown nested fields":   {odd(`"urgency":`, `"x":{"y":[[[{"z":1e999}]]]},"urgency":`), func(*Event) {}},
		"keys in another case":    {odd(`"urgency":`, `"ID":"WRONG01","Title":"WRONG","urgency":`), func(*Event) {}},
		"an id in the addresses":  {odd(`incidents/Q2SHOPCHECKOUT","id"`, `incidents/QOTHER0000000","id"`), func(e *Event) { e.Incident.URL = "https://shop.pagerduty.com/incidents/QOTHER0000000" }},
		"an address that is none": {odd(`"https://shop.pagerduty.com/incidents/Q2SHOPCHECKOUT"`, `"javascript:alert(1)"`), func(e *Event) { e.Incident.URL = "" }},
		"a byte order mark":       {append([]byte("\ufeff"), raw...), func(*Event) {}},
		"merged":                  {odd(`"resolve_reason":null`, `"resolve_reason":{"type":"merge_resolve_reason","incident":{"id":"QX"}}`), func(e *Event) { e.ResolvedByMerge = true }},
		"summary for title":       {odd(`"title":"Checkout answers 502 in eu-west-1 "`, `"title":null,"summary":"[#812] Checkout"`), func(e *Event) { e.Incident.Title = "[#812] Checkout" }},
		"no data type":            {odd(`"type":"incident",`, ``), func(*Event) {}},
	} {
		want := Event{ID: "01SHOP5V33QXBVIJDEVJFUNE", Type: Triggered, OccurredAt: occurred, Incident: whole(), ServiceKnown: true}
		c.change(&want)
		if diff := cmp.Diff(want, decoded(t, c.body)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestDecodeCleansTextOnce(t *testing.T) {
	for sent, want := range map[string]string{
		`disk full\u0000 on \u0007db \u001b[31mnow\u001b[0m`: "disk full on db now",
		`Pool \ud83d exhausted`:                              "Pool \ufffd exhausted",
		"caf\xe9 down":                                       "caf\ufffd down",
		`two\nlines\tand more`:                               "two lines and more",
		`\u202eevil\u202c`:                                   "evil",
		`login failed password=hunter2hunter2`:               "login failed password=[redacted]",
		`  trimmed  `:                                        "trimmed",
		`<!channel> *bold* & co`:                             "<!channel> *bold* & co",
	} {
		body := strings.Replace(string(pageBody), "Checkout answers 502 in eu-west-1 ", sent, 1)
		if got := decoded(t, []byte(body)).Incident.Title; got != want {
			t.Errorf("%s became %q, want %q", sent, got, want)
		}
	}
}

func TestDecodeSaysThatOnlyV3IsSupported(t *testing.T) {
	for _, body := range []string{
		`{"messages":[{"id":"1","event":"incident.trigger","incident":{"id":"P1"}}]}`,
		`{"messages":[{"type":"incident.trigger","data":{"incident":{"id":"P1"}}}]}`,
		`{"event":"incident.trigger","incident":{"id":"P1"}}`,
	} {
		if _, err := DecodeEvent([]byte(body)); err == nil || !strings.Contains(err.Error(), "only V3 is supported") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestDecodeRefusesWhatIsNoV3Event(t *testing.T) {
	for body, want := range map[string]string{
		``:                              "not JSON",
		`hello`:                         "not JSON",
		`{"event":{"id":"x"`:            "not JSON",
		`{"event":{}} trailing`:         "not JSON",
		`<html>`:                        "not JSON",
		`[]`:                            "not a V3 webhook",
		`"text"`:                        "not a V3 webhook",
		`null`:                          "not a V3 webhook",
		`{}`:                            "not a V3 webhook",
		`{"event":null}`:                "not a V3 webhook",
		`{"event":[]}`:                  "not a V3 webhook",
		`{"event":{"id":"x"}}`:          "not a V3 webhook",
		`{"event":{"event_type":null}}`: "not a V3 webhook",
		`{"event":{"event_type":7}}`:    "not a V3 webhook",
		`{"event":{"event_type":" "}}`:  "not a V3 webhook",
		`{"alerts":[{"status":"firing","labels":{"secret":"hunter2"}}]}`: "not a V3 webhook",
	} {
		_, err := DecodeEvent([]byte(body))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %q", body, err, want)
		}
	}
}

func TestPayloadSaysTheSameInLess(t *testing.T) {
	busy := wholeIncident()
	busy["resolve_reason"] = obj{"type": "merge_resolve_reason", "incident": referredIncident()}
	busy["priority"] = ref("PPRIO01", "priority", "P1")
	for name, body := range map[string][]byte{
		"the incident":  eventBody(Reopened, busy),
		"a note":        eventBody("incident.annotated", obj{"incident": referredIncident(), "type": "incident_note", "content": "one\n\n`rm /tmp/*.lock`"}),
		"a role":        eventBody("incident.role.assigned", obj{"incident_role_assignments": []any{obj{"incident": referredIncident()}}}),
		"no incident":   eventBody("incident.task.created", obj{}),
		"a new type":    eventBody("incident.brand_new", wholeIncident()),
		"no time":       []byte(`{"event":{"event_type":"incident.triggered","data":{"id":"P1"}}}`),
		"not even a id": []byte(`{"event":{"event_type":"incident.triggered"}}`),
	} {
		e := decoded(t, body)
		if diff := cmp.Diff(e, decoded(t, []byte(e.Payload()))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestPayloadHoldsNothingThatIsNotUsedAndStaysSmall(t *testing.T) {
	inc := wholeIncident()
	inc["title"] = strings.Repeat("<&>😀", 100_000)
	inc["html_url"] = "https://shop.pagerduty.com/" + strings.Repeat("a", 1900)
	inc["extra"] = "hunter2"
	var many []any
	for n := range 500 {
		many = append(many, ref(fmt.Sprintf("PUSER%03d", n), "user", strings.Repeat("名", 2000)))
	}
	inc["assignees"], inc["teams"] = many, many
	payload := decoded(t, eventBody(Triggered, inc)).Payload()
	if len(payload) > 100_000 || strings.Contains(payload, "hunter2") || strings.Contains(payload, `\u003c`) {
		t.Errorf("%d bytes, extra kept: %v", len(payload), strings.Contains(payload, "hunter2"))
	}
	if !json.Valid([]byte(payload)) {
		t.Error("the payload is not JSON")
	}
}
