package telemetry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/opsbuddy/opsbuddy/core"
)

// stopTime bounds the last export. A stopping worker takes 28 s at most, and the
// process has 30.
const stopTime = 1500 * time.Millisecond

// Config says what is sent where.
type Config struct {
	Service, Version string
	Attributes       map[string]string // of the resource; they go before our own
	Traces, Metrics  Signal
	Sampler          string  // by OTEL_TRACES_SAMPLER's words
	SampleRatio      float64 // of the traceidratio samplers, 0 to 1

	Gather  prometheus.Gatherer // the metrics
	Console io.Writer           // of the exporter "console"
	Logger  *slog.Logger
	Redact  func(string) string // takes secrets out of every text that is sent
}

// Signal is how traces or metrics are sent.
type Signal struct {
	Exporter string // "otlp", "console", or none
	Protocol string // "grpc", else HTTP with protobuf
	Endpoint string // the whole address, with its path
	Headers  map[string]string
}

func (s Signal) on() bool { return s.Exporter == otlp || s.Exporter == console }

// Exporters that Signal can name.
const (
	otlp    = "otlp"
	console = "console"
)

// Telemetry is what was started.
type Telemetry struct {
	tracer trace.TracerProvider
	stops  []func(context.Context) error
	failed func(error) // told of each export, nil for one that went well
}

// Start starts what is asked for, which may be nothing. It asks no collector: one
// that is down is no reason to receive no pages.
func Start(ctx context.Context, c Config) (*Telemetry, error) {
	if !c.Traces.on() && !c.Metrics.on() {
		return &Telemetry{}, nil
	}
	warn := &warnings{log: c.Logger, now: time.Now}
	otel.SetErrorHandler(warn)
	return start(ctx, c, warn.Handle)
}

func start(ctx context.Context, c Config, failed func(error)) (*Telemetry, error) {
	t := &Telemetry{failed: failed}
	c.Console = &inTurn{out: c.Console}
	about, err := c.resource(ctx)
	if err != nil {
		return nil, fmt.Errorf("telemetry: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	if err := errors.Join(t.traces(ctx, c, about), t.metrics(ctx, c, about)); err != nil {
		t.Stop()
		return nil, err
	}
	return t, nil
}

// checkTime bounds Check.
const checkTime = 10 * time.Second

// Check sends one span and the metrics, as far as they go to a collector, and
// says whether it took them.
func Check(ctx context.Context, c Config) (string, error) {
	var sent []string
	for _, s := range []struct {
		name   string
		signal *Signal
	}{{"traces", &c.Traces}, {"metrics", &c.Metrics}} {
		if s.signal.Exporter == otlp {
			sent = append(sent, s.name)
		} else {
			s.signal.Exporter = ""
		}
	}
	c.Sampler = "always_on"
	failures := make(chan error, 8)
	t, err := start(ctx, c, func(err error) {
		if err != nil {
			failures <- err
		}
	})
	if err != nil {
		return "", err
	}
	if t.tracer != nil {
		_, span := t.tracer.Tracer("github.com/opsbuddy/opsbuddy/telemetry").Start(ctx, "doctor")
		span.End()
	}
	t.stop(ctx, checkTime)
	select {
	case err := <-failures:
		return "", fmt.Errorf("%s: check OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL and _HEADERS", reason(err))
	default:
		return "the collector takes " + strings.Join(sent, " and "), nil
	}
}

func (t *Telemetry) traces(ctx context.Context, c Config, about *resource.Resource) error {
	if !c.Traces.on() {
		return nil
	}
	exporter, err := spanExporter(ctx, c)
	if err != nil {
		return fmt.Errorf("telemetry: exporter of traces: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&spans{SpanExporter: exporter, redact: c.Redact, failed: t.failed}),
		sdktrace.WithResource(about), sdktrace.WithSampler(sampler(c.Sampler, c.SampleRatio)), sdktrace.WithIDGenerator(core.SpanIDs{}),
	)
	t.tracer, t.stops = provider, append(t.stops, provider.Shutdown)
	return nil
}

// metrics pushes what /metrics shows: one registry, counted once.
func (t *Telemetry) metrics(ctx context.Context, c Config, about *resource.Resource) error {
	if !c.Metrics.on() {
		return nil
	}
	exporter, err := metricExporter(ctx, c)
	if err != nil {
		return fmt.Errorf("telemetry: exporter of metrics: %w", err)
	}
	reader := sdkmetric.NewPeriodicReader(&points{Exporter: exporter, failed: t.failed},
		sdkmetric.WithProducer(bridge.NewMetricProducer(bridge.WithGatherer(c.Gather))))
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(about))
	t.stops = append(t.stops, provider.Shutdown)
	return nil
}

// Tracer is for core; nil when traces are off.
func (t *Telemetry) Tracer() trace.TracerProvider { return t.tracer }

// Stop sends what is left, within stopTime. The process ends all the same when
// nobody takes it.
func (t *Telemetry) Stop() { t.stop(context.Background(), stopTime) }

func (t *Telemetry) stop(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	done := make(chan error, len(t.stops))
	for _, stop := range t.stops {
		go func() { done <- stop(ctx) }()
	}
	for range t.stops {
		select {
		case err := <-done:
			t.failed(err)
		case <-ctx.Done():
			t.failed(ctx.Err())
			return
		}
	}
}

// resource says who sends. Two processes of one service have different
// instances, else a collector takes their counters for one that jumps.
func (c Config) resource(ctx context.Context) (*resource.Resource, error) {
	attributes := map[string]string{
		string(semconv.ServiceVersionKey): c.Version, string(semconv.ServiceInstanceIDKey): strings.ToLower(rand.Text()),
	}
	maps.Copy(attributes, c.Attributes)
	attributes[string(semconv.ServiceNameKey)] = c.Service
	var all []attribute.KeyValue
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		all = append(all, attribute.String(key, attributes[key]))
	}
	return resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(), resource.WithAttributes(all...))
}

// sampler is the one of OTEL_TRACES_SAMPLER; always_on when it names none.
func sampler(name string, ratio float64) sdktrace.Sampler {
	name, byParent := strings.CutPrefix(name, "parentbased_")
	s := sdktrace.AlwaysSample()
	switch name {
	case "always_off":
		s = sdktrace.NeverSample()
	case "traceidratio":
		s = sdktrace.TraceIDRatioBased(ratio)
	}
	if byParent {
		s = sdktrace.ParentBased(s)
	}
	return s
}
