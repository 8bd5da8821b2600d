package check

import (
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/evidence/evidencetest"
	"github.com/opsbuddy/opsbuddy/incident"
)

// everything is the sample with something in every source.
func everything() evidence.Facts {
	f := sample()
	f.Notes = []incident.Note{{Author: "Jane Okafor", Text: "Looking at the pods.", At: now.Add(-time.Minute)}}
	f.Messages = []incident.ChatMessage{{Author: "Omar Haddad", Text: "Customers see errors.", At: now.Add(-time.Minute)}}
	f.Channel = incident.Channel{ID: "C1", Name: "incidents"}
	f.Changes = []incident.Change{{Summary: "Deploy api-gateway v1.4", Services: []incident.Ref{{ID: "PSVC001", Name: "api-gateway"}}, At: now.Add(-17 * time.Minute)}}
	f.Related = []incident.Past{past("Q9RELATEDAAAAA", 4710, now.Add(-5*time.Minute), 0, "Same errors.")}
	for _, s := range []string{evidence.Notes, evidence.Messages, evidence.Changes, evidence.Related} {
		f.Items = append(f.Items, evidence.Item{Number: len(f.Items) + 1, Source: s, State: evidence.Found, Text: "- 2026-03-20 14:01 UTC Omar Haddad: edge-proxy and payments-api answer, the payments-api deploy was yesterday"})
	}
	return f
}

// denialsOf are ways to say that a source has nothing, with the heading they stand
// under, and the nearest ways to say something else.
var denialsOf = []struct {
	source, section   string
	nothing           []string
	otherwise, always []string // said when it has something; said whatever it has
}{
	{
		evidence.Tickets, "Open Tickets",
		[]string{
			"None", "None found.", "- None", "Nothing", "No", "N/A", "There are none in Jira: no open tickets", "No open tickets", "No open ticket was found.", "No tickets found in Jira",
			"There is no open ticket for this problem", "There are no known tickets", "Jira has no open tickets about this", "No related Jira issues exist", "Zero open tickets",
			"0 open tickets", "Open tickets: none", "Tickets — none found", "Nothing is open in Jira", "Jira shows nothing", "Nobody has opened a ticket yet",
			"I searched Jira and found no tickets", "We did not find any tickets", "No PagerDuty entries or tickets were found", "Existing tickets about it: 0", "There aren’t any tickets",
			"No open tickets in the last 30 days",
		},
		[]string{
			"No other open tickets", "Nothing else is open in Jira", "No ticket mentions the cache", "No open ticket for edge-proxy", "No open ticket names api-gateway", "No open tickets for api-gateway", "No ticket covers the restarts", "No further tickets were found",
			"No ticket is assigned to Ana Ruiz", "None of the tickets names the gateway",
		},
		[]string{"If there are no open tickets, open one", "Check whether there are no tickets", "Open a ticket if none exists"},
	},
	{
		evidence.Past, "Has This Happened Before?",
		[]string{
			"None", "No", "Never", "- Never before", "No similar incident", "No similar incidents were found", "There are no past incidents", "No previous incidents on record", "This has never happened before",
			"This has not happened before", "It hasn't been seen before", "No earlier occurrences", "This is the first time", "No past incidents for api-gateway", "First time", "Past incidents: none",
			"There is no history of this", "No similar incidents in the last 180 days", "We have not seen any earlier incidents", "Not seen before", "No known precedent",
		},
		[]string{"No other past incident is known", "No past incident involved edge-proxy", "No similar incidents in the last 7 days", "No earlier incident has a postmortem"},
		[]string{"Check whether there are no past incidents", "It is unclear whether it has never happened before"},
	},
	{
		evidence.Related, "What's Happening?",
		[]string{
			"No related incidents", "There are no related incidents right now", "No related incident is open", "Related incidents: none", "PagerDuty shows no related incidents", "Nothing related is open",
			"No related incidents were found for this incident",
		},
		[]string{"No other related incidents", "No related incident is on edge-proxy", "No related incident explains the restarts"},
		[]string{"See whether there are no related incidents"},
	},
	{
		evidence.Changes, "What's Happening?",
		[]string{
			"No changes", "No recent changes", "No change events were found", "No deploys in the last 24 hours", "There were no deployments before the alert", "Nothing was deployed", "Nothing has changed recently",
			"No change was found", "No change of api-gateway was found", "No releases of api-gateway today", "Recent changes: none", "Changes — none found", "Nobody deployed anything", "No change events for this service",
			"PagerDuty has no change events", "It is not a deploy: nothing was released", "No rollouts in the past 2 hours", "Without any recent deploys",
		},
		[]string{
			"None of the changes touch it", "No change touches the cache", "No other changes were found", "No change of edge-proxy was found", "No deploys in the last 10 minutes", "No deploy of payments-api is known",
			"Nothing else was deployed", "No further change is known",
		},
		[]string{"If nothing was deployed, restart it", "Once no deploy is under way, restart user-service"},
	},
	{
		evidence.Runbook, "What Do I Do Right Now?",
		[]string{
			"No runbook was found", "There is no runbook", "1. There is no runbook for this alert", "No runbook exists", "No runbook for api-gateway", "Without a runbook, ask the team", "Runbook: none", "Runbook — none found",
			"Confluence has no runbook for this service", "The service has no linked runbook", "No playbook exists for this", "There isn't a runbook: no runbook found", "We could not find a runbook", "No matching runbook in Confluence",
			"Confluence has nothing", "No runbook is linked",
		},
		[]string{"No runbook covers the retry storm", "No runbook for edge-proxy", "No other runbook was found", "The runbook has no step for that", "No runbook step mentions the locks"},
		[]string{"If there is no runbook, write one", "Ask whether no runbook exists"},
	},
	{
		evidence.Alerts, "What's Happening?",
		[]string{
			"No alerts", "There are no alerts", "- No alert was found", "The incident has no alerts", "Alerts: none", "No active alerts", "No alerts are firing", "Nothing is firing any more: no alerts", "No firing alerts right now",
			"Zero alerts", "PagerDuty lists no alerts for this incident",
		},
		[]string{"No alert has recovered", "No alerts from edge-proxy", "No other alerts", "No alert mentions the database", "None of the alerts names a pod", "No new alerts"},
		[]string{"Wait until no alerts are firing", "Resolve it once there are no alerts"},
	},
	{
		evidence.Notes, "What's Happening?",
		[]string{"No notes", "There are no notes yet", "No notes on the incident", "Nobody has left a note", "The incident has no notes", "Notes: none", "Incident notes - none", "No one has written any notes"},
		[]string{"No note mentions the cache", "No other notes", "No notes by Omar Haddad"},
		[]string{"If there are no notes, write one"},
	},
	{
		evidence.Messages, "What's Happening?",
		[]string{
			"Nothing in the channel", "There are no messages in #incidents", "No messages in Slack", "Nobody has written anything in the channel", "The channel is quiet", "No chatter in #incidents", "No one posted in #incidents",
			"Nothing was said in Slack", "No discussion in the channel yet", "Slack messages: none", "#incidents is silent", "No channel messages about this incident",
		},
		[]string{"No message names the cause", "No other messages", "Nothing else in the channel", "Nobody in #incidents names a cause", "No messages from Ana Ruiz"},
		[]string{"If nobody has written in the channel, ask there"},
	},
	{
		evidence.OnCall, "Follow-Up",
		[]string{
			"Nobody is on call", "No one is on call", "On call: nobody", "On-call: none", "There is no on-call engineer", "Nobody is currently on call for api-gateway", "No on-call person was found", "No engineer is on call",
			"No one is currently on-call", "On call — nobody",
		},
		[]string{"Nobody else is on call", "Nobody is on call for edge-proxy", "No other engineer is on call", "Nobody on call has answered"},
		[]string{"If nobody is on call, ask the team", "Check that nobody is on call twice"},
	},
}

