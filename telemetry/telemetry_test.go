package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/opsbuddy/opsbuddy/telemetry/otlptest"
)

const secret = "key-that-nobody-may-see"

func collector(t *testing.T) *otlptest.Collector {
	t.Helper()
	c, err := otlptest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// config sends traces over HTTP to a collector.
func config(url string) Config {
	return Config{
		Service: "opsbuddy", Version: "1.2.3", Logger: slog.New(slog.DiscardHandler), Console: io.Discard, Gather: prometheus.NewRegistry(),
		Redact: func(s string) string { return strings.ReplaceAll(s, secret, "[redacted]") },
		Traces: Signal{Exporter: otlp, Endpoint: url + "/v1/traces", Headers: map[string]string{"authorization": "Bearer " + secret}},
	}
}

func started(t *testing.T, c Config) *Telemetry {
	t.Helper()
	tel, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// span makes one span and ends it.
func span(tel *Telemetry, name string, about ...attribute.KeyValue) {
	_, s := tel.Tracer().Tracer("test").Start(context.Background(), name)
	s.SetAttributes(about...)
	s.End()
}

func TestNothingRunsUntilSomethingIsAskedFor(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, exporter := range []string{"", "none", "prometheus"} {
		tel := started(t, Config{Traces: Signal{Exporter: exporter}, Metrics: Signal{Exporter: exporter}})
		if tel.Tracer() != nil {
			t.Errorf("%q has a tracer", exporter)
		}
		tel.Stop()
	}
	if after := runtime.NumGoroutine(); after != before {
		t.Errorf("%d goroutines, there were %d", after, before)
	}
}

func TestSpansReachTheCollectorOverBothProtocols(t *testing.T) {
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		col := collector(t)
		c := config(col.URL())
		c.Attributes = map[string]string{"deployment.environment.name": "prod", "service.version": "mine", "service.name": "not this"}
		if c.Traces.Protocol = protocol; protocol == grpc {
			c.Traces.Endpoint = col.GRPC()
		}
		tel := started(t, c)
		span(tel, "one", attribute.Int("n", 7), attribute.StringSlice("list", []string{"a", secret}))
		tel.Stop()
		all := col.Spans()
		if len(all) != 1 || all[0].Name != "one" {
			t.Fatalf("%s: %d spans came in", protocol, len(all))
		}
		if diff := cmp.Diff(map[string]any{"n": int64(7), "list": []any{"a", "[redacted]"}}, all[0].Attributes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", protocol, diff)
		}
		about := all[0].Resource
		if about["service.name"] != "opsbuddy" || about["service.version"] != "mine" || about["deployment.environment.name"] != "prod" || about["service.instance.id"] == "" {
			t.Errorf("%s: resource %v", protocol, about)
		}
		if got := col.Headers()[0].Get("Authorization"); got != "Bearer "+secret {
			t.Errorf("%s: the collector was sent the header %q", protocol, got)
		}
	}
}

func TestMetricsAreThoseOfTheRegistry(t *testing.T) {
	col := collector(t)
	c := config(col.URL())
	c.Traces, c.Metrics = Signal{}, Signal{Exporter: otlp, Endpoint: col.URL() + "/v1/metrics"}
	reg := prometheus.NewRegistry()
	pages := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "pages_total", Help: "Pages."}, []string{"result"})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "page_seconds", Help: "Time.", Buckets: []float64{1, 2}})
	reg.MustRegister(pages, took)
	c.Gather = reg
	tel := started(t, c)
	if tel.Tracer() != nil {
		t.Error("traces are on, and metrics alone were asked for")
	}
	pages.WithLabelValues("accepted").Add(3)
	took.Observe(1.5)
	tel.Stop()
	got := map[string]float64{}
	for _, m := range col.Metrics() {
		got[fmt.Sprint(m.Name, m.Labels)] = m.Value
	}
	if diff := cmp.Diff(map[string]float64{"pages_total" + "map[result:accepted]": 3, "page_secondsmap[]": 1}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEveryTextOfASpanIsCleanWhenItLeaves(t *testing.T) {
	col := collector(t)
	tel := started(t, config(col.URL()))
	_, s := tel.Tracer().Tracer("test").Start(t.Context(), "name with "+secret)
	s.SetAttributes(attribute.String("text", "see https://wiki.example/x?token=abc and "+secret), attribute.String("bytes", "cut \xff\xfe here"),
		attribute.String("long", strings.Repeat("ä", maxText)))
	s.RecordError(errors.New("posting to http://hooks.example/" + secret + ": refused"))
	s.SetStatus(codes.Error, "posting to http://hooks.example/"+secret+": refused")
	s.End()
	tel.Stop()
	all := col.Spans()
	if len(all) != 1 {
		t.Fatalf("%d spans came in", len(all))
	}
	got := all[0]
	if got.Name != "name with [redacted]" || got.Attributes["text"] != "see [address] and [redacted]" || got.Attributes["bytes"] != "cut \uFFFD here" || got.Error != "posting to [address] refused" {
		t.Errorf("got %+v", got)
	}
	if long := got.Attributes["long"].(string); len(long) != maxText || strings.Trim(long, "ä") != "" {
		t.Errorf("the long text has %d bytes", len(long))
	}
	for _, gone := range []string{secret, "wiki.example", "hooks.example"} {
		if bytes.Contains(col.Raw(), []byte(gone)) {
			t.Errorf("%q was sent", gone)
		}
	}
}

func TestSilentCollectorNeitherBlocksNorGrows(t *testing.T) {
	col := collector(t)
	col.Hang()
	tel := started(t, config(col.URL()))
	began := time.Now()
	for range 3 * sdktrace.DefaultMaxQueueSize {
		span(tel, "many")
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("%d spans took %s", 3*sdktrace.DefaultMaxQueueSize, took)
	}
	began = time.Now()
	tel.Stop()
	if took := time.Since(began); took > stopTime+500*time.Millisecond {
		t.Errorf("the stop took %s", took)
	}
}

func TestCollectorThatFailsIsOneLineAMinute(t *testing.T) {
	var log bytes.Buffer
	now := time.Now()
	w := &warnings{log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }}
	w.Handle(nil)
	for range 5 {
		w.Handle(errors.New("Post \"https://collector.example/v1/traces\": " + secret))
		now = now.Add(11 * time.Second)
	}
	now = now.Add(warnEvery)
	w.Handle(errors.New("again"))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "failures=1") || !strings.Contains(lines[1], "failures=5") {
		t.Errorf("the log says\n%s", log.String())
	}
	if strings.Contains(log.String(), "collector.example") || strings.Contains(log.String(), secret) {
		t.Errorf("the log names the collector or a secret:\n%s", log.String())
	}
}

