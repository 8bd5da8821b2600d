package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// day is when the worlds of the tests start: an afternoon, so that "-6h" is the
// same day.
var day = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

func load(t *testing.T) *Company {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func start(t *testing.T, scenario string) *World {
	t.Helper()
	return startWith(t, load(t), Options{Scenario: scenario, Now: day})
}

func startWith(t *testing.T, c *Company, o Options) *World {
	t.Helper()
	w, err := Start(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// caller calls one stand-in with one login.
type caller struct {
	t    *testing.T
	base string
	auth string
}

func (w *World) pagerDutyCaller(t *testing.T) caller {
	return caller{t, w.PagerDutyURL(), "Token token=" + pagerDutyKey}
}

// do sends a request and returns status and body.
func (c caller) do(method, path, body string) (int, []byte, http.Header) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", c.auth)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, data, resp.Header
}

// get reads a JSON answer and insists on its status.
func (c caller) get(path string, want int) obj {
	c.t.Helper()
	return c.send(http.MethodGet, path, "", want)
}

func (c caller) send(method, path, body string, want int) obj {
	c.t.Helper()
	status, data, _ := c.do(method, path, body)
	if status != want {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, status, want, data)
	}
	var out obj
	if err := json.Unmarshal(data, &out); err != nil {
		c.t.Fatalf("%s %s: %v: %s", method, path, err, data)
	}
	return out
}

// at follows keys and indexes down a decoded JSON value.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

func length(v any) int {
	l, _ := v.([]any)
	return len(l)
}

// each collects one value of every element.
func each(v any, path ...any) []string {
	out := []string{}
	l, _ := v.([]any)
	for _, e := range l {
		out = append(out, fmt.Sprint(at(e, path...)))
	}
	return out
}

func TestTheWebhookIsAV3EventWithTheSameBytesEachTime(t *testing.T) {
	w := start(t, "recurring-502")
	body := w.Webhook("")
	if !bytes.Equal(body, w.Webhook("recurring-502")) {
		t.Error("the second delivery has other bytes than the first")
	}
	var e struct {
		Event map[string]any `json:"event"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	got := []any{
		at(e.Event, "event_type"), at(e.Event, "resource_type"), at(e.Event, "data", "id"), at(e.Event, "data", "service", "summary"),
		at(e.Event, "data", "title"), at(e.Event, "data", "status"), at(e.Event, "occurred_at"), at(e.Event, "data", "priority", "summary"),
	}
	want := []any{
		"incident.triggered", "incident", w.IncidentID(""), "booking-api",
		"booking-api: 502 rate above 5% on /v2/bookings", "triggered", "2026-03-14T15:07:26.000Z", "P2",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSignMakesTheDocumentedHeader(t *testing.T) {
	// The HMAC-SHA256 of the well-known sentence under the key "key".
	got := Sign("key", []byte("The quick brown fox jumps over the lazy dog"))
	if want := "v1=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOnlyTheStartedScenarioHasHappened(t *testing.T) {
	w := start(t, "tls-expiry")
	c := w.pagerDutyCaller(t)
	c.get("/incidents/"+w.IncidentID("tls-expiry"), 200)
	c.get("/incidents/"+incidentID("bad-deploy"), 404)
	all := start(t, "")
	all.pagerDutyCaller(t).get("/incidents/"+all.IncidentID("bad-deploy"), 200)
	all.pagerDutyCaller(t).get("/incidents/"+all.IncidentID("tls-expiry"), 200)
}

func TestAnUnknownScenarioIsRefusedWithTheNamesThatThereAre(t *testing.T) {
	_, err := Start(load(t), Options{Scenario: "nope"})
	if err == nil || !strings.Contains(err.Error(), "recurring-502") || !strings.Contains(err.Error(), `"nope"`) {
		t.Errorf("got %v", err)
	}
}

func TestTheEnvironmentNamesEveryStandIn(t *testing.T) {
	w := start(t, "")
	env := map[string]string{}
	for _, kv := range w.Env() {
		k, v, _ := strings.Cut(kv, "=")
		env[k] = v
		if strings.Contains(k, "TOKEN") || strings.Contains(k, "KEY") || strings.Contains(k, "SECRET") {
			if !strings.Contains(v, "demo") {
				t.Errorf("%s: the key %q does not look like a fake one", k, v)
			}
		}
	}
	want := map[string]string{
		"PAGERDUTY_API_HOST": w.PagerDutyURL(), "JIRA_URL": w.JiraURL(), "CONFLUENCE_URL": w.ConfluenceURL(), "SLACK_API_URL": w.SlackAPIURL(),
		"SLACK_WEBHOOK_URL": w.SlackWebhookURL(), "ANTHROPIC_BASE_URL": w.AnthropicURL(), "SLACK_CHANNEL": "#incidents",
	}
	for k, v := range want {
		if env[k] != v {
			t.Errorf("%s is %q, want %q", k, env[k], v)
		}
	}
}

func TestAFixedPortIsUsedWithTheOnesBehindIt(t *testing.T) {
	free := start(t, "")
	port := free.PagerDutyURL()[len("http://127.0.0.1:"):]
	if _, err := Start(load(t), Options{Listen: "127.0.0.1:" + port}); err == nil {
		t.Error("a port that is taken was taken again")
	}
	if _, err := Start(load(t), Options{Listen: "here"}); err == nil || !strings.Contains(err.Error(), "127.0.0.1:0") {
		t.Errorf("got %v", err)
	}
}

func TestEveryRequestIsWrittenDown(t *testing.T) {
	w := start(t, "recurring-502")
	w.pagerDutyCaller(t).get("/users/me?x=1", 200)
	w.pagerDutyCaller(t).get("/nowhere", 404)
	c := caller{t, w.JiraURL(), "Bearer " + personalToken}
	c.send(http.MethodPost, "/rest/api/2/search", `{"jql":"project = FER"}`, 200)
	var got []Request
	for _, r := range w.Requests() {
		if time.Since(r.At) > time.Minute {
			t.Errorf("%s: the time is %s", r.Path, r.At)
		}
		r.At = time.Time{}
		got = append(got, r)
	}
	want := []Request{
		{API: PagerDuty, Method: "GET", Path: "/users/me", Query: "x=1", Status: 200},
		{API: PagerDuty, Method: "GET", Path: "/nowhere", Status: 404},
		{API: Jira, Method: "POST", Path: "/rest/api/2/search", Body: `{"jql":"project = FER"}`, Status: 200},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestABrowserGetsPagesBehindTheLinks(t *testing.T) {
	w := start(t, "hostile-text")
	for name, url := range map[string]string{
		"incident": w.PagerDutyURL() + "/incidents/" + w.IncidentID(""), "ticket": w.JiraURL() + "/browse/PLAT-212",
		"page": w.ConfluenceURL() + "/spaces/OPS/pages/65690/Notes", "channel": w.urls[slackServer] + "/archives/" + channelID("incidents"),
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "text/html")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != 200 || !bytes.Contains(data, []byte("<h1>")) {
			t.Errorf("%s: %d %.200s", name, resp.StatusCode, data)
		}
		if bytes.Contains(data, []byte("<system>")) || bytes.Contains(data, []byte("<!channel>")) {
			t.Errorf("%s: hostile text is markup of the page", name)
		}
	}
}
