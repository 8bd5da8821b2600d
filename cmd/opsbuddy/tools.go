package main

import (
	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/config"
	"github.com/opsbuddy/opsbuddy/triage"
)

// tools are the tools that OPSBUDDY_TOOLS chooses: the built-in ones, the three
// well-known commands, or those of a file.
func (p *program) tools(cfg config.Config, s triage.Sources) []agent.Tool {
	switch cfg.Tools.Source {
	case "", "builtin":
		return s.Tools()
	case "external":
		return externalTools(cfg)
	default:
		return fileTools(cfg.Tools.Servers)
	}
}

func fileTools(servers []config.ToolServer) []agent.Tool {
	var tools []agent.Tool
	for _, s := range servers {
		tools = append(tools, agent.MCPTool(s.Name, agent.MCPServerConfig{
			Command: s.Command, Args: s.Args, Env: reveal(s.Env), URL: s.URL, Headers: reveal(s.Headers), AllowTools: s.AllowTools,
		}))
	}
	return tools
}

// reveal hands secrets to the one server that they are for.
func reveal(secrets map[string]config.Secret) map[string]string {
	plain := make(map[string]string, len(secrets))
	for k, v := range secrets {
		plain[k] = v.Reveal()
	}
	return plain
}

// Versions that are known to work. A registry must not decide at 3 a.m. which
// server answers.
const (
	pagerDutyMCP = "pagerduty-mcp@1.1.0"
	atlassianMCP = "mcp-atlassian@0.23.1"
	slackMCP     = "@modelcontextprotocol/server-slack@2025.4.25"
)

// externalTools are the three well-known servers as child processes, each with
// its own secrets and no other, and with the read tools alone.
func externalTools(cfg config.Config) []agent.Tool {
	return []agent.Tool{
		agent.MCPTool("pagerduty", agent.MCPServerConfig{
			Command: "uvx",
			Args:    []string{pagerDutyMCP},
			Env: set(map[string]string{
				"PAGERDUTY_USER_API_KEY": cfg.PagerDuty.APIKey.Reveal(),
				"PAGERDUTY_API_HOST":     cfg.PagerDuty.APIHost,
			}),
			AllowTools: []string{
				"get_incident", "list_alerts_from_incident",
				"list_incident_notes", "list_log_entries",
				"get_past_incidents", "get_related_incidents",
				"list_incident_change_events",
				"list_services", "get_service",
				"list_oncalls", "get_escalation_policy", "get_user_data",
			},
		}),
		agent.MCPTool("atlassian", agent.MCPServerConfig{
			Command: "uvx",
			Args:    []string{atlassianMCP},
			Env: set(map[string]string{
				"JIRA_URL": cfg.Jira.URL, "JIRA_USERNAME": cfg.Jira.Username,
				"JIRA_API_TOKEN": cfg.Jira.APIToken.Reveal(), "JIRA_PERSONAL_TOKEN": cfg.Jira.PersonalToken.Reveal(),
				"CONFLUENCE_URL": cfg.Confluence.URL, "CONFLUENCE_USERNAME": cfg.Confluence.Username,
				"CONFLUENCE_API_TOKEN": cfg.Confluence.APIToken.Reveal(), "CONFLUENCE_PERSONAL_TOKEN": cfg.Confluence.PersonalToken.Reveal(),
				"READ_ONLY_MODE": "true", "TOOLSETS": "all",
			}),
			AllowTools: []string{
				"jira_search", "jira_get_issue", "jira_get_issue_dates", "jira_get_issue_development_info",
				"confluence_search", "confluence_get_page", "confluence_get_comments",
			},
		}),
		agent.MCPTool("slack", agent.MCPServerConfig{
			Command: "npx",
			Args:    []string{"-y", slackMCP},
			Env: set(map[string]string{
				"SLACK_BOT_TOKEN": cfg.Slack.BotToken.Reveal(),
				"SLACK_TEAM_ID":   cfg.Slack.TeamID,
			}),
			AllowTools: []string{"slack_list_channels", "slack_get_channel_history", "slack_get_thread_replies", "slack_get_users", "slack_get_user_profile"},
		}),
	}
}

// set drops the variables that are not set: some servers take an empty one for
// a login.
func set(env map[string]string) map[string]string {
	for k, v := range env {
		if v == "" {
			delete(env, k)
		}
	}
	return env
}
