package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
)

// postTimeout bounds one call to Slack.
const postTimeout = 10 * time.Second

// botPatience is how many attempts the bot has before the incoming webhook
// delivers in its place.
const botPatience = 3

// courier delivers messages: by the bot when there is one, else by the incoming
// webhook. Worker side: it holds both secrets.
type courier struct {
	bot     *api.Client // nil without token and channel
	channel string
	web     *web // the bot's own, for looking
	ids     channelIDs
	hook    *hook // nil without an incoming webhook
	log     *slog.Logger
	health  core.Health
	// patience bounds the first message, which a flow does not wait for long.
	patience time.Duration
}

func newCourier(token, channel, apiURL, webhookURL string, client *http.Client, log *slog.Logger) *courier {
	if client == nil {
		client = border.Client(border.ClientOptions{Timeout: postTimeout})
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &courier{channel: channel, log: log, patience: factsPatience}
	if token != "" && channel != "" {
		c.bot, c.web = newAPI(token, apiURL, client), newWeb(token, apiURL, client)
	}
	if webhookURL != "" {
		c.hook = newHook(webhookURL, client)
	}
	return c
}

func newAPI(token, apiURL string, client *http.Client, more ...api.Option) *api.Client {
	opts := append([]api.Option{api.OptionHTTPClient(exchange{client})}, more...)
	if apiURL != "" {
		opts = append(opts, api.OptionAPIURL(strings.TrimRight(apiURL, "/")+"/"))
	}
	return api.New(token, opts...)
}

// deliver brings a report to Slack, once: when the bot has brought its first
// message there, the webhook does not bring it again.
func (c *courier) deliver(ctx context.Context, messages []message, to destination, key string) (NotifyReportOutput, error) {
	if c.hookMayHave(core.LastNote(ctx)) {
		return c.doubt(key, errors.New("the attempt before this one was cut short")), nil
	}
	if c.bot == nil {
		out, err := c.byHook(ctx, messages, key)
		c.health.Saw(err)
		return out, err
	}
	out, err := c.byBot(ctx, messages, to, key)
	c.health.Saw(err) // also when the webhook delivers in its place
	if c.hook == nil || ctx.Err() != nil || to.inThread() || out.Parts > 0 || !handsOver(core.Attempt(ctx), to.update.TS != "", err) {
		if err == nil && !out.Doubtful {
			out.Permalink = c.permalink(ctx, out.Message)
		}
		return out, err
	}
	c.log.Warn("slack does not take the bot's message; the incoming webhook delivers", "error", err)
	return c.byHook(ctx, messages, key)
}

// handsOver tells when the webhook shall deliver: Slack will not have this bot,
// has failed it often enough, or was silent for longer than that would take; and
// nothing of it may stand there. An edit that got no answer may have been made.
func handsOver(attempt int, edits bool, err error) bool {
	if err == nil || errors.Is(err, errMaybePosted) {
		return false
	}
	silent := !edits && errors.Is(err, context.DeadlineExceeded)
	return silent || closedToBot(err) || attempt >= botPatience
}

// destination is where messages go: as an edit of one that is there, else into a
// thread, else into the channel of the settings.
type destination struct{ update, thread MessageRef }

func (d destination) inThread() bool { return d.thread.TS != "" }

// byBot edits the message that is there, or posts a new one.
func (c *courier) byBot(ctx context.Context, messages []message, to destination, key string) (NotifyReportOutput, error) {
	update := to.update
	if update.TS == "" && update.Mark != "" { // the first message may be there, or not
		var err error
		if update, err = c.find(ctx, to.thread, update.Mark); err != nil && !core.IsPermanent(err) {
			return NotifyReportOutput{}, err
		}
	}
	if update.TS == "" {
		return c.postOnce(ctx, to.thread, messages, key+"/report")
	}
	err := c.edit(ctx, update, messages[0])
	switch {
	case notEditable(err) && to.inThread():
		return c.postOnce(ctx, to.thread, messages, key+"/report")
	case notEditable(err):
		c.log.Warn("the first message cannot be edited any more; the report follows it", "error", err)
		return c.reply(ctx, messages, update, key)
	case err != nil:
		return NotifyReportOutput{}, err
	}
	out := NotifyReportOutput{Message: update, Via: ViaBot, Parts: 1}
	return c.rest(ctx, out, messages, key+"/report")
}

// reply brings a report into the thread of a message that cannot be edited, and
// shows it in the channel too; or into a new message when there is no thread
// either.
func (c *courier) reply(ctx context.Context, messages []message, to MessageRef, key string) (NotifyReportOutput, error) {
	loud := messages[0]
	loud.aloud = true
	out := NotifyReportOutput{Message: to, Via: ViaBot}
	out, err := c.rest(ctx, out, append([]message{{}, loud}, messages[1:]...), key+"/report")
	if err == nil || out.Parts > 0 || !gone(err) {
		return out, err
	}
	return c.postOnce(ctx, MessageRef{}, messages, key+"/report")
}

// postOnce posts messages, the first in the channel and the others in its
// thread, or the only one into a thread. What an earlier attempt posted is found
// by its mark and not repeated.
func (c *courier) postOnce(ctx context.Context, thread MessageRef, messages []message, key string) (NotifyReportOutput, error) {
	out := NotifyReportOutput{Via: ViaBot, Parts: 1}
	if last := core.LastNote(ctx); core.Attempt(ctx) > 1 || last != "" {
		found, err := c.find(ctx, thread, key)
		switch {
		case found.TS != "":
			out.Message = found
			return c.rest(ctx, out, messages, key)
		case err != nil && last == noteSending:
			return c.unseen(err)
		}
	}
	if err := core.Note(ctx, noteSending); err != nil {
		return NotifyReportOutput{}, err
	}
	ref, err := c.post(ctx, firstOf(thread.Channel, c.channel), thread.TS, messages[0], key)
	if err != nil {
		return NotifyReportOutput{}, noteFailure(ctx, err)
	}
	out.Message = ref
	return c.rest(ctx, out, messages, key)
}

// unseen decides when an earlier attempt may have posted and nobody can look.
// Later one may; where one never may, it is not repeated.
func (c *courier) unseen(err error) (NotifyReportOutput, error) {
	if !core.IsPermanent(err) {
		return NotifyReportOutput{}, fmt.Errorf("%w: %w", errMaybePosted, err)
	}
	c.log.Warn("a post to slack may have happened and the channel cannot be read; it is not repeated", "error", err)
	return NotifyReportOutput{Via: ViaBot, Doubtful: true}, nil
}

// noteFailure tells the next attempt whether a post that failed may stand.
func noteFailure(ctx context.Context, err error) error {
	if errors.Is(err, errMaybePosted) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refusedFor)
	defer cancel()
	return errors.Join(err, core.Note(ctx, noteRefused))
}

