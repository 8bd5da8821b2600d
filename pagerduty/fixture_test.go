package pagerduty

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/core"
)

const testSecret = "own-secret-of-the-tests-1"

// obj writes JSON as PagerDuty nests it.
type obj = map[string]any

func ref(id, kind, name string) obj {
	return obj{
		"id": id, "type": kind + "_reference", "summary": name,
		"self": "https://api.pagerduty.com/" + kind + "s/" + id, "html_url": "https://shop.pagerduty.com/" + kind + "s/" + id,
	}
}

// wholeIncident is an incident as the events carry it whose data is the incident.
func wholeIncident() obj {
	return obj{
		"id": "Q2SHOPCHECKOUT", "type": "incident", "self": "https://api.pagerduty.com/incidents/Q2SHOPCHECKOUT",
		"html_url": "https://shop.pagerduty.com/incidents/Q2SHOPCHECKOUT", "number": 812, "status": "triggered",
		"incident_key": nil, "created_at": "2026-05-04T09:30:11Z", "title": "Checkout answers 502 in eu-west-1 ",
		"service": ref("PCHECK1", "service", "checkout"), "assignees": []any{ref("PANNA01", "user", "Anna Berg")},
		"escalation_policy": ref("PPOL001", "escalation_policy", "Shop on-call"), "teams": []any{ref("PTEAM01", "team", "Shop")},
		"priority": nil, "urgency": "high", "conference_bridge": nil, "resolve_reason": nil,
		"incident_type": obj{"name": "incident_default"},
	}
}

func referredIncident() obj {
	return ref("Q2SHOPCHECKOUT", "incident", "Checkout answers 502 in eu-west-1")
}

// eventBody is a V3 webhook.
func eventBody(eventType string, data any) []byte {
	return jsonOf(obj{"event": obj{
		"id": "01SHOP5V33QXBVIJDEVJFUNE", "event_type": eventType, "resource_type": strings.SplitN(eventType, ".", 2)[0],
		"occurred_at": "2026-05-04T09:30:12.347Z", "agent": nil, "client": nil, "data": data,
	}})
}

func jsonOf(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

func with(o obj, key string, value any) obj {
	o[key] = value
	return o
}

func sumOf(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// signedRequest is what arrives when PagerDuty sends body.
func signedRequest(body []byte) core.Request {
	return core.Request{Body: body, Remote: "192.0.2.7", Header: http.Header{
		"X-Pagerduty-Signature":  {"v1=" + sumOf(testSecret, body)},
		"X-Webhook-Id":           {"5d3c0a2e-0000-4000-8000-0123456789ab"},
		"X-Webhook-Subscription": {"PSUBS01"},
		"Content-Type":           {"application/json"},
		"Authorization":          {"Basic c2VuZGVyOmhpZGRlbg=="},
	}}
}

func testDoor(change ...func(*ParseWebhookInput)) door {
	in := ParseWebhookInput{WebhookSecret: testSecret}
	for _, c := range change {
		c(&in)
	}
	return door{secrets: newKeyring(in.WebhookSecret), unsigned: in.AllowUnsigned, filter: newFilter(in.Events, in.AllowedServices)}
}

// decoded is the event that body says.
func decoded(t *testing.T, body []byte) Event {
	t.Helper()
	e, err := DecodeEvent(body)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return e
}