// TestReasonSaysWhatIsWrongAndNotWhere asks collectors that fail in real ways.
func TestReasonSaysWhatIsWrongAndNotWhere(t *testing.T) {
	refusing := collector(t)
	refusing.Fail(http.StatusUnauthorized)
	silent := collector(t)
	silent.Hang()
	selfSigned := httptest.NewUnstartedServer(http.NotFoundHandler())
	selfSigned.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	selfSigned.StartTLS()
	t.Cleanup(selfSigned.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + l.Addr().String()
	_ = l.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2500") // in ms: a busy machine is no silent collector
	for name, c := range map[string]struct{ protocol, endpoint, want string }{
		"dead":                {"", dead, "the collector's address refuses connections"},
		"dead, grpc":          {grpc, dead, "the collector is Unavailable"},
		"unauthorized":        {"", refusing.URL() + "/v1/traces", "the collector answers 401 Unauthorized"},
		"wrong path":          {"", refusing.URL() + "/nothing", "the collector answers 404 Not Found"},
		"silent":              {"", silent.URL() + "/v1/traces", "the collector does not answer in time"},
		"unknown certificate": {"", selfSigned.URL, "the collector's certificate is not trusted"},
		"unknown name":        {"", "http://no-such-host.invalid:4318", "the collector's name is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			conf := config("")
			conf.Traces.Protocol, conf.Traces.Endpoint = c.protocol, c.endpoint
			exporter, err := spanExporter(t.Context(), conf)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // the exporter repeats for a minute
			defer cancel()
			failure := exporter.ExportSpans(ctx, tracetest.SpanStubs{{Name: "one"}}.Snapshots())
			if failure == nil {
				t.Fatal("the export went well")
			}
			if got := reason(failure); got != c.want {
				t.Errorf("%q, want %q, for: %v", got, c.want, failure)
			}
		})
	}
}

func TestSamplersAreThoseOfTheSpecification(t *testing.T) {
	for name, want := range map[string]string{
		"always_on": "AlwaysOnSampler", "always_off": "AlwaysOffSampler", "traceidratio": "TraceIDRatioBased{0.25}",
		"parentbased_always_on": "ParentBased{root:AlwaysOnSampler,", "parentbased_always_off": "ParentBased{root:AlwaysOffSampler,",
		"parentbased_traceidratio": "ParentBased{root:TraceIDRatioBased{0.25},",
	} {
		if got := sampler(name, 0.25).Description(); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// narrow is a console that takes its time, and knows when two write to it at once.
type narrow struct {
	bytes.Buffer
	writing, crossed atomic.Int32
}

func (n *narrow) Write(b []byte) (int, error) {
	if n.writing.Add(1) > 1 {
		n.crossed.Add(1)
	}
	defer n.writing.Add(-1)
	time.Sleep(20 * time.Millisecond)
	return n.Buffer.Write(b)
}

func TestConsoleShowsSpansAndMetrics(t *testing.T) {
	var out narrow
	c := config("")
	c.Traces, c.Metrics, c.Console = Signal{Exporter: console}, Signal{Exporter: console}, &out
	tel := started(t, c)
	span(tel, "seen here")
	tel.Stop()
	if !strings.Contains(out.String(), `"Name":"seen here"`) || !strings.Contains(out.String(), `"ScopeMetrics"`) {
		t.Errorf("the console shows\n%s", out.String())
	}
	if n := out.crossed.Load(); n > 0 {
		t.Errorf("%d writes began before another ended", n)
	}
}

func TestCheckAsksTheCollector(t *testing.T) {
	col := collector(t)
	c := config(col.URL())
	c.Sampler, c.Metrics = "always_off", Signal{Exporter: otlp, Endpoint: col.URL() + "/v1/metrics"}
	said, err := Check(t.Context(), c)
	if err != nil || said != "the collector takes traces and metrics" || len(col.Spans()) != 1 || col.Requests() != 2 {
		t.Errorf("%q, %v; %d spans in %d requests", said, err, len(col.Spans()), col.Requests())
	}
	col.Fail(http.StatusForbidden)
	_, err = Check(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "answers 403") || !strings.Contains(err.Error(), "_HEADERS") {
		t.Errorf("err = %v", err)
	}
	if err != nil && (strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), secret)) {
		t.Errorf("err = %v", err)
	}
}
