package telemetry

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"regexp"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// warnEvery is how often a collector that fails is worth a line.
const warnEvery = time.Minute

// warnings writes at most one line a minute, with how often it happened since
// the last. It is OpenTelemetry's handler of errors, too.
type warnings struct {
	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex
	last   time.Time
	missed int
}

// Handle implements otel.ErrorHandler; nil is no error.
func (w *warnings) Handle(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.missed++
	now := w.now()
	if !w.last.IsZero() && now.Sub(w.last) < warnEvery {
		return
	}
	w.log.Warn("telemetry is not exported", "reason", reason(err), "failures", w.missed)
	w.last, w.missed = now, 0
}

// httpStatus is where the exporters put the status of an answer: behind the
// address, before the body.
var httpStatus = regexp.MustCompile(`: ([1-5]\d\d [A-Za-z' -]+?) \(`)

// reason is in words of ours. Those of the libraries name the collector, and
// quote what it answered.
func reason(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var expired x509.CertificateInvalidError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the collector's address refuses connections"
	case errors.As(err, &dns):
		return "the collector's name is not known"
	case errors.As(err, &authority), errors.As(err, &name), errors.As(err, &expired):
		return "the collector's certificate is not trusted"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "the collector does not answer in time"
	}
	if m := httpStatus.FindStringSubmatch(err.Error()); m != nil {
		return "the collector answers " + m[1]
	}
	var s interface{ GRPCStatus() *status.Status }
	if errors.As(err, &s) && s.GRPCStatus().Code() != codes.Unknown {
		return "the collector is " + s.GRPCStatus().Code().String()
	}
	return "the collector does not take it"
}
