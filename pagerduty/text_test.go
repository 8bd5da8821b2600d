package pagerduty

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

func TestIncidentTextShowsWhatMattersAndNothingUnknown(t *testing.T) {
	i := whole()
	i.Status, i.ResolvedAt, i.StatusChangedBy, i.AlertCount = "resolved", created.Add(72*time.Minute), "Anna Berg", 3
	i.Body, i.Key = "line one\nline two", "d387d7bd2e0a4294a5307339dfe1669a"
	i.CustomFields = []incident.Field{{Name: "env", Value: "production"}}
	want := `Q2SHOPCHECKOUT #812 Checkout answers 502 in eu-west-1
status resolved, urgency high, service checkout (PCHECK1), escalation policy Shop on-call (PPOL001)
created 2026-05-04 09:30 UTC, resolved 2026-05-04 10:42 UTC, assigned to Anna Berg
resolved by Anna Berg, after 1 h 12 min
teams Shop (PTEAM01)
3 alerts (list_alerts_from_incident)
incident key d387d7bd2e0a4294a5307339dfe1669a
env: production
https://shop.pagerduty.com/incidents/Q2SHOPCHECKOUT
line one
line two`
	got := IncidentText(i)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if redacted := border.Redact(got); redacted != got {
		t.Errorf("redaction damages the text: %s", cmp.Diff(got, redacted))
	}
	i.Status, i.StatusChangedBy = "triggered", "checkout"
	if got := IncidentText(i); strings.Contains(got, "by checkout") {
		t.Errorf("the service is said to have changed the status:\n%s", got)
	}
	bare := IncidentText(incident.Incident{ID: "P1"})
	if strings.Contains(bare, "#0") || strings.Contains(bare, "0001") || !strings.Contains(bare, "service unknown") || !strings.Contains(bare, "assigned to nobody") {
		t.Errorf("%s", bare)
	}
}

func TestTextsOfNothingSayThatSomebodyLooked(t *testing.T) {
	none := incident.Cut{}
	for _, text := range []string{
		AlertsText(nil, none), NotesText(nil), LogText(nil, none), PastText(nil), ChangesText(nil), OnCallText(nil, none), ServicesText(nil, none),
	} {
		if !strings.Contains(text, "PagerDuty was asked") {
			t.Errorf("%q", text)
		}
	}
	unknown := incident.Cut{Total: -1}
	for _, text := range []string{AlertsText(nil, unknown), LogText(nil, unknown), OnCallText(nil, unknown), ServicesText(nil, unknown)} {
		if strings.Contains(text, "PagerDuty was asked") || !strings.Contains(text, "there are more") {
			t.Errorf("%q", text)
		}
	}
}

func TestTextsStayWithinTheirBoundAndSayWhatIsLeftOut(t *testing.T) {
	long := strings.Repeat("wörds and more ", 400)
	var notes []incident.Note
	var log []incident.LogEntry
	var past []incident.Past
	var changes []incident.Change
	var onCall []incident.OnCall
	var services []incident.Service
	var alerts []incident.Alert
	for n := range 90 {
		r := incident.Ref{ID: fmt.Sprintf("P%d", n), Name: long[:100]}
		notes = append(notes, incident.Note{Author: "Anna", At: created, Text: long[:500]})
		log = append(log, incident.LogEntry{At: created, Type: "x_log_entry", Summary: long[:200]})
		past = append(past, incident.Past{Incident: incident.Incident{ID: r.ID, Title: long[:150]}, Notes: notes[:1]})
		changes = append(changes, incident.Change{ID: r.ID, Summary: long[:150], Details: long})
		onCall = append(onCall, incident.OnCall{Person: r, Policy: r, Level: n})
		services = append(services, incident.Service{Ref: r, Description: long})
		word := strings.Map(func(c rune) rune { return 'a' + c - '0' }, fmt.Sprint(n)) // no digits: alerts unlike each other
		alerts = append(alerts, incident.Alert{ID: r.ID, Summary: word + " fails", Details: word + long})
	}
	cut := incident.Cut{Shown: 90, Total: 400}
	for name, text := range map[string]string{
		"notes": NotesText(notes), "log": LogText(log, cut), "past": PastText(past), "changes": ChangesText(changes),
		"on call": OnCallText(onCall, cut), "services": ServicesText(services, cut), "alerts": AlertsText(alerts, cut),
		"incident": IncidentText(incident.Incident{ID: "P1", Title: "x", Body: long + long}),
		"service":  ServiceText(incident.Service{Description: long + long}), "policy": PolicyText(Policy{Description: long + long}),
	} {
		told := strings.Contains(text, " of 90 ") || strings.Contains(text, " of 400 ") || strings.Contains(text, "[cut here]")
		if len(text) > maxText || !utf8.ValidString(text) || !told {
			t.Errorf("%s: %d bytes, told %v:\n%.300s", name, len(text), told, text)
		}
	}
}

func TestAlertsTextFoldsAStormAndKeepsTheOddOne(t *testing.T) {
	var alerts []incident.Alert
	for n := range 60 {
		a := incident.Alert{ID: fmt.Sprintf("QA%02d", n), Summary: fmt.Sprintf("CPU at 9%d%% on web-%d", n%10, n), Status: "triggered", Severity: "error", CreatedAt: created.Add(-time.Duration(n) * time.Minute), Details: "region: eu"}
		if n == 58 {
			a.Summary, a.Severity = "certificate expired", "critical"
		}
		if n == 59 {
			a.Status, a.ResolvedAt = "resolved", created
		}
		alerts = append(alerts, a)
	}
	want := `60 alerts, newest first; 59 not resolved, 1 resolved
- QA00 CPU at 90% on web-0, triggered, error, since 2026-05-04 09:30 UTC
  and 57 more like it, the oldest QA57 since 2026-05-04 08:33 UTC: CPU at 97% on web-57
  region: eu
- QA58 certificate expired, triggered, critical, since 2026-05-04 08:32 UTC
  details as above
- QA59 CPU at 99% on web-59, resolved, error, since 2026-05-04 08:31 UTC, ended 2026-05-04 09:30 UTC
  details as above`
	if diff := cmp.Diff(want, AlertsText(alerts, incident.Cut{Shown: 60, Total: 60})); diff != "" {
		t.Error(diff)
	}
}

func TestCountsReadAsPeopleSayThem(t *testing.T) {
	for want, cut := range map[string]incident.Cut{
		"1 entry":                              {Shown: 1, Total: 1},
		"2 entries, oldest first":              {Shown: 2, Total: 2},
		"showing 2 of 9 entries, oldest first": {Shown: 2, Total: 9},
		"showing 2 entries, oldest first; there are more, and PagerDuty does not say how many": {Shown: 2, Total: -1},
	} {
		if got := count("entry", "oldest first", cut); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
