package otlptest

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	collectmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collecttraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// maxBody is more than an exporter sends at once.
const maxBody = 64 << 20

// Collector is a running stand-in on loopback. Safe for concurrent use.
type Collector struct {
	collecttraces.UnimplementedTraceServiceServer
	http   *http.Server
	grpc   *grpc.Server
	addr   string
	rpc    string
	closed chan struct{}

	mu       sync.Mutex
	status   int  // answered in place of 200 when set
	silent   bool // takes requests and does not answer
	requests int
	raw      []byte // every message that came, one after the other
	headers  []http.Header
	spans    []Span
	metrics  []Metric
}

// Start listens on free ports.
func Start() (*Collector, error) {
	c := &Collector{closed: make(chan struct{})}
	overHTTP, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a collector: %w", err)
	}
	overGRPC, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a collector: %w", err)
	}
	c.addr, c.rpc = overHTTP.Addr().String(), overGRPC.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", c.serve(c.takeTraces))
	mux.HandleFunc("POST /v1/metrics", c.serve(c.takeMetrics))
	c.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	c.grpc = grpc.NewServer()
	collecttraces.RegisterTraceServiceServer(c.grpc, c)
	go func() { _ = c.http.Serve(overHTTP) }() // their end is Close
	go func() { _ = c.grpc.Serve(overGRPC) }()
	return c, nil
}

// URL is the address for OTLP over HTTP.
func (c *Collector) URL() string { return "http://" + c.addr }

// GRPC is the address for OTLP over gRPC, which takes traces alone.
func (c *Collector) GRPC() string { return "http://" + c.rpc }

// Close ends the collector; silent answers end with it.
func (c *Collector) Close() {
	close(c.closed)
	_ = c.http.Close()
	c.grpc.Stop()
}

// Fail answers every request with this status from now on; 0 heals it.
func (c *Collector) Fail(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// Hang takes requests from now on and does not answer.
func (c *Collector) Hang() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = true
}

// Requests counts what was asked, answered or not.
func (c *Collector) Requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

// Raw is all that was taken, in the bytes of its messages.
func (c *Collector) Raw() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.raw)
}

// Headers are those of every request.
func (c *Collector) Headers() []http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.headers)
}

// arrive notes a request and says how to answer it.
func (c *Collector) arrive(h http.Header) (status int, silent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.headers = append(c.headers, h)
	return c.status, c.silent
}

func (c *Collector) serve(take func([]byte) (proto.Message, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := read(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		status, silent := c.arrive(r.Header)
		switch {
		case silent:
			select {
			case <-c.closed:
			case <-r.Context().Done():
			}
		case status != 0:
			http.Error(w, "the stand-in was told to", status)
		default:
			c.answer(w, body, take)
		}
	}
}

func (c *Collector) answer(w http.ResponseWriter, body []byte, take func([]byte) (proto.Message, error)) {
	said, err := take(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	raw, err := proto.Marshal(said)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(raw) // a sender that went away is no error of ours
}

func read(r *http.Request) ([]byte, error) {
	body := io.LimitReader(r.Body, maxBody)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unpacked
	}
	return io.ReadAll(body)
}

func (c *Collector) takeTraces(body []byte) (proto.Message, error) {
	var req collecttraces.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &req); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw, c.spans = append(c.raw, body...), append(c.spans, spansOf(&req)...)
	return &collecttraces.ExportTraceServiceResponse{}, nil
}

func (c *Collector) takeMetrics(body []byte) (proto.Message, error) {
	var req collectmetrics.ExportMetricsServiceRequest
	if err := proto.Unmarshal(body, &req); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw, c.metrics = append(c.raw, body...), append(c.metrics, metricsOf(&req)...)
	return &collectmetrics.ExportMetricsServiceResponse{}, nil
}

// Export takes traces over gRPC.
func (c *Collector) Export(ctx context.Context, req *collecttraces.ExportTraceServiceRequest) (*collecttraces.ExportTraceServiceResponse, error) {
	h := http.Header{}
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		for k, values := range md {
			for _, v := range values {
				h.Add(k, v)
			}
		}
	}
	if _, silent := c.arrive(h); silent {
		select {
		case <-c.closed:
		case <-ctx.Done():
		}
		return nil, ctx.Err()
	}
	raw, err := proto.Marshal(req)
	if err != nil {
		return nil, err
	}
	if _, err := c.takeTraces(raw); err != nil {
		return nil, err
	}
	return &collecttraces.ExportTraceServiceResponse{}, nil
}
