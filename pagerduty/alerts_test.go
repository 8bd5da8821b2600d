package pagerduty

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/incident"
)

func TestAlertsAreReadFromAllPagesTheNewestFirst(t *testing.T) {
	var all []any
	for n := range 160 {
		summary := fmt.Sprintf("CPU high on web-%d", n)
		if n == 58 {
			summary = "certificate expired"
		}
		all = append(all, restAlert(n, summary, obj{"n": n}))
	}
	c, f := client(t, map[string]func(url.Values) answer{alertsPath: paged("alerts", reversed(all))})
	got, cut, err := c.Alerts(t.Context(), id)
	if err != nil || len(got) != 160 || cut != (incident.Cut{Shown: 160, Total: 160}) {
		t.Fatalf("%d alerts, %+v, %v", len(got), cut, err)
	}
	if got[0].ID != "QALERT159" || got[159].ID != "QALERT000" {
		t.Errorf("first %s, last %s", got[0].ID, got[159].ID)
	}
	if q := f.called(alertsPath); len(q) != 2 || q[0].Get("limit") != "100" || q[1].Get("offset") != "100" || q[0].Get("total") != "true" {
		t.Errorf("asked with %v", q)
	}
	text := AlertsText(got, cut)
	if !strings.Contains(text, "160 alerts") || !strings.Contains(text, "certificate expired") || len(text) > maxText {
		t.Errorf("%d bytes:\n%s", len(text), text)
	}
}

func TestAlertsStopAtTheirBoundAndSaySo(t *testing.T) {
	var all []any
	for n := range 850 {
		all = append(all, restAlert(n%1000, fmt.Sprintf("disk %d", n), strings.Repeat("é", 5000)))
	}
	c, f := client(t, map[string]func(url.Values) answer{alertsPath: paged("alerts", all)})
	got, cut, err := c.Alerts(t.Context(), id)
	if err != nil || len(got) != maxAlerts || cut != (incident.Cut{Shown: 300, Total: 850}) || len(f.called(alertsPath)) != 3 {
		t.Fatalf("%d alerts, %+v, %d calls, %v", len(got), cut, len(f.calls), err)
	}
	data, err := json.Marshal(got)
	if err != nil || len(data) > 256<<10 {
		t.Errorf("300 alerts are %d bytes, %v", len(data), err)
	}
}

func TestAListThatDoesNotEndOrMoveIsLeft(t *testing.T) {
	page := []any{restAlert(1, "same", nil), restAlert(2, "same", nil)}
	for name, c := range map[string]struct {
		route func(url.Values) answer
		cut   incident.Cut
		calls int
	}{
		"the same page again": {ok(obj{"alerts": page, "more": true}), incident.Cut{Shown: 2, Total: -1}, 2},
		"empty, yet more":     {ok(obj{"alerts": []any{}, "more": true}), incident.Cut{Total: -1}, 1},
		"no word about more":  {ok(obj{"alerts": page}), incident.Cut{Shown: 2, Total: 2}, 1},
	} {
		api, f := client(t, map[string]func(url.Values) answer{alertsPath: c.route})
		_, cut, err := api.Alerts(t.Context(), id)
		if err != nil || cut != c.cut || len(f.calls) != c.calls {
			t.Errorf("%s: %+v, %d calls, %v", name, cut, len(f.calls), err)
		}
	}
}

func TestAPageThatFailsHalfWayIsAnErrorNotAShortList(t *testing.T) {
	var all []any
	for n := range 150 {
		all = append(all, restAlert(n, "x", nil))
	}
	first := paged("alerts", all)
	c, _ := client(t, map[string]func(url.Values) answer{alertsPath: func(q url.Values) answer {
		if q.Get("offset") == "100" {
			return answer{status: 500, body: obj{}}
		}
		return first(q)
	}})
	if got, _, err := c.Alerts(t.Context(), id); err == nil || got != nil {
		t.Errorf("%d alerts, %v", len(got), err)
	}
}

