package slack

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/money"
)

// NotifyReportInput configures NotifyReport. A report is a brief as posted. The
// references are filled when the flow runs; all else stays on the worker.
type NotifyReportInput struct {
	WebhookURL  string // an incoming webhook
	Header      string
	Label1      string
	Value1      core.Ref // string
	Label2      string
	Value2      core.Ref // string
	Body        core.Ref // string, Markdown
	CostUSD     core.Ref // money.USD
	Duration    core.Ref // time.Duration
	TurnsUsed   core.Ref // int
	Succeeded   core.Ref // bool
	LLMProvider string
	LLMModel    string
	FailHeader  string // when there is no body
	FailMessage string

	BotToken string // with Channel: post there, and edit in place
	Channel  string // id or name
	APIURL   string // of Slack's Web API; its own when empty
	HTTP     *http.Client
	Logger   *slog.Logger

	Outcome    core.Ref // string, in the words of the footer; from Succeeded when not set
	StopReason core.Ref // string, why it did not succeed, or not as it was meant
	Model      core.Ref // string, the model that was used in the end
	Incident   core.Ref // incident.Incident, for the first lines
	Since      core.Ref // []incident.Update, what happened to it since it was read
	Update     core.Ref // MessageRef, the message to edit
	Provider   core.Ref // string, and its provider
	Links      core.Ref // []string, the addresses that may be clickable; every one when not set
	Key        core.Ref // string, begins the mark by which a message is found and posted once
	Thread     core.Ref // MessageRef, the thread that the report is a reply in; the channel when not set
	See        core.Ref // MessageRef, a message that the report points at
	Buttons    bool     // below a report in the channel: review again, useful, not useful
}

type reportInput struct {
	Value1     string            `json:"value1,omitempty"`
	Value2     string            `json:"value2,omitempty"`
	Body       string            `json:"body"`
	CostUSD    money.USD         `json:"cost_usd"`
	Duration   time.Duration     `json:"duration"`
	TurnsUsed  int               `json:"turns_used"`
	Succeeded  bool              `json:"succeeded"`
	Outcome    string            `json:"outcome,omitempty"`
	StopReason string            `json:"stop_reason,omitempty"`
	Model      string            `json:"model,omitempty"`
	Provider   string            `json:"provider,omitempty"`
	Incident   incident.Incident `json:"incident,omitzero"`
	Since      []incident.Update `json:"since,omitempty"`
	Update     MessageRef        `json:"update,omitzero"`
	Links      []string          `json:"links"`
	Key        string            `json:"key,omitempty"`
	Thread     MessageRef        `json:"thread,omitzero"`
	See        MessageRef        `json:"see,omitzero"`

	see string // the address of that message, empty when Slack does not say it
}

// MessageRef names a message: the channel's id, as the post returned it, and the
// message's time stamp. A channel's name finds a post but no edit.
type MessageRef struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
	// Mark stands in place of TS when the message may have been posted: it finds it.
	Mark string `json:"mark,omitempty"`
}

// How a report got to Slack.
const (
	ViaBot     = "bot"
	ViaWebhook = "webhook"
	ViaNobody  = "nobody" // nothing is configured
)

// NotifyReportOutput says where the report stands. Frozen: histories hold it.
type NotifyReportOutput struct {
	Message   MessageRef `json:"message,omitzero"`    // empty over a webhook, which tells nothing
	Permalink string     `json:"permalink,omitempty"` // the message's address, when Slack says it
	Via       string     `json:"via"`
	Parts     int        `json:"parts"` // messages it took, the thread included
	// Doubtful is set when a post may have happened and was not repeated.
	Doubtful bool `json:"doubtful,omitempty"`
}

