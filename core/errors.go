package core

import (
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
)

// kindError says what Temporal shall do about a failure. Steps return it, and
// only the interceptor in activity.go turns it into Temporal's own type, so
// that steps need not know the SDK.
type kindError struct {
	err       error
	permanent bool
	after     time.Duration
}

func (e *kindError) Error() string { return e.err.Error() }
func (e *kindError) Unwrap() error { return e.err }

// Permanent marks an error that repeating cannot mend.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &kindError{err: err, permanent: true}
}

// After marks an error that may be gone after d, for example a 429 with
// Retry-After.
func After(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &kindError{err: err, after: d}
}

// IsPermanent reports whether err was marked by Permanent.
func IsPermanent(err error) bool {
	var k *kindError
	return errors.As(err, &k) && k.permanent
}

// Limits of an error on its way into a history: mutable state holds 4 KB of a
// failure, and a wait longer than maxAfter is somebody else's idea of our time.
const (
	maxErrorText = 1000
	maxAfter     = 5 * time.Minute
)

// ErrorType names of Temporal's application errors made from steps' errors.
const (
	ErrorStep    = "step"    // a step's ordinary failure
	ErrorRestart = "restart" // the process stopped; the step is handed back
)

// forTemporal turns a step's error into Temporal's. redact takes known secrets
// out of the text, which stays in the history; beside it stands what was left for
// the next attempt.
func forTemporal(err error, redact func(string) string, left ...any) error {
	var app *temporal.ApplicationError
	if err == nil || errors.As(err, &app) || temporal.IsCanceledError(err) {
		return err
	}
	opts := temporal.ApplicationErrorOptions{Details: left}
	var k *kindError
	if errors.As(err, &k) {
		opts.NonRetryable = k.permanent
		opts.NextRetryDelay = min(k.after, maxAfter)
	}
	text := redact(err.Error())
	if len(text) > maxErrorText {
		text = text[:maxErrorText]
	}
	// Half a character cannot be sent: Temporal would never hear of the failure.
	text = strings.ToValidUTF8(text, "")
	return temporal.NewApplicationErrorWithOptions(text, ErrorStep, opts)
}

// Reason is why a step or a run failed, in the words of whoever failed, without
// Temporal's frame around them.
func Reason(err error) string {
	reason := err.Error()
	var app *temporal.ApplicationError
	for errors.As(err, &app) {
		reason, err = app.Message(), app.Unwrap()
	}
	if timeout := (*temporal.TimeoutError)(nil); errors.As(err, &timeout) {
		return "it did not answer in time"
	}
	return reason
}
