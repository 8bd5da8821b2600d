package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/incident"
)

// NotifyFactsInput configures NotifyFacts.
type NotifyFactsInput struct {
	BotToken string
	Channel  string
	APIURL   string
	HTTP     *http.Client
	Logger   *slog.Logger
	Patience time.Duration // bounds the step; 6 s when 0, and not more

	Incident core.Ref // incident.Incident
	Body     core.Ref // string, Markdown
	Links    core.Ref // []string
	Key      core.Ref // string
}

type factsInput struct {
	Incident incident.Incident `json:"incident"`
	Body     string            `json:"body"`
	Links    []string          `json:"links"`
	Key      string            `json:"key"`
}

// NotifyFactsOutput names the message that the report will edit. Frozen:
// histories hold it.
type NotifyFactsOutput struct {
	Message MessageRef `json:"message,omitzero"`
	Why     string     `json:"why,omitempty"` // why there is none
}

// factsPatience bounds the whole step. It is less than a flow gives an attempt,
// so that a silent Slack ends here and not the flow.
const factsPatience = 6 * time.Second

// NotifyFacts makes the step that posts the facts before the model has said
// anything. It needs a bot token and a channel, since an incoming webhook cannot
// edit; without them, and whatever goes wrong, there is no message and the flow
// goes on. The message has no footer: it is not yet an outcome.
func NotifyFacts(in NotifyFactsInput) *core.Node {
	bind := core.Bind{"Incident": in.Incident, "Body": in.Body, "Links": in.Links, "Key": in.Key}
	c := newCourier(in.BotToken, in.Channel, in.APIURL, "", in.HTTP, in.Logger)
	if in.Patience > 0 {
		c.patience = min(c.patience, in.Patience)
	}
	return core.Activity("slack.NotifyFacts", bind, func(ctx context.Context, f factsInput) (NotifyFactsOutput, error) {
		if c.bot == nil {
			return NotifyFactsOutput{Why: "no bot token and channel"}, nil
		}
		return c.first(ctx, MessageRef{}, in.message(f), runKey(ctx, f.Key)+"/facts")
	}).WithHealth("slack", c.health.Reason)
}

func (in NotifyFactsInput) message(f factsInput) message {
	head := headBlocks("Incident: facts so far", f.Incident, nil)
	note := footBlock("The review is under way; this message will become the brief.")
	text := fallback("", f.Incident, "facts so far")
	m := alone(layout(head, withoutTitle(f.Body, f.Incident), note, text, linksOf(in.Links, f.Links, f.Incident)))
	m.incident = f.Incident.ID
	return m
}

// first posts the message that a report will edit, in a thread when one is named.
// It fails only when the step itself is taken back, to be run again.
func (c *courier) first(ctx context.Context, thread MessageRef, m message, mark string) (NotifyFactsOutput, error) {
	short, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	out, err := c.postOnce(short, thread, []message{m}, mark)
	c.health.Saw(err)
	switch {
	case err == nil && !out.Doubtful:
		return NotifyFactsOutput{Message: out.Message}, nil
	case errors.Is(ctx.Err(), context.Canceled):
		return NotifyFactsOutput{}, err
	case err == nil, errors.Is(err, errMaybePosted), maybeHalfDone(err):
		return NotifyFactsOutput{Message: MessageRef{Mark: mark}, Why: fmt.Sprint(errMaybePosted)}, nil
	}
	c.log.Warn("the facts could not be posted first", "error", err)
	return NotifyFactsOutput{Why: err.Error()}, nil
}
