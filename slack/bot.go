package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
)

// markType is the type of the metadata that marks our messages
// (docs.slack.dev/messaging/message-metadata).
const markType = "opsbuddy_outcome"

// findWindow is how far back a message of an earlier attempt is looked for: a
// process may be down over a weekend. findPages of 200 messages are read: a storm
// puts hundreds above it.
const (
	findWindow = 3 * 24 * time.Hour
	findPages  = 5
)

func partMark(key string, part int) string {
	if part == 0 {
		return key
	}
	return key + "/" + strconv.Itoa(part)
}

func options(m message, mark string) []api.MsgOption {
	// The blocks go along when there are none as well: an edit without them
	// keeps the old ones.
	out := []api.MsgOption{
		api.MsgOptionText(m.text, false), api.MsgOptionBlocks(m.withButtons()...),
		api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl(),
	}
	if mark != "" {
		payload := map[string]any{"key": mark}
		if m.incident != "" { // a reply below the message is about this incident
			payload["incident"] = m.incident
		}
		out = append(out, api.MsgOptionMetadata(api.SlackMetadata{EventType: markType, EventPayload: payload}))
	}
	if len(m.blocks) == 0 { // no command loses an asterisk, no address becomes a link
		out = append(out, api.MsgOptionDisableMarkdown(), api.MsgOptionParse(false))
	}
	return out
}

// bare is a message in the form that Slack takes when it refuses the blocks.
func bare(m message) message {
	return message{text: bareText(m.plain), plain: m.plain, aloud: m.aloud, incident: m.incident}
}

// bareText is all that a message says, within Slack's limit for a text.
func bareText(plain string) string {
	text := escape(cut(plain, maxPlain))
	if units(text) >= maxText { // nothing but < and &
		text = escape(cut(plain, maxText/6))
	}
	return text
}

// post sends one message, and once more without blocks when those are refused.
func (c *courier) post(ctx context.Context, channel, thread string, m message, mark string) (MessageRef, error) {
	send := func(m message) (MessageRef, error) {
		opts := options(m, mark)
		if thread != "" {
			opts = append(opts, api.MsgOptionTS(thread))
		}
		if thread != "" && m.aloud {
			opts = append(opts, api.MsgOptionBroadcast())
		}
		var s sent
		id, ts, err := c.bot.PostMessageContext(s.watch(ctx), channel, opts...)
		return MessageRef{Channel: id, TS: ts}, s.doubtful(err)
	}
	ref, err := send(m)
	if refusedBlocks(err) {
		c.log.Warn("slack refuses the blocks of a message; it is sent as text", "error", err, "detail", detail(err))
		ref, err = send(bare(m))
	}
	return ref, botError("posting to "+channel, err)
}

// edit replaces a message's content. It brings no mark, and so the message keeps
// its own: the next attempt may have nothing else to find it by.
func (c *courier) edit(ctx context.Context, at MessageRef, m message) error {
	send := func(m message) error {
		_, _, _, err := c.bot.UpdateMessageContext(ctx, at.Channel, at.TS, options(m, "")...)
		return err
	}
	err := send(m)
	if refusedBlocks(err) {
		c.log.Warn("slack refuses the blocks of an edit; it is sent as text", "error", err, "detail", detail(err))
		err = send(bare(m))
	}
	return botError("editing the message in "+at.Channel, err)
}

// permalink is the address of a message; empty when Slack does not say.
func (c *courier) permalink(ctx context.Context, at MessageRef) string {
	link, err := c.bot.GetPermalinkContext(ctx, &api.PermalinkParameters{Channel: at.Channel, Ts: at.TS})
	if err != nil {
		c.log.Debug("slack gives no address of a message", "error", botError("permalink", err))
		return ""
	}
	return link
}

// find looks for a message that an earlier attempt posted, in a thread when it
// names one; without one it is empty, with an error when nobody could look.
func (c *courier) find(ctx context.Context, thread MessageRef, mark string) (MessageRef, error) {
	if thread.TS != "" {
		marks, err := c.marks(ctx, "conversations.replies", threadQuery(thread))
		if ts := marks[mark]; ts != "" {
			return MessageRef{Channel: thread.Channel, TS: ts}, nil
		}
		return MessageRef{}, err
	}
	id, err := c.ids.of(ctx, c.bot, c.channel)
	if err != nil {
		c.log.Warn("slack's channel cannot be looked up to find an earlier post", "error", err)
		return MessageRef{}, err
	}
	oldest := strconv.FormatInt(time.Now().Add(-findWindow).Unix(), 10)
	marks, err := c.marks(ctx, "conversations.history", url.Values{"channel": {id}, "oldest": {oldest}})
	if err != nil {
		c.log.Warn("slack's history cannot be read to find an earlier post", "error", err)
		return MessageRef{}, err
	}
	if ts := marks[mark]; ts != "" {
		return MessageRef{Channel: id, TS: ts}, nil
	}
	return MessageRef{}, nil
}

