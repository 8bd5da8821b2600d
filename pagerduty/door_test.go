package pagerduty

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/incident"
)

func services(list ...string) func(*ParseWebhookInput) {
	return func(in *ParseWebhookInput) { in.AllowedServices = list }
}

func events(list ...string) func(*ParseWebhookInput) {
	return func(in *ParseWebhookInput) { in.Events = list }
}

func TestDoorStartsAReviewNamedAfterTheIncident(t *testing.T) {
	a := testDoor().Admit(signedRequest(pageBody))
	if a.Start == nil {
		t.Fatalf("%+v", a)
	}
	want := &core.Start{
		WorkflowID: "incident-Q2SHOPCHECKOUT", Urgent: true,
		Tags: map[string]string{"pagerduty.incident.id": "Q2SHOPCHECKOUT", "pagerduty.service.id": "PCHECK1"},
		Input: map[string]any{
			"webhook_payload": decoded(t, pageBody).Payload(),
			"webhook_headers": map[string]string{"X-Webhook-Id": "5d3c0a2e-0000-4000-8000-0123456789ab", "X-Webhook-Subscription": "PSUBS01"},
		},
	}
	if diff := cmp.Diff(want, a.Start); diff != "" {
		t.Error(diff)
	}
}

func TestDoorKeepsSignatureAndCredentialsOutOfTheFlow(t *testing.T) {
	r := signedRequest(pageBody)
	r.Header.Set("X-Custom-Token", "hunter2")
	a := testDoor().Admit(r)
	headers := a.Start.Input["webhook_headers"].(map[string]string)
	if len(headers) != 2 {
		t.Errorf("headers in the flow: %v", headers)
	}
}

func TestDoorLetsTheContentTypeBe(t *testing.T) {
	r := signedRequest(pageBody)
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	if a := testDoor().Admit(r); a.Start == nil {
		t.Errorf("%+v", a)
	}
}

func TestDoorNamesALaterReviewAfterItsTimeAndGivesWayToARunningOne(t *testing.T) {
	d := testDoor(events(Triggered, Reopened, "incident.role.assigned"))
	for _, c := range []struct {
		body []byte
		want string
	}{
		{eventBody(Reopened, wholeIncident()), "incident-Q2SHOPCHECKOUT-reopened-1777887012"},
		{eventBody("incident.role.assigned", obj{"incident_role_assignments": []any{obj{"incident": referredIncident()}}}), "incident-Q2SHOPCHECKOUT-role.assigned-1777887012"},
		{[]byte(`{"event":{"id":"01!AB c","event_type":"incident.reopened","data":{"id":"P1"}}}`), "incident-P1-reopened-event-01ABc"},
	} {
		a := d.Admit(signedRequest(c.body))
		if a.Start == nil || a.Start.WorkflowID != c.want || len(a.Start.Running) != 1 || a.Start.Running[0] != WorkflowID(decoded(t, c.body).Incident.ID) {
			t.Errorf("%+v %+v, want %s", a, a.Start, c.want)
		}
	}
}

func TestDoorGivesTheSameNameToEveryDeliveryOfAnEvent(t *testing.T) {
	d := testDoor(events(Triggered, Reopened))
	for _, body := range [][]byte{pageBody, eventBody(Reopened, wholeIncident())} {
		first, second := signedRequest(body), signedRequest(body)
		second.Header.Set("X-Webhook-Id", "another")
		second.Header.Set("X-Webhook-Subscription", "PSUBS02")
		if a, b := d.Admit(first).Start, d.Admit(second).Start; a.WorkflowID != b.WorkflowID {
			t.Errorf("%s and %s", a.WorkflowID, b.WorkflowID)
		}
	}
}

