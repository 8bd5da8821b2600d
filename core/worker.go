package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// Times of a shutdown. Together they stay under Kubernetes' default grace
// period of 30 s.
const (
	lameDuck    = 500 * time.Millisecond // ready says 503, the door still answers
	drainTime   = 6 * time.Second        // requests in flight are answered
	stepGrace   = 12 * time.Second       // running steps may finish
	handBackFor = 3 * time.Second        // those that do not are handed back
	closeTime   = 6 * time.Second        // connections, children, the embedded server
)

// WorkerConfig says how a worker runs. The zero value of every field is usable.
type WorkerConfig struct {
	// TaskQueue is Temporal's queue of the flow; processes with the same queue
	// share the work. Default: the flow's name.
	TaskQueue string
	// Private, when set, gives this process queues of its own for the flow: it
	// neither takes work of the processes that share TaskQueue nor hands them any.
	// What one run does for all (Registry.Shared) stays shared.
	Private string
	// MaxConcurrent bounds how many expensive activities (calls to a model) run
	// at once in this process. Default 2.
	MaxConcurrent int
	// Overdue is after how long such an activity counts apart, so that a peer which
	// never answers does not hold up the others. As many may be overdue as
	// MaxConcurrent says. Default 1 min, which leaves a run that had to wait half
	// of an agent's soft deadline.
	Overdue time.Duration
	// DataDir holds the embedded server's data. Default "opsbuddy-data".
	DataDir string
	// UIAddr is where the embedded server's web UI listens; empty for none.
	UIAddr string
	// Temporal holds the TEMPORAL_… settings; nil reads the environment.
	Temporal Environment
	Logger   *slog.Logger         // default: discard
	Redact   func(string) string  // takes known secrets out of error texts
	Hide     func(string) string  // takes our own secrets out of JSON before it is stored; nil takes none
	Gather   *prometheus.Registry // default: a registry of its own
	// Tracer takes the spans of webhooks, runs and steps; nil makes none. A
	// provider of OpenTelemetry's SDK should have SpanIDs for its ids.
	Tracer trace.TracerProvider
}

// Worker runs flows: it is the process as a value, so that a test can run the
// real thing on port 0. Configure it with the With methods, then Run it, or
// Start and Stop it.
type Worker struct {
	cfg         WorkerConfig
	flows       []*Flow
	providers   []Provider
	webhookAddr string
	healthAddr  string
	pages       map[string]http.Handler
	life        *life
}

// NewWorker returns a worker that does nothing yet.
func NewWorker() *Worker { return &Worker{} }

// WithConfig sets how the worker runs.
func (w *Worker) WithConfig(c WorkerConfig) *Worker {
	w.cfg = c
	return w
}

// WithFlow adds a flow.
func (w *Worker) WithFlow(f *Flow) *Worker {
	w.flows = append(w.flows, f)
	return w
}

// WithProviders adds the packages that the flow's steps come from.
func (w *Worker) WithProviders(p ...Provider) *Worker {
	w.providers = append(w.providers, p...)
	return w
}

// WithWebhookServer listens for webhooks at addr, such as ":8080".
func (w *Worker) WithWebhookServer(addr string) *Worker {
	w.webhookAddr = addr
	return w
}

// WithHealthServer answers probes and serves metrics at addr, such as ":8081".
func (w *Worker) WithHealthServer(addr string) *Worker {
	w.healthAddr = addr
	return w
}

// WithHealthPage adds a page of the program's own, such as "GET /budget", to the
// health server.
func (w *Worker) WithHealthPage(pattern string, h http.Handler) *Worker {
	if w.pages == nil {
		w.pages = map[string]http.Handler{}
	}
	w.pages[pattern] = h
	return w
}

// Run starts the worker, waits for SIGINT or SIGTERM, and stops it: steps in
// flight finish or are handed back to Temporal.
func (w *Worker) Run() error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	return w.RunUntil(ctx)
}

// RunUntil is Run with ctx in place of the signals.
func (w *Worker) RunUntil(ctx context.Context) error {
	if err := w.Start(ctx); err != nil {
		return err
	}
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-w.life.failed:
	}
	return errors.Join(failed, w.Stop())
}

func (w *Worker) withDefaults() WorkerConfig {
	c := w.cfg
	if c.TaskQueue == "" && len(w.flows) > 0 {
		c.TaskQueue = w.flows[0].name
	}
	if c.MaxConcurrent <= 0 {
		c.MaxConcurrent = 2
	}
	if c.Overdue <= 0 {
		c.Overdue = time.Minute
	}
	if c.DataDir == "" {
		c.DataDir = "opsbuddy-data"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Redact == nil {
		c.Redact = func(s string) string { return s }
	}
	if c.Gather == nil {
		c.Gather = prometheus.NewRegistry()
	}
	return c
}

// flowQueue is the queue of the flow's runs and steps.
func (c WorkerConfig) flowQueue() string {
	if c.Private == "" {
		return c.TaskQueue
	}
	return c.TaskQueue + "-" + c.Private
}

// check returns everything that is wrong with the worker.
func (w *Worker) check() error {
	var errs []error
	if len(w.flows) == 0 {
		errs = append(errs, errors.New("worker: no flow: add one with WithFlow"))
	}
	have, owner := map[string]bool{}, map[string]string{}
	for _, p := range w.providers {
		have[p.Name()] = true
	}
	for _, f := range w.flows {
		if w.webhookAddr != "" && f.door == nil {
			errs = append(errs, fmt.Errorf("worker: flow %q has no step that decides about webhooks", f.name))
		}
		for _, n := range f.nodes() {
			if name := n.registered(n.kind); owner[name] != "" {
				errs = append(errs, fmt.Errorf("worker: step %q stands in flow %q and in flow %q: give one of them another name with As", n.name, owner[name], f.name))
			} else {
				owner[name] = f.name
			}
			if !have[n.provider()] {
				errs = append(errs, fmt.Errorf("worker: step %q of flow %q wants the provider of package %s: add it with WithProviders", n.name, f.name, n.provider()))
			}
		}
	}
	return errors.Join(errs...)
}
