package otlptest

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	collectmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collecttraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Span is a span as it came in.
type Span struct {
	Trace, ID, Parent string // in hex; no parent is empty
	Name              string
	Kind              string // "server", "client", "internal"
	Start             time.Time
	Took              time.Duration
	Attributes        map[string]any // string, int64, float64, bool or []any
	Resource          map[string]any
	Failed            bool
	Error             string // the status' description
	Events            []string
}

func spansOf(req *collecttraces.ExportTraceServiceRequest) []Span {
	var all []Span
	for _, r := range req.GetResourceSpans() {
		about := attributes(r.GetResource().GetAttributes())
		for _, scope := range r.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				all = append(all, spanOf(s, about))
			}
		}
	}
	return all
}

func spanOf(s *traces.Span, about map[string]any) Span {
	out := Span{
		Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Name: s.GetName(), Kind: strings.ToLower(strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_")),
		Start:      time.Unix(0, int64(s.GetStartTimeUnixNano())),
		Took:       time.Duration(s.GetEndTimeUnixNano() - s.GetStartTimeUnixNano()),
		Attributes: attributes(s.GetAttributes()), Resource: about,
		Failed: s.GetStatus().GetCode() == traces.Status_STATUS_CODE_ERROR, Error: s.GetStatus().GetMessage(),
	}
	for _, e := range s.GetEvents() {
		out.Events = append(out.Events, fmt.Sprint(e.GetName(), " ", attributes(e.GetAttributes())))
	}
	return out
}

func attributes(all []*common.KeyValue) map[string]any {
	out := map[string]any{}
	for _, kv := range all {
		out[kv.GetKey()] = value(kv.GetValue())
	}
	return out
}

func value(v *common.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		return v.DoubleValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_ArrayValue:
		var list []any
		for _, one := range v.ArrayValue.GetValues() {
			list = append(list, value(one))
		}
		return list
	}
	return nil
}

// Metric is one series with its last value: a sum, a gauge, or the count of a
// histogram.
type Metric struct {
	Name     string
	Labels   map[string]any
	Value    float64
	Resource map[string]any
}

func metricsOf(req *collectmetrics.ExportMetricsServiceRequest) []Metric {
	var all []Metric
	for _, r := range req.GetResourceMetrics() {
		about := attributes(r.GetResource().GetAttributes())
		for _, scope := range r.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				for _, p := range append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...) {
					all = append(all, Metric{m.GetName(), attributes(p.GetAttributes()), p.GetAsDouble(), about})
				}
				for _, p := range m.GetHistogram().GetDataPoints() {
					all = append(all, Metric{m.GetName(), attributes(p.GetAttributes()), float64(p.GetCount()), about})
				}
			}
		}
	}
	return all
}

// Metrics are all points that came in, in the order in which they came.
func (c *Collector) Metrics() []Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.metrics)
}

// Spans are all spans that came in, by their start.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(c.spans)
	slices.SortStableFunc(all, func(a, b Span) int { return a.Start.Compare(b.Start) })
	return all
}

// Tree draws spans as the tree that their parents make of them, each with its
// time and its attributes. A span whose parent did not come in stands at the
// left and says so.
func Tree(all []Span) string {
	var b strings.Builder
	known, below := map[string]bool{}, map[string][]Span{}
	for _, s := range all {
		known[s.ID] = true
	}
	for _, s := range all {
		at := s.Parent
		if !known[at] {
			at = ""
		}
		below[at] = append(below[at], s)
	}
	var draw func(parent, indent string)
	draw = func(parent, indent string) {
		for _, s := range below[parent] {
			fmt.Fprintf(&b, "%s%s %s%s\n", indent, s.Name, s.Took.Round(10*time.Microsecond), words(s, known))
			draw(s.ID, indent+"  ")
		}
	}
	draw("", "")
	return b.String()
}

func words(s Span, known map[string]bool) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(s.Attributes)) {
		if !strings.HasSuffix(k, "RunID") && !strings.HasSuffix(k, "ActivityID") {
			fmt.Fprintf(&b, " %s=%v", k, s.Attributes[k])
		}
	}
	if s.Failed {
		fmt.Fprintf(&b, " FAILED %s", s.Error)
	}
	if s.Parent != "" && !known[s.Parent] {
		b.WriteString(" (its parent is missing)")
	}
	return b.String()
}
