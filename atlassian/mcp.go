package atlassian

import (
	"context"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/border"
)

type jiraSearchArgs struct {
	JQL   string `json:"jql" jsonschema:"JQL, e.g. text ~ \"checkout\" AND statusCategory != Done"`
	Limit int    `json:"limit,omitempty" jsonschema:"default 20, at most 50"`
}

type jiraIssueArgs struct {
	Key      string `json:"issue_key" jsonschema:"e.g. PAY-123"`
	Contains string `json:"contains,omitempty" jsonschema:"only what has these words"`
}

type confluenceSearchArgs struct {
	Query string `json:"query" jsonschema:"words, or CQL"`
	Limit int    `json:"limit,omitempty" jsonschema:"default 10, at most 50"`
}

type confluencePageArgs struct {
	ID      string `json:"page_id" jsonschema:"number from confluence_search, or a page's address"`
	Section string `json:"section,omitempty" jsonschema:"words of a heading; only that part is returned"`
}

// NewServer offers the reads as MCP tools: jira_search, jira_get_issue,
// confluence_search and confluence_get_page. The tools of a part that is not
// configured are not listed. Answers are compact text, at most about 6 KB for
// lists and tickets and 12 KB for pages; a failure is a tool error (isError),
// so that "could not look" never reads as "nothing there".
func NewServer(c *Client) *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "opsbuddy-atlassian", Version: "1"}, nil)
	if c.HasJira() {
		mcp.AddTool(s, readTool("jira_search", "Find Jira tickets by JQL. One line a ticket."), text(c.jiraSearch))
		mcp.AddTool(s, readTool("jira_get_issue", "One Jira ticket: description and newest comments."), text(c.jiraGetIssue))
	}
	if c.HasConfluence() {
		mcp.AddTool(s, readTool("confluence_search", "Find Confluence pages, such as runbooks."), text(c.confluenceSearch))
		mcp.AddTool(s, readTool("confluence_get_page", "One Confluence page as Markdown, commands as written."), text(c.confluenceGetPage))
	}
	return s
}

func readTool(name, description string) *mcp.Tool {
	return &mcp.Tool{Name: name, Description: description, Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true}}
}

// text makes a tool of a function that answers with text.
func text[In any](f func(context.Context, In) (string, error)) mcp.ToolHandlerFor[In, any] {
	return func(ctx context.Context, _ *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
		answer, err := f(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: border.Redact(answer)}}}, nil, nil
	}
}

func (c *Client) jiraSearch(ctx context.Context, in jiraSearchArgs) (string, error) {
	tickets, cut, err := c.Search(ctx, in.JQL, min(in.Limit, 50))
	if err != nil {
		return "", err
	}
	return TicketsText(tickets, cut), nil
}

func (c *Client) jiraGetIssue(ctx context.Context, in jiraIssueArgs) (string, error) {
	ticket, cut, err := c.Ticket(ctx, in.Key)
	if err != nil {
		return "", err
	}
	if len(words(in.Contains)) > 0 {
		return ticketWith(ticket, in.Contains), nil
	}
	return TicketText(ticket, cut), nil
}

func (c *Client) confluenceSearch(ctx context.Context, in confluenceSearchArgs) (string, error) {
	pages, cut, err := c.SearchPages(ctx, in.Query, in.Limit)
	if err != nil {
		return "", err
	}
	return PagesText(pages, cut), nil
}

func (c *Client) confluenceGetPage(ctx context.Context, in confluencePageArgs) (string, error) {
	page, err := c.wholePage(ctx, in.ID)
	if err != nil {
		return "", err
	}
	return PageText(page, in.Section), nil
}
