package temporalembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLog writes Temporal's log to slog, from WARN up: at INFO the server says
// 260 things while five workflows run.
type serverLog struct {
	out    *slog.Logger
	min    *slog.LevelVar
	failed chan error
	space  *space // told of writes that found no room
}

var _ log.WithLogger = (*serverLog)(nil)

func newServerLog(out *slog.Logger) *serverLog {
	l := &serverLog{out: out.With("component", "temporal_server"), min: new(slog.LevelVar), failed: make(chan error, 1)}
	l.min.Set(slog.LevelWarn)
	return l
}

// quiet is for the stop, when half of the services warn that the other half is
// gone.
func (l *serverLog) quiet() { l.min.Set(slog.LevelError) }

// unsetPort is what the server warns of at each start because it gets no port
// for HTTP, which nothing here uses.
const unsetPort = "HTTP API port has not been set"

func (l *serverLog) Debug(msg string, tags ...tag.Tag) { l.write(slog.LevelDebug, msg, tags) }
func (l *serverLog) Info(msg string, tags ...tag.Tag)  { l.write(slog.LevelInfo, msg, tags) }
func (l *serverLog) Warn(msg string, tags ...tag.Tag) {
	if !strings.HasPrefix(msg, unsetPort) && !ofKick(tags) {
		l.write(slog.LevelWarn, msg, tags)
	}
}

// ofKick knows the line about a workflow task that KickOrphans handed back: there
// is one for each review that was open, and nothing is wrong with them.
func ofKick(tags []tag.Tag) bool {
	return slices.ContainsFunc(tags, func(t tag.Tag) bool { return t.Value() == processEnded })
}
func (l *serverLog) Error(msg string, tags ...tag.Tag) {
	if l.min.Level() < slog.LevelError || !causedByStop(tags) {
		l.write(slog.LevelError, msg, tags)
	}
}

// DPanic means "panic in development only".
func (l *serverLog) DPanic(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

// Panic panics, as callers count on not coming back.
func (l *serverLog) Panic(msg string, tags ...tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	panic(msg)
}

// Fatal would end the process. It delivers the reason to whoever started the
// server and ends the calling goroutine, as callers count on not coming back.
func (l *serverLog) Fatal(msg string, tags ...tag.Tag) {
	select {
	case l.failed <- fatalError(msg, tags):
	default: // the first reason is the one to tell
	}
	runtime.Goexit()
}

// With makes a logger that adds tags to every line.
func (l *serverLog) With(tags ...tag.Tag) log.Logger {
	child := *l
	child.out = slog.New(l.out.Handler().WithAttrs(attrs(tags)))
	return &child
}

// causedByStop knows the errors of calls that were under way when the stop took
// their service from them. What they were about is done after the next start.
func causedByStop(tags []tag.Tag) bool {
	cause := fmt.Sprint(causeOf(tags))
	return strings.Contains(cause, "shard closed") || strings.Contains(cause, "Unavailable") ||
		strings.Contains(cause, context.Canceled.Error())
}

func (l *serverLog) write(level slog.Level, msg string, tags []tag.Tag) {
	if level >= slog.LevelWarn && l.ofFullDisk(tags) {
		return
	}
	if level < l.min.Level() || !l.out.Enabled(context.Background(), level) {
		return
	}
	l.out.LogAttrs(context.Background(), level, msg, attrs(tags)...) //nolint:sloglint // the words are the server's
}

// ofFullDisk knows the lines about writes that found no room, and those that
// follow from them: space says it in one.
func (l *serverLog) ofFullDisk(tags []tag.Tag) bool {
	if isFull(causeOf(tags)) {
		l.space.met()
	}
	return l.space.err() != nil
}

func attrs(tags []tag.Tag) []slog.Attr {
	out := make([]slog.Attr, len(tags))
	for i, t := range tags {
		out[i] = slog.Any(strings.ReplaceAll(t.Key(), "-", "_"), t.Value())
	}
	return out
}

// fatalError keeps the cause, so that a taken port can be told from the rest.
func fatalError(msg string, tags []tag.Tag) error {
	if cause := causeOf(tags); cause != nil {
		return fmt.Errorf("%s: %w", msg, cause)
	}
	return errors.New(msg)
}

func causeOf(tags []tag.Tag) error {
	for _, t := range tags {
		if z, ok := t.(tag.ZapTag); ok {
			if cause, ok := z.Field().Interface.(error); ok {
				return cause
			}
		}
	}
	return nil
}
