package core

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// life is what a started worker holds.
type life struct {
	cfg     WorkerConfig
	health  *healthServer
	engine  *Engine
	webhook net.Listener
	probes  net.Listener
	stops   []stop     // in the order in which things were opened
	failed  chan error // a part that failed while running
}

// stop gives one thing back, within its own time.
type stop struct {
	what string
	time time.Duration
	run  func(context.Context) error
}

func (l *life) onStop(what string, d time.Duration, run func(context.Context) error) {
	l.stops = append(l.stops, stop{what, d, run})
}

// unwind gives everything back, the last opened first.
func (l *life) unwind() error {
	var errs []error
	for i := len(l.stops) - 1; i >= 0; i-- {
		s := l.stops[i]
		ctx, cancel := context.WithTimeout(context.Background(), s.time)
		if err := s.run(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stopping the %s: %w", s.what, err))
		}
		cancel()
	}
	l.stops = nil
	return errors.Join(errs...)
}

// Start opens everything and returns when pages are accepted. When it fails it
// has closed what it had opened.
func (w *Worker) Start(ctx context.Context) error {
	if err := w.check(); err != nil {
		return err
	}
	w.life = &life{cfg: w.withDefaults(), failed: make(chan error, 4)}
	if err := w.open(ctx); err != nil {
		return errors.Join(err, w.life.unwind())
	}
	w.life.health.phase.Store(running)
	w.life.cfg.Logger.Info("ready", "webhook_addr", w.WebhookAddr(), "health_addr", w.HealthAddr())
	return nil
}

// open opens the parts in the order in which they need each other. The doors
// are opened first: a port that is taken must not be found out in a goroutine.
func (w *Worker) open(ctx context.Context) error {
	l := w.life
	m, err := newMetrics(l.cfg.Gather)
	if err != nil {
		return err
	}
	l.health = &healthServer{metrics: l.cfg.Gather, pages: w.pages, log: l.cfg.Logger}
	if l.webhook, err = listen(ctx, "webhook", "OPSBUDDY_WEBHOOK_ADDR", w.webhookAddr); err != nil {
		return err
	}
	l.closeListener(l.webhook)
	if l.probes, err = listen(ctx, "health", "OPSBUDDY_HEALTH_ADDR", w.healthAddr); err != nil {
		return err
	}
	l.closeListener(l.probes)
	l.serve("health server", l.probes, l.health.server(), time.Second)
	if err := l.connect(ctx); err != nil {
		return err
	}
	if err := w.openProviders(ctx); err != nil {
		return err
	}
	if err := w.startWorkers(ctx, m); err != nil {
		return err
	}
	g := newGate(w.flows, queueStarter{l.engine, l.cfg.flowQueue()}, l.cfg.Logger)
	hooks := &webhookServer{
		flows: map[string]*Flow{}, metrics: m, log: l.cfg.Logger, gate: g, tracer: tracerOf(l.cfg.Tracer), redact: l.cfg.Redact,
	}
	for _, f := range w.flows {
		hooks.flows[f.trigger.path] = f
		l.listenTo(f, g)
	}
	l.serve("webhook server", l.webhook, hooks.server(), drainTime)
	l.onStop("readiness", 2*lameDuck, l.turnAway)
	return nil
}

