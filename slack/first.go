package slack

import (
	"context"
	"log/slog"
	"net/http"

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

// NotifyFacts makes the step that posts the facts before the model has said
// anything. It needs a bot token and a channel, since an incoming webhook cannot
// edit; without them, and whatever goes wrong, there is no message and the flow
// goes on. The message has no footer: it is not yet an outcome.
func NotifyFacts(in NotifyFactsInput) *core.Node {
	bind := core.Bind{"Incident": in.Incident, "Body": in.Body, "Links": in.Links, "Key": in.Key}
	c := newCourier(in.BotToken, in.Channel, in.APIURL, "", in.HTTP, in.Logger)
	return core.Activity("slack.NotifyFacts", bind, func(ctx context.Context, f factsInput) (NotifyFactsOutput, error) {
		if c.bot == nil {
			return NotifyFactsOutput{Why: "no bot token and channel"}, nil
		}
		head := headBlocks("Incident: facts so far", f.Incident, nil)
		note := footBlock("The review is under way; this message will become the brief.")
		messages := layout(head, withoutTitle(f.Body, f.Incident), note, fallback("", f.Incident, "facts so far"), allowOnly(f.Links))
		out, err := c.postOnce(ctx, []message{alone(messages)}, runKey(ctx, f.Key)+"/facts")
		c.health.Saw(err)
		if err != nil && ctx.Err() == nil {
			return NotifyFactsOutput{Why: err.Error()}, nil
		}
		return NotifyFactsOutput{Message: out.Message}, err
	}).WithHealth("slack", c.health.Reason)
}
