package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	api "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
)

// refusedAgain is how long a socket waits after Slack refused the token.
const refusedAgain = time.Minute

// socket takes requests over Socket Mode: a connection that this process opens,
// so that no address of ours has to be reachable from Slack. Worker side.
type socket struct {
	client *api.Client
	door   askDoor
	log    *slog.Logger
}

func newSocket(appToken, apiURL string, d askDoor, log *slog.Logger) *socket {
	client := border.Client(border.ClientOptions{Timeout: postTimeout})
	return &socket{client: newAPI("", apiURL, client, api.OptionAppLevelToken(appToken)), door: d, log: log}
}

// CheckSocket asks Slack for a connection and does not open it, for doctor.
func CheckSocket(ctx context.Context, appToken, apiURL string) (string, error) {
	s := newSocket(appToken, apiURL, askDoor{}, slog.New(slog.DiscardHandler))
	if _, _, err := s.client.StartSocketModeContext(ctx); err != nil {
		return "", fmt.Errorf("%w: check SLACK_APP_TOKEN (scope connections:write) and that Socket Mode is on", botError("asking for a connection", err))
	}
	return "Slack offers a connection for replies and buttons", nil
}

// Listen keeps a connection until ctx ends. The library opens it again when it
// breaks off; what it gives up on is tried again here.
func (s *socket) Listen(ctx context.Context, take func(context.Context, core.Admission) error) {
	for ctx.Err() == nil {
		err := s.connect(ctx, take)
		if ctx.Err() != nil {
			return
		}
		s.log.Error("slack refuses the connection for replies and buttons: check SLACK_APP_TOKEN and that Socket Mode is on", "error", withoutAddress(err))
		select {
		case <-ctx.Done():
		case <-time.After(refusedAgain):
		}
	}
}

func (s *socket) connect(ctx context.Context, take func(context.Context, core.Admission) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the library never closes its channel of events
	c := socketmode.New(s.client)
	go func() {
		for {
			select {
			case e := <-c.Events:
				s.handle(ctx, c, e, take)
			case <-ctx.Done():
				return
			}
		}
	}()
	return c.RunContext(ctx)
}

func (s *socket) handle(ctx context.Context, c *socketmode.Client, e socketmode.Event, take func(context.Context, core.Admission) error) {
	switch e.Type {
	case socketmode.EventTypeConnected:
		s.log.Info("connected to slack for replies and buttons")
	case socketmode.EventTypeConnectionError:
		s.log.Warn("slack cannot be reached for replies and buttons; it is tried again")
	}
	r := request(e)
	if r == nil || r.EnvelopeID == "" {
		return
	}
	if err := take(ctx, s.door.decide(r.Payload)); err != nil {
		return // not acknowledged: Slack sends it again
	}
	if err := c.AckCtx(ctx, r.EnvelopeID, nil); err != nil && ctx.Err() == nil {
		s.log.Warn("a request of slack was taken and could not be acknowledged", "error", withoutAddress(err))
	}
}

// request is what came in with an event of the library. It reads requests more
// strictly than we need, and hands on as bad what has a block that it does not know.
func request(e socketmode.Event) *socketmode.Request {
	if e.Request != nil {
		return e.Request
	}
	bad, ok := e.Data.(*socketmode.ErrorBadMessage)
	if !ok {
		return nil
	}
	var r socketmode.Request
	if json.Unmarshal(bad.Message, &r) != nil {
		return nil
	}
	return &r
}
