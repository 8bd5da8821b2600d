package core

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// memoryStarter starts nothing and remembers what it was asked.
type memoryStarter struct {
	started map[string]int
	err     error
}

func (m *memoryStarter) start(_ context.Context, _ *Flow, s *Start) (bool, error) {
	if m.err != nil {
		return false, m.err
	}
	m.started[s.WorkflowID]++
	return m.started[s.WorkflowID] == 1, nil
}

func (m *memoryStarter) tell(_ context.Context, t *Tell) (bool, error) {
	return m.started[t.WorkflowID] > 0, m.err
}

func hookServer(t *testing.T, s *memoryStarter) (string, *webhookServer) {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	f := NewFlow("f").TriggeredBy(Webhook("/hooks/incident")).Then(parse().As("webhook")).Build()
	h := &webhookServer{
		flows: map[string]*Flow{"/hooks/incident": f}, gate: gate{starter: s, log: slog.New(slog.DiscardHandler)}, metrics: m,
		log: slog.New(slog.DiscardHandler), tracer: tracerOf(nil), redact: func(s string) string { return s },
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL, h
}

func send(t *testing.T, method, url, key string, body io.Reader) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Key", key)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(text)), resp.Header
}

func TestWebhookAnswersAsPromised(t *testing.T) {
	url, _ := hookServer(t, &memoryStarter{started: map[string]int{}})
	big := bytes.Repeat([]byte("x"), MaxBody+1)
	for _, c := range []struct {
		name, method, path, key string
		body                    io.Reader
		status                  int
		text                    string
	}{
		{"accepted", "POST", "/hooks/incident", "right", strings.NewReader("1"), 202, `{"status":"accepted","workflow_id":"w-1"}`},
		{"duplicate", "POST", "/hooks/incident", "right", strings.NewReader("1"), 202, `{"status":"duplicate","workflow_id":"w-1"}`},
		{"double slash is served, not redirected", "POST", "//hooks/incident", "right", strings.NewReader("2"), 202, `{"status":"accepted","workflow_id":"w-2"}`},
		{"trailing slash", "POST", "/hooks/incident/", "right", strings.NewReader("3"), 202, `{"status":"accepted","workflow_id":"w-3"}`},
		{"chunked", "POST", "/hooks/incident", "right", io.MultiReader(strings.NewReader("4")), 202, `{"status":"accepted","workflow_id":"w-4"}`},
		{"forged", "POST", "/hooks/incident", "wrong", strings.NewReader("5"), 403, `{"error":"no"}`},
		{"another path", "POST", "/hooks", "right", strings.NewReader("6"), 404, `{"error":"no webhook is received at this path"}`},
		{"another method", "GET", "/hooks/incident", "right", nil, 405, `{"error":"send a POST"}`},
		{"too large", "POST", "/hooks/incident", "right", bytes.NewReader(big), 413, `{"error":"the body is larger than 1 MiB"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, text, _ := send(t, c.method, url+c.path, c.key, c.body)
			if status != c.status || text != c.text {
				t.Errorf("%d %s, want %d %s", status, text, c.status, c.text)
			}
		})
	}
}

func TestWhatHappensToAnIncidentReachesTheRunUnderWay(t *testing.T) {
	m := &memoryStarter{started: map[string]int{}}
	url, h := hookServer(t, m)
	h.flows["/hooks/incident"].door = telling{}
	for _, c := range []struct {
		open bool
		err  error
		want int
		text string
	}{
		{false, nil, 200, `{"reason":"not wanted","status":"skipped"}`},
		{true, nil, 200, `{"reason":"the review under way was told","status":"skipped"}`},
		{true, errors.New("no Temporal"), 503, `{"error":"this could not be taken durably; send it again"}`},
	} {
		if m.err = c.err; c.open {
			m.started["w-1"] = 1
		}
		if status, text, _ := send(t, "POST", url+"/hooks/incident", "", strings.NewReader("1")); status != c.want || text != c.text {
			t.Errorf("%d %s, want %d %s", status, text, c.want, c.text)
		}
	}
}

// telling is a door that starts nothing and tells.
type telling struct{}

func (telling) Admit(Request) Admission {
	return Admission{Status: 200, Reason: "not wanted", Label: "skipped", Tell: &Tell{WorkflowID: "w-1"}}
}

func TestWebhookThatCannotBeStartedIsSentAgain(t *testing.T) {
	url, h := hookServer(t, &memoryStarter{err: errors.New("disk is full")})
	status, text, header := send(t, "POST", url+"/hooks/incident", "right", strings.NewReader("1"))
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || strings.Contains(text, "disk") {
		t.Errorf("%d %s Retry-After=%q", status, text, header.Get("Retry-After"))
	}
	if n := testutil.ToFloat64(h.metrics.webhooks.WithLabelValues("unavailable")); n != 1 {
		t.Errorf("counted %v", n)
	}
}

func TestConnectionsThatNeverFinishTheirHeadersAreBounded(t *testing.T) {
	h := &webhookServer{log: slog.New(slog.DiscardHandler)}
	srv := h.server()
	if srv.ReadHeaderTimeout <= 0 || srv.ReadHeaderTimeout > 30*time.Second || srv.ReadTimeout <= 0 {
		t.Errorf("header %s, read %s", srv.ReadHeaderTimeout, srv.ReadTimeout)
	}
}

func TestHealthFollowsTheLifeOfTheWorker(t *testing.T) {
	reg := prometheus.NewRegistry()
	h := &healthServer{metrics: reg, log: slog.New(slog.DiscardHandler), parts: []*Node{post(nil).WithHealth("slack", func() string { return "invalid_auth" }), post(nil).WithHealth("slack", func() string { return "" })}}
	down := ""
	h.temporal = func(context.Context) string { return down }
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := h.server()
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	url := "http://" + ln.Addr().String()

	check := func(path string, status int, words ...string) {
		t.Helper()
		got, text, _ := send(t, "GET", url+path, "", nil)
		if got != status {
			t.Errorf("%s: %d %s, want %d", path, got, text, status)
		}
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %s does not say %q", path, text, w)
			}
		}
	}
	check("/health/live", 200)
	check("/health/startup", 503, "starting")
	check("/health/ready", 503, "starting", `"temporal":"not connected"`)
	h.phase.Store(running)
	check("/health/startup", 200)
	check("/health/ready", 200, `"slack":"invalid_auth"`, `"temporal":"ok"`)
	down = "the disk is full: a page cannot be accepted durably"
	check("/health/ready", 503, "cannot be accepted durably")
	check("/health/live", 200)
	down = ""
	h.phase.Store(stopping)
	check("/health/ready", 503, "stopping")
	check("/health/live", 200)
	check("/metrics", 200)
}
