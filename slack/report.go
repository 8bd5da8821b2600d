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
	FailHeader  string // when it did not succeed and there is no body
	FailMessage string

	BotToken string // with Channel: post there, and edit in place
	Channel  string // id or name
	APIURL   string // of Slack's Web API; its own when empty
	HTTP     *http.Client
	Logger   *slog.Logger

	Outcome    core.Ref // string, in the words of the footer; from Succeeded when not set
	StopReason core.Ref // string, why it did not succeed
	Model      core.Ref // string, the model that was used in the end
	Incident   core.Ref // incident.Incident, for the first lines
	Update     core.Ref // MessageRef, the message to edit
	Links      core.Ref // []string, the addresses that may be clickable; all when not set
	Key        core.Ref // string, marks the message so that it is posted once
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
	Incident   incident.Incident `json:"incident,omitzero"`
	Update     MessageRef        `json:"update,omitzero"`
	Links      []string          `json:"links"`
	Key        string            `json:"key,omitempty"`
}

// MessageRef names a message: the channel's id, as the post returned it, and the
// message's time stamp. A channel's name finds a post but no edit.
type MessageRef struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
}

// How a report got to Slack.
const (
	ViaBot     = "bot"
	ViaWebhook = "webhook"
	ViaNobody  = "nobody" // nothing is configured
)

// NotifyReportOutput says where the report stands. Frozen: histories hold it.
type NotifyReportOutput struct {
	Message MessageRef `json:"message,omitzero"`
	Via     string     `json:"via"`
	Parts   int        `json:"parts"` // messages it took, the thread included
	// Doubtful is set when a post may have happened and was not repeated.
	Doubtful bool `json:"doubtful,omitempty"`
}

// NotifyReport makes the step that posts a report, once.
func NotifyReport(in NotifyReportInput) *core.Node {
	bind := core.Bind{
		"Value1": in.Value1, "Value2": in.Value2, "Body": in.Body, "CostUSD": in.CostUSD, "Duration": in.Duration,
		"TurnsUsed": in.TurnsUsed, "Succeeded": in.Succeeded, "Outcome": in.Outcome, "StopReason": in.StopReason,
		"Model": in.Model, "Incident": in.Incident, "Update": in.Update, "Links": in.Links, "Key": in.Key,
	}
	c := newCourier(in.BotToken, in.Channel, in.APIURL, in.WebhookURL, in.HTTP, in.Logger)
	return core.Activity("slack.NotifyReport", bind, func(ctx context.Context, r reportInput) (NotifyReportOutput, error) {
		return c.deliver(ctx, in.messages(r), r.Update, runKey(ctx, r.Key))
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
	failed := !r.Succeeded && strings.TrimSpace(r.Body) == ""
	header, body := in.Header, r.Body
	if failed {
		header, body = in.FailHeader, strings.TrimSpace(in.FailMessage+"\n\n"+plainReason(r.StopReason))
	}
	head := headBlocks(header, r.Incident, [][2]string{{in.Label1, r.Value1}, {in.Label2, r.Value2}})
	foot := footBlock(in.footer(r))
	text := fallback(header, r.Incident, r.outcome())
	return layout(head, withoutTitle(body, r.Incident), foot, text, allowOnly(r.Links))
}

func plainReason(s string) string {
	if s == "" {
		return ""
	}
	return "Reason: " + s
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
	model := in.LLMModel
	if r.Model != "" {
		model = r.Model
	}
	who := strings.Trim(in.LLMProvider+"/"+model, "/")
	if in.LLMProvider == "none" || who == "" {
		who = "no model"
	}
	parts := []string{r.outcome(), r.CostUSD.String(), shortDuration(r.Duration), fmt.Sprintf("%d %s", r.TurnsUsed, plural(r.TurnsUsed, "turn")), who}
	if !r.Succeeded && r.StopReason != "" {
		parts = append(parts, r.StopReason)
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

// allowOnly makes clickable what the evidence has. No list at all is no rule.
func allowOnly(links []string) func(string) bool {
	if links == nil {
		return nil
	}
	known := map[string]bool{}
	for _, l := range links {
		known[strings.TrimRight(l, "/")] = true
	}
	return func(url string) bool { return known[strings.TrimRight(url, "/")] }
}
