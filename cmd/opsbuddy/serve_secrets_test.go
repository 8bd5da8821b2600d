package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
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

// TestSecretsStayOutOfEverythingThatIsWritten runs a review with every secret set and
// with all that makes programs talkative: the debug log, refusals that repeat what
// they were sent, a forged page, a wrong method, servers of tools that are children.
func TestSecretsStayOutOfEverythingThatIsWritten(t *testing.T) {
	for name, settings := range map[string][]string{
		"Atlassian's cloud": {"JIRA_PERSONAL_TOKEN=", "CONFLUENCE_PERSONAL_TOKEN="},
		// The company refuses these logins.
		"Atlassian's server": {"JIRA_PERSONAL_TOKEN=planted-jira-personal-token", "CONFLUENCE_PERSONAL_TOKEN=planted-wiki-personal-token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWorldFor(t, "tls-expiry")
			seen := filepath.Join(t.TempDir(), "seen")
			s := serve(t, w, t.TempDir(), append(planted(t, w, seen), settings...)...)
			secretsStayOut(t, w, s, seen)
		})
	}
}

// planted sets every secret that the company does not, and lets the tools be served
// by children that write down what they see of us.
func planted(t *testing.T, w *world.World, seen string) []string {
	t.Helper()
	child := func(name, env string) string {
		spy := "(env; tr '\\000' ' ' </proc/$$/cmdline; tr '\\000' ' ' </proc/$PPID/cmdline) >>" + seen + "." + name + "; exec opsbuddy mcp " + name
		return fmt.Sprintf(`%q: {"command": "sh", "args": ["-c", %q], "env": {%s}}`, name, spy, env)
	}
	tools := filepath.Join(t.TempDir(), "tools.json")
	raw := `{"mcpServers": {` + child("pagerduty", `"PAGERDUTY_USER_API_KEY": "${PAGERDUTY_USER_API_KEY}", "PAGERDUTY_API_HOST": "${PAGERDUTY_API_HOST}"`) + `,` +
		child("atlassian", `"JIRA_URL": "${JIRA_URL}", "JIRA_USERNAME": "${JIRA_USERNAME}", "JIRA_API_TOKEN": "${JIRA_API_TOKEN}", "CONFLUENCE_URL": "${CONFLUENCE_URL}", "CONFLUENCE_USERNAME": "${CONFLUENCE_USERNAME}", "CONFLUENCE_API_TOKEN": "${CONFLUENCE_API_TOKEN}"`) + `,
		"hosted": {"url": "http://127.0.0.1:1/mcp", "headers": {"Authorization": "Bearer ${HOSTED_TOKEN}"}, "allowTools": ["search"]}}}`
	if err := os.WriteFile(tools, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"OPSBUDDY_LOG_LEVEL=debug", "OPSBUDDY_LOG_FORMAT=json", "OPSBUDDY_TOOLS=" + tools, "HOSTED_TOKEN=planted-hosted-token",
		"PAGERDUTY_WEBHOOK_SECRET=" + secretOf(w) + ",planted-secret-of-before", "AGENT_API_KEY=planted-key-of-another-provider",
		"SLACK_SIGNING_SECRET=8f742231b10e8888abcd99yyyzzz85a5", "SLACK_APP_TOKEN=xapp-1-A0000-111-planted-app-token",
		"TEMPORAL_API_KEY=planted-temporal-key",
		// The collector is not there; that is told.
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20planted-otlp-key",
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS=x-key=planted-traces-key", "OTEL_EXPORTER_OTLP_METRICS_HEADERS=x-key=planted-metrics-key",
	}
}