func TestAlertDetailsBecomeLinesInTheSendersOrder(t *testing.T) {
	details := json.RawMessage(`{"zone":"eu-1","account":12345678901234567890,"ratio":0.50,"firing":true,"none":null,"empty":"",
		"labels":{"pod":"pay-7d","owner":{"team":"shop"}},"hosts":["a","b",{"ip":"10.0.0.1"}],"log":"line one\nline two",
		"api_key":"sk-ant-REDACT0123456789abcdefghij","cmd":"rm /tmp/*.lock"}`)
	got := flatten(details, 4000)
	want := `zone: eu-1
account: 12345678901234567890
ratio: 0.50
firing: true
labels.pod: pay-7d
labels.owner.team: shop
hosts[0]: a
hosts[1]: b
hosts[2].ip: 10.0.0.1
log: line one
  line two
api_key: [redacted]
cmd: rm /tmp/*.lock`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for raw, want := range map[string]string{`"text\r\nmore"`: "text\nmore", `5`: "5", `null`: "", ``: "", `[]`: "", `{}`: "", `[1,"x"]`: "[0]: 1\n[1]: x"} {
		if got := flatten(json.RawMessage(raw), 100); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

func TestDetailsAreBoundedWhateverTheyAre(t *testing.T) {
	for name, raw := range map[string]string{
		"deep":  strings.Repeat(`{"a":`, 5000) + `"x"` + strings.Repeat(`}`, 5000),
		"wide":  "[" + strings.Repeat(`"y",`, 100_000) + `"y"]`,
		"long":  `{"k":"` + strings.Repeat("é", 100_000) + `"}`,
		"names": `{"` + strings.Repeat("k", 100_000) + `":1}`,
	} {
		if got := flatten(json.RawMessage(raw), 3000); utf8.RuneCountInString(got) > 3000 || !utf8.ValidString(got) {
			t.Errorf("%s: %d runes", name, utf8.RuneCountInString(got))
		}
	}
}

func TestAlertCarriesItsLinksAndSaysNothingTwice(t *testing.T) {
	a := restAlert(1, "Payments slow", obj{"p99": "4 s"})
	a["severity"] = nil
	a["resolved_at"] = "2026-05-04T09:00:00Z"
	a["body"] = obj{
		"details": obj{"p99": "4 s"},
		"contexts": []any{
			obj{"type": "link", "href": "https://wiki.example/runbook", "text": "Runbook"},
			obj{"type": "image", "src": "https://graphs.example/1.png", "alt": "p99"},
			obj{"type": "link", "href": "javascript:alert(1)"}, nil,
		},
		"cef_details": obj{
			"details": obj{"p99": "4 s"}, "severity": "critical", "client": "Grafana", "client_url": "https://grafana.example/d/1",
			"contexts": []any{obj{"type": "link", "href": "https://wiki.example/runbook", "text": "Runbook"}},
		},
	}
	cefOnly := restAlert(2, "Other", nil)
	cefOnly["body"] = obj{"cef_details": obj{"details": obj{"host": "db-1"}}, "contexts": a["body"].(obj)["contexts"]}
	c, _ := client(t, map[string]func(url.Values) answer{alertsPath: ok(obj{"alerts": []any{cefOnly, a}})})
	got, _, err := c.Alerts(t.Context(), id)
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	want := []incident.Alert{
		{
			ID: "QALERT002", Summary: "Other", Status: "triggered", Severity: "critical", Key: "key/2", URL: "https://shop.pagerduty.com/alerts/QALERT002",
			Service: incident.Ref{ID: "PCHECK1", Name: "checkout"}, CreatedAt: testNow.Add(-time.Hour + 2*time.Second), Details: "host: db-1",
			Links: []incident.Link{{Text: "Runbook", URL: "https://wiki.example/runbook"}, {Text: "p99", URL: "https://graphs.example/1.png"}},
		},
		{
			ID: "QALERT001", Summary: "Payments slow", Status: "triggered", Severity: "critical", Key: "key/1", URL: "https://shop.pagerduty.com/alerts/QALERT001",
			Service: incident.Ref{ID: "PCHECK1", Name: "checkout"}, CreatedAt: testNow.Add(-time.Hour + time.Second), Details: "p99: 4 s",
			ResolvedAt: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC),
			Links:      []incident.Link{{Text: "Grafana", URL: "https://grafana.example/d/1"}}, // the others stand at the newer alert
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
