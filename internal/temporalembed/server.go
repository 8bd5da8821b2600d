package temporalembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/namespace"
	"go.temporal.io/server/temporal"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// DefaultRetention is how long closed workflows stay, unless Options say
	// otherwise: a week, so that last weekend's runs can be looked at.
	DefaultRetention = 7 * 24 * time.Hour
	// MinRetention is Temporal's own lower limit.
	MinRetention = namespace.MinRetentionLocal

	defaultNamespace = "default"
	startTimeout     = 30 * time.Second
	stopTimeout      = 15 * time.Second
	dialInterval     = 20 * time.Millisecond
)

// Options say where the server keeps its data and what it shows.
type Options struct {
	// DataDir is the folder of the database. It is created when missing.
	DataDir string
	// UIAddr is host:port of the web UI, empty for none. Port 0 takes a free
	// one. Whoever reaches it can read and stop workflows.
	UIAddr string
	// Namespace is created when missing; empty means "default".
	Namespace string
	// Retention of closed workflows, at least MinRetention; zero means
	// DefaultRetention. It applies to an existing database too. Temporal
	// deletes up to 30 minutes later, and the file does not shrink.
	Retention time.Duration
	// Logger gets the server's warnings and errors; nil discards them.
	Logger *slog.Logger
	// Codec, when set, lets the web UI show payloads that a payload codec has
	// packed: pass converter.NewPayloadCodecHTTPHandler. It is served on the
	// UI's own address, so neither a second port nor CORS is needed.
	Codec http.Handler
}

func (o *Options) complete() error {
	if o.DataDir == "" {
		return errors.New("temporal needs a data folder, and none is given")
	}
	if o.Namespace == "" {
		o.Namespace = defaultNamespace
	}
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.Retention < MinRetention {
		return fmt.Errorf("temporal retention %s is too short: give %s or more", o.Retention, MinRetention)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Server is a running Temporal server.
type Server struct {
	options  Options
	store    *store
	log      *serverLog
	token    token
	hostPort string
	temporal temporal.Server
	hung     bool // see errStillRuns
	client   client.Client
	ui       *webUI

	stopOnce sync.Once
	stopErr  error
}

// Start returns when the server answers. ctx bounds the start only, which gives
// up after 30 seconds at the latest. An error says what to do; after one,
// nothing is left running, unless it says so.
func Start(ctx context.Context, o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	store, err := openStore(ctx, o.DataDir)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, store: store, log: newServerLog(o.Logger), token: newToken()}
	s.log.space = newSpace(store.dir, o.Logger)
	if err := s.start(ctx); err != nil {
		stopErr := s.Stop(context.WithoutCancel(ctx))
		return nil, errors.Join(store.explain(err), stopErr)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	if err := s.listenUI(); err != nil {
		return err
	}
	if err := s.store.createNamespace(s.options.Namespace, s.options.Retention); err != nil {
		return err
	}
	var err error
	if s.temporal, s.hostPort, err = boot(ctx, s.store.sql, s.token, s.log); err != nil {
		s.hung = errors.Is(err, errStillRuns)
		return err
	}
	if s.client, err = s.dial(ctx); err != nil {
		return fmt.Errorf("temporal server does not answer on %s: %w", s.hostPort, err)
	}
	if err := s.keepRetention(ctx); err != nil {
		return err
	}
	if s.ui != nil {
		return s.ui.serve(s.uiConfig(), s.token, s.options.Codec)
	}
	return nil
}

// listenUI takes the UI's port before anything is started, so that a busy port
// is found in a millisecond.
func (s *Server) listenUI() error {
	if s.options.UIAddr == "" {
		return nil
	}
	ui, err := listenUI(s.options.UIAddr, s.options.Logger)
	s.ui = ui
	return err
}

func (s *Server) uiConfig() uiConfig {
	return uiConfig{grpcAddr: s.hostPort, namespace: s.options.Namespace}
}

// dial repeats until the frontend serves: Temporal's Start returns a moment
// before.
func (s *Server) dial(ctx context.Context) (client.Client, error) {
	o := s.ClientOptions()
	o.Logger = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	ticker := time.NewTicker(dialInterval)
	defer ticker.Stop()
	for {
		c, err := client.DialContext(ctx, o)
		if err == nil {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case fatal := <-s.log.failed:
			return nil, fatal
		case <-ticker.C:
		}
	}
}

// keepRetention applies the option to a namespace that an earlier process
// created with another one.
func (s *Server) keepRetention(ctx context.Context) error {
	name, api := s.options.Namespace, s.client.WorkflowService()
	d, err := api.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: name})
	if err != nil {
		return fmt.Errorf("temporal namespace %q: reading its retention: %w", name, err)
	}
	config := d.GetConfig()
	if config.GetWorkflowExecutionRetentionTtl().AsDuration() == s.options.Retention {
		return nil
	}
	config.WorkflowExecutionRetentionTtl = durationpb.New(s.options.Retention)
	_, err = api.UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{Namespace: name, Config: config})
	if err != nil {
		return fmt.Errorf("temporal namespace %q: setting its retention: %w", name, err)
	}
	return nil
}

// ClientOptions reach this server: address, namespace and token. The caller adds
// logger and data converter.
func (s *Server) ClientOptions() client.Options {
	return client.Options{HostPort: s.hostPort, Namespace: s.options.Namespace, HeadersProvider: s.token}
}

// UIURL is the address of the web UI for a browser on this machine, empty when
// there is none.
func (s *Server) UIURL() string {
	if s.ui == nil {
		return ""
	}
	addr := s.ui.listener.Addr().(*net.TCPAddr)
	if addr.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", addr.Port)
	}
	return "http://" + addr.String()
}

// Failed delivers at most one error: the server met something that would have
// ended a Temporal process of its own, and this process should end too.
func (s *Server) Failed() <-chan error { return s.log.failed }

// Health says why nothing can be stored: the disk is full. When there is room
// again the server goes on by itself, and Health is nil.
func (s *Server) Health() error { return s.log.space.err() }

// Stop ends the web UI and the server, after the workers that use it. It is
// bounded by ctx and by 15 seconds, and a second call returns what the first one
// did. What is committed stays on disk whether or not Stop is called.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, stopTimeout)
		defer cancel()
		s.stopErr = s.stop(ctx)
	})
	return s.stopErr
}

func (s *Server) stop(ctx context.Context) error {
	s.log.quiet()
	s.log.space.close()
	var errs []error
	if s.ui != nil {
		errs = append(errs, s.ui.stop(ctx))
	}
	if s.client != nil {
		s.client.Close()
	}
	if s.temporal != nil {
		err := halt(ctx, s.temporal)
		s.hung = errors.Is(err, errStillRuns)
		errs = append(errs, err)
	}
	if s.hung {
		return errors.Join(errs...)
	}
	if s.temporal != nil {
		errs = append(errs, s.store.checkpoint(ctx))
	}
	return errors.Join(append(errs, s.store.close())...)
}
