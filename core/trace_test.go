package core

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
)

func recorded(t *testing.T) (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	t.Helper()
	kept := tracetest.NewInMemoryExporter()
	p := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept), sdktrace.WithIDGenerator(SpanIDs{}))
	return p, kept
}

func attributesOf(s tracetest.SpanStub) map[string]any {
	out := map[string]any{}
	for _, kv := range s.Attributes {
		out[string(kv.Key)] = kv.Value.AsInterface()
	}
	return out
}

func TestOnlyAWebhookThatStartsSomethingHasASpan(t *testing.T) {
	p, kept := recorded(t)
	url, h := hookServer(t, &memoryStarter{started: map[string]int{}})
	h.tracer = tracerOf(p)
	for _, try := range []struct{ method, path, key string }{
		{"POST", "/hooks/incident", "wrong"}, {"GET", "/hooks/incident", "right"}, {"POST", "/elsewhere", "right"}, {"POST", "//hooks/incident", "right"},
	} {
		send(t, try.method, url+try.path, try.key, strings.NewReader("1"))
	}
	all := kept.GetSpans()
	if len(all) != 1 {
		t.Fatalf("%d spans, want that of the one page that was taken", len(all))
	}
	want := map[string]any{
		"http.request.method": "POST", "http.route": "/hooks/incident", "http.response.status_code": int64(202),
		"opsbuddy.webhook.result": "accepted", "temporalWorkflowID": "w-1",
	}
	if diff := cmp.Diff(want, attributesOf(all[0])); diff != "" || all[0].Name != "POST /hooks/incident" || all[0].SpanKind != trace.SpanKindServer {
		t.Errorf("%s %s (-want +got):\n%s", all[0].Name, all[0].SpanKind, diff)
	}
	if !all[0].EndTime.After(all[0].StartTime) {
		t.Error("the span takes no time")
	}
}

func TestSpanOfAWebhookThatCannotBeStartedSaysWhyWithoutSecrets(t *testing.T) {
	p, kept := recorded(t)
	url, h := hookServer(t, &memoryStarter{err: errors.New("disk of hunter2 is full")})
	h.tracer, h.redact = tracerOf(p), func(s string) string { return strings.ReplaceAll(s, "hunter2", "[redacted]") }
	send(t, "POST", url+"/hooks/incident", "right", strings.NewReader("1"))
	all := kept.GetSpans()
	if len(all) != 1 || all[0].Status != (sdktrace.Status{Code: codes.Error, Description: "disk of [redacted] is full"}) {
		t.Fatalf("%+v", all)
	}
	if got := attributesOf(all[0]); got["opsbuddy.webhook.result"] != "unavailable" || got["http.response.status_code"] != int64(503) {
		t.Errorf("%v", got)
	}
}

// traced runs a flow of one failing step as a worker with tracing would, and
// with a header as a start that was traced leaves it.
func traced(t *testing.T, p trace.TracerProvider, header map[string]string, fail func(attempt int) error) error {
	t.Helper()
	f := NewFlow("f").TriggeredBy(Webhook("/in")).Then(parse().As("webhook")).
		Then(Activity("test.Fail", Bind{}, func(ctx context.Context, _ struct{}) (struct{}, error) { return struct{}{}, fail(Attempt(ctx)) }).As("fail")).Build()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	if header != nil {
		payload, err := converter.GetDefaultDataConverter().ToPayload(header)
		if err != nil {
			t.Fatal(err)
		}
		suite.SetHeader(&commonpb.Header{Fields: map[string]*commonpb.Payload{"_tracer-data": payload}})
	}
	env := suite.NewTestWorkflowEnvironment()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	i, err := tracing(p)
	if err != nil {
		t.Fatal(err)
	}
	// The SDK puts those of the client before those of the worker.
	all := []interceptor.WorkerInterceptor{i[0].(interceptor.WorkerInterceptor), &interceptors{
		log: slog.New(slog.DiscardHandler), metrics: m, grace: stepGrace,
		redact: func(s string) string { return strings.ReplaceAll(s, "hunter2", "[redacted]") },
	}}
	env.SetWorkerOptions(worker.Options{Interceptors: all})
	if err := f.RegisterOn(envRegistry{env}); err != nil {
		t.Fatal(err)
	}
	env.ExecuteWorkflow("f", Input{Data: map[string]json.RawMessage{WebhookPayload: json.RawMessage(`"Q1"`)}})
	return env.GetWorkflowError()
}

// parentIn is a header that names a span that is sampled.
func parentIn(t *testing.T, p trace.TracerProvider) map[string]string {
	t.Helper()
	ctx, span := p.Tracer("test").Start(t.Context(), "start")
	defer span.End()
	header := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, header)
	return header
}

func TestEachAttemptOfAStepIsASpanWithItsRedactedError(t *testing.T) {
	p, kept := recorded(t)
	err := traced(t, p, parentIn(t, p), func(attempt int) error {
		if attempt == 1 {
			return errors.New("the key hunter2 is not taken")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var attempts []int64
	for _, s := range kept.GetSpans() {
		if raw, _ := json.Marshal(s); strings.Contains(string(raw), "hunter2") {
			t.Errorf("%s holds a secret: %s", s.Name, raw)
		}
		if s.Name != "RunActivity:test.Fail@fail" {
			continue
		}
		n := attributesOf(s)["temporalAttempt"].(int64)
		attempts = append(attempts, n)
		if failed := s.Status.Code == codes.Error; failed != (n == 1) || failed && !strings.Contains(s.Status.Description, "the key [redacted] is not taken") {
			t.Errorf("attempt %d: %+v", n, s.Status)
		}
	}
	if slices.Sort(attempts); !slices.Equal(attempts, []int64{1, 2}) {
		t.Errorf("attempts %v have a span, want 1 and 2", attempts)
	}
}

func TestRunThatBeganUntracedHasNoSpansAndAHeaderOfAnotherKindFailsNothing(t *testing.T) {
	for name, header := range map[string]map[string]string{"no header": nil, "another's header": {"traceparent": "no such thing"}} {
		p, kept := recorded(t)
		if err := traced(t, p, header, func(int) error { return nil }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if all := kept.GetSpans(); len(all) != 0 {
			t.Errorf("%s: %d spans, the first is %s", name, len(all), all[0].Name)
		}
	}
}

func TestARunHasTheSameSpanIDInEveryProcess(t *testing.T) {
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	other := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{3}, TraceFlags: trace.FlagsSampled})
	id := func(parent trace.SpanContext, name string) trace.SpanID {
		p, _ := recorded(t) // a process of its own
		return startSpan(trace.ContextWithSpanContext(t.Context(), parent), tracerOf(p), name).SpanContext().SpanID()
	}
	first := id(parent, "RunWorkflow:f")
	if second := id(parent, "RunWorkflow:f"); first != second || !first.IsValid() {
		t.Errorf("the run is %s and, replayed, %s", first, second)
	}
	for what, differs := range map[string]trace.SpanID{"of another start": id(other, "RunWorkflow:f"), "of a step": id(parent, "RunActivity:f")} {
		if differs == first {
			t.Errorf("the span %s has the same id", what)
		}
	}
	if a, b := id(parent, "RunActivity:f"), id(parent, "RunActivity:f"); a == b {
		t.Error("two attempts of a step have one id")
	}
	if a, b := id(trace.SpanContext{}, "StartWorkflow:f"), id(trace.SpanContext{}, "StartWorkflow:f"); a == b || !a.IsValid() {
		t.Error("two starts have one id")
	}
}