// inThread lists the marks of our messages in a thread.
func (c *courier) inThread(ctx context.Context, of MessageRef) (map[string]bool, error) {
	there := map[string]bool{}
	marks, err := c.marks(ctx, "conversations.replies", threadQuery(of))
	if core.IsPermanent(err) { // it may not be read: a part twice is better than none
		c.log.Warn("slack's thread cannot be read to find earlier posts", "error", err)
		return there, nil
	}
	for mark := range marks {
		there[mark] = true
	}
	return there, err
}

// marks are our messages by their mark.
func (c *courier) marks(ctx context.Context, method string, q url.Values) (map[string]string, error) {
	q.Set("include_all_metadata", "true")
	q.Set("limit", strconv.Itoa(pageSize))
	found := map[string]string{}
	_, err := c.web.messages(ctx, method, q, findPages, func(m wireMessage) {
		if key := m.Metadata.Payload.Key; m.Metadata.EventType == markType && key != "" {
			found[key] = m.TS
		}
	})
	return found, botError("searching for an earlier post", err)
}

// word is Slack's own word for a failure, "" for another kind.
func word(err error) string {
	var e api.SlackErrorResponse
	if errors.As(err, &e) {
		return e.Err
	}
	return ""
}

// detail is where in the blocks Slack saw what it refuses.
func detail(err error) string {
	var e api.SlackErrorResponse
	if !errors.As(err, &e) {
		return ""
	}
	return line(border.Redact(strings.Join(e.ResponseMetadata.Messages, "; ")), 300)
}

// passing are the words of failures that may be gone at the next attempt. Any
// other word says that Slack will not have this call.
var passing = []string{
	"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited", "rollup_error",
	"team_added_to_org", "accesslimited", "message_limit_exceeded", "invalid_cursor",
}

// closed are the failures that say that this bot cannot post there.
var closed = []string{
	"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "org_login_required", "ekm_access_denied",
	"missing_scope", "not_allowed_token_type", "no_permission", "access_denied", "not_in_channel", "channel_not_found",
	"is_archived", "restricted_action", "team_access_not_granted", "invalid_arguments",
}

// closedToBot reports whether the bot is refused. A word that nobody knows is a
// refusal as well: Slack adds some every year.
func closedToBot(err error) bool {
	w := word(err)
	if w == "" {
		return errors.As(err, new(*border.WallError))
	}
	return slices.Contains(closed, w) || !slices.Contains(passing, w)
}

// notEditable reports whether a message cannot be edited, while the bot may
// still post: the window closed, the message or its channel is gone.
func notEditable(err error) bool {
	return slices.Contains([]string{
		"message_not_found", "edit_window_closed", "cant_update_message", "update_failed", "thread_not_found", "channel_not_found", "is_inactive",
	}, word(err))
}

func gone(err error) bool {
	return slices.Contains([]string{"message_not_found", "thread_not_found", "cannot_reply_to_message", "channel_not_found"}, word(err))
}

// blocksRefused are Slack's words for blocks that it does not take, from the Web
// API as from a webhook.
var blocksRefused = []string{"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "invalid_attachments"}

func refusedBlocks(err error) bool { return slices.Contains(blocksRefused, word(err)) }

// remedies say what to do about the failures that people meet.
var remedies = map[string]string{
	"not_in_channel":    "invite the bot to the channel",
	"channel_not_found": "check SLACK_CHANNEL, and invite the bot to a private channel",
	"invalid_auth":      "renew SLACK_BOT_TOKEN",
	"token_revoked":     "renew SLACK_BOT_TOKEN",
	"token_expired":     "renew SLACK_BOT_TOKEN",
	"not_authed":        "set SLACK_BOT_TOKEN",
	"account_inactive":  "the bot was removed from the workspace: install it again",
	"missing_scope":     "add the scope to the Slack app and install it again",
	"is_archived":       "the channel is archived: choose another",
}

// remedy is what to do about a failure, with the scope that Slack misses.
func remedy(err error) string {
	var e api.SlackErrorResponse
	if errors.As(err, &e) && e.Needed != "" {
		return fmt.Sprintf("add the scope %s to the Slack app and install it again", border.Line(e.Needed))
	}
	return remedies[word(err)]
}

// botError says what a failure of the Web API means for a repeat.
func botError(what string, err error) error {
	if err == nil {
		return nil
	}
	var limited *api.RateLimitedError
	if errors.As(err, &limited) {
		return tooMany("slack: "+what, limited.RetryAfter)
	}
	w := word(err)
	switch w {
	case "":
		return fmt.Errorf("slack: %s: %w", what, withoutAddress(err))
	case "ratelimited", "rate_limited":
		return tooMany("slack: "+what, 0)
	}
	if r := remedy(err); r != "" {
		err = fmt.Errorf("slack: %s: %w: %s", what, err, r)
	} else {
		err = fmt.Errorf("slack: %s: %w", what, err)
	}
	if slices.Contains(passing, w) {
		return err
	}
	return core.Permanent(err)
}

// withoutAddress takes the address out of a transport's error and keeps the
// doubt whether a message was posted.
func withoutAddress(err error) error {
	clean := border.NetError(err)
	if errors.Is(err, errMaybePosted) && !errors.Is(clean, errMaybePosted) {
		return fmt.Errorf("%w: %w", errMaybePosted, clean)
	}
	return clean
}
