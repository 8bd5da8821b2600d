package pagerduty

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const testKey = "u+ownKeyOfTheTests12"

var testNow = time.Date(2026, 5, 4, 9, 40, 0, 0, time.UTC)

// answer is what a route of the fake says.
type answer struct {
	status int // 0 = 200
	body   any // JSON, or []byte as it stands
	header http.Header
}

// fakeAPI is a PagerDuty that knows only the paths a test gave it.
type fakeAPI struct {
	t      *testing.T
	routes map[string]func(url.Values) answer
	mu     sync.Mutex
	calls  []string // path?query, in order
}

func ok(body any) func(url.Values) answer {
	return func(url.Values) answer { return answer{body: body} }
}

func refuse(status int) func(url.Values) answer {
	return func(url.Values) answer {
		return answer{status: status, body: obj{"error": obj{"message": "Said no", "code": 2010}}}
	}
}

// paged answers with pages of a list, as classic paging does.
func paged(key string, all []any) func(url.Values) answer {
	return func(q url.Values) answer {
		limit, offset := 25, 0
		if n, err := strconv.Atoi(q.Get("limit")); err == nil {
			limit = min(n, 100)
		}
		if n, err := strconv.Atoi(q.Get("offset")); err == nil {
			offset = min(n, len(all))
		}
		to := min(offset+limit, len(all))
		body := obj{key: all[offset:to], "limit": limit, "offset": offset, "more": to < len(all), "total": nil}
		if q.Get("total") == "true" {
			body["total"] = len(all)
		}
		return answer{body: body}
	}
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.calls = append(f.calls, r.URL.RequestURI())
	f.mu.Unlock()
	if r.Method != http.MethodGet {
		f.t.Errorf("%s %s: the reader must not write", r.Method, r.URL.Path)
	}
	if got := r.Header.Get("Authorization"); got != "Token token="+testKey {
		f.t.Errorf("%s: Authorization %q", r.URL.Path, got)
	}
	if got := r.Header.Get("Accept"); got != "application/vnd.pagerduty+json;version=2" {
		f.t.Errorf("%s: Accept %q", r.URL.Path, got)
	}
	if got := r.Header.Get("User-Agent"); !strings.HasPrefix(got, "opsbuddy/") {
		f.t.Errorf("%s: User-Agent %q", r.URL.Path, got)
	}
	route, known := f.routes[r.URL.Path]
	if !known {
		f.t.Errorf("nobody expected a call to %s", r.URL.RequestURI())
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	a := route(r.URL.Query())
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", "application/json")
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	data, raw := a.body.([]byte)
	if !raw {
		data = jsonOf(a.body)
	}
	_, _ = w.Write(data)
}

// called are the calls to a path.
func (f *fakeAPI) called(path string) []url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []url.Values
	for _, c := range f.calls {
		if u, err := url.Parse(c); err == nil && u.Path == path {
			out = append(out, u.Query())
		}
	}
	return out
}

// client reads from a fake with the given routes.
func client(t *testing.T, routes map[string]func(url.Values) answer) (*Client, *fakeAPI) {
	t.Helper()
	f := &fakeAPI{t: t, routes: routes}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	c, err := New(Config{APIKey: testKey, Host: server.URL + "/", Now: func() time.Time { return testNow }})
	if err != nil {
		t.Fatal(err)
	}
	return c, f
}

// Paths of the fixtures.
const (
	incidentPath = "/incidents/Q2SHOPCHECKOUT"
	alertsPath   = incidentPath + "/alerts"
	notesPath    = incidentPath + "/notes"
	logPath      = incidentPath + "/log_entries"
	pastPath     = incidentPath + "/past_incidents"
	relatedPath  = incidentPath + "/related_incidents"
	changesPath  = incidentPath + "/related_change_events"
	fieldsPath   = incidentPath + "/custom_fields/values"
	id           = "Q2SHOPCHECKOUT"
)

// restIncident is an incident as the REST API writes it.
func restIncident(id, title, status string, created time.Time) obj {
	o := ref(id, "incident", "[#812] "+title)
	for k, v := range (obj{
		"type": "incident", "incident_number": 812, "title": title, "created_at": created.Format(time.RFC3339), "status": status,
		"urgency": "high", "incident_key": nil, "service": ref("PCHECK1", "service", "checkout"),
		"escalation_policy": ref("PPOL001", "escalation_policy", "Shop on-call"), "teams": []any{}, "priority": nil,
		"assignments":           []any{obj{"at": "2026-05-04T09:30:11Z", "assignee": ref("PANNA01", "user", "Anna Berg")}},
		"last_status_change_at": created.Add(12 * time.Minute).Format(time.RFC3339),
		"last_status_change_by": ref("PANNA01", "user", "Anna Berg"), "alert_counts": obj{"all": 3, "triggered": 2, "resolved": 1},
		"conference_bridge": obj{"conference_number": 1000}, "resolve_reason": nil,
	}) {
		o[k] = v
	}
	return o
}

func restAlert(n int, summary string, details any) obj {
	o := ref(fmt.Sprintf("QALERT%03d", n), "alert", summary)
	for k, v := range (obj{
		"created_at": testNow.Add(-time.Hour + time.Duration(n)*time.Second).Format(time.RFC3339), "status": "triggered", "severity": "critical",
		"alert_key": fmt.Sprintf("key/%d", n), "service": ref("PCHECK1", "service", "checkout"),
		"body": obj{"type": "alert_body", "details": details, "contexts": []any{}},
	}) {
		o[k] = v
	}
	return o
}

func note(by, text string, at time.Time) obj {
	return obj{"id": "PNOTE01", "user": ref("PANNA01", "user", by), "content": text, "created_at": at.Format(time.RFC3339)}
}

// reversed is a list as the API has it: the newest first.
func reversed(list []any) []any {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}
