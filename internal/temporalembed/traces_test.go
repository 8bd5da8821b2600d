package temporalembed

import (
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel"
)

// TestServerSendsNoTracesOfItsOwn sets what a program sets for its own traces.
// Temporal's server reads the same variables: it would send its spans too, and
// refuses to start for values that it does not know.
func TestServerSendsNoTracesOfItsOwn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var calls atomic.Int32
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			_ = c.Close()
		}
	}()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+l.Addr().String())
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
	var handled atomic.Int32
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) { handled.Add(1) }))
	for _, set := range [][2]string{{"otlp", "grpc"}, {"otlp", "http/protobuf"}, {"console", "grpc"}} {
		exporter, protocol := set[0], set[1]
		t.Setenv("OTEL_TRACES_EXPORTER", exporter)
		t.Setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", protocol)
		s, err := Start(testContext(t), Options{DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatalf("%s over %s: %v", exporter, protocol, err)
		}
		c := connect(t, s)
		end := work(t, c, greet)
		if got := run(t, c, "traced", "you"); got != "hello you" {
			t.Errorf("the workflow said %q", got)
		}
		end()
		stop(t, s)
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("the server called the collector %d times", n)
	}
	if otel.Handle(errors.New("of the program")); handled.Load() != 1 {
		t.Error("the server took the program's handler of telemetry's errors")
	}
}
