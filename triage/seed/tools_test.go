package seed

import (
	"os"

	"github.com/opsbuddy/opsbuddy/agent"
)

func buildTools() []agent.Tool {
	return []agent.Tool{
		agent.MCPTool("pagerduty", agent.MCPServerConfig{
			Command: "uvx",
			Args:    []string{"pagerduty-mcp", "--enable-write-tools"},
			Env: map[string]string{
				"PAGERDUTY_USER_API_KEY": os.Getenv("PAGERDUTY_USER_API_KEY"),
			},
			AllowTools: []string{
				"get_incident", "list_alerts_from_incident",
				"list_incident_notes", "list_log_entries",
				"get_past_incidents", "get_related_incidents",
				"list_services", "get_service",
				"list_oncalls", "get_escalation_policy", "get_user_data",
			},
		}),
		agent.MCPTool("atlassian", agent.MCPServerConfig{
			Command: "uvx",
			Args:    []string{"mcp-atlassian"},
			Env: map[string]string{
				"JIRA_URL":             os.Getenv("JIRA_URL"),
				"JIRA_USERNAME":        os.Getenv("JIRA_USERNAME"),
				"JIRA_API_TOKEN":       os.Getenv("JIRA_API_TOKEN"),
				"CONFLUENCE_URL":       os.Getenv("CONFLUENCE_URL"),
				"CONFLUENCE_USERNAME":  os.Getenv("CONFLUENCE_USERNAME"),
				"CONFLUENCE_API_TOKEN": os.Getenv("CONFLUENCE_API_TOKEN"),
			},
		}),
		agent.MCPTool("slack", agent.MCPServerConfig{
			Command: "npx",
			Args:    []string{"-y", "@modelcontextprotocol/server-slack"},
			Env: map[string]string{
				"SLACK_BOT_TOKEN": os.Getenv("SLACK_BOT_TOKEN"),
				"SLACK_TEAM_ID":   os.Getenv("SLACK_TEAM_ID"),
			},
		}),
	}
}
