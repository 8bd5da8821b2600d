package core

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Bounds of the webhook server. PagerDuty waits 5 s for an answer and sends
// again after a 5xx, for 48 h (its webhook documentation, "Webhook behavior").
const (
	headerTimeout = 10 * time.Second // connections that never finish their headers
	readTimeout   = 15 * time.Second
	idleTimeout   = 60 * time.Second
	startTimeout  = 3 * time.Second
	retryAfter    = 5 // seconds, with a 503
)

// webhookServer answers webhooks. Worker side.
type webhookServer struct {
	flows   map[string]*Flow // by path
	gate    gate
	metrics *metrics
	log     *slog.Logger
	tracer  trace.Tracer
	redact  func(string) string
}

func (s *webhookServer) server() *http.Server {
	return &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// ServeHTTP finds the flow by the cleaned path. http.ServeMux is not used: it
// answers //hooks/incident with a redirect, which a webhook sender does not follow.
func (s *webhookServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	label := s.serve(w, r, began)
	s.metrics.webhook(label, time.Since(began))
}

func (s *webhookServer) serve(w http.ResponseWriter, r *http.Request, began time.Time) string {
	flow := s.flows[path.Clean("/"+r.URL.Path)]
	switch {
	case flow == nil:
		answerError(w, http.StatusNotFound, "no webhook is received at this path")
		return "not_found"
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		answerError(w, http.StatusMethodNotAllowed, "send a POST")
		return "method"
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		return s.unread(w, r, err)
	}
	return s.admit(w, r, flow, body, began)
}

func (s *webhookServer) unread(w http.ResponseWriter, r *http.Request, err error) string {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		answerError(w, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB")
		return "too_large"
	}
	s.log.Info("webhook not read", "remote", host(r.RemoteAddr))
	answerError(w, http.StatusBadRequest, "the body could not be read")
	return "unread"
}

func (s *webhookServer) admit(w http.ResponseWriter, r *http.Request, f *Flow, body []byte, began time.Time) string {
	a := f.door.Admit(Request{Header: r.Header, Body: body, Remote: host(r.RemoteAddr)})
	if a.Start == nil && a.Tell != nil {
		heard, err := s.gate.tell(r.Context(), a.Tell)
		if err != nil {
			return unavailable(w)
		}
		if heard {
			a.Reason, a.Label = "the review under way was told", "told"
		}
	}
	if a.Start == nil {
		s.log.Info("webhook not taken", "remote", host(r.RemoteAddr), "status", a.Status, "reason", a.Reason, "detail", a.Log)
		turnAway(w, a)
		return a.Label
	}
	return s.begin(w, r, f, a, began)
}

// begin starts the run durably and answers.
func (s *webhookServer) begin(w http.ResponseWriter, r *http.Request, f *Flow, a Admission, began time.Time) string {
	ctx, span := s.span(r.Context(), f, a.Start, began)
	defer span.End()
	status, err := s.gate.begin(ctx, f, a)
	if err != nil {
		span.SetAttributes(answeredWith("unavailable", http.StatusServiceUnavailable)...)
		span.SetStatus(codes.Error, s.redact(err.Error()))
		return unavailable(w)
	}
	code := cmp.Or(a.Status, http.StatusAccepted)
	span.SetAttributes(answeredWith(status, code)...)
	answer(w, code, map[string]string{"status": status, "workflow_id": a.Start.WorkflowID})
	return status
}

// unavailable asks the sender to send it again.
func unavailable(w http.ResponseWriter) string {
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	answerError(w, http.StatusServiceUnavailable, "this could not be taken durably; send it again")
	return "unavailable"
}

func turnAway(w http.ResponseWriter, a Admission) {
	switch {
	case a.Answer != nil:
		answer(w, a.Status, a.Answer)
	case a.Status < 300:
		answer(w, a.Status, map[string]string{"status": "skipped", "reason": a.Reason})
	default:
		answerError(w, a.Status, a.Reason)
	}
}

// span is that of a webhook that starts a run. The others have none: whoever
// reaches the port could push the spans of reviews out of the queue with them.
// A trace that the sender names is not continued, for the same reason.
func (s *webhookServer) span(ctx context.Context, f *Flow, start *Start, began time.Time) (context.Context, trace.Span) {
	about := []attribute.KeyValue{
		attribute.String("http.request.method", http.MethodPost), attribute.String("http.route", f.trigger.path),
		workflowIDKey.String(start.WorkflowID),
	}
	for _, key := range sortedKeys(start.Tags) {
		about = append(about, attribute.String(key, start.Tags[key]))
	}
	return s.tracer.Start(ctx, http.MethodPost+" "+f.trigger.path,
		trace.WithTimestamp(began), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(about...))
}

func answeredWith(result string, code int) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("opsbuddy.webhook.result", result), attribute.Int("http.response.status_code", code)}
}

func answerError(w http.ResponseWriter, status int, reason string) {
	answer(w, status, map[string]string{"error": reason})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A peer that went away is no error of ours.
	_ = json.NewEncoder(w).Encode(body)
}

func host(addr string) string {
	if h, _, err := net.SplitHostPort(addr); err == nil {
		return h
	}
	return addr
}
