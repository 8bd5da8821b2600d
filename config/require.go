package config

import "slices"

// CheckServe reports what is missing for the webhook server and its worker.
func (c Config) CheckServe() error {
	var p Problems
	if len(c.PagerDuty.WebhookSecrets) == 0 && !c.PagerDuty.AllowUnsigned && !c.refuses("PAGERDUTY_WEBHOOK_SECRET", "OPSBUDDY_ALLOW_UNSIGNED") {
		p = append(p, Problem{Name: "PAGERDUTY_WEBHOOK_SECRET", Text: "is not set, so nobody could tell PagerDuty's webhooks from forged ones; " +
			"set the secret of the webhook subscription (for a trial without PagerDuty: OPSBUDDY_ALLOW_UNSIGNED=true)"})
	}
	return append(append(p, c.slackMissing()...), c.modelMissing()...).orNil()
}

// CheckReview reports what is missing for one review by incident id; post says
// that the brief also goes to Slack.
func (c Config) CheckReview(post bool) error {
	p := c.apiKeyMissing()
	if post {
		p = append(p, c.slackMissing()...)
	}
	return append(p, c.modelMissing()...).orNil()
}

// CheckMCP reports what is missing for the built-in MCP server of that name:
// pagerduty, atlassian or slack.
func (c Config) CheckMCP(server string) error {
	switch server {
	case "pagerduty":
		return c.apiKeyMissing().orNil()
	case "atlassian":
		if c.Jira.URL == "" && c.Confluence.URL == "" && !c.refuses("JIRA_URL", "CONFLUENCE_URL") {
			return Problems{{Name: "JIRA_URL", Text: "neither it nor CONFLUENCE_URL is set; set the address and the login of at least one of them"}}
		}
	case "slack":
		if !c.Slack.BotToken.IsSet() && !c.refuses("SLACK_BOT_TOKEN") {
			return Problems{{Name: "SLACK_BOT_TOKEN", Text: "is not set; reading channels needs the bot token (xoxb-…) of a Slack app"}}
		}
	default:
		return Problems{{Name: "mcp", Read: server, Text: "want one of pagerduty, atlassian, slack"}}
	}
	return nil
}

func (c Config) apiKeyMissing() Problems {
	if c.PagerDuty.APIKey.IsSet() || c.refuses("PAGERDUTY_USER_API_KEY") {
		return nil
	}
	return Problems{{Name: "PAGERDUTY_USER_API_KEY", Text: "is not set; create a read-only REST API key in PagerDuty and set it"}}
}

func (c Config) slackMissing() Problems {
	switch {
	case c.Slack.CanPost(), c.refuses("SLACK_WEBHOOK_URL", "SLACK_BOT_TOKEN", "SLACK_CHANNEL"):
		return nil
	case c.Slack.BotToken.IsSet():
		return Problems{{Name: "SLACK_CHANNEL", Text: "is not set, so the bot does not know where to post; set the channel's ID, or set SLACK_WEBHOOK_URL"}}
	}
	return Problems{{Name: "SLACK_WEBHOOK_URL", Text: "neither it nor SLACK_BOT_TOKEN with SLACK_CHANNEL is set, so no brief could be delivered; set one of the two"}}
}

func (c Config) modelMissing() Problems {
	if c.Agent.Provider == Anthropic && !c.Agent.AnthropicAPIKey.IsSet() && !c.refuses("AGENT_PROVIDER_TYPE", "ANTHROPIC_API_KEY") {
		return Problems{{Name: "ANTHROPIC_API_KEY", Text: "is not set, and AGENT_PROVIDER_TYPE=anthropic needs it; " +
			"set it, choose another provider, or AGENT_PROVIDER_TYPE=none for facts-only briefs"}}
	}
	return nil
}

// refuses reports whether Load refused the value of any of the settings: then
// they are not missing, and what is wrong with them was said already.
func (c Config) refuses(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(c.refused, n) })
}
