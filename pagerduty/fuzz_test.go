package pagerduty

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/core"
)

func FuzzDecodeNeverPanicsAndItsPayloadReadsBack(f *testing.F) {
	f.Add(pageBody)
	f.Add(eventBody("incident.annotated", obj{"incident": referredIncident(), "content": "x\ny"}))
	f.Add(eventBody("incident.role.assigned", obj{"incident_role_assignments": []any{obj{"incident": referredIncident()}}}))
	f.Add([]byte(`{"messages":[1]}`))
	f.Add([]byte(`{"event":{"event_type":"incident.x","occurred_at":"0001-01-01T00:00:00Z","data":{"type":"incident","id":"\ud83d"}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := DecodeEvent(body)
		if err != nil {
			return
		}
		again, err := DecodeEvent([]byte(e.Payload()))
		if err != nil {
			t.Fatalf("%v\n%s", err, e.Payload())
		}
		third, err := DecodeEvent([]byte(again.Payload()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(again, third); diff != "" || again.Type != e.Type || again.Incident.ID != e.Incident.ID {
			t.Errorf("reading it again changes it: %s\n%+v\n%+v", diff, e, again)
		}
	})
}

func FuzzForgedRequestsAreNeverAdmitted(f *testing.F) {
	f.Add(pageBody, "v1="+sumOf("guess", pageBody), "gzip")
	f.Add(pageBody, "v1="+sumOf("", pageBody), "")
	f.Add([]byte("{}"), "v1=,v2=,=", "x-gzip, br")
	d := testDoor()
	f.Fuzz(func(t *testing.T, body []byte, signature, encoding string) {
		r := core.Request{Body: body, Header: http.Header{"X-Pagerduty-Signature": {signature}, "Content-Encoding": {encoding}}}
		if a := d.Admit(r); a.Start != nil || a.Status != http.StatusForbidden && a.Status != http.StatusBadRequest {
			t.Errorf("%+v", a)
		}
	})
}