// NotifyReport makes the step that posts a report, once.
func NotifyReport(in NotifyReportInput) *core.Node {
	bind := core.Bind{
		"Value1": in.Value1, "Value2": in.Value2, "Body": in.Body, "CostUSD": in.CostUSD, "Duration": in.Duration,
		"TurnsUsed": in.TurnsUsed, "Succeeded": in.Succeeded, "Outcome": in.Outcome, "StopReason": in.StopReason,
		"Model": in.Model, "Provider": in.Provider, "Incident": in.Incident, "Update": in.Update, "Links": in.Links, "Key": in.Key,
		"Thread": in.Thread, "See": in.See, "Since": in.Since,
	}
	c := newCourier(in.BotToken, in.Channel, in.APIURL, in.WebhookURL, in.HTTP, in.Logger)
	return core.Activity("slack.NotifyReport", bind, func(ctx context.Context, r reportInput) (NotifyReportOutput, error) {
		r.Incident = r.Incident.After(r.Since)
		if r.See.TS != "" && c.bot != nil {
			r.see = c.permalink(ctx, r.See)
		}
		return c.deliver(ctx, in.messages(r), destination{update: r.Update, thread: r.Thread}, runKey(ctx, r.Key))
	}).WithHealth("slack", c.health.Reason)
}

// runKey marks the messages of one run: another review of the same incident must
// not take them for its own.
func runKey(ctx context.Context, key string) string {
	if run := core.Run(ctx); run != "" {
		return key + "/" + run
	}
	return key
}

// Provider stands for this package's steps on a worker.
func Provider() core.Provider { return core.StepProvider("slack") }

// messages lays the report out: head, body, foot; what does not fit into the
// first message goes into further ones.
func (in NotifyReportInput) messages(r reportInput) []message {
	header, body := in.Header, withoutTitle(r.Body, r.Incident)
	failed := strings.TrimSpace(r.Body) == ""
	if failed { // whatever it calls itself: an empty brief is none
		header, body, r.Succeeded = in.FailHeader, in.FailMessage, false
	}
	head := headBlocks(header, r.Incident, [][2]string{{in.Label1, r.Value1}, {in.Label2, r.Value2}})
	foot := footBlock(in.footer(r))
	text := fallback(header, r.Incident, r.outcome())
	c := newConverter(linksOf(in.Links, append(r.Links, r.see), r.Incident))
	if r.see != "" {
		c.section(c.link(r.see, with(span{bold: true}, "Its brief is here"), span{}), false)
	}
	c.parse(cleanBody(body))
	if failed && r.StopReason != "" { // a reason is no Markdown
		c.section(with(span{}, "Reason: "+line(r.StopReason, maxFoot)), false)
	}
	return in.addressed(r, messagesOf(c.pieces, head, foot, text))
}

// addressed says what a report is about, and what can be done with it. In a
// thread it is one message: a reply has no thread of its own.
func (in NotifyReportInput) addressed(r reportInput, all []message) []message {
	if r.Thread.TS != "" {
		return []message{alone(all)}
	}
	all[0].incident = r.Incident.ID
	if in.Buttons && r.Incident.ID != "" {
		all[0].buttons = buttonsFor(r.Incident.ID)
	}
	return all
}

// linksOf says which addresses may be clickable: all when the flow names none,
// else the named ones and the incident's own.
func linksOf(bound core.Ref, links []string, i incident.Incident) func(string) bool {
	if bound.IsZero() {
		return nil
	}
	return allowOnly(links, i.URL)
}

func (r reportInput) outcome() string {
	switch {
	case r.Outcome != "":
		return r.Outcome
	case r.Succeeded:
		return "brief"
	default:
		return "partial brief"
	}
}

// footer is the line that makes a message an outcome.
func (in NotifyReportInput) footer(r reportInput) string {
	provider, model := firstOf(r.Provider, in.LLMProvider), firstOf(r.Model, in.LLMModel)
	who := strings.Trim(provider+"/"+model, "/")
	if provider == "none" || who == "" {
		who = "no model"
	}
	parts := []string{r.outcome(), r.CostUSD.String(), shortDuration(r.Duration), fmt.Sprintf("%d %s", r.TurnsUsed, plural(r.TurnsUsed, "turn")), who}
	if r.StopReason != "" {
		parts = append(parts, line(r.StopReason, maxTitle))
	}
	return strings.Join(parts, " · ")
}

// shortDuration writes a duration as people say it: "4.2 s", "42 s",
// "3 m 20 s", "1 h 5 m".
func shortDuration(d time.Duration) string {
	d = max(d, 0)
	tenths := d.Round(100 * time.Millisecond)
	d = d.Round(time.Second)
	switch {
	case tenths < 10*time.Second:
		return fmt.Sprintf("%.1f s", tenths.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d m %d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %d m", int(d.Hours()), int(d.Minutes())%60)
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