// listenTo opens the connections over which the steps of a flow take requests.
func (l *life) listenTo(f *Flow, g gate) {
	for _, n := range f.nodes() {
		if n.source == nil {
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			n.source.Listen(ctx, g.taker(f))
		}()
		l.onStop("connection of "+n.name, closeTime, func(ctx context.Context) error {
			cancel()
			select {
			case <-done:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}
}

func listen(ctx context.Context, what, variable, addr string) (net.Listener, error) {
	if addr == "" {
		return nil, nil
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s server: %s: %w: free the address or choose another", what, variable, err)
	}
	return ln, nil
}

// closeListener frees a listener when the start fails before it is served.
func (l *life) closeListener(ln net.Listener) {
	if ln == nil {
		return
	}
	l.onStop("listener", time.Second, func(context.Context) error {
		if err := ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
}

// turnAway makes readiness fail a moment before the door closes, so that a load
// balancer sends pages elsewhere.
func (l *life) turnAway(ctx context.Context) error {
	l.health.phase.Store(stopping)
	select {
	case <-time.After(lameDuck):
	case <-ctx.Done():
	}
	return nil
}

func (l *life) serve(what string, ln net.Listener, srv *http.Server, drain time.Duration) {
	if ln == nil {
		return
	}
	go func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			l.failed <- fmt.Errorf("%s: %w", what, err)
		}
	}()
	l.onStop(what, drain, func(ctx context.Context) error {
		srv.SetKeepAlivesEnabled(false)
		if err := srv.Shutdown(ctx); err != nil {
			return srv.Close()
		}
		return nil
	})
}

func (l *life) connect(ctx context.Context) error {
	traced, err := tracing(l.cfg.Tracer)
	if err != nil {
		return err
	}
	engine, err := Connect(ctx, l.cfg.Temporal, EmbeddedOptions{DataDir: l.cfg.DataDir, UIAddr: l.cfg.UIAddr, Logger: l.cfg.Logger, Hide: l.cfg.Hide}, traced...)
	if err != nil {
		return err
	}
	l.engine = engine
	if short := engine.ShortRetention(); short != "" {
		l.cfg.Logger.Warn("temporal forgets reviews too early", "detail", short)
	}
	if e := engine.embedded; e != nil {
		go func() {
			if err := <-e.Failed(); err != nil {
				l.failed <- fmt.Errorf("the embedded Temporal server: %w", err)
			}
		}()
	}
	l.health.temporal = engine.trouble
	l.onStop("connection to Temporal", closeTime, engine.Close)
	return nil
}

func (w *Worker) openProviders(ctx context.Context) error {
	for _, p := range w.providers {
		if o, ok := p.(Opener); ok {
			if err := o.Open(ctx); err != nil {
				return fmt.Errorf("opening %s: %w", p.Name(), err)
			}
		}
		if c, ok := p.(Closer); ok {
			w.life.onStop(p.Name(), closeTime, c.Close)
		}
	}
	return nil
}

// startWorkers registers every step and starts polling, after the activities of
// a process that died have been handed back.
func (w *Worker) startWorkers(ctx context.Context, m *metrics) error {
	l := w.life
	reg := newRegistry(l.engine, l.cfg, m)
	reg.onStop = l.onStop
	for _, f := range w.flows {
		for _, n := range f.nodes() {
			if n.health != nil {
				l.health.parts = append(l.health.parts, n)
			}
		}
		if err := f.RegisterOn(reg); err != nil {
			return err
		}
	}
	if e := l.engine.embedded; e != nil {
		n, err := e.KickOrphans(ctx)
		if err != nil {
			l.cfg.Logger.Warn("orphaned activities wait for their heartbeat timeout", "error", err)
		} else if n > 0 {
			l.cfg.Logger.Info("handed back the activities of a process that died", "activities", n)
		}
	}
	for _, q := range []worker.Worker{reg.shared, reg.steps, reg.bounded} {
		if err := q.Start(); err != nil {
			return fmt.Errorf("starting to poll for work: %w", err)
		}
	}
	l.onStop("workers", stepGrace+handBackFor+time.Second, func(context.Context) error {
		done := make(chan struct{})
		go func() { reg.bounded.Stop(); close(done) }()
		reg.steps.Stop()
		<-done
		reg.shared.Stop() // the steps that end may need it
		return nil
	})
	return nil
}

// Stop gives everything back in reverse order, within 30 s. It may be called
// more than once.
func (w *Worker) Stop() error {
	if w.life == nil {
		return nil
	}
	return w.life.unwind()
}

// WebhookAddr is the address that the webhook server listens on.
func (w *Worker) WebhookAddr() string { return addrOf(w.life.webhook) }

// HealthAddr is the address that the health server listens on.
func (w *Worker) HealthAddr() string { return addrOf(w.life.probes) }

// Engine is the connection to Temporal of a started worker.
func (w *Worker) Engine() *Engine { return w.life.engine }

// StartFlow starts a run as the webhook server would.
func (w *Worker) StartFlow(ctx context.Context, f *Flow, s *Start) (started bool, err error) {
	return w.life.engine.start(ctx, w.life.cfg.flowQueue(), f, s)
}

func addrOf(ln net.Listener) string {
	if ln == nil {
		return ""
	}
	return ln.Addr().String()
}

type queueStarter struct {
	engine *Engine
	queue  string
}

func (q queueStarter) start(ctx context.Context, f *Flow, s *Start) (bool, error) {
	return q.engine.start(ctx, q.queue, f, s)
}

func (q queueStarter) tell(ctx context.Context, t *Tell) (bool, error) { return q.engine.tell(ctx, t) }

// registry registers steps on the three workers of a process.
type registry struct {
	steps, bounded, shared worker.Worker
	sharedQueue            string
	known                  map[string]bool // what is shared
	onStop                 func(what string, d time.Duration, run func(context.Context) error)
}

// Pollers and slots, as measured: with the SDK's two workflow pollers a new run
// waited up to 3 s behind ten busy ones.
const (
	pollers      = 10
	stepSlots    = 64  // activities that read and post, at once
	cachedFlows  = 500 // runs kept in memory between their tasks
	boundedPolls = 4
	sharedPolls  = 2
)

func newRegistry(e *Engine, cfg WorkerConfig, m *metrics) *registry {
	worker.SetStickyWorkflowCacheSize(cachedFlows)
	steps := &interceptors{log: cfg.Logger, redact: cfg.Redact, metrics: m, grace: stepGrace, service: e.WorkflowService()}
	opts := worker.Options{
		Interceptors:                     []interceptor.WorkerInterceptor{steps},
		WorkerStopTimeout:                stepGrace + handBackFor,
		MaxConcurrentWorkflowTaskPollers: pollers,
		MaxConcurrentActivityTaskPollers: pollers,

		MaxConcurrentActivityExecutionSize: stepSlots,
		// The SDK would hold heartbeats back until 80 % of their timeout are over, and
		// one that is 2 s late would end a call that runs. It also waits no longer than
		// this for Temporal's answer, and ends the call when there is none: so not less.
		MaxHeartbeatThrottleInterval: heartbeatTimeout / 3,
	}
	bounded := opts
	bounded.DisableWorkflowWorker = true
	bounded.MaxConcurrentActivityTaskPollers = min(boundedPolls, cfg.MaxConcurrent)
	bounded.MaxConcurrentActivityExecutionSize = 0 // the tuner says it
	bounded.Tuner = newSlots(cfg.MaxConcurrent, cfg.Overdue).tuner()
	return &registry{
		steps:       worker.New(e.Client, cfg.flowQueue(), opts),
		bounded:     worker.New(e.Client, boundedQueue(cfg.flowQueue()), bounded),
		shared:      worker.New(e.Client, sharedQueue(cfg.TaskQueue), worker.Options{MaxConcurrentWorkflowTaskPollers: sharedPolls}),
		sharedQueue: sharedQueue(cfg.TaskQueue), known: map[string]bool{},
	}
}

func (r *registry) OnStop(what string, run func(context.Context) error) {
	r.onStop(what, closeTime, run)
}

func (r *registry) Activity(name string, fn any) {
	r.steps.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
}

func (r *registry) Bounded(name string, fn any) {
	r.bounded.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
}

func (r *registry) Workflow(name string, fn any) {
	r.steps.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
}

func (r *registry) Shared(name string, fn any) string {
	if r.known[name] {
		return r.sharedQueue
	}
	r.known[name] = true
	r.shared.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
	r.Workflow(name, fn)
	return r.sharedQueue
}

// RegisterOn registers the flow and all its steps, for a worker and for tests in
// Temporal's test environment.
func (f *Flow) RegisterOn(r Registry) error {
	r.Workflow(f.name, f.Execute)
	r.Workflow(lateType(f.name), runLate)
	r.Workflow(receiptType(f.name), runReceipt)
	for _, n := range f.nodes() {
		if n.activity != nil {
			r.Activity(n.registered(n.kind), n.activity)
		}
		if n.setup != nil {
			if err := n.setup(r, n.registered); err != nil {
				return fmt.Errorf("step %q of flow %q: %w", n.name, f.name, err)
			}
		}
	}
	return nil
}
