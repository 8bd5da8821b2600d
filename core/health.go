package core

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// phase of a worker's life.
type phase = int32

const (
	starting phase = iota
	running
	stopping
)

// healthTimeout bounds the question to Temporal behind a readiness probe.
const healthTimeout = time.Second

// healthServer answers probes and metrics. Live depends on nothing outside the
// process: a probe that asks Slack makes Kubernetes restart pods for Slack's
// troubles. Ready means that a page can be accepted durably.
type healthServer struct {
	phase    atomic.Int32
	temporal func(context.Context) string // why no page can be accepted; nil until connected
	parts    []*Node                      // the steps that know of a part of the outside
	metrics  prometheus.Gatherer
	pages    map[string]http.Handler
	log      *slog.Logger
}

func (h *healthServer) server() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health/live", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "live"})
	})
	mux.HandleFunc("GET /health/ready", h.ready)
	mux.HandleFunc("GET /health/startup", h.startup)
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.metrics, promhttp.HandlerOpts{}))
	for pattern, page := range h.pages {
		mux.Handle(pattern, page)
	}
	return &http.Server{
		Handler: mux, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
}

func (h *healthServer) startup(w http.ResponseWriter, _ *http.Request) {
	if h.phase.Load() == starting {
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "starting"})
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "started"})
}

type readiness struct {
	Status string            `json:"status"`
	Parts  map[string]string `json:"parts"` // by part: "ok", or the reason
}

func (h *healthServer) ready(w http.ResponseWriter, r *http.Request) {
	body, status := readiness{Status: "ready", Parts: map[string]string{}}, http.StatusOK
	for _, n := range h.parts {
		if reason := n.health(); reason != "" || body.Parts[n.part] == "" {
			body.Parts[n.part] = orOK(reason)
		}
	}
	body.Parts["temporal"] = orOK(h.temporalReason(r.Context()))
	switch phase := h.phase.Load(); {
	case phase == starting:
		body.Status, status = "starting", http.StatusServiceUnavailable
	case phase == stopping:
		body.Status, status = "stopping", http.StatusServiceUnavailable
	case body.Parts["temporal"] != "ok":
		body.Status, status = "not ready", http.StatusServiceUnavailable
	}
	answer(w, status, body)
}

func (h *healthServer) temporalReason(ctx context.Context) string {
	if h.phase.Load() == starting || h.temporal == nil {
		return "not connected"
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	return h.temporal(ctx)
}

func orOK(reason string) string {
	if reason == "" {
		return "ok"
	}
	return reason
}
