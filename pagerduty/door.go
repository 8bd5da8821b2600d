package pagerduty

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
)

// Answers to requests that are not known to come from PagerDuty. They are
// constant: whoever is at the door learns nothing.
const (
	reasonForbidden = "the request is not signed with a secret known here"
	reasonMalformed = "the header " + signatureHeader + " is malformed"
	reasonNoSecret  = "no webhook secret is set here; send it again later"
)

// Headers that go into the flow: they name the delivery and the subscription.
// No other header does, since any of them may carry a credential.
const (
	webhookIDHeader    = "X-Webhook-Id"
	subscriptionHeader = "X-Webhook-Subscription"
)

// door is the core.Door of ParseWebhook. It answers 2xx to whatever is signed
// and not for us: PagerDuty switches a subscription off for a day after three
// other answers in a row, and then the wanted pages are lost too.
type door struct {
	secrets  keyring
	unsigned bool // let in what nobody signed; only without secrets
	filter   filter
}

// Admit decides about one webhook.
func (d door) Admit(r core.Request) core.Admission {
	if refusal, ok := d.turnAway(r); ok {
		return refusal
	}
	e, err := DecodeEvent(r.Body)
	if err != nil {
		return core.Admission{Status: http.StatusBadRequest, Reason: err.Error(), Label: "malformed", Log: subscription(r.Header)}
	}
	if reason := d.filter.skip(e); reason != "" {
		return core.Admission{Status: http.StatusOK, Reason: reason, Tell: d.tell(e), Label: label(e), Log: subscription(r.Header)}
	}
	if !validID(e.Incident.ID) {
		return core.Admission{
			Status: http.StatusBadRequest, Reason: fmt.Sprintf("an event of type %q must carry the id of its incident, in letters and digits", e.Type),
			Label: "malformed", Log: subscription(r.Header),
		}
	}
	return core.Admission{Start: start(e, r.Header), Tell: d.tell(e), Label: "accepted"}
}

func label(e Event) string {
	if e.Type == ping {
		return "ping"
	}
	return "skipped"
}

// turnAway refuses what is not signed.
func (d door) turnAway(r core.Request) (core.Admission, bool) {
	if len(d.secrets) == 0 {
		if d.unsigned {
			return core.Admission{}, false
		}
		return core.Admission{Status: http.StatusServiceUnavailable, Reason: reasonNoSecret, Label: "no_secret", Log: "set PAGERDUTY_WEBHOOK_SECRET"}, true
	}
	sums, present, malformed := signatures(r.Header)
	if d.secrets.matches(r.Body, sums) {
		return core.Admission{}, false
	}
	a := core.Admission{Status: http.StatusForbidden, Reason: reasonForbidden, Label: "forbidden"}
	switch {
	case !present:
		a.Log = "no signature"
	case malformed:
		a = core.Admission{Status: http.StatusBadRequest, Reason: reasonMalformed, Label: "malformed", Log: "malformed signature header"}
	case gzipped(r.Header) && d.signedPlain(r.Body, sums):
		a.Log = "the body is gzip-encoded (Content-Encoding: gzip) but PagerDuty signed the plain bytes: tell the proxy in front not to compress or change request bodies"
	default:
		a.Log = "no signature matches: PAGERDUTY_WEBHOOK_SECRET must hold the secret of this webhook subscription"
	}
	a.Log = strings.TrimSpace(a.Log + " " + subscription(r.Header))
	return a, true
}

// signedPlain reports whether the sums fit the body before it was compressed.
func (d door) signedPlain(body []byte, sums [][]byte) bool {
	plain, ok := inflate(body)
	return ok && d.secrets.matches(plain, sums)
}

// subscription names the webhook subscription for the log, when the header can
// be such an id and nothing else.
func subscription(h http.Header) string {
	if id := saneID(h.Get(subscriptionHeader)); id != "" {
		return "(subscription " + id + ")"
	}
	return ""
}

// start names the review after the incident: PagerDuty delivers at least once,
// and two subscriptions deliver the same event under different webhook ids. An
// event that may begin a second review of an incident, such as reopened, has
// the time it happened in its name, and gives way to a review that is running.
func start(e Event, h http.Header) *core.Start {
	s := &core.Start{
		WorkflowID: WorkflowID(e.Incident.ID),
		Input: map[string]any{
			core.WebhookPayload: e.Payload(),
			core.WebhookHeaders: delivery(h),
		},
		Urgent: e.Incident.Urgency != lowUrgency,
		Tags:   map[string]string{"pagerduty.incident.id": e.Incident.ID, "pagerduty.service.id": saneID(e.Incident.Service.ID)},
	}
	if e.Type != Triggered {
		s.Running = []string{s.WorkflowID}
		s.WorkflowID += "-" + strings.TrimPrefix(e.Type, aboutPrefix) + "-" + happened(e)
	}
	return s
}

const lowUrgency = "low"

// WorkflowID is the name of the first review of an incident.
func WorkflowID(incidentID string) string { return "incident-" + incidentID }

// happened tells two events of one type apart: by their time, which every
// delivery of an event has in common, else by the event's own id.
func happened(e Event) string {
	if e.OccurredAt.IsZero() {
		return "event-" + strings.Map(idOnly, e.ID)
	}
	return fmt.Sprint(e.OccurredAt.Unix())
}

func idOnly(r rune) rune {
	if r < 128 && validID(string(r)) {
		return r
	}
	return -1
}

func delivery(h http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range []string{webhookIDHeader, subscriptionHeader} {
		if v, _ := border.Cut(border.Line(h.Get(name)), 128); v != "" {
			out[name] = v
		}
	}
	return out
}
