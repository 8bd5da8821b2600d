package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/border"
)

// arguments of all tools. Unknown ones are ignored: prompts written for the
// common Slack server send some that have no meaning here.
type arguments struct {
	Channel border.Loose `json:"channel_id"`
	Thread  border.Loose `json:"thread_ts"`
	Oldest  border.Loose `json:"oldest"`
	Latest  border.Loose `json:"latest"`
	Limit   border.Loose `json:"limit"`
}

// defaultHistory is how many messages a look brings when nobody says.
const defaultHistory = 20

type tool struct {
	name, about, schema string
	run                 func(*Client, context.Context, arguments) (string, error)
}

// toolset keeps the names and the required arguments of the common Slack server, so
// that prompts and allow lists carry over. Every tool is sent with every turn:
// each word here is paid for many times.
var toolset = []tool{
	{"slack_list_channels", "The channels of the workspace with their ids.", `{"type":"object"}`, (*Client).listChannels},
	{
		"slack_get_channel_history", "Messages of a channel, newest first.",
		`{"type":"object","properties":{"channel_id":{"type":"string"},"limit":{"type":"integer"},` +
			`"oldest":{"type":"string","description":"time or ts"},"latest":{"type":"string"}},"required":["channel_id"]}`, (*Client).channelHistory,
	},
	{
		"slack_get_thread_replies", "A thread: its first message, then the replies, newest first.",
		`{"type":"object","properties":{"channel_id":{"type":"string"},"thread_ts":{"type":"string"}},"required":["channel_id","thread_ts"]}`, (*Client).threadReplies,
	},
	{"slack_get_users", "The people of the workspace with their ids.", `{"type":"object"}`, (*Client).listUsers},
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

func (c *Client) listChannels(ctx context.Context, _ arguments) (string, error) {
	all, cut, err := c.Channels(ctx)
	if err != nil {
		return "", err
	}
	return ChannelsText(all, cut), nil
}

func (c *Client) listUsers(ctx context.Context, _ arguments) (string, error) {
	all, cut, err := c.Users(ctx)
	if err != nil {
		return "", err
	}
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
	if err != nil || limit <= 0 {
		limit = defaultHistory
	}
	all, cut, err := c.History(ctx, string(a.Channel), oldest, latest, limit)
	if err != nil {
		return "", err
	}
	return MessagesText(all, cut), nil
}
