package temporalembed

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
	"go.uber.org/fx"
)

const (
	bootAttempts = 3
	// unwindTimeout is how long a half-started server gets to report back after
	// it met something fatal.
	unwindTimeout = 2 * time.Second
)

// boot starts the services and returns the frontend's address. When another
// program takes one of the ports in between, it tries again with new ones.
func boot(ctx context.Context, sql *config.SQL, t token, log *serverLog) (temporal.Server, string, error) {
	return bootOn(ctx, sql, t, log, freePorts)
}

func bootOn(ctx context.Context, sql *config.SQL, t token, log *serverLog, pick func() (ports, error)) (temporal.Server, string, error) {
	var err error
	for range bootAttempts {
		var p ports
		if p, err = pick(); err != nil {
			return nil, "", fmt.Errorf("temporal server: no free port on 127.0.0.1: %w", err)
		}
		var srv temporal.Server
		if srv, err = bootOnce(ctx, sql, p, t, log); err == nil {
			return srv, p.addr(primitives.FrontendService), nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, errStillRuns) {
			break
		}
	}
	return nil, "", fmt.Errorf("temporal server does not start: %w", err)
}

// untraced is Temporal's server without the exporters that it makes by itself of
// OTEL_TRACES_EXPORTER. That variable is the program's: the server would send its
// own spans over gRPC whatever the protocol, and not start at all for "console"
// or for http/protobuf.
var untraced = fx.Options(temporal.TopLevelModule, fx.Replace([]sdktrace.SpanExporter{}))

type bootResult struct {
	server temporal.Server
	err    error
}

// bootOnce runs the start on a goroutine of its own, which Temporal's
// Logger.Fatal may end.
func bootOnce(ctx context.Context, sql *config.SQL, p ports, t token, log *serverLog) (temporal.Server, error) {
	done := make(chan bootResult, 1)
	go func() {
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				done <- bootResult{err: fmt.Errorf("panic: %v", r)}
			}
		}()
		srv, err := temporal.NewServerFx(untraced, serverOptions(sql, p, t, log)...)
		if err != nil { // srv is then an interface that holds nothing, and is not nil
			done <- bootResult{nil, err}
			return
		}
		done <- bootResult{srv, srv.Start()}
	}()
	select {
	case r := <-done:
		return settle(ctx, r, log)
	case err := <-log.failed:
		return nil, errors.Join(err, unwind(ctx, done))
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), unwind(ctx, done))
	}
}

func settle(ctx context.Context, r bootResult, log *serverLog) (temporal.Server, error) {
	if r.server == nil && r.err == nil { // Fatal ended the goroutine and left its reason
		return nil, <-log.failed
	}
	if r.err != nil {
		return nil, errors.Join(r.err, haltSome(ctx, r.server))
	}
	return r.server, nil
}

// unwind stops what a failed start has started, lest a second try fights the
// first one for the shard.
func unwind(ctx context.Context, done <-chan bootResult) error {
	timeout := time.NewTimer(unwindTimeout)
	defer timeout.Stop()
	select {
	case r := <-done:
		return haltSome(ctx, r.server)
	case <-timeout.C:
		return errStillRuns
	}
}

// errStillRuns is the one case in which the data folder stays locked: until the
// process ends, something may write to it.
var errStillRuns = errors.New("the temporal server does not stop; end this process before another try")

func haltSome(ctx context.Context, srv temporal.Server) error {
	if srv == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return halt(ctx, srv)
}

// halt bounds Stop, which takes no context of its own.
func halt(ctx context.Context, srv temporal.Server) error {
	done := make(chan error, 1)
	go func() { done <- srv.Stop() }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("stopping the temporal server: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w (%w)", errStillRuns, ctx.Err())
	}
}

func serverOptions(sql *config.SQL, p ports, t token, log *serverLog) []temporal.ServerOption {
	return []temporal.ServerOption{
		temporal.WithConfig(serverConfig(sql, p)),
		temporal.ForServices(services),
		temporal.WithStaticHosts(p.hosts()),
		temporal.WithLogger(log),
		temporal.WithDynamicConfigClient(tuning),
		temporal.WithAuthorizer(authorization.NewDefaultAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return t }),
	}
}
