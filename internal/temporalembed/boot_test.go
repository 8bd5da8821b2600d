package temporalembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"
	"testing"

	"go.temporal.io/server/common/log/tag"
	"go.temporal.io/server/common/primitives"
)

func testStore(t *testing.T) *store {
	t.Helper()
	s, err := openStore(testContext(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	if err := s.createNamespace(defaultNamespace, DefaultRetention); err != nil {
		t.Fatal(err)
	}
	return s
}

// portsWith picks free ports but, for the first taken tries, one that is in use.
func portsWith(t *testing.T, service primitives.ServiceName, taken int) func() (ports, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return func() (ports, error) {
		p, err := freePorts()
		if taken--; taken >= 0 {
			p[service] = l.Addr().(*net.TCPAddr).Port
		}
		return p, err
	}
}

func discard() *serverLog { return newServerLog(slog.New(slog.DiscardHandler)) }

func TestTakenInternalPortIsRetriedWithAnother(t *testing.T) {
	for _, service := range []primitives.ServiceName{primitives.FrontendService, primitives.HistoryService, primitives.MatchingService} {
		srv, addr, err := bootOn(testContext(t), testStore(t).sql, newToken(), discard(), portsWith(t, service, bootAttempts-1))
		if err != nil {
			t.Fatalf("%s: %v", service, err)
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Errorf("%s: the frontend does not listen: %v", service, err)
		} else {
			_ = conn.Close()
		}
		if err := haltSome(context.Background(), srv); err != nil {
			t.Error(err)
		}
	}
}

func TestPortThatStaysTakenIsAnErrorNotAHang(t *testing.T) {
	_, _, err := bootOn(testContext(t), testStore(t).sql, newToken(), discard(), portsWith(t, primitives.HistoryService, bootAttempts))
	wantError(t, err, "temporal server does not start", "address already in use")
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	_, err := Start(ctx, Options{DataDir: dir})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	start(t, Options{DataDir: dir})
}

func TestFatalEndsTheGoroutineAndDeliversTheFirstReason(t *testing.T) {
	l := discard()
	for _, cause := range []error{syscall.EMFILE, syscall.ENOSPC} {
		ended := make(chan bool)
		go func() {
			returned := false
			defer func() { ended <- !returned }()
			l.With(tag.NewStringTag("service", "history")).Fatal("cannot listen", tag.Address("here"), tag.Error(cause))
			returned = true
		}()
		if !<-ended {
			t.Error("Fatal returned to its caller")
		}
	}
	err := <-l.failed
	wantError(t, err, "cannot listen")
	if !errors.Is(err, syscall.EMFILE) {
		t.Errorf("got %v, want the first reason", err)
	}
}

func TestServerLogGoesToSlogFromWarnUp(t *testing.T) {
	var out syncBuffer
	l := newServerLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		Level:       slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return withoutTime(a) },
	})))
	child := l.With(tag.NewStringTag("wf-id", "w1"))
	child.Info("not this")
	child.Warn("but this", tag.NewInt("shard-id", 1))
	child.Warn(unsetPort + ". Nexus will not work.")
	child.Error("also this", tag.Error(errors.New("shard closed")))
	l.quiet()
	child.Warn("nor this")
	child.Error("nor this", tag.Error(fmt.Errorf("reading a run: %w", errors.New("shard closed"))))
	child.Error("and this", tag.Error(errors.New("broken")))
	const want = "level=WARN msg=\"but this\" component=temporal_server wf_id=w1 shard_id=1\n" +
		"level=ERROR msg=\"also this\" component=temporal_server wf_id=w1 error=\"shard closed\"\n" +
		"level=ERROR msg=\"and this\" component=temporal_server wf_id=w1 error=broken\n"
	if got := out.String(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func withoutTime(a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
