package anthropic

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/border"
)

const (
	defaultBase = "https://api.anthropic.com"
	// maxAnswer is what may be asked for without streaming: the SDK takes an hour
	// for 128,000 tokens and refuses what would last longer than ten minutes.
	maxAnswer     = 21_333
	defaultAnswer = 8192
	// leastRoom is the shortest answer worth asking for when the vendor says how
	// much fits.
	leastRoom = 512
)

// Options configure a client.
type Options struct {
	APIKey  string
	BaseURL string // with or without /v1 and slashes at its end; "" = api.anthropic.com
	Model   string
	HTTP    *http.Client // nil = one with bounded dialling, bodies and redirects
	Logger  *slog.Logger // nil = discard
}

// New makes a client of one model. Nothing is sent before Complete.
func New(o Options) model.Client {
	if o.HTTP == nil {
		o.HTTP = border.Client(border.ClientOptions{Timeout: model.RequestTimeout, MaxBytes: model.MaxBody})
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	base := baseURL(o.BaseURL)
	opts := []option.RequestOption{
		option.WithBaseURL(base),
		option.WithHTTPClient(o.HTTP),
		option.WithMaxRetries(0),
		option.WithRequestTimeout(model.RequestTimeout),
		option.WithMiddleware(model.BoundBody),
		option.WithoutOpenTelemetry(), // the agent's own spans have the gen_ai names
	}
	if o.APIKey != "" {
		opts = append(opts, option.WithAPIKey(o.APIKey))
	}
	return &client{
		// A service, not sdk.NewClient: that one reads keys and profiles from the
		// environment.
		messages: sdk.NewMessageService(opts...),
		model:    o.Model,
		badURL:   model.CheckBaseURL(base, "ANTHROPIC_BASE_URL or AGENT_BASE_URL"),
		redact:   border.NewRedactor(o.APIKey),
		log:      o.Logger,
	}
}

// baseURL takes away what the SDK adds itself: /v1/messages.
func baseURL(s string) string {
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	s = strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(s, "/messages"), "/v1"), "/")
	if s == "" {
		s = defaultBase
	}
	return s + "/"
}

type client struct {
	messages sdk.MessageService
	model    string
	badURL   *model.Error // nil when the address can be used
	redact   *border.Redactor
	log      *slog.Logger
}

// Complete implements model.Client.
func (c *client) Complete(ctx context.Context, req model.Request) (model.Response, error) {
	if c.badURL != nil {
		return model.Response{}, c.badURL
	}
	resp, err := c.once(ctx, req)
	if err != nil && err.Kind == model.KindTooLong && err.Room >= leastRoom && err.Room < answerTokens(req) {
		req.MaxTokens = err.Room
		resp, err = c.once(ctx, req)
	}
	if err != nil {
		return model.Response{}, err
	}
	return resp, nil
}

func (c *client) once(ctx context.Context, req model.Request) (model.Response, *model.Error) {
	params := encode(c.model, req)
	if len(params.Messages) == 0 {
		return model.Response{}, &model.Error{Kind: model.KindInvalid, Message: "the conversation is empty"}
	}
	var body []byte
	var answered *http.Response
	_, err := c.messages.New(ctx, params, option.WithResponseBodyInto(&body), option.WithResponseInto(&answered))
	if err != nil {
		return model.Response{}, c.failure(err, answered)
	}
	return c.decode(answered, body, req)
}

// failure sorts an error of the SDK. The answer tells more than its error does.
func (c *client) failure(err error, answered *http.Response) *model.Error {
	if answered != nil && answered.StatusCode >= http.StatusBadRequest {
		return model.ReadFailure(answered).Error(c.redact)
	}
	return model.Unreachable(err)
}
