package main

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/mcp"
	"github.com/opsbuddy/opsbuddy/internal/world"
)

// The releases that were tried. Unpinned, a release of a library under them can
// break all of them overnight, as mcp 2.0.0 did on 2026-07-28.
const (
	pagerdutyRelease = "pagerduty-mcp@1.1.0" // the last: its repository is archived
	atlassianRelease = "mcp-atlassian@0.23.1"
	slackRelease     = "@modelcontextprotocol/server-slack@2025.4.25"
)

// pagerdutyReads are the tools that the documentation allows on pagerduty-mcp.
var pagerdutyReads = []string{
	"get_incident", "list_alerts_from_incident", "list_incident_notes", "list_log_entries",
	"get_past_incidents", "get_related_incidents", "list_services", "get_service",
	"list_oncalls", "get_escalation_policy", "get_user_data",
}

// servers are the three, pointed at a world.
func servers(w *world.World, uvx, python, hook string) []mcp.Server {
	const start, call = 3 * time.Minute, 40 * time.Second // the first start installs
	slack := env(w, "SLACK_BOT_TOKEN", "SLACK_TEAM_ID")
	slack["SLACK_API_BASE"] = w.SlackAPIURL()
	slack["NODE_OPTIONS"] = "--require " + hook
	atlassian := env(w, "JIRA_USERNAME", "JIRA_API_TOKEN", "CONFLUENCE_URL", "CONFLUENCE_USERNAME", "CONFLUENCE_API_TOKEN")
	// On any other name mcp-atlassian takes the site for a Data Center of the
	// user's own, and asks for a search that the cloud no longer has.
	atlassian["JIRA_URL"], atlassian["JIRA_HTTP_PROXY"] = "http://demo.atlassian.net", w.JiraURL()
	return []mcp.Server{
		{
			Name: "pagerduty", Command: uvx, Args: []string{"--python", python, pagerdutyRelease},
			Env: env(w, "PAGERDUTY_USER_API_KEY", "PAGERDUTY_API_HOST"), AllowTools: pagerdutyReads,
			StartTimeout: start, CallTimeout: call,
		},
		{
			Name: "atlassian", Command: uvx, Args: []string{"--python", python, atlassianRelease},
			Env: atlassian, StartTimeout: start, CallTimeout: call,
		},
		{Name: "slack", Command: "npx", Args: []string{"-y", slackRelease}, Env: slack, StartTimeout: start, CallTimeout: call},
	}
}

// env are some of the variables that point at a world.
func env(w *world.World, names ...string) map[string]string {
	out := map[string]string{}
	for _, kv := range w.Env() {
		k, v, _ := strings.Cut(kv, "=")
		for _, name := range names {
			if k == name {
				out[k] = v
			}
		}
	}
	return out
}

// question is a call and what its answer has to hold.
type question struct {
	tool  string
	args  map[string]any
	holds string
	fails bool // the answer has to be seen as an error
}

// questions are what a review of the scenario's incident asks. One leaves out a
// nested argument that is required, as models do, and one asks for a channel
// that is not there: server-slack answers that as if it were a success.
func questions(w *world.World, scenario, channel string) []question {
	id := w.IncidentID(scenario)
	return []question{
		{tool: "mcp__pagerduty__get_incident", args: map[string]any{"incident_id": id}, holds: id},
		{tool: "mcp__pagerduty__list_alerts_from_incident", args: map[string]any{"incident_id": id}, holds: "severity"},
		{tool: "mcp__pagerduty__get_incident", args: map[string]any{"incident_id": "QNOSUCH0000000"}, fails: true},
		{tool: "mcp__atlassian__jira_search", args: map[string]any{"jql": `text ~ "booking" ORDER BY updated DESC`, "limit": 5}, holds: "FER-"},
		{tool: "mcp__atlassian__confluence_search", args: map[string]any{"query": `type = page AND text ~ "booking"`, "limit": 5}, holds: "booking"},
		{tool: slackChannels, args: map[string]any{"limit": 100}, holds: incidentChannel},
		{tool: "mcp__slack__slack_get_channel_history", args: map[string]any{"channel_id": channel, "limit": 20}, holds: `"ts"`},
		{tool: "mcp__slack__slack_get_channel_history", args: map[string]any{"channel_id": "C0NOSUCH"}, holds: "channel_not_found", fails: true},
	}
}

const (
	slackChannels   = "mcp__slack__slack_list_channels"
	incidentChannel = "incidents"
)

// channel is the Slack id of a channel, "" when it is not listed.
func channel(listed, name string) string {
	var l struct {
		Channels []struct{ ID, Name string }
	}
	if json.Unmarshal([]byte(listed), &l) != nil {
		return ""
	}
	for _, c := range l.Channels {
		if c.Name == name {
			return c.ID
		}
	}
	return ""
}
