package world

import (
	"fmt"
	"strings"
	"testing"
)

// small is a company of a test's own.
const small = `company: Tiny
people:
  - {handle: ann, name: Ann Archer}
teams:
  - {name: All, members: [ann]}
escalation_policies:
  - name: Everybody
    team: All
    levels: [{person: ann}]
services:
  - {name: shop, policy: Everybody, team: All}
channels:
  - name: ops
    messages:
      - {label: hint, at: -1h, by: ann, text: look at the disk}
pages:
  - {id: "7", title: Runbook, space: OPS, updated: -1d, body: read me}
tickets:
  - {key: TT-1, summary: disk, status: To Do, created: -2d}
changes:
  - {summary: deploy, at: -1h, services: [shop]}
incidents:
  - {slug: before, service: shop, title: disk full, opened: -3d 10:00, resolved: {after: 5m, by: ann}}
scenarios:
  - slug: full
    shows: a full disk
    incident:
      service: shop
      title: disk full
      opened: -5m
      past: [before]
      alerts: [{summary: "disk [n]", times: 3, details: {host: "h[n]"}}]
    model:
      - calls: [{tool: mcp__pagerduty__get_incident, with: {incident_id: '{{id "full"}}'}}]
      - brief: |
          # disk full, {{number "full"}}, like {{incident "before"}} on {{date "-3d"}}
`

func TestATestCanBringItsOwnCompany(t *testing.T) {
	c, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Scenarios(); len(got) != 1 || got[0] != (Scenario{Name: "full", Summary: "a full disk"}) {
		t.Errorf("scenarios: %v", got)
	}
	w := startWith(t, c, Options{Scenario: "full", Now: day})
	alerts := w.pagerDutyCaller(t).get("/incidents/"+w.IncidentID("")+"/alerts", 200)["alerts"]
	if got := strings.Join(each(alerts, "summary"), ","); got != "disk 1,disk 2,disk 3" || at(alerts, 2, "body", "details", "host") != "h3" {
		t.Errorf("alerts: %s", got)
	}
	want := fmt.Sprintf("# disk full, #3102, like [#3101](%s/incidents/%s) on Mar 11\n", w.PagerDutyURL(), incidentID("before"))
	if got := w.h.Scenarios[0].Model[1].Brief; got != want {
		t.Errorf("the brief is %q, want %q", got, want)
	}
}

func TestMistakesInTheFileNameLineAndField(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"title: Runbook,", "titel: Runbook,", `line 17: there is no field "titel" in a page`},
		{"times: 3", "times: three", `line 32: "three" is not what this field takes (int)`},
		{"at: -1h, by: ann", "at: soon, by: ann", `line 15: "soon" is no time`},
		{"after: 5m", "after: five", `line 23: "five" is no span of time`},
		{"members: [ann]", "members: [bob]", `line 5: teams[0].members[0]: there is no person "bob"; there are ann`},
		{"levels: [{person: ann}]", "levels: []", "line 9: escalation_policies[0].levels: nobody would be paged"},
		{"policy: Everybody", "policy: Nobody", `line 11: services[0].policy: there is no escalation policy "Nobody"`},
		{"by: ann, text", "text", "line 15: channels[0].messages[0].by: is missing"},
		{`id: "7"`, "id: seven", "line 17: pages[0].id: a page id is a number"},
		{"key: TT-1", "key: tt1", "line 19: tickets[0].key: a Jira key looks like PAY-123"},
		{"status: To Do", "status: Soon", `line 19: tickets[0].status: there is no status "Soon"; there are Backlog`},
		{"services: [shop]}", "services: [shpo]}", `line 21: changes[0].services[0]: there is no service "shpo"`},
		{"opened: -3d 10:00, ", "", "line 23: incidents[0].opened: is missing"},
		{"slug: before", "slug: full", `scenarios[0].incident.slug: "full" is there twice`},
		{"slug: full", "slug: Full Disk", "a slug is lower-case letters"},
		{"past: [before]", "past: [never]", `line 31: scenarios[0].incident.past[0]: there is no incident "never"`},
		{"shows: a full disk", "down: [jura]", `scenarios[0].down[0]: there is no API "jura"; there are [pagerduty jira`},
		{"tool: mcp__pagerduty__get_incident", "tool: get_incident", "line 34: scenarios[0].model[0].calls[0].tool: a tool's name looks like mcp__"},
		{"brief: |", "says: |", "scenarios[0].model: the last turn has to have a brief"},
		{`{{number "full"}}`, `{{number "fool"}}`, `line 35: template {{number "fool"}}: there is no incident "fool"`},
		{`{{date "-3d"}}`, `{{date "-3x"}}`, `"-3x" is no time`},
		{`{{date "-3d"}}`, `{{dat "-3d"}}`, `function "dat" not defined`},
		{"company: Tiny", "company: [", "line"},
		{"people:", "peopel:", `line 2: there is no field "peopel" in a house`},
	} {
		text := strings.Replace(small, c.old, c.new, 1)
		if text == small {
			t.Fatalf("%q is not in the file", c.old)
		}
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "company: ") {
			t.Errorf("%s: got %v, want %q", c.new, err, c.want)
		}
	}
	if _, err := Parse(nil); err == nil {
		t.Error("an empty file is a company")
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	text := strings.NewReplacer("members: [ann]", "members: [bob]", "past: [before]", "past: [never]").Replace(small)
	_, err := Parse([]byte(text))
	if err == nil || !strings.Contains(err.Error(), "bob") || !strings.Contains(err.Error(), "never") {
		t.Errorf("got %v", err)
	}
}