func TestDoorPutsLowUrgencyBehind(t *testing.T) {
	for urgency, urgent := range map[string]bool{"high": true, "low": false, "LOW": false, "": true} {
		a := testDoor().Admit(signedRequest(eventBody(Triggered, with(wholeIncident(), "urgency", urgency))))
		if a.Start.Urgent != urgent {
			t.Errorf("urgency %q: urgent %v", urgency, a.Start.Urgent)
		}
	}
}

func TestDoorSkipsWhatIsSignedAndNotForUs(t *testing.T) {
	note := eventBody("incident.annotated", obj{"incident": referredIncident(), "content": "x"})
	for _, c := range []struct {
		name   string
		door   door
		body   []byte
		label  string
		reason string
	}{
		{"ping", testDoor(), eventBody("pagey.ping", obj{"message": "Hello", "type": "ping"}), "ping", "ping received"},
		{"ping that is asked for", testDoor(events("pagey.ping")), eventBody("pagey.ping", obj{}), "ping", "ping received"},
		{"other type", testDoor(), eventBody("incident.resolved", wholeIncident()), "skipped", `"incident.resolved" begin no review`},
		{"unknown type", testDoor(), eventBody("incident.teleported", wholeIncident()), "skipped", `"incident.teleported" begin no review`},
		{"type of a new kind", testDoor(), eventBody("weather.changed", []any{}), "skipped", `"weather.changed" begin no review`},
		{"service event", testDoor(), eventBody("service.updated", ref("PCHECK1", "service", "checkout")), "skipped", "begin no review"},
		{"service event that is asked for", testDoor(events("service.updated")), eventBody("service.updated", obj{}), "skipped", "about no incident"},
		{"triggered that is not asked for", testDoor(events(Reopened)), pageBody, "skipped", "begin no review"},
		{"other service", testDoor(services("payments", "PPAY001")), pageBody, "skipped", `service checkout (PCHECK1) is not one of the allowed services`},
		{"no service in the payload", testDoor(services("checkout"), events("incident.annotated")), note, "skipped", "do not name the incident's service"},
		{"service null", testDoor(services("checkout")), eventBody(Triggered, with(wholeIncident(), "service", nil)), "skipped", "do not name the incident's service"},
	} {
		a := c.door.Admit(signedRequest(c.body))
		if a.Start != nil || a.Status != http.StatusOK || a.Label != c.label || !strings.Contains(a.Reason, c.reason) {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
}

func TestDoorTellsAReviewUnderWayWhatHappensToItsIncident(t *testing.T) {
	note := eventBody("incident.annotated", obj{"incident": referredIncident(), "content": "it is the disk"})
	acknowledged := with(with(wholeIncident(), "status", "acknowledged"), "urgency", "low")
	for _, c := range []struct {
		name string
		door door
		body []byte
		want *incident.Update
	}{
		{"acknowledged", testDoor(), eventBody("incident.acknowledged", acknowledged), &incident.Update{Kind: "acknowledged", Status: "acknowledged", Urgency: "low"}},
		{"a note, whose service nobody knows", testDoor(services("checkout")), note, &incident.Update{Kind: "annotated", Note: "it is the disk"}},
		{"moved to a service that is not ours", testDoor(services("payments")), eventBody("incident.service_updated", wholeIncident()), &incident.Update{Kind: "service_updated", Status: "triggered", Urgency: "high"}},
		{"also one that may begin a review", testDoor(events("incident.escalated")), eventBody("incident.escalated", wholeIncident()), &incident.Update{Kind: "escalated", Status: "triggered", Urgency: "high"}},
		{"triggered", testDoor(), pageBody, nil},
		{"of another service", testDoor(services("payments")), eventBody("incident.acknowledged", acknowledged), nil},
		{"of no interest", testDoor(), eventBody("incident.responder.added", obj{"incident": referredIncident()}), nil},
		{"without an id", testDoor(), eventBody("incident.acknowledged", with(wholeIncident(), "id", "a/b")), nil},
	} {
		tell := c.door.Admit(signedRequest(c.body)).Tell
		if tell == nil || c.want == nil {
			if (tell == nil) != (c.want == nil) {
				t.Errorf("%s: told %+v", c.name, tell)
			}
			continue
		}
		u := tell.Value.(incident.Update)
		u.At, u.By, u.Service, u.Priority = time.Time{}, "", incident.Ref{}, ""
		if diff := cmp.Diff(*c.want, u); diff != "" || tell.Signal != UpdatesName || !strings.HasPrefix(tell.WorkflowID, "incident-") {
			t.Errorf("%s: to %s %s\n%s", c.name, tell.WorkflowID, tell.Signal, diff)
		}
	}
}

func TestNoWebhookCanPassForARequestOfAPerson(t *testing.T) {
	a := testDoor(services("payments")).Admit(signedRequest(eventBody(ReviewRequested, wholeIncident())))
	if a.Start != nil || a.Status != http.StatusOK {
		t.Errorf("%+v", a)
	}
	out, err := testDoor(services("payments"), events(Reopened)).parse(t.Context(), parseInput{Payload: Requested(incident.Incident{ID: "Q1"}).Payload()})
	if err != nil || out.Skipped || out.IncidentID != "Q1" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestDoorFiltersServicesByExactNameOrID(t *testing.T) {
	named := func(name string) []byte {
		return eventBody(Triggered, with(wholeIncident(), "service", ref("PCHECK1", "service", name)))
	}
	for _, c := range []struct {
		allowed []string
		service string
		let     bool
	}{
		{nil, "checkout", true},
		{[]string{"", "  "}, "checkout", true}, // empty entries are none
		{[]string{"checkout"}, "checkout", true},
		{[]string{" checkout "}, "checkout  ", true},
		{[]string{"payments", "PCHECK1"}, "renamed", true},
		{[]string{"check"}, "checkout", false},
		{[]string{"Checkout"}, "checkout", false},
		{[]string{"check*"}, "checkout", false},
		{[]string{"pcheck1"}, "checkout", false},
	} {
		if a := testDoor(services(c.allowed...)).Admit(signedRequest(named(c.service))); (a.Start != nil) != c.let {
			t.Errorf("allowed %q, service %q: %+v", c.allowed, c.service, a)
		}
	}
}

func TestDoorRefusesASignedBodyThatNamesNoIncident(t *testing.T) {
	for _, id := range []any{nil, "", " ", 7, "../../users/me", "P1?x=y", "P1 P2", "P1\n", strings.Repeat("Q", 65), "Ｐ１", "a/b"} {
		a := testDoor().Admit(signedRequest(eventBody(Triggered, with(wholeIncident(), "id", id))))
		ok := id == "P1\n" // a trailing line break is cleaned away
		if (a.Start != nil) != ok || !ok && (a.Status != http.StatusBadRequest || a.Label != "malformed") {
			t.Errorf("%q: %+v", id, a)
		}
	}
}

func TestDoorSaysWhyASignedBodyIsNoEvent(t *testing.T) {
	for body, want := range map[string]string{"no json": "not JSON", `{"messages":[{}]}`: "only V3 is supported", `{}`: "not a V3 webhook"} {
		if a := testDoor().Admit(signedRequest([]byte(body))); a.Status != 400 || !strings.Contains(a.Reason, want) {
			t.Errorf("%s: %+v", body, a)
		}
	}
}

func TestDoorReadsNothingThatIsNotSigned(t *testing.T) {
	for _, body := range []string{"no json", `{"messages":[{}]}`, `{}`, string(eventBody("pagey.ping", obj{})), string(pageBody)} {
		r := signedRequest([]byte(body))
		r.Header.Set("X-Pagerduty-Signature", "v1="+sumOf("guess", r.Body))
		if a := testDoor().Admit(r); a.Status != 403 || a.Reason != reasonForbidden {
			t.Errorf("%s: %+v", body, a)
		}
	}
}
