package core

import (
	"context"
	"log/slog"
)

// quietHandler lets only warnings of the SDK through: at info it tells of every
// poller, and at debug of every task.
type quietHandler struct{ slog.Handler }

func quiet(log *slog.Logger) *slog.Logger { return slog.New(quietHandler{log.Handler()}) }

func (h quietHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// Handle drops what the interceptor of activities says already, with more of it.
func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "Activity error." {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h quietHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(a)}
}

func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name)}
}
