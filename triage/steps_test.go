package triage

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/brief"
)

// A source that could not be asked is a gap of the review; a call that the model got
// wrong is none.
func TestOnlyToolsThatCouldNotBeAskedAreAGap(t *testing.T) {
	seen := []agent.Observation{
		{Tool: "mcp__jira__search", Text: "there is no tool", Failed: true, Mistake: true},
		{Tool: "mcp__pagerduty__get_incident", Text: "the arguments cannot be read", Failed: true, Mistake: true},
		{Tool: "mcp__pagerduty__get_incident", Text: "Q1"},
		{Tool: "mcp__slack__slack_get_users", Text: "down", Failed: true},
		{Tool: "mcp__slack__slack_get_users", Text: "the arguments cannot be read", Failed: true, Mistake: true},
		{Tool: "mcp__atlassian__jira_search", Text: "timeout", Failed: true},
		{Tool: "mcp__atlassian__jira_search", Text: "1 ticket"},
	}
	if diff := cmp.Diff([]brief.Unchecked{{What: "slack_get_users", Why: "down"}}, failedTools(seen)); diff != "" {
		t.Error(diff)
	}
}
