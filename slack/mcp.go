package slack

import (
	"context"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/border"
)

type noArgs struct{}

type historyArgs struct {
	Channel string `json:"channel_id"`
	Limit   int    `json:"limit,omitempty"`
	Oldest  string `json:"oldest,omitempty"`
	Latest  string `json:"latest,omitempty"`
}

type repliesArgs struct {
	Channel string `json:"channel_id"`
	Thread  string `json:"thread_ts"`
}

// defaultHistory is how many messages a look brings when nobody says.
const defaultHistory = 20

// NewServer offers the reads as MCP tools, by the names that people know. A
// failure is a tool error, so that "could not look" never reads as "nothing there".
func NewServer(c *Client) *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "opsbuddy-slack", Version: "1"}, nil)
	mcp.AddTool(s, readTool("slack_list_channels", "Channels of the workspace."), answer(c.listChannels))
	mcp.AddTool(s, readTool("slack_get_channel_history", "Messages of a channel, newest first."), answer(c.channelHistory))
	mcp.AddTool(s, readTool("slack_get_thread_replies", "Messages of a thread."), answer(c.threadReplies))
	mcp.AddTool(s, readTool("slack_get_users", "People of the workspace, by id."), answer(c.listUsers))
	return s
}

func readTool(name, description string) *mcp.Tool {
	return &mcp.Tool{Name: name, Description: description, Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true}}
}

// answer makes a tool of a function that answers with text.
func answer[In any](f func(context.Context, In) (string, error)) mcp.ToolHandlerFor[In, any] {
	return func(ctx context.Context, _ *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
		said, err := f(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: border.Redact(said)}}}, nil, nil
	}
}

func (c *Client) listChannels(ctx context.Context, _ noArgs) (string, error) {
	all, cut, err := c.Channels(ctx)
	return ChannelsText(all, cut), err
}

func (c *Client) listUsers(ctx context.Context, _ noArgs) (string, error) {
	all, cut, err := c.Users(ctx)
	return UsersText(all, cut), err
}

func (c *Client) threadReplies(ctx context.Context, a repliesArgs) (string, error) {
	all, cut, err := c.Replies(ctx, a.Channel, a.Thread)
	return MessagesText(all, cut), err
}

func (c *Client) channelHistory(ctx context.Context, a historyArgs) (string, error) {
	oldest, err := parseTime(a.Oldest)
	if err != nil {
		return "", err
	}
	latest, err := parseTime(a.Latest)
	if err != nil {
		return "", err
	}
	if a.Limit <= 0 {
		a.Limit = defaultHistory
	}
	all, cut, err := c.History(ctx, a.Channel, oldest, latest, a.Limit)
	return MessagesText(all, cut), err
}
