package main

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/opsbuddy/opsbuddy/config"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/internal/world"
)

// TestSecretsStayOutOfEverythingThatIsWritten runs a review with all that makes
// programs talkative: the debug log, refusals, a forged page, a wrong method.
func TestSecretsStayOutOfEverythingThatIsWritten(t *testing.T) {
	w := startWorldFor(t, "tls-expiry")
	s := serve(t, w, t.TempDir(), "OPSBUDDY_LOG_LEVEL=debug", "OPSBUDDY_LOG_FORMAT=json",
		"PAGERDUTY_WEBHOOK_SECRET="+secretOf(w)+",the-secret-of-before", "AGENT_API_KEY=key-of-another-provider",
		"SLACK_SIGNING_SECRET=8f742231b10e8888abcd99yyyzzz85a5", "SLACK_APP_TOKEN=xapp-1-A0000-111-demo-app-token")
	secrets := secretsOf(t, s)
	written := map[string][]byte{}

	w.Fail(world.Confluence, http.StatusInternalServerError)
	w.Inject(world.Slack, world.Fault{Error: "invalid_auth", Times: 2, Match: "conversations"})
	w.Inject(world.Anthropic, world.Fault{Status: http.StatusInternalServerError, Times: 1})
	for name, p := range map[string]page{
		"accepted": firstPage(w, "delivery-1"), "forged": {body: w.Webhook("")}, "malformed": {body: []byte("{"), secrets: []string{secretOf(w)}},
		"method": {method: http.MethodGet}, "path": {path: "/" + secretOf(w) + "/hooks"},
	} {
		a, err := s.deliver(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		written["answer to a page that is "+name] = []byte(a.raw)
	}
	s.outcomeOf(t, w)
	for _, path := range []string{"/health/ready", "/health/live", "/metrics", "/budget"} {
		status, body := s.get(t, path)
		if status != http.StatusOK || body == "" {
			t.Errorf("%s answers %d", path, status)
		}
		written[path] = []byte(body)
	}
	for _, m := range w.SlackMessages() {
		written["Slack"] = append(written["Slack"], m.Text+string(m.Blocks)+string(m.Metadata)...)
	}
	s.terminate(t)
	s.gone(t)
	written["log"] = s.logged(t)
	readFolder(t, s.data, written)
	written["histories"] = histories(t, s.data)

	// What cannot be found although it is there proves nothing by not being found.
	for _, where := range []string{"log", "histories", "Slack", "answer to a page that is accepted"} {
		if !bytes.Contains(written[where], []byte(w.IncidentID(""))) {
			t.Errorf("the incident is not found in %s: the search does not see it", where)
		}
	}
	signature := strings.TrimPrefix(world.Sign(secretOf(w), w.Webhook("")), "v1=")
	for where, raw := range written {
		for _, secret := range append(secrets, signature) {
			if at := bytes.Index(raw, []byte(secret)); at >= 0 {
				t.Errorf("%s holds the secret %q: …%q…", where, secret, raw[max(0, at-80):min(len(raw), at+len(secret)+20)])
			}
		}
	}
}

// secretsOf are the values of all secrets of a process, and of the address among
// them the path, which is the secret in it.
func secretsOf(t *testing.T, s *served) []string {
	t.Helper()
	cfg, _, err := config.Load(s.environ)
	if err != nil {
		t.Fatal(err)
	}
	secrets := cfg.Secrets()
	if len(secrets) < 10 {
		t.Fatalf("%d secrets are set, want the company's seven and those that the test adds", len(secrets))
	}
	for _, one := range secrets {
		if _, path, ok := strings.Cut(one, "/services/"); ok {
			secrets = append(secrets, path)
		}
	}
	return secrets
}

// readFolder reads the files of a data folder as they stand on the disk.
func readFolder(t *testing.T, dir string, into map[string][]byte) {
	t.Helper()
	size := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		into[filepath.Base(path)], size = raw, size+len(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size < 100<<10 {
		t.Fatalf("the data folder holds %d bytes; the history must be somewhere else", size)
	}
}

// histories are all payloads of all runs in a data folder, unpacked: the codec
// packs the large ones, and bytes on the disk do not show what is in them.
func histories(t *testing.T, dir string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := core.Connect(ctx, core.Environment{}, core.EmbeddedOptions{DataDir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	}()
	runs, err := e.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: e.Namespace})
	if err != nil {
		t.Fatal(err)
	}
	if len(runs.Executions) < 2 {
		t.Fatalf("%d runs are in the data folder, want the page and its review at least", len(runs.Executions))
	}
	var all []byte
	unpack := func(_ *proxy.VisitPayloadsContext, packed []*commonpb.Payload) ([]*commonpb.Payload, error) {
		plain, err := core.Codec().Decode(packed)
		for _, p := range plain {
			all = append(append(all, p.GetData()...), '\n')
		}
		return packed, err
	}
	for _, run := range runs.Executions {
		it := e.GetWorkflowHistory(ctx, run.Execution.WorkflowId, run.Execution.RunId, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for it.HasNext() {
			event, err := it.Next()
			if err != nil {
				t.Fatal(err)
			}
			if err := proxy.VisitPayloads(ctx, event, proxy.VisitPayloadsOptions{Visitor: unpack}); err != nil {
				t.Fatal(err)
			}
			all = append(append(all, event.String()...), '\n')
		}
	}
	return all
}