// refuse makes the outside fail in every way, with answers that repeat the login.
func refuse(w *world.World, s *served) {
	echo := func(name string) string {
		return `{"error": {"message": "the login ` + setting(s.environ, name) + ` is not good"}}`
	}
	w.Inject(world.PagerDuty, world.Fault{Status: http.StatusUnauthorized, Times: 1, Body: echo("PAGERDUTY_USER_API_KEY")})
	w.Inject(world.Confluence, world.Fault{Status: http.StatusInternalServerError, Times: 4, Body: echo("CONFLUENCE_API_TOKEN")})
	w.Inject(world.Jira, world.Fault{Status: http.StatusForbidden, Times: 1, Body: echo("JIRA_API_TOKEN")})
	w.Inject(world.Slack, world.Fault{Error: "invalid_auth " + setting(s.environ, "SLACK_BOT_TOKEN"), Times: 2, Match: "conversations"})
	w.Inject(world.Anthropic, world.Fault{Status: http.StatusInternalServerError, Times: 1, Body: echo("ANTHROPIC_API_KEY")})
}

func secretsStayOut(t *testing.T, w *world.World, s *served, seen string) {
	t.Helper()
	everySecretIsPlanted(t, s)
	secrets := secretsOf(t, s)
	written := map[string][]byte{}
	refuse(w, s)
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
	readChildren(t, s, seen, written)

	// What cannot be found although it is there proves nothing by not being found.
	for _, where := range []string{"log", "histories", "Slack", "answer to a page that is accepted"} {
		if !bytes.Contains(written[where], []byte(w.IncidentID(""))) {
			t.Errorf("the incident is not found in %s: the search does not see it", where)
		}
	}
	for _, words := range wordsOf(t, w.Webhook("")) {
		if bytes.Contains(written["log"], []byte(words)) {
			t.Errorf("the log holds %q of a webhook", words)
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

// wordsOf is what only a webhook's body and headers hold.
func wordsOf(t *testing.T, body []byte) []string {
	t.Helper()
	var p struct {
		Event struct {
			ID   string
			Data struct{ Title string }
		}
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Event.ID == "" || p.Event.Data.Title == "" {
		t.Fatalf("%+v, %v", p, err)
	}
	return []string{"event_type", "occurred_at", "delivery-1", "X-Webhook", p.Event.ID, p.Event.Data.Title}
}

// readChildren reads what the servers of tools saw of their environment and of the
// arguments: each its own keys, which are taken out here, and no other.
func readChildren(t *testing.T, s *served, seen string, into map[string][]byte) {
	t.Helper()
	for child, own := range map[string][]string{
		"pagerduty": {"PAGERDUTY_USER_API_KEY"}, "atlassian": {"JIRA_API_TOKEN", "CONFLUENCE_API_TOKEN"},
	} {
		raw, err := os.ReadFile(seen + "." + child)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range own {
			line := []byte(name + "=" + setting(s.environ, name) + "\n")
			if !bytes.Contains(raw, line) {
				t.Errorf("the child %s does not see its own %s", child, name)
			}
			raw = bytes.ReplaceAll(raw, line, nil)
		}
		into["the child "+child] = raw
	}
}

// everySecretIsPlanted wants a value in every secret setting, but for the logins that
// exclude each other.
func everySecretIsPlanted(t *testing.T, s *served) {
	t.Helper()
	names := secretSettings(reflect.TypeFor[config.Config]())
	if len(names) < 16 {
		t.Fatalf("only %d settings are known as secrets: %v", len(names), names)
	}
	for _, name := range names {
		if setting(s.environ, name) == "" && !strings.HasSuffix(name, "_PERSONAL_TOKEN") {
			t.Errorf("nothing is planted in %s", name)
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
	if len(secrets) < 8 {
		t.Fatalf("%d secrets are set, want the company's seven and those of the test", len(secrets))
	}
	for _, one := range secrets {
		if _, path, ok := strings.Cut(one, "/services/"); ok {
			secrets = append(secrets, path)
		}
	}
	return secrets
}

// secretSettings are the names of the settings that hold secrets.
func secretSettings(of reflect.Type) []string {
	var names []string
	for i := range of.NumField() {
		switch f := of.Field(i); f.Type {
		case reflect.TypeFor[config.Secret](), reflect.TypeFor[[]config.Secret]():
			if name := f.Tag.Get("env"); name != "" {
				names = append(names, name)
			}
		default:
			if f.Type.Kind() == reflect.Struct {
				names = append(names, secretSettings(f.Type)...)
			}
		}
	}
	return names
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
