package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
)

// errMaybePosted marks a failure after which the message may stand in Slack. It
// is not blindly repeated: a channel that gets everything twice is not read.
var errMaybePosted = errors.New("the message may have been posted")

// sent knows whether the request of a call left this machine. Before that (no
// connection, a certificate that is not trusted, a stop before the start)
// nothing can have been posted.
type sent struct{ wrote atomic.Bool }

func (s *sent) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { s.wrote.Store(true) }})
}

// doubtful marks the failures of a post after which it may stand. An answer that
// says no is none of them.
func (s *sent) doubtful(err error) error {
	var status api.StatusCodeError
	switch {
	case err == nil, !s.wrote.Load(), word(err) != "", errors.As(err, new(*api.RateLimitedError)), errors.As(err, new(*border.MovedError)),
		errors.As(err, &status) && status.Code != http.StatusGatewayTimeout:
		return err
	}
	return fmt.Errorf("%w: %w", errMaybePosted, err)
}
