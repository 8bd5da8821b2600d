// Package embedded links the embedded Temporal server into a program. Import it
// for its effect:
//
//	import _ "github.com/opsbuddy/opsbuddy/core/embedded"
//
// Worker side. It is apart from core because the server weighs 130 MB and
// minutes of a cold build, which programs with a cluster and most tests can do
// without.
package embedded

import (
	"context"
	"errors"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/internal/temporalembed"
)

func init() { core.RegisterEmbedded(start) }

func start(ctx context.Context, o core.EmbeddedOptions) (core.Embedded, error) {
	opts := temporalembed.Options{DataDir: o.DataDir, UIAddr: o.UIAddr, Logger: o.Logger, Codec: o.Codec}
	server, err := temporalembed.Start(ctx, opts)
	if errors.Is(err, temporalembed.ErrUITaken) {
		// Pages to look at are no reason to receive no pages.
		o.Logger.Warn("temporal's web pages are off", "error", err)
		opts.UIAddr = ""
		server, err = temporalembed.Start(ctx, opts)
	}
	if err != nil {
		return nil, err
	}
	return server, nil
}
