package telemetry

import (
	"context"
	"io"
	"regexp"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const grpc = "grpc"

func spanExporter(ctx context.Context, c Config) (sdktrace.SpanExporter, error) {
	switch s := c.Traces; {
	case s.Exporter == console:
		return stdouttrace.New(stdouttrace.WithWriter(c.Console))
	case s.Protocol == grpc:
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(s.Endpoint), otlptracegrpc.WithHeaders(s.Headers))
	default:
		return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(s.Endpoint), otlptracehttp.WithHeaders(s.Headers))
	}
}

func metricExporter(ctx context.Context, c Config) (sdkmetric.Exporter, error) {
	switch s := c.Metrics; {
	case s.Exporter == console:
		return stdoutmetric.New(stdoutmetric.WithWriter(c.Console))
	case s.Protocol == grpc:
		return otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpointURL(s.Endpoint), otlpmetricgrpc.WithHeaders(s.Headers))
	default:
		return otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(s.Endpoint), otlpmetrichttp.WithHeaders(s.Headers))
	}
}

// inTurn is a writer that traces and metrics share: each sends when it likes, and
// both at once when the process ends.
type inTurn struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *inTurn) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(b)
}

// points reports failures itself: the SDK would tell whoever set the process's
// handler last.
type points struct {
	sdkmetric.Exporter
	failed func(error)
}

func (p *points) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	p.failed(p.Exporter.Export(ctx, m))
	return nil
}

// spans cleans every text that leaves, whoever put it on a span.
type spans struct {
	sdktrace.SpanExporter
	redact func(string) string
	failed func(error)
}

func (s *spans) ExportSpans(ctx context.Context, batch []sdktrace.ReadOnlySpan) error {
	clean := make([]sdktrace.ReadOnlySpan, len(batch))
	for i, span := range batch {
		clean[i] = cleanSpan{span, s.clean}
	}
	s.failed(s.SpanExporter.ExportSpans(ctx, clean))
	return nil
}

// maxText bounds one text, in bytes.
const maxText = 1024

// address is any URL: the path of one may be a key.
var address = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+`)

func (s *spans) clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD") // else the whole batch is refused
	if text = s.redact(text); strings.Contains(text, "://") {
		text = address.ReplaceAllLiteralString(text, "[address]")
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	return text
}

// cleanSpan is a span whose texts are clean.
type cleanSpan struct {
	sdktrace.ReadOnlySpan
	clean func(string) string
}

func (s cleanSpan) Name() string { return s.clean(s.ReadOnlySpan.Name()) }

func (s cleanSpan) Attributes() []attribute.KeyValue {
	return s.attributes(s.ReadOnlySpan.Attributes())
}

func (s cleanSpan) Status() sdktrace.Status {
	status := s.ReadOnlySpan.Status()
	status.Description = s.clean(status.Description)
	return status
}

func (s cleanSpan) Events() []sdktrace.Event {
	events := make([]sdktrace.Event, 0, len(s.ReadOnlySpan.Events()))
	for _, e := range s.ReadOnlySpan.Events() {
		e.Name, e.Attributes = s.clean(e.Name), s.attributes(e.Attributes)
		events = append(events, e)
	}
	return events
}

func (s cleanSpan) attributes(all []attribute.KeyValue) []attribute.KeyValue {
	out := make([]attribute.KeyValue, len(all))
	for i, kv := range all {
		switch kv.Value.Type() {
		case attribute.STRING:
			kv.Value = attribute.StringValue(s.clean(kv.Value.AsString()))
		case attribute.STRINGSLICE:
			texts := kv.Value.AsStringSlice()
			for j := range texts {
				texts[j] = s.clean(texts[j])
			}
			kv.Value = attribute.StringSliceValue(texts)
		}
		out[i] = kv
	}
	return out
}
