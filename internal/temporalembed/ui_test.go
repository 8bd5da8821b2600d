package temporalembed

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

// request asks the UI and returns status and body.
func request(t *testing.T, c *http.Client, method, url, body string, header map[string]string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(testContext(t), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	r.Host = r.Header.Get("Host")
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

func TestWebUIShowsWorkflows(t *testing.T) {
	s := start(t, Options{DataDir: t.TempDir(), UIAddr: "127.0.0.1:0"})
	c := connect(t, s)
	work(t, c, greet)
	run(t, c, "shown", "ui")
	d, err := c.DescribeWorkflowExecution(testContext(t), "shown", "")
	if err != nil {
		t.Fatal(err)
	}
	runID := d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	for path, want := range map[string]string{
		"/":                             "<!doctype html>",
		"/namespaces/default/workflows": "<!doctype html>",
		"/api/v1/settings":              `"DefaultNamespace":"default"`,
		"/api/v1/namespaces":            `"default"`,
		"/api/v1/namespaces/default/workflows/shown":                                `"greet"`,
		"/api/v1/namespaces/default/workflows/shown/run/" + runID + "/history.json": `WorkflowExecutionCompleted`,
	} {
		status, body := request(t, http.DefaultClient, "GET", s.UIURL()+path, "", nil)
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("GET %s: %d, want %q in\n%.600s", path, status, want, body)
		}
	}
}

// An Authorization header makes ui-server skip its check, so nobody but us may
// bring one.
func TestWebUIRefusesForgedRequests(t *testing.T) {
	s := start(t, Options{DataDir: t.TempDir(), UIAddr: "127.0.0.1:0"})
	c := connect(t, s)
	stopWork := work(t, c, greet, wait)
	defer stopWork()
	const start = `{"workflowType":{"name":"wait"},"taskQueue":{"name":"test"},"requestId":"r1"}`
	path := s.UIURL() + "/api/v1/namespaces/default/workflows/forged"
	for name, header := range map[string]map[string]string{
		"cross-site":               {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
		"cross-site, with a token": {"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer x"},
		"no csrf token":            {},
		"no csrf token, a bearer":  {"Authorization": "Bearer x"},
	} {
		if status, body := request(t, http.DefaultClient, "POST", path, start, header); status/100 != 4 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	status, _ := request(t, http.DefaultClient, "GET", s.UIURL()+"/api/v1/namespaces", "", map[string]string{"Host": "rebound.example:8233"})
	if status != http.StatusMisdirectedRequest {
		t.Errorf("another site's name for 127.0.0.1: %d", status)
	}
	if _, err := c.DescribeWorkflowExecution(testContext(t), "forged", ""); !isNotFound(err) {
		t.Errorf("a forged request started a workflow: %v", err)
	}
}

func TestWebUIStartsWorkflowsForItsOwnPage(t *testing.T) {
	s := start(t, Options{DataDir: t.TempDir(), UIAddr: "127.0.0.1:0"})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	page := &http.Client{Jar: jar}
	request(t, page, "GET", s.UIURL(), "", nil)
	address, err := url.Parse(s.UIURL())
	if err != nil {
		t.Fatal(err)
	}
	var csrf string
	for _, cookie := range jar.Cookies(address) {
		csrf = cookie.Value
	}
	status, body := request(t, page, "POST", s.UIURL()+"/api/v1/namespaces/default/workflows/own",
		`{"workflowType":{"name":"wait"},"taskQueue":{"name":"test"},"requestId":"r1"}`, map[string]string{"X-CSRF-Token": csrf})
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if _, err := connect(t, s).DescribeWorkflowExecution(testContext(t), "own", ""); err != nil {
		t.Error(err)
	}
}

func TestWebUIUnpacksPayloads(t *testing.T) {
	codec := converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true})
	s := start(t, Options{DataDir: t.TempDir(), UIAddr: "127.0.0.1:0", Codec: converter.NewPayloadCodecHTTPHandler(codec)})
	_, settings := request(t, http.DefaultClient, "GET", s.UIURL()+"/api/v1/settings", "", nil)
	if !strings.Contains(settings, `"Endpoint":"/codec"`) {
		t.Errorf("settings do not name the codec: %s", settings)
	}
	packed, err := codec.Encode([]*commonpb.Payload{{Data: []byte("plain")}})
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := converter.NewProtoJSONPayloadConverter().ToPayload(&commonpb.Payloads{Payloads: packed})
	if err != nil {
		t.Fatal(err)
	}
	const plain = `"cGxhaW4="` // base64 of "plain"
	status, body := request(t, http.DefaultClient, "POST", s.UIURL()+"/codec/decode?preserveStorageRefs=true", string(encoded.GetData()), nil)
	if status != http.StatusOK || !strings.Contains(body, plain) {
		t.Errorf("%d %s", status, body)
	}
}

func TestTakenUIPortIsAClearErrorAndStartsNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	_, err = Start(testContext(t), Options{DataDir: dir, UIAddr: l.Addr().String()})
	wantError(t, err, l.Addr().String(), "taken", "another address", "empty")

	for _, addr := range []string{"8233", "localhost:port", "192.0.2.1:8233"} {
		_, err = Start(testContext(t), Options{DataDir: dir, UIAddr: addr})
		wantError(t, err, addr, "host:port", "empty")
	}
	s := start(t, Options{DataDir: dir})
	if s.UIURL() != "" {
		t.Errorf("UI at %s though none was asked for", s.UIURL())
	}
}

func TestUIURLIsForABrowserOnThisMachine(t *testing.T) {
	dir := t.TempDir()
	for addr, want := range map[string]string{
		"0.0.0.0:0": "http://127.0.0.1:", ":0": "http://127.0.0.1:", "localhost:0": "http://127.0.0.1:", "[::1]:0": "http://[::1]:",
	} {
		ui, err := listenUI(addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Server{ui: ui}).UIURL(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s…", addr, got, want)
		}
		if err := ui.stop(testContext(t)); err != nil {
			t.Error(err)
		}
	}
	var out syncBuffer
	s := start(t, Options{DataDir: filepath.Join(dir, "wide"), UIAddr: "0.0.0.0:0", Logger: slog.New(slog.NewTextHandler(&out, nil))})
	status, _ := request(t, http.DefaultClient, "GET", s.UIURL(), "", map[string]string{"Host": "ops.example.com"})
	if status != http.StatusOK {
		t.Errorf("a name of this machine: %d", status)
	}
	if !strings.Contains(out.String(), "beyond this machine") {
		t.Errorf("no warning: %q", out.String())
	}
}
