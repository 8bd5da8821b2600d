package core

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the figures that core itself keeps.
type metrics struct {
	webhooks *prometheus.CounterVec
	ack      prometheus.Histogram
	steps    *prometheus.HistogramVec
	failures *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "opsbuddy_webhooks_total", Help: "Webhooks by how they were answered.",
		}, []string{"result"}),
		ack: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "opsbuddy_webhook_seconds", Help: "Time from a webhook's last byte to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "opsbuddy_activity_seconds", Help: "Time of one attempt of an activity.",
			Buckets: []float64{.01, .05, .25, 1, 5, 15, 60, 300},
		}, []string{"activity"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "opsbuddy_activity_failures_total", Help: "Attempts of an activity that failed.",
		}, []string{"activity"}),
	}
	for _, c := range []prometheus.Collector{m.webhooks, m.ack, m.steps, m.failures} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) activity(name string, err error, took time.Duration) {
	m.steps.WithLabelValues(name).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(name).Inc()
	}
}

func (m *metrics) webhook(result string, took time.Duration) {
	m.webhooks.WithLabelValues(result).Inc()
	m.ack.Observe(took.Seconds())
}
