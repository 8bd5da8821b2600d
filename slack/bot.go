package slack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
)

// markType is the type of the metadata that marks our messages
// (docs.slack.dev/messaging/message-metadata).
const markType = "opsbuddy_outcome"

// findWindow is how far back a message of an earlier attempt is looked for, and
// findLimit how many messages are read.
const (
	findWindow = 24 * time.Hour
	findLimit  = 100
)

func partMark(key string, part int) string {
	if part == 0 {
		return key
	}
	return key + "/" + strconv.Itoa(part)
}

func options(m message, mark string) []api.MsgOption {
	return []api.MsgOption{
		api.MsgOptionText(m.text, false), api.MsgOptionBlocks(m.blocks...),
		api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl(),
		api.MsgOptionMetadata(api.SlackMetadata{EventType: markType, EventPayload: map[string]any{"key": mark}}),
	}
}

// bare is a message in the form that Slack takes when it refuses the blocks.
func bare(m message) message {
	text, _ := border.Cut(escape(m.plain), maxFallback)
	return message{text: text, plain: m.plain}
}

// post sends one message, and once more without blocks when those are refused.
func (c *courier) post(ctx context.Context, channel, thread string, m message, mark string) (MessageRef, error) {
	send := func(m message) (MessageRef, error) {
		opts := options(m, mark)
		if thread != "" {
			opts = append(opts, api.MsgOptionTS(thread))
		}
		id, ts, err := c.bot.PostMessageContext(ctx, channel, opts...)
		return MessageRef{Channel: id, TS: ts}, err
	}
	ref, err := send(m)
	if refusedBlocks(err) {
		c.log.Warn("slack refuses the blocks of a message; it is sent as text", "error", err)
		ref, err = send(bare(m))
	}
	return ref, botError("posting to "+channel, err)
}

// edit replaces a message's content.
func (c *courier) edit(ctx context.Context, at MessageRef, m message) error {
	send := func(m message) error {
		_, _, _, err := c.bot.UpdateMessageContext(ctx, at.Channel, at.TS, options(m, at.TS)...)
		return err
	}
	err := send(m)
	if refusedBlocks(err) {
		err = send(bare(m))
	}
	return botError("editing the message in "+at.Channel, err)
}

// find looks for a message that an earlier attempt posted. When it cannot look,
// it reports none: a brief twice is better than none.
func (c *courier) find(ctx context.Context, mark string) (MessageRef, bool) {
	id, err := channelID(ctx, c.bot, c.channel)
	if err != nil {
		c.log.Warn("slack's channel cannot be looked up to find an earlier post", "error", err)
		return MessageRef{}, false
	}
	oldest := strconv.FormatInt(time.Now().Add(-findWindow).Unix(), 10)
	h, err := c.bot.GetConversationHistoryContext(ctx, &api.GetConversationHistoryParameters{
		ChannelID: id, Oldest: oldest, Limit: findLimit, IncludeAllMetadata: true,
	})
	if err != nil {
		c.log.Warn("slack's history cannot be read to find an earlier post", "error", botError("history", err))
		return MessageRef{}, false
	}
	for _, m := range h.Messages {
		if m.Metadata.EventPayload["key"] == mark {
			return MessageRef{Channel: id, TS: m.Timestamp}, true
		}
	}
	return MessageRef{}, false
}

// inThread lists the marks of our messages in a thread.
func (c *courier) inThread(ctx context.Context, of MessageRef) map[string]bool {
	replies, _, _, err := c.bot.GetConversationRepliesContext(ctx, &api.GetConversationRepliesParameters{
		ChannelID: of.Channel, Timestamp: of.TS, Limit: findLimit, IncludeAllMetadata: true,
	})
	marks := map[string]bool{}
	if err != nil {
		return marks
	}
	for _, m := range replies {
		if key, ok := m.Metadata.EventPayload["key"].(string); ok {
			marks[key] = true
		}
	}
	return marks
}

// word is Slack's own word for a failure, "" for another kind.
func word(err error) string {
	var e api.SlackErrorResponse
	if errors.As(err, &e) {
		return e.Err
	}
	return ""
}

// closed are the failures that no repeat mends: they say that this bot cannot
// post there.
var closed = []string{
	"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "org_login_required", "ekm_access_denied",
	"missing_scope", "not_allowed_token_type", "no_permission", "access_denied", "not_in_channel", "channel_not_found",
	"is_archived", "restricted_action", "team_access_not_granted", "invalid_arguments",
}

func closedToBot(err error) bool { return slices.Contains(closed, word(err)) }

func notEditable(err error) bool {
	return slices.Contains([]string{"message_not_found", "edit_window_closed", "cant_update_message", "update_failed", "thread_not_found"}, word(err))
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
		return fmt.Errorf("slack: %s: %w", what, border.NetError(err))
	case "ratelimited", "rate_limited":
		return tooMany("slack: "+what, 0)
	}
	if r := remedy(err); r != "" {
		err = fmt.Errorf("slack: %s: %w: %s", what, err, r)
	} else {
		err = fmt.Errorf("slack: %s: %w", what, err)
	}
	if closedToBot(err) || notEditable(err) || refusedBlocks(err) {
		return core.Permanent(err)
	}
	return err
}
