package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// waiting is how long a test waits for what comes in a few seconds on an idle machine.
const waiting = 45 * time.Second

// served is the real program as `opsbuddy serve`, a child that can be killed.
type served struct {
	cmd             *exec.Cmd
	webhook, health string // addresses
	data, log       string // paths
	died            chan struct{}
	err             error // of the process, once died is closed
	environ         []string
}

// programPath is what serve runs: this test binary, which is the program when it is
// called so (main_test.go), unless a test has built the real one.
var programPath = "opsbuddy"

// serve starts the program on a data folder and waits until it is ready. A
// later setting replaces one of the company.
func serve(t *testing.T, w *world.World, data string, settings ...string) *served {
	t.Helper()
	s := launch(t, w, data, settings...)
	wait(t, s, "readiness", func() bool {
		status, _ := s.get(t, "/health/ready")
		return status == http.StatusOK
	})
	return s
}

// launch starts the program and does not wait.
func launch(t *testing.T, w *world.World, data string, settings ...string) *served {
	t.Helper()
	ports, err := freePorts(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	s := &served{webhook: ports[0], health: ports[1], data: data, died: make(chan struct{})}
	f, err := os.CreateTemp(t.TempDir(), "serve-*.log")
	if err != nil {
		t.Fatal(err)
	}
	s.log = f.Name()
	s.environ = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(s.log), "OPSBUDDY_DATA_DIR=" + data,
		"OPSBUDDY_WEBHOOK_ADDR=" + s.webhook, "OPSBUDDY_HEALTH_ADDR=" + s.health, "OPSBUDDY_TEMPORAL_UI_ADDR=",
	}, append(w.Env(), settings...)...)
	s.cmd = exec.Command(programPath, "serve")
	s.cmd.Env, s.cmd.Dir = s.environ, filepath.Dir(s.log)
	s.cmd.Stdout, s.cmd.Stderr = f, f
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.died)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it is gone already when the test went well
		<-s.died
		_ = f.Close()
		if t.Failed() {
			t.Logf("the end of the log of serve:\n%s", s.lastLines(t))
		}
	})
	return s
}

func (s *served) lastLines(t *testing.T) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(s.logged(t))), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

func (s *served) logged(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// kill ends the process as a crash does.
func (s *served) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.died
}

// terminate asks the process to end, as Kubernetes does.
func (s *served) terminate(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// gone waits for the end of a process that was asked to end and wants exit code 0.
func (s *served) gone(t *testing.T) {
	t.Helper()
	select {
	case <-s.died:
	case <-time.After(30 * time.Second): // Kubernetes' terminationGracePeriodSeconds
		t.Fatal("the process did not end within 30 s of SIGTERM")
	}
	if s.err != nil {
		t.Errorf("after SIGTERM the process ended with %v, want exit code 0", s.err)
	}
}

// get reads a page of the health server; status 0 means that nobody answers.
func (s *served) get(t *testing.T, path string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.health+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(body)
}

// wait polls until done, and fails when the process ends before.
func wait(t *testing.T, s *served, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(waiting)
	for !done() {
		select {
		case <-tick.C:
		case <-s.died:
			t.Fatalf("serve ended by itself (%v) before %s", s.err, what)
		case <-late:
			t.Fatalf("%s did not come within %s", what, waiting)
		}
	}
}

// page is a delivery of PagerDuty.
type page struct {
	body    []byte
	secrets []string // that sign it; none: not signed
	id      string   // X-Webhook-Id
	method  string   // POST when empty
	path    string   // /hooks/incident when empty
	header  map[string]string
	send    io.Reader // what goes over the wire, when it is not the body
}

// answered is what a sender of webhooks sees.
type answered struct {
	Code       int
	Status     string `json:"status"`
	WorkflowID string `json:"workflow_id"`
	Reason     string `json:"reason"`
	Error      string `json:"error"`
	retryAfter string
	raw        string
}

// firstPage is the company's own webhook, signed with its secret.
func firstPage(w *world.World, id string) page {
	return page{body: w.Webhook(""), secrets: []string{secretOf(w)}, id: id}
}

func secretOf(w *world.World) string { return setting(w.Env(), "PAGERDUTY_WEBHOOK_SECRET") }

// setting is the value of a variable of an environment.
func setting(environ []string, name string) string {
	value := ""
	for _, kv := range environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}

// deliver sends a page on a connection of its own, as different machines of
// PagerDuty do, and follows no redirect.
func (s *served) deliver(ctx context.Context, p page) (answered, error) {
	var a answered
	req, err := p.request(ctx, "http://"+s.webhook)
	if err != nil {
		return a, err
	}
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return a, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(raw, &a); err != nil && req.Method != http.MethodHead {
		return a, fmt.Errorf("the answer %s is no JSON: %q", resp.Status, raw)
	}
	a.Code, a.raw, a.retryAfter = resp.StatusCode, string(raw), resp.Header.Get("Retry-After")
	return a, nil
}

func (p page) request(ctx context.Context, base string) (*http.Request, error) {
	method, path, send := p.method, p.path, p.send
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = "/hooks/incident"
	}
	if send == nil {
		send = bytes.NewReader(p.body)
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, send)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "PagerDuty-Webhook/V3.0")
	if p.id != "" {
		req.Header.Set("X-Webhook-Id", p.id)
	}
	var signatures []string
	for _, secret := range p.secrets {
		signatures = append(signatures, world.Sign(secret, p.body))
	}
	if len(signatures) > 0 {
		req.Header.Set("X-PagerDuty-Signature", strings.Join(signatures, ","))
	}
	for k, v := range p.header {
		req.Header.Set(k, v)
	}
	return req, nil
}

