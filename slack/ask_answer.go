package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/incident"
)

// RespondInput configures Acknowledge and Respond.
type RespondInput struct {
	BotToken string
	Channel  string // of the settings; threads stand in the channel that Place names
	APIURL   string
	HTTP     *http.Client
	Logger   *slog.Logger
	Metrics  prometheus.Registerer

	Kind     core.Ref // string, what was asked
	Incident core.Ref // incident.Incident
	Place    core.Ref // MessageRef, the thread
	User     core.Ref // string
	Key      core.Ref // string
}

type respondInput struct {
	Kind     string            `json:"kind"`
	Incident incident.Incident `json:"incident,omitzero"`
	Place    MessageRef        `json:"place"`
	User     string            `json:"user"`
	Key      string            `json:"key"`
}

func (in RespondInput) bind() core.Bind {
	return core.Bind{"Kind": in.Kind, "Incident": in.Incident, "Place": in.Place, "User": in.User, "Key": in.Key}
}

func (in RespondInput) courier() *courier {
	return newCourier(in.BotToken, in.Channel, in.APIURL, "", in.HTTP, in.Logger)
}

// Acknowledge makes the step that answers at once that a question was heard. The
// message becomes the answer.
func Acknowledge(in RespondInput) *core.Node {
	c := in.courier()
	return core.Activity("slack.Acknowledge", in.bind(), func(ctx context.Context, r respondInput) (NotifyFactsOutput, error) {
		return c.first(ctx, r.Place, words("Looking into it; this message will become the answer."), r.Key+"/heard")
	}).WithHealth("slack", c.health.Reason)
}

// RespondOutput is frozen: histories hold it.
type RespondOutput struct {
	Why string `json:"why,omitempty"` // why nobody was told
}

// Respond makes the step that answers what needs no thought: a button, or a
// question where no brief stands. Opinions are counted; nobody is named.
func Respond(in RespondInput) *core.Node {
	c := in.courier()
	opinions := opinionCounter(in.Metrics)
	return core.Activity("slack.Respond", in.bind(), func(ctx context.Context, r respondInput) (RespondOutput, error) {
		if r.Kind == AskLost {
			_, err := c.postOnce(ctx, r.Place, []message{words("I can answer in the thread below one of my briefs: ask there, and I know which incident you mean.")}, r.Key+"/lost")
			return RespondOutput{}, err
		}
		opinions.WithLabelValues(r.Kind).Inc()
		c.log.Info("a brief was judged", "incident", r.Incident.ID, "opinion", r.Kind)
		return c.thank(ctx, r)
	}).WithHealth("slack", c.health.Reason)
}

// thank tells the one who pressed a button, and nobody else, that it was noted.
func (c *courier) thank(ctx context.Context, r respondInput) (RespondOutput, error) {
	text := fmt.Sprintf("Noted: %s. Thank you.", r.Kind)
	_, err := c.bot.PostEphemeralContext(ctx, r.Place.Channel, r.User, api.MsgOptionText(escape(text), false))
	if err = botError("thanking in "+r.Place.Channel, err); core.IsPermanent(err) {
		return RespondOutput{Why: err.Error()}, nil // it was counted; a thank-you is worth no more attempts
	}
	return RespondOutput{}, err
}

// ListBelowInput configures ListBelow.
type ListBelowInput struct {
	BotToken string
	Channel  string
	APIURL   string
	HTTP     *http.Client
	Logger   *slog.Logger

	Below    core.Ref // MessageRef, the brief
	Incident core.Ref // incident.Incident
	Key      core.Ref // string
}

type listInput struct {
	Below    MessageRef        `json:"below"`
	Incident incident.Incident `json:"incident"`
	Key      string            `json:"key"`
}

// listAttempts is how often a line below a brief is tried, and once when Slack is
// silent: the incident has its own message, and this one is worth no failed run and
// no wait.
const listAttempts = 5

// ListBelow makes the step that names one more incident of the same problem in the
// thread of a brief that stands already.
func ListBelow(in ListBelowInput) *core.Node {
	bind := core.Bind{"Below": in.Below, "Incident": in.Incident, "Key": in.Key}
	c := newCourier(in.BotToken, in.Channel, in.APIURL, "", in.HTTP, in.Logger)
	return core.Activity("slack.ListBelow", bind, func(ctx context.Context, l listInput) (RespondOutput, error) {
		if c.bot == nil || l.Below.TS == "" {
			return RespondOutput{Why: "no message to stand below"}, nil
		}
		head := headBlocks("", l.Incident, nil)
		m := message{blocks: append(head, footBlock("Same problem, told here since this brief speaks for it.")), text: fallback("", l.Incident, "one more incident of this problem")}
		m.plain = plain(m.blocks)
		_, err := c.postOnce(ctx, l.Below, []message{m}, runKey(ctx, l.Key)+"/listed")
		if err != nil && (core.IsPermanent(err) || errors.Is(err, context.DeadlineExceeded) || core.Attempt(ctx) >= listAttempts) {
			return RespondOutput{Why: err.Error()}, nil
		}
		return RespondOutput{}, err
	})
}

// words is a message of one plain line.
func words(text string) message {
	blocks := []api.Block{footBlock(text)}
	return message{blocks: blocks, text: escape(text), plain: text}
}

func opinionCounter(reg prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "opsbuddy_opinions_total", Help: "Briefs judged with the buttons below them."}, []string{"opinion"})
	if reg != nil {
		reg.MustRegister(c)
	}
	return c
}