func TestNothingIsSaidToBeThereOnlyWhereSomebodyLooked(t *testing.T) {
	for _, d := range denialsOf {
		all := everything()
		found, empty, unread := NewIndex(all, nil), NewIndex(evidencetest.Without(all, d.source, evidence.Nothing), nil), NewIndex(evidencetest.Without(all, d.source, evidence.Unread), nil)
		marked := func(x *Index, line string) bool {
			return strings.Contains(Brief("## "+d.section+"\n"+line, x).Markdown, Mark)
		}
		t.Run(d.source, func(t *testing.T) {
			for _, line := range d.nothing {
				for x, want := range map[*Index]bool{found: true, unread: true, empty: false} {
					if marked(x, line) != want {
						t.Errorf("%q: marked %v, with something %v, unread %v, empty %v", line, !want, x == found, x == unread, x == empty)
					}
				}
			}
			for _, line := range d.otherwise {
				if marked(found, line) {
					t.Errorf("%q is marked: %s", line, Brief("## "+d.section+"\n"+line, found).Markdown)
				}
			}
			for _, line := range d.always {
				for x := range map[*Index]bool{found: true, unread: true, empty: true} {
					if marked(x, line) {
						t.Errorf("%q is marked: %s", line, Brief("## "+d.section+"\n"+line, x).Markdown)
					}
				}
			}
		})
	}
}

// A source that nobody set up was not looked into either.
func TestNothingIsSaidToBeThereOfASourceThatNobodySetUp(t *testing.T) {
	x := NewIndex(evidencetest.Without(everything(), evidence.Tickets, evidence.NotSetUp), nil)
	for line, marked := range map[string]bool{
		"No open tickets": true, "None": true, "Jira is not set up.": false, "Jira could not be read: no tickets can be shown": false, "No tickets: Jira timed out": false,
	} {
		if r := Brief("## Open Tickets\n"+line, x); strings.Contains(r.Markdown, Mark) != marked {
			t.Errorf("%q: %s", line, r.Markdown)
		}
	}
}

func TestAToolMayLookWhereTheFactsCouldNot(t *testing.T) {
	f := evidencetest.Without(everything(), evidence.Tickets, evidence.Unread)
	answer := evidence.Item{Number: 30, Source: "mcp__atlassian__jira_search", State: evidence.Found, Text: "0 issues"}
	if r := Brief("## Open Tickets\nNone found", NewIndex(f, []evidence.Item{answer})); !r.Clean() {
		t.Error(r.Markdown)
	}
	answer.Text = "- OPS-77 [To Do, Low, Omar Haddad, updated 2026-03-01 10:00 UTC] rotate keys https://acme.jira.example/browse/OPS-77"
	if r := Brief("## Open Tickets\nNone found", NewIndex(f, []evidence.Item{answer})); r.Clean() {
		t.Error("a tool found one")
	}
}
