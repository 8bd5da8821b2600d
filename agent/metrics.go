package agent

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// metrics are the agent's figures, by the gen_ai names of OpenTelemetry where
// there is one. A nil registry keeps them unregistered.
type metrics struct {
	calls, failures, tokens, cost, unpriced *prometheus.CounterVec
	seconds, tools                          *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		calls:    counter("opsbuddy_model_calls_total", "Answered calls to a model.", "model"),
		failures: counter("opsbuddy_model_failures_total", "Failed calls to a model.", "model"),
		tokens:   counter("opsbuddy_model_tokens_total", "Tokens by kind: input, output, cache_read, cache_write.", "model", "kind"),
		cost:     counter("opsbuddy_model_cost_usd_total", "Money spent on a model, in US dollars.", "model"),
		unpriced: counter("opsbuddy_model_unpriced_calls_total", "Answered calls whose price is not known.", "model"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "opsbuddy_model_seconds", Help: "Time of an answered call.", Buckets: []float64{.5, 1, 2, 5, 10, 20, 40, 80, 160},
		}, []string{"model"}),
		tools: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "opsbuddy_tool_seconds", Help: "Time of a tool call.", Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"tool", "failed"}),
	}
	if reg != nil {
		for _, c := range []**prometheus.CounterVec{&m.calls, &m.failures, &m.tokens, &m.cost, &m.unpriced} {
			*c = shared(reg, *c)
		}
		m.seconds, m.tools = shared(reg, m.seconds), shared(reg, m.tools)
	}
	return m
}

// shared registers a figure, or finds the one that another agent of the worker
// registered under its name: they count together.
func shared[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	var already prometheus.AlreadyRegisteredError
	err := reg.Register(c)
	if errors.As(err, &already) {
		if there, ok := already.ExistingCollector.(C); ok {
			return there
		}
	}
	if err != nil {
		panic(err) // two figures of one name: a mistake in the program's text
	}
	return c
}

// think counts an answered call, and tells its span.
func (m *metrics) think(span trace.Span, name string, out ThinkOutput) {
	u, cost := out.Response.Usage, out.Cost
	chatAnswered(span, out)
	m.calls.WithLabelValues(name).Inc()
	for kind, n := range map[string]int{"input": u.Input, "output": u.Output, "cache_read": u.CacheRead, "cache_write": u.CacheWrite} {
		m.tokens.WithLabelValues(name, kind).Add(float64(n))
	}
	m.cost.WithLabelValues(name).Add(cost.Float())
	if cost.Unknown {
		m.unpriced.WithLabelValues(name).Inc()
	}
	m.seconds.WithLabelValues(name).Observe(out.Took.Seconds())
}

func (m *metrics) thinkFailed(span trace.Span, name string, err error) {
	chatFailed(span, err)
	m.failures.WithLabelValues(name).Inc()
}

func (m *metrics) tool(span trace.Span, name string, failed bool, took time.Duration) {
	toolAnswered(span, name, failed)
	label := "false"
	if failed {
		label = "true"
	}
	m.tools.WithLabelValues(name, label).Observe(took.Seconds())
}
