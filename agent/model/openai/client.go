package openai

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/border"
)

// Ollama is the provider that needs no key and costs nothing.
const Ollama = "ollama"

const (
	defaultBase   = "https://api.openai.com/v1"
	ollamaBase    = "http://localhost:11434/v1"
	defaultAnswer = 8192
	// leastRoom is the shortest answer worth asking for when the server says how
	// much fits.
	leastRoom = 512
	// adaptions is how many other forms of a request are tried.
	adaptions = 2
)

// Options configure a client.
type Options struct {
	APIKey   string // may be empty for a server that asks for none
	BaseURL  string // with or without /v1 and slashes at its end; "" = OpenAI, or Ollama on this machine
	Model    string
	Provider string       // "openai-compat" or "ollama"; "" = "openai-compat"
	HTTP     *http.Client // nil = one with bounded dialling, bodies and redirects
	Logger   *slog.Logger // nil = discard
}

// New makes a client of one model. Nothing is sent before Complete.
func New(o Options) model.Client {
	if o.HTTP == nil {
		o.HTTP = border.Client(border.ClientOptions{Timeout: model.RequestTimeout, MaxBytes: model.MaxBody})
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.APIKey == "" && o.Provider == Ollama {
		o.APIKey = Ollama // some proxies before it want a header
	}
	base := baseURL(o.BaseURL, o.Provider)
	opts := []option.RequestOption{
		option.WithBaseURL(base),
		option.WithHTTPClient(o.HTTP),
		option.WithMaxRetries(0),
		option.WithRequestTimeout(model.RequestTimeout),
		option.WithMiddleware(model.BoundBody),
	}
	if o.APIKey != "" {
		opts = append(opts, option.WithAPIKey(o.APIKey))
	}
	c := &client{
		// A service, not sdk.NewClient: that one reads keys from the environment.
		chat:     sdk.NewChatCompletionService(opts...),
		model:    o.Model,
		provider: o.Provider,
		badURL:   model.CheckBaseURL(base, "AGENT_BASE_URL"),
		redact:   border.NewRedactor(o.APIKey),
		log:      o.Logger,
	}
	c.newLimit.Store(strings.HasPrefix(base, defaultBase))
	return c
}

// baseURL ends in /v1 unless the user gave another path; Ollama's own /api has
// no tools in the form used here.
func baseURL(s, provider string) string {
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	s = strings.TrimRight(strings.TrimSuffix(s, "/chat/completions"), "/")
	if provider == Ollama {
		s = strings.TrimRight(strings.TrimSuffix(s, "/api"), "/")
	}
	switch {
	case s == "" && provider == Ollama:
		s = ollamaBase
	case s == "":
		s = defaultBase
	}
	if u, err := url.Parse(s); err == nil && strings.Trim(u.Path, "/") == "" {
		s += "/v1"
	}
	return s + "/"
}

type client struct {
	chat     sdk.ChatCompletionService
	model    string
	provider string
	badURL   *model.Error // nil when the address can be used
	redact   *border.Redactor
	log      *slog.Logger

	// What the server turned out to want, remembered for its lifetime.
	newLimit atomic.Bool // max_completion_tokens in place of max_tokens
	foldText atomic.Bool // no user message right behind a tool's result
}

// Complete implements model.Client.
func (c *client) Complete(ctx context.Context, req model.Request) (model.Response, error) {
	if c.badURL != nil {
		return model.Response{}, c.badURL
	}
	for try := 0; ; try++ {
		sent := c.form()
		resp, f, err := c.once(ctx, req, sent)
		if err == nil {
			return resp, nil
		}
		if try >= adaptions || !c.adapt(&req, sent, f, err) {
			return model.Response{}, err
		}
	}
}

// form is how a request is written.
type form struct{ newLimit, foldText bool }

func (c *client) form() form {
	return form{newLimit: c.newLimit.Load(), foldText: c.foldText.Load()}
}

var (
	saysUnknown   = regexp.MustCompile(`(?i)unsupported|not supported|unrecogni[sz]ed|unknown|unexpected|not permitted|extra (?:inputs|fields)|deprecated`)
	saysAlternate = regexp.MustCompile(`(?i)roles must alternate|alternate user/assistant|unexpected role 'user' after role 'tool'`)
)

// adapt changes the form to what the server says it wants, and reports whether
// there is something new to try.
func (c *client) adapt(req *model.Request, sent form, f model.Failure, err *model.Error) bool {
	malformed := f.Status == http.StatusBadRequest || f.Status == http.StatusUnprocessableEntity
	switch {
	case malformed && c.refusesLimit(sent, f):
		c.newLimit.Store(!sent.newLimit)
	case !sent.foldText && saysAlternate.MatchString(f.Message):
		c.foldText.Store(true)
	case err.Kind == model.KindTooLong && err.Room >= leastRoom && err.Room < answerTokens(*req):
		req.MaxTokens = err.Room
	default:
		return false
	}
	return true
}

// refusesLimit reports that the name of the answer's bound is not known here:
// newer models want max_completion_tokens, older servers know only max_tokens.
func (c *client) refusesLimit(sent form, f model.Failure) bool {
	name, other := "max_tokens", "max_completion_tokens"
	if sent.newLimit {
		name, other = other, name
	}
	if f.Param != name && !strings.Contains(f.Message, name) {
		return false
	}
	return f.Code == "unsupported_parameter" || saysUnknown.MatchString(f.Message) || strings.Contains(f.Message, "'"+other+"' instead")
}

func (c *client) once(ctx context.Context, req model.Request, sent form) (model.Response, model.Failure, *model.Error) {
	params := encode(c.model, req, sent)
	if len(params.Messages) == 0 {
		return model.Response{}, model.Failure{}, &model.Error{Kind: model.KindInvalid, Message: "the conversation is empty"}
	}
	var body []byte
	var answered *http.Response
	_, err := c.chat.New(ctx, params, option.WithResponseBodyInto(&body), option.WithResponseInto(&answered))
	switch {
	case answered != nil && answered.StatusCode >= http.StatusBadRequest:
		f := model.ReadFailure(answered)
		return model.Response{}, f, f.Error(c.redact)
	case err != nil:
		return model.Response{}, model.Failure{}, model.Unreachable(err)
	}
	resp, failed := c.decode(answered, body, req)
	return resp, model.Failure{}, failed
}
