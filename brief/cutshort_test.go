package brief

import (
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/evidence"
)

func TestWhatWasReadBeforeTimeWasUpIsInThePartialBrief(t *testing.T) {
	brought := []evidence.Item{
		{Number: 9, Source: "mcp__atlassian__jira_get_issue", State: evidence.Found, Text: "OPS-7: <!channel> the pool leaks\nStatus: Open", URL: "https://acme.wiki.example/browse/OPS-7"},
		{Number: 10, Source: "mcp__slack__slack_get_users", State: evidence.Unread, Why: "down"},
	}
	b := Compose(Answer{Reason: "the deadline passed while the model was asked", OutOfTime: true, Brought: brought}, facts(nil))
	for _, want := range []string{"## Read Before The Review Was Cut Short\n- jira\\_get\\_issue: OPS-7: \\<\\!channel\\> the pool leaks [E9](", "the deadline passed while the model was asked"} {
		if !strings.Contains(b.Markdown, want) {
			t.Errorf("no %q in\n%s", want, b.Markdown)
		}
	}
	if b.Outcome != Partial || strings.Contains(b.Markdown, "slack\\_get\\_users: ") {
		t.Errorf("outcome %q:\n%s", b.Outcome, b.Markdown)
	}
	if b := Compose(Answer{Reason: "x", OutOfTime: true}, facts(nil)); b.Outcome != FactsAlone || strings.Contains(b.Markdown, "Cut Short") {
		t.Errorf("a model that never answered made %q:\n%s", b.Outcome, b.Markdown)
	}
}