// accepted delivers a page that must be taken.
func (s *served) accepted(t *testing.T, p page) answered {
	t.Helper()
	a, err := s.deliver(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if a.Code != http.StatusAccepted || a.Status != "accepted" || a.WorkflowID == "" {
		t.Fatalf("the page was answered %d %s, want 202 accepted with a workflow id", a.Code, a.raw)
	}
	return a
}

// footer is the last line of every outcome and of nothing else.
var footer = regexp.MustCompile(`^(brief|partial brief|facts only|same problem|resolved) · .* · `)

// outcomes are the messages that end a page, as the channel shows them.
func outcomes(w *world.World) []string {
	var out []string
	for _, m := range w.SlackStanding() {
		text := m.Text // of a message without blocks
		if len(m.Blocks) > 0 {
			text = terminal(m.Blocks)
		}
		text = strings.TrimSpace(text)
		if footer.MatchString(lastLine(text)) {
			out = append(out, text)
		}
	}
	return out
}

// outcomeOf waits for the one outcome of a page; the process has to have finished
// the flow, so that a second one would have been seen.
func (s *served) outcomeOf(t *testing.T, w *world.World) string {
	t.Helper()
	wait(t, s, "the outcome", func() bool { return len(outcomes(w)) > 0 })
	wait(t, s, "the end of the flow", func() bool { return s.reported(t) > 0 })
	all := outcomes(w)
	if len(all) != 1 {
		t.Fatalf("%d outcomes stand in Slack, want one:\n%s", len(all), strings.Join(all, "\n=====\n"))
	}
	if n := len(w.SlackStanding()); n != 1 {
		t.Errorf("%d messages stand in Slack, want the outcome alone", n)
	}
	return all[0]
}

// paidOnce fails when the model answered the same turn twice.
func paidOnce(t *testing.T, w *world.World) {
	t.Helper()
	paid := map[string]int{}
	for _, c := range w.ModelCalls() {
		paid[fmt.Sprintf("%s turn %d", c.Scenario, c.Turn)]++
	}
	for turn, n := range paid {
		if n > 1 {
			t.Errorf("the model answered %s %d times", turn, n)
		}
	}
}

// reported counts the outcomes that this process has delivered, by its own count:
// attempts of the last step less those that failed.
func (s *served) reported(t *testing.T) int {
	t.Helper()
	status, page := s.get(t, "/metrics")
	if status != http.StatusOK {
		return 0
	}
	return sample(t, page, `opsbuddy_activity_seconds_count{activity="slack.NotifyReport@report"}`) - sample(t, page, `opsbuddy_activity_failures_total{activity="slack.NotifyReport@report"}`)
}

// sample is the value of a line of Prometheus' text format, 0 when there is none.
func sample(t *testing.T, page, series string) int {
	t.Helper()
	for line := range strings.Lines(page) {
		if v, ok := strings.CutPrefix(line, series+" "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(v))
			if err != nil {
				t.Fatalf("metric %q: %v", line, err)
			}
			return n
		}
	}
	return 0
}
