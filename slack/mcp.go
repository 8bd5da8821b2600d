package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// arguments of all tools. Unknown ones are ignored: prompts written for the
// common Slack server send some that have no meaning here.
type arguments struct {
	Channel border.Loose `json:"channel_id"`
	Thread  border.Loose `json:"thread_ts"`
	Oldest  border.Loose `json:"oldest"`
	Latest  border.Loose `json:"latest"`
	Limit   border.Loose `json:"limit"`
	// Contains is the words that a message, a channel or a person must have.
	Contains border.Loose `json:"contains"`
}

// defaultHistory is how many messages a look brings when nobody says.
const defaultHistory = 20

type tool struct {
	name, about, schema string
	run                 func(*Client, context.Context, arguments) (string, error)
}

const listArg = `{"type":"object","properties":{"contains":{"type":"string"}}}`

// toolset keeps the names and the required arguments of the common Slack server, so
// that prompts and allow lists carry over. Every tool is sent with every turn:
// each word here is paid for many times.
var toolset = []tool{
	{"slack_list_channels", "The channels of the workspace with their ids.", listArg, (*Client).listChannels},
	{
		"slack_get_channel_history", "Messages of a channel, newest first.",
		`{"type":"object","properties":{"channel_id":{"type":"string"},"limit":{"type":"integer"},` +
			`"oldest":{"type":"string","description":"time or ts"},"latest":{"type":"string"},"contains":{"type":"string","description":"only messages with these words"}},"required":["channel_id"]}`, (*Client).channelHistory,
	},
	{
		"slack_get_thread_replies", "A thread: its first message, then the replies, newest first.",
		`{"type":"object","properties":{"channel_id":{"type":"string"},"thread_ts":{"type":"string"},"contains":{"type":"string"}},"required":["channel_id","thread_ts"]}`, (*Client).threadReplies,
	},
	{"slack_get_users", "The people of the workspace with their ids.", listArg, (*Client).listUsers},
}

// NewServer offers the reads as MCP tools. All are read-only; answers are text
// of at most about 6 KB; a failure is a tool error (isError) with a reason, so
// that "could not look" never reads as "nothing there".
func NewServer(c *Client) *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "opsbuddy-slack", Version: "1"}, nil)
	for _, t := range toolset {
		s.AddTool(&mcp.Tool{
			Name: t.name, Description: t.about, InputSchema: json.RawMessage(t.schema),
			Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true},
		}, c.handler(t))
	}
	return s
}

func (c *Client) handler(t tool) mcp.ToolHandler {
	return func(ctx context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		text, err := c.runTool(ctx, t, req.Params.Arguments)
		if err != nil {
			text = err.Error()
		}
		return &mcp.CallToolResult{IsError: err != nil, Content: []mcp.Content{&mcp.TextContent{Text: border.Redact(text)}}}, nil
	}
}

func (c *Client) runTool(ctx context.Context, t tool, raw json.RawMessage) (string, error) {
	var args arguments
	if len(raw) > 0 {
		if err := border.DecodeJSON(raw, &args); err != nil {
			return "", fmt.Errorf("arguments of %s: %w; the schema is %s", t.name, err, t.schema)
		}
	}
	return t.run(c, ctx, args)
}

func (c *Client) listChannels(ctx context.Context, a arguments) (string, error) {
	all, cut, err := c.Channels(ctx)
	if err != nil {
		return "", err
	}
	all, cut = having(string(a.Contains), all, cut, func(c incident.Channel) string { return c.Name + " " + c.Topic })
	return ChannelsText(all, cut), nil
}

func (c *Client) listUsers(ctx context.Context, a arguments) (string, error) {
	all, cut, err := c.Users(ctx)
	if err != nil {
		return "", err
	}
	all, cut = having(string(a.Contains), all, cut, func(u incident.Ref) string { return u.ID + " " + u.Name })
	return UsersText(all, cut), nil
}

var errNoChannel = errors.New("channel_id is missing: slack_list_channels lists the ids")

func (c *Client) threadReplies(ctx context.Context, a arguments) (string, error) {
	switch {
	case a.Channel == "":
		return "", errNoChannel
	case a.Thread == "":
		return "", errors.New("thread_ts is missing: it is the ts of a message in slack_get_channel_history")
	}
	all, cut, err := c.Replies(ctx, string(a.Channel), string(a.Thread))
	if err != nil {
		return "", err
	}
	if len(all) > 1 && a.Contains != "" {
		var replies []incident.ChatMessage
		replies, cut = having(string(a.Contains), all[1:], cut, messageWords)
		all, cut.Shown = append(all[:1:1], replies...), len(replies)+1
		if cut.Total >= 0 {
			cut.Total = len(replies) + 1
		}
	}
	return threadText(all, cut), nil
}

func (c *Client) channelHistory(ctx context.Context, a arguments) (string, error) {
	oldest, err := parseTime(string(a.Oldest))
	if err != nil {
		return "", err
	}
	latest, err := parseTime(string(a.Latest))
	if err != nil {
		return "", err
	}
	if a.Channel == "" {
		return "", errNoChannel
	}
	limit, err := strconv.Atoi(string(a.Limit))
	switch {
	case a.Contains != "":
		limit = historyLimit // the words are looked for in all that one look brings
	case err != nil || limit <= 0:
		limit = defaultHistory
	}
	all, cut, err := c.History(ctx, string(a.Channel), oldest, latest, limit)
	if err != nil {
		return "", err
	}
	looked := len(all)
	all, cut = having(string(a.Contains), all, cut, messageWords)
	text := MessagesText(all, cut)
	if a.Contains != "" {
		text = fmt.Sprintf("of the newest %d messages those with these words; for older ones ask with latest\n", looked) + text
	}
	return text, nil
}

func messageWords(m incident.ChatMessage) string { return m.Author + " " + m.Text }

// having keeps those that say every wanted word; all of them when none is wanted.
func having[T any](wanted string, all []T, cut incident.Cut, said func(T) string) ([]T, incident.Cut) {
	words := strings.Fields(strings.ToLower(wanted))
	if len(words) == 0 {
		return all, cut
	}
	kept := slices.DeleteFunc(slices.Clone(all), func(v T) bool {
		text := strings.ToLower(said(v))
		return slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	})
	if cut.Complete() {
		cut.Total = len(kept)
	}
	cut.Shown = len(kept)
	return kept, cut
}