// refusedFor is how long a refusal is being noted, also when the time of the step is
// over: who does not hear of it takes the message for sent.
const refusedFor = 2 * time.Second

// rest posts the further messages into the thread.
func (c *courier) rest(ctx context.Context, out NotifyReportOutput, messages []message, key string) (NotifyReportOutput, error) {
	var there map[string]bool
	if core.Attempt(ctx) > 1 && len(messages) > 1 {
		var err error
		if there, err = c.inThread(ctx, out.Message); err != nil {
			return out, err
		}
	}
	for i, m := range messages {
		if i == 0 {
			continue
		}
		if mark := partMark(key, i); !there[mark] {
			if _, err := c.post(ctx, out.Message.Channel, out.Message.TS, m, mark); err != nil {
				return out, err
			}
		}
		out.Parts++
	}
	return out, nil
}

// byHook posts over the incoming webhook: one message, since a webhook knows no
// thread of its own. One attempt, unless the failure proves that nothing was
// posted.
func (c *courier) byHook(ctx context.Context, messages []message, key string) (NotifyReportOutput, error) {
	if c.hook == nil {
		return NotifyReportOutput{Via: ViaNobody}, nil
	}
	if err := core.Note(ctx, noteHooking); err != nil {
		return NotifyReportOutput{}, err
	}
	err := c.hook.post(ctx, alone(messages))
	if errors.Is(err, errMaybePosted) {
		return c.doubt(key, err), nil
	}
	if err != nil {
		err = noteFailure(ctx, err)
	}
	return NotifyReportOutput{Via: ViaWebhook, Parts: 1}, err
}

// hookMayHave reports whether an attempt that died left word that it was sending
// over the webhook, which is not asked twice: by the bot it would stand twice too.
func (c *courier) hookMayHave(last string) bool {
	return last == noteHooking || c.bot == nil && last == noteSending // of an earlier version
}

func (c *courier) doubt(key string, err error) NotifyReportOutput {
	c.log.Warn("a post to slack may have happened; it is not repeated", "review", key, "error", err)
	return NotifyReportOutput{Via: ViaWebhook, Parts: 1, Doubtful: true}
}

// alone is the first message where the others cannot follow; it says so above
// its foot.
func alone(messages []message) message {
	m := messages[0]
	if len(messages) == 1 {
		return m
	}
	left, titles := 0, []string(nil)
	for _, more := range messages[1:] {
		left += utf8.RuneCountInString(more.plain)
		titles = append(titles, more.titles...)
	}
	last := len(m.blocks) - 1
	m.blocks = append(append(append([]api.Block{}, m.blocks[:last]...), cutNote(left, titles...)), m.blocks[last])
	m.plain = plain(m.blocks)
	return m
}

// Words for the next attempt, should this one die.
const (
	noteSending = "sending"
	noteHooking = "sending over the webhook"
	noteRefused = "refused"
)
