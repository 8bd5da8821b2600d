package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"go.temporal.io/sdk/activity"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/slack/slacktest"
)

const (
	botToken   = "xoxb-7001-7002-NeverToBeSeenAnywhere"
	hookPath   = "/services/T0TEAM001/B0HOOK001/neverToBeSeenEither"
	incidentsC = "C0INCIDENTS"
)

// noSecrets fails when a text for people holds the token or a part of the
// webhook's path.
func noSecrets(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, secret := range []string{botToken, "NeverToBeSeen", "neverToBeSeen", "T0TEAM001", "B0HOOK001"} {
			if strings.Contains(text, secret) {
				t.Errorf("a secret (%s) stands in %q", secret, text)
			}
		}
	}
}

// call is one request as it came.
type call struct {
	method string
	form   url.Values
}

// stand is a slacktest.Server that keeps the calls, and that a test can make
// answer otherwise, method by method.
type stand struct {
	*slacktest.Server
	url string
	log safeBuffer

	mu      sync.Mutex
	calls   []call
	answers map[string]func(http.ResponseWriter, url.Values)
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{Server: slacktest.New(), answers: map[string]func(http.ResponseWriter, url.Values){}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	t.Cleanup(func() { noSecrets(t, s.log.String()) })
	return s
}

func (s *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw := new(bytes.Buffer)
	_, _ = raw.ReadFrom(r.Body)
	form, _ := url.ParseQuery(raw.String())
	for k, v := range r.URL.Query() {
		form[k] = v
	}
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	s.mu.Lock()
	s.calls = append(s.calls, call{method, form})
	answer := s.answers[method]
	s.mu.Unlock()
	if answer != nil {
		answer(w, form)
		return
	}
	r.Body = http.NoBody
	if raw.Len() > 0 {
		r = r.Clone(r.Context())
		r.Body = readCloser{raw}
	}
	s.Server.ServeHTTP(w, r)
}

type readCloser struct{ *bytes.Buffer }

func (readCloser) Close() error { return nil }

// answer makes a method answer with a JSON value made of the call's form.
func (s *stand) answer(method string, f func(url.Values) any) {
	s.raw(method, func(w http.ResponseWriter, form url.Values) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(f(form))
	})
}

func (s *stand) raw(method string, f func(http.ResponseWriter, url.Values)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[method] = f
}

// called are the calls of one method.
func (s *stand) called(method string) []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []url.Values
	for _, c := range s.calls {
		if c.method == method {
			out = append(out, c.form)
		}
	}
	return out
}

func (s *stand) logger() *slog.Logger { return slog.New(slog.NewTextHandler(&s.log, nil)) }

// bot is a courier with a token, posting to a channel that is named as a person
// names it.
func (s *stand) bot() *courier {
	return newCourier(botToken, "#incidents", s.url+"/api", "", nil, s.logger())
}

// both is a courier with a token and an incoming webhook.
func (s *stand) both() *courier {
	return newCourier(botToken, "#incidents", s.url+"/api/", s.url+hookPath, nil, s.logger())
}

func (s *stand) reader() *Client {
	return New(Config{BotToken: botToken, APIURL: s.url + "/api", Logger: s.logger()})
}

// standing are the messages as "kind text", in order.
func (s *stand) standing() []string {
	var out []string
	for _, m := range s.Standing() {
		out = append(out, m.Kind+" "+m.Text)
	}
	return out
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// said is a message with a head, a body and a foot.
func said(text string) message {
	m := layout(nil, text, footBlock("foot"), text, nil)[0]
	return m
}

// steps keeps the activities of a flow, to be called as Temporal would.
type steps map[string]any

func (s steps) Activity(name string, fn any)                   { s[name] = fn }
func (s steps) Bounded(name string, fn any)                    { s[name] = fn }
func (s steps) Workflow(string, any)                           {}
func (s steps) Shared(string, any) string                      { return "" }
func (s steps) OnStop(string, func(ctx context.Context) error) {}

// flowOf is a flow of one step that is fed by given.
func flowOf[In any](step *core.Node, given In) *core.Flow {
	return core.NewFlow("f").TriggeredBy(core.Webhook("/in")).
		Then(core.Activity("test.Given", nil, func(context.Context, struct{}) (In, error) { return given, nil }).As("given")).
		Then(step.As("step")).Build()
}

type envRegistry struct {
	env *testsuite.TestWorkflowEnvironment
}

func (r envRegistry) Activity(name string, fn any) {
	r.env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
}
func (r envRegistry) Bounded(name string, fn any) { r.Activity(name, fn) }
func (r envRegistry) Workflow(name string, fn any) {
	r.env.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
}
func (r envRegistry) Shared(string, any) string                  { return "" }
func (r envRegistry) OnStop(string, func(context.Context) error) {}

func suite() *testsuite.WorkflowTestSuite {
	s := &testsuite.WorkflowTestSuite{}
	s.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	return s
}

// run runs a flow with Temporal's retries and returns what its step put out.
func run[Out any](t *testing.T, f *core.Flow) (out Out, err error) {
	t.Helper()
	env := suite().NewTestWorkflowEnvironment()
	if err := f.RegisterOn(envRegistry{env}); err != nil {
		t.Fatal(err)
	}
	env.ExecuteWorkflow(f.Name(), core.Input{})
	if err := env.GetWorkflowError(); err != nil {
		return out, err
	}
	var all core.Outputs
	if err := env.GetWorkflowResult(&all); err != nil {
		t.Fatal(err)
	}
	ok, err := all.Get("step", &out)
	if !ok {
		err = fmt.Errorf("the step put nothing out: %w", err)
	}
	return out, err
}

// bound refers every input of a report to the step that gives it.
func bound(in NotifyReportInput) NotifyReportInput {
	g := func(field string) core.Ref { return core.Output("given." + field) }
	in.Value1, in.Value2, in.Body, in.CostUSD, in.Duration = g("Value1"), g("Value2"), g("Body"), g("CostUSD"), g("Duration")
	in.TurnsUsed, in.Succeeded, in.Outcome, in.StopReason, in.Model = g("TurnsUsed"), g("Succeeded"), g("Outcome"), g("StopReason"), g("Model")
	in.Incident, in.Update, in.Links, in.Key, in.Thread = g("Incident"), g("Update"), g("Links"), g("Key"), g("Thread")
	return in
}

// report runs NotifyReport in a flow.
func report(t *testing.T, in NotifyReportInput, given reportInput) (NotifyReportOutput, error) {
	t.Helper()
	return run[NotifyReportOutput](t, flowOf(NotifyReport(bound(in)), given))
}
