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

// maybeHalfDone reports an answer after which a post may stand all the same: Slack
// says so of these words (docs.slack.dev, errors of chat.postMessage), and a 5xx
// comes from whoever stood in between, but for 503, which takes nothing. Whoever can
// look, looks before repeating.
func maybeHalfDone(err error) bool {
	var status api.StatusCodeError
	if errors.As(err, &status) {
		return status.Code >= http.StatusInternalServerError && status.Code != http.StatusServiceUnavailable
	}
	w := word(err)
	return w == "internal_error" || w == "fatal_error"
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
