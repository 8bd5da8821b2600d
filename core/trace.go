package core

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
)

// Beginnings of the names that Temporal's interceptor gives to spans.
const (
	startsRun = "StartWorkflow:"
	isRun     = "RunWorkflow:"
)

// workflowIDKey is how Temporal's interceptor marks a span, so that one search
// finds the webhook as well.
const workflowIDKey = attribute.Key("temporalWorkflowID")

func tracerOf(p trace.TracerProvider) trace.Tracer {
	if p == nil {
		p = noop.NewTracerProvider()
	}
	return p.Tracer("github.com/opsbuddy/opsbuddy/core")
}

// tracing is Temporal's own interceptor, which makes no span a second time when
// a run is replayed; none without a provider.
func tracing(p trace.TracerProvider) ([]interceptor.ClientInterceptor, error) {
	if p == nil {
		return nil, nil
	}
	i, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer:            tracerOf(p),
		SpanStarter:       startSpan,
		TextMapPropagator: propagation.TraceContext{},
		DisableBaggage:    true,
		// A header that cannot be read must not fail a step.
		AllowInvalidParentSpans: true,
		// These are for ledgers and the like. Handlers of updates would have their
		// spans again at each replay.
		DisableSignalTracing: true, DisableQueryTracing: true, DisableUpdateTracing: true,
	})
	if err != nil {
		return nil, err
	}
	return []interceptor.ClientInterceptor{i}, nil
}

type runKey struct{}

// startSpan leaves out what belongs to no start that was traced: a run that
// never ends, or that began before tracing was turned on, would be a trace of
// its own for every step.
func startSpan(ctx context.Context, t trace.Tracer, name string, opts ...trace.SpanStartOption) trace.Span {
	if !trace.SpanContextFromContext(ctx).IsValid() && !strings.HasPrefix(name, startsRun) {
		return noop.Span{}
	}
	if strings.HasPrefix(name, isRun) {
		ctx = context.WithValue(ctx, runKey{}, name)
	}
	_, span := t.Start(ctx, name, opts...)
	return span
}

// SpanIDs makes the ids of spans, for a provider of the SDK's. They are random
// but for the run of a workflow: its id follows from its parent's. A process
// that takes over a run gives it the same id, else the steps before and after a
// crash would hang from different spans, one of which was never sent.
type SpanIDs struct{}

// NewIDs are the ids of a trace's first span.
func (SpanIDs) NewIDs(context.Context) (trace.TraceID, trace.SpanID) {
	var id trace.TraceID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64()|1) // zero is no id
	return id, randomSpan()
}

// NewSpanID is the id of a span with a parent.
func (SpanIDs) NewSpanID(ctx context.Context, in trace.TraceID) trace.SpanID {
	name, ok := ctx.Value(runKey{}).(string)
	if !ok {
		return randomSpan()
	}
	parent := trace.SpanContextFromContext(ctx).SpanID()
	sum := sha256.Sum256(append(append(in[:], parent[:]...), name...))
	return trace.SpanID(sum[:8])
}

func randomSpan() (id trace.SpanID) {
	binary.NativeEndian.PutUint64(id[:], rand.Uint64()|1)
	return id
}
