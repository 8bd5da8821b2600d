package check

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

var now = time.Date(2026, 3, 20, 14, 2, 0, 0, time.UTC)

func past(id string, n int, at time.Time, took time.Duration, note string) incident.Past {
	return incident.Past{
		Incident: incident.Incident{
			ID: id, Number: n, Title: "502 errors on /api/v2/users", URL: "https://acme.pd.example/incidents/" + id,
			Status: incident.Resolved, CreatedAt: at, ResolvedAt: at.Add(took),
		},
		Notes: []incident.Note{{Author: "Jane Okafor", Text: note}},
	}
}

// sample is one incident that came before, with everything read.
func sample() evidence.Facts {
	f := evidence.Facts{
		Incident: incident.Incident{
			ID: "Q1GATEWAY502AA", Number: 4711, Title: "502 errors on /api/v2/users", URL: "https://acme.pd.example/incidents/Q1GATEWAY502AA",
			Status: incident.Triggered, Urgency: "high", Priority: "P1", Service: incident.Ref{ID: "PSVC001", Name: "api-gateway"},
			CreatedAt: now.Add(-2 * time.Minute),
		},
		Alerts:    []incident.Alert{{ID: "A1", Summary: "502 rate 35%", CreatedAt: now.Add(-3 * time.Minute)}, {ID: "A2", Summary: "pods restarting"}},
		AlertsCut: incident.Cut{Shown: 2, Total: 2},
		Past: []incident.Past{
			past("Q2FEB15AAAAAAA", 4502, time.Date(2026, 2, 15, 3, 10, 0, 0, time.UTC), 12*time.Minute, "Restarted user-service, errors stopped."),
			past("Q3JAN28AAAAAAA", 4390, time.Date(2026, 1, 28, 22, 40, 0, 0, time.UTC), 25*time.Minute, "OOM kill; raised the memory limit to 2 GB."),
		},
		Tickets: []incident.Ticket{
			{Key: "PLAT-892", URL: "https://acme.jira.example/browse/PLAT-892", Summary: "user-service memory leak", Status: "In Progress", StatusCategory: "indeterminate", Assignee: "Jane Okafor"},
			{Key: "PLAT-901", URL: "https://acme.jira.example/browse/PLAT-901", Summary: "alert on memory", Status: "To Do", StatusCategory: "new"},
		},
		TicketsCut: incident.Cut{Shown: 2, Total: 2},
		OnCall:     []incident.OnCall{{Person: incident.Ref{Name: "Ana Ruiz"}, Level: 1}},
		Runbook:    incident.Page{ID: "42", Title: "Gateway 502s", URL: "https://acme.wiki.example/pages/42"},
		ReadAt:     now,
	}
	for n, i := range []evidence.Item{
		{Source: evidence.Incident, URL: f.Incident.URL, Text: "Q1GATEWAY502AA #4711 502 errors on /api/v2/users\nstatus triggered, urgency high, priority P1, service api-gateway (PSVC001)\ncreated 2026-03-20 14:00 UTC"},
		{Source: evidence.Alerts, Text: "2 alerts\n- A1 502 rate 35%, triggered, critical, since 2026-03-20 13:59 UTC\n  pod: user-service-7d9f restarts 6 times, exit code 137\n- A2 pods restarting"},
		{Source: evidence.Past, Text: "- Q2FEB15AAAAAAA #4502, created 2026-02-15 03:10 UTC, resolved after 12 min\n  note by Jane Okafor: Restarted user-service, errors stopped.\n- Q3JAN28AAAAAAA #4390, created 2026-01-28 22:40 UTC, resolved after 25 min\n  note by Jane Okafor: OOM kill; raised the memory limit to 2 GB."},
		{Source: evidence.OnCall, Text: "- level 1: Ana Ruiz until 2026-03-21 09:00 UTC"},
		{Source: evidence.Tickets, Text: "- PLAT-892 [In Progress, High, Jane Okafor] user-service memory leak\n- PLAT-901 [To Do, Low, unassigned] alert on memory"},
		{Source: evidence.Runbook, URL: f.Runbook.URL, Text: "Gateway 502s\n1. Run `kubectl -n prod rollout restart deploy/user-service`\n2. Delete stale locks: `rm /tmp/*.lock`\n3. If more than 50% of requests fail, page the platform team"},
		{Source: evidence.Derived, Text: "This is the 3rd time in 51 days.\nThe incident was opened 2 min ago.", Derived: true},
	} {
		i.Number, i.State = n+1, evidence.Found
		f.Items = append(f.Items, i)
	}
	return f
}

const honest = `# 502 errors on /api/v2/users

> **RECURRING: 3rd time in 51 days** | **Urgency**: High | **Status**: Triggered
> **Service**: api-gateway | **ID**: Q1GATEWAY502AA | **Since**: 2 minutes ago

## What Do I Do Right Now?
1. Follow [Gateway 502s](https://acme.wiki.example/pages/42): run ` + "`kubectl -n prod rollout restart deploy/user-service`" + ` [E6]
2. If more than 50% of requests fail, page the platform team [E6]

## What's Happening?
- 2 alerts: 35 % of requests answer 502 since 13:59 UTC [E2]
- user-service-7d9f restarted 6 times with exit code 137 [E2]
- Likely cause (confidence medium): user-service runs out of memory

## Has This Happened Before?
- **Feb 15**: [#4502](https://acme.pd.example/incidents/Q2FEB15AAAAAAA), restarting user-service, 12 min [E3]
- **January 28th**: #4390, OOM kill, memory limit raised to 2 GB, 25 minutes [E3]

## Open Tickets
| Ticket | Summary | Status | Assignee |
|--------|---------|--------|----------|
| [PLAT-892](https://acme.jira.example/browse/PLAT-892) | user-service memory leak | In Progress | @jane |
| PLAT-901 | alert on memory | To Do | unassigned |

## Follow-Up
- Add an alert at 80% memory
- On call: Ana Ruiz
`

func TestAnHonestBriefIsLeftAlone(t *testing.T) {
	r := Brief(honest, NewIndex(sample(), nil))
	if !r.Clean() {
		t.Errorf("marked %+v\nremoved %+v\nrepaired %+v", r.Marked, r.Removed, r.Repaired)
	}
	if diff := cmp.Diff(honest, r.Markdown); diff != "" {
		t.Error(diff)
	}
}

// lies are single false claims, each made from the honest brief by one
// replacement. The false words must not stand in the checked brief unless their
// line carries the mark.
var lies = []struct{ name, was, is, word string }{
	{"another percentage", "35 %", "53 %", "53 %"},
	{"a threshold of its own", "50% of requests", "15% of requests", "15%"},
	{"another count of restarts", "restarted 6 times", "restarted 9 times", "9 times"},
	{"another exit code", "exit code 137", "exit code 139", "139"},
	{"one alert more", "2 alerts", "3 alerts", "3 alerts"},
	{"another time of day", "13:59 UTC", "11:12 UTC", "11:12"},
	{"a time moved by its zone", "13:59 UTC", "13:59 +03:00", "13:59 +03:00"},
	{"swapped durations", "user-service, 12 min", "user-service, 25 min", "25 min [E3]"},
	{"a longer duration", "25 minutes", "45 minutes", "45 minutes"},
	{"a moved date", "**Feb 15**", "**Feb 17**", "Feb 17"},
	{"a date of another month", "**January 28th**", "**March 28th**", "March 28th"},
	{"an invented incident number", "#4390, OOM", "#4391, OOM", "#4391"},
	{"an invented incident id", "**ID**: Q1GATEWAY502AA", "**ID**: Q9XXXXXXXXXXX1", "Q9XXXXXXXXXXX1"},
	{"an invented ticket", "| PLAT-901 | alert on memory", "| OPS-813 | alert on memory", "OPS-813"},
	{"an invented ticket in prose", "runs out of memory", "runs out of memory, see OPS-834", "OPS-834"},
	{"another status of a ticket", "| In Progress | @jane", "| Done | @jane", "Done"},
	{"another assignee", "| In Progress | @jane", "| In Progress | Omar Haddad", "Omar"},
	{"an assignee where there is none", "| To Do | unassigned", "| To Do | Jane Okafor", "To Do | Jane"},
	{"an invented person", "On call: Ana Ruiz", "On call: Peter Novak", "Peter Novak"},
	{"a person nobody knows to ask", "page the platform team", "escalate to Maria Silva", "Maria Silva"},
	{"an invented handle", "page the platform team", "ping @dbteam", "@dbteam"},
	{"an invented link", "https://acme.wiki.example/pages/42", "https://evil.example/pages/42", "evil.example"},
	{"a bare invented link", "runs out of memory", "runs out of memory https://evil.example/x", "evil.example"},
	{"a link to another page", "pages/42", "pages/43", "pages/43"},
	{"another command", "rollout restart deploy/user-service", "delete deploy/user-service", "delete deploy"},
	{"a command with another namespace", "kubectl -n prod", "kubectl -n staging", "-n staging"},
	{"an invented path", "runs out of memory", "fills /var/lib/gateway/cache", "/var/lib/gateway"},
	{"an invented host", "user-service runs", "payment-service runs", "payment-service"},
	{"an invented pod", "user-service-7d9f", "user-service-9x1b", "user-service-9x1b"},
	{"another urgency", "**Urgency**: High", "**Urgency**: Low", "Low"},
	{"another status", "**Status**: Triggered", "**Status**: Resolved", "Resolved"},
	{"another service", "**Service**: api-gateway", "**Service**: billing-api", "billing-api"},
	{"new instead of recurring", "**RECURRING: 3rd time in 51 days**", "**NEW ISSUE**", "NEW ISSUE"},
	{"another count of times", "RECURRING: 3rd time in 51", "RECURRING: 5th time in 51", "5th time"},
	{"an age that is wrong", "2 minutes ago", "40 minutes ago", "40 minutes"},
	{"another memory limit", "raised to 2 GB", "raised to 8 GB", "8 GB"},
	{"the fix of another incident", "**January 28th**: #4390, OOM kill, memory limit raised to 2 GB", "**January 28th**: #4390, restarted user-service", "restarted user-service"},
	{"a citation of nothing", "code 137 [E2]", "code 137 [E29]", "E29"},
	{"a rollback of no change", "If more than 50% of requests fail, page the platform team", "Roll back the last deploy of api-gateway", "Roll back"},
	{"an invented e-mail address", "page the platform team", "write to oncall@acme.example", "oncall@acme.example"},
	{"an invented error rate", "runs out of memory", "runs out of memory, 1,250 errors/s", "1,250"},
	{"a wrong number of open tickets", "- Likely cause", "- 7 open tickets speak of it\n- Likely cause", "7 open tickets"},
	{"a ticket said to be closed", "- Likely cause", "- PLAT-892 is closed\n- Likely cause", "is closed"},
	{"a fact in a block", "## What's Happening?", "```\nincident  Q1GATEWAY502AB\n```\n\n## What's Happening?", "Q1GATEWAY502AB"},
	{"a command in a block", "## What's Happening?", "```\nkubectl delete ns prod\n```\n\n## What's Happening?", "delete ns prod"},
}

func TestNoSingleLieStandsUnmarked(t *testing.T) {
	if len(lies) < 40 {
		t.Fatalf("%d kinds of lies, want 40", len(lies))
	}
	x := NewIndex(sample(), nil)
	for _, lie := range lies {
		t.Run(lie.name, func(t *testing.T) {
			text := strings.Replace(honest, lie.was, lie.is, 1)
			if text == honest {
				t.Fatalf("%q is not in the honest brief", lie.was)
			}
			for line := range strings.SplitSeq(Brief(text, x).Markdown, "\n") {
				if strings.Contains(line, lie.word) && !strings.Contains(line, Mark) {
					t.Errorf("stands unmarked: %s", line)
				}
			}
		})
	}
}

func TestNothingIsSaidToBeNoneWhereNobodyCouldLook(t *testing.T) {
	f := sample()
	f.Tickets, f.Past = nil, nil
	for i := range f.Items {
		if s := f.Items[i].Source; s == evidence.Tickets || s == evidence.Past {
			f.Items[i].State, f.Items[i].Text = evidence.Unread, ""
		}
	}
	r := Brief("> **NEW ISSUE** | **Urgency**: High\n\n## Has This Happened Before?\n- No similar incident\n\n## Open Tickets\nNone found\n", NewIndex(f, nil))
	for _, want := range []string{"HISTORY NOT KNOWN", "- No similar incident " + Mark, "None found " + Mark} {
		if !strings.Contains(r.Markdown, want) {
			t.Errorf("%q does not say %q", r.Markdown, want)
		}
	}
}

func TestWhatToolsBroughtIsEvidence(t *testing.T) {
	brought := []evidence.Item{{Number: 9, Source: "mcp__atlassian__jira_search", State: evidence.Found, Text: "- OPS-77 [Done, Low, Omar Haddad, updated 2026-03-01 10:00 UTC] rotate keys https://acme.jira.example/browse/OPS-77"}}
	r := Brief("## Open Tickets\n| Ticket | Status | Assignee |\n|---|---|---|\n| OPS-77 | In Progress | Omar Haddad |\n\nSeen in [E9].", NewIndex(sample(), brought))
	if !strings.Contains(r.Markdown, "| OPS-77 | Done | Omar Haddad |") || !strings.Contains(r.Markdown, "Seen in [E9].") || strings.Contains(r.Markdown, Mark) {
		t.Error(r.Markdown)
	}
}

func TestACommandMayFillInARunbooksPlaceholders(t *testing.T) {
	f := sample()
	f.Changes = []incident.Change{{Summary: "Deploy v1.4", Services: []incident.Ref{{ID: "PSVC001"}}}}
	f.Items[5].Text += "\n4. `ship rollback <service> --to <version>`\n5. ship drain {{node}} now"
	f.Items = append(f.Items, evidence.Item{Number: 8, State: evidence.Found, Text: "v1.3 is on node-7"})
	x := NewIndex(f, nil)
	for line, clean := range map[string]bool{
		"1. `ship rollback api-gateway --to v1.3`": true,
		"1. `ship drain node-7 now`":               true,
		"1. `ship rollback api-gateway --to v9.9`": false,
		"1. `ship delete api-gateway --to v1.3`":   false,
		"1. `ship rollback payments --to v1.3`":    false,
	} {
		if r := Brief(line, x); r.Clean() != clean {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

func TestARollbackMayBeSuggestedWhenTheServiceChanged(t *testing.T) {
	f := sample()
	f.Changes = []incident.Change{{Summary: "Deploy 1.4", Services: []incident.Ref{{ID: "PSVC001"}}, At: now.Add(-10 * time.Minute)}}
	if r := Brief("## What Do I Do Right Now?\n1. Roll back the deploy\n", NewIndex(f, nil)); !r.Clean() {
		t.Error(r.Markdown)
	}
	f.Changes[0].Services[0].ID = "POTHER1"
	if r := Brief("## What Do I Do Right Now?\n1. Roll back the deploy\n", NewIndex(f, nil)); r.Clean() {
		t.Error("a change of another service carries a rollback")
	}
}

// A label has atoms of its own: they stay where they were found when the brackets
// around them go.
func TestALinkIsCutTogetherWithWhatIsWrongInItsLabel(t *testing.T) {
	x := NewIndex(sample(), nil)
	for line, want := range map[string]string{
		"- restarted 6 times [E99](<https://evil.example/a>)":                     "- restarted 6 times ",
		"- [E99](https://evil.example/a) restarted 6 times ![E98](http://b.evil)": "-  restarted 6 times ",
		"- see [the page of 53 %](https://evil.example/a)":                        "- see the page of 53 % " + Mark + ": 53 %",
	} {
		if r := Brief("## Notes\n"+line, x); r.Markdown != "## Notes\n"+want {
			t.Errorf("%q became %q", line, r.Markdown)
		}
	}
}

// Marks inside a field once had it repaired without end.
func TestAFieldOfTheStatusLineIsRepairedOnce(t *testing.T) {
	f := sample()
	f.Incident.Service.Name = "api*gateway"
	x := NewIndex(f, nil)
	for line, want := range map[string]string{
		"> **Since**: *2 minutes* ago | **Urgency**: *High*":              "> **Since**: *2 minutes* ago | **Urgency**: *High*",
		"> **Since**: 40 minutes ago | **Urgency**: *Low*":                "> **Since**: 2 min ago | **Urgency**: *High*",
		"> **Service**: billing | **Service**: api*gateway":               "> **Service**: api\\*gateway | **Service**: api*gateway",
		"> Urgency: Low|Status: Resolved|Priority: P3|ID: Q9XXXXXXXXXXX1": "> Urgency: High|Status: Triggered|Priority: P1|ID: Q1GATEWAY502AA",
	} {
		if got := Brief(line, x).Markdown; got != want {
			t.Errorf("%q became %q, want %q", line, got, want)
		}
	}
}

func TestAtomsAreTypedAndNormal(t *testing.T) {
	for text, want := range map[string][]string{
		"on 2026-02-15T03:10:00Z for 1 h 5 min":               {"date 2026-02-15", "time 190", "duration 3900"},
		"Feb 15th, 2026 and 3 March":                          {"date 2026-02-15", "date 03-03"},
		"1,250 req, 35%, 2 GB, 3rd":                           {"number 1250", "percentage 35", "size 2097152", "count 3"},
		"UTF-8, SHA-256 and PLAT-1":                           {"number 8", "number 256", "ticket PLAT-1"},
		"see [E3] and E12":                                    {"citation E3", "citation E12"},
		"rm `/tmp/*.lock` in /var/log/app":                    {"code /tmp/*.lock", "path /var/log/app"},
		"follow-up by on-call of user-service":                {"name user-service"},
		"assigned to Jane Okafor, cc @omar.h":                 {"person jane okafor", "person omar.h"},
		"<https://a.example/x|label> [b](https://b.example/)": {"link https://a.example/x", "link https://b.example"},
		"POSTGRES and PABC123":                                {"incident PABC123"},
	} {
		var got []string
		for _, a := range Atoms(text) {
			got = append(got, string(a.Kind)+" "+a.Key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	f := sample()
	for b.Loop() {
		Brief(honest, NewIndex(f, nil))
	}
}

func TestWhatLooksLikeACitedThingIsNotAlwaysOne(t *testing.T) {
	x := NewIndex(sample(), nil)
	for text, want := range map[string]string{
		`\*not bold\*, \_x\_, \#5`:           `\*not bold\*, \_x\_, \#5 ⚠ not in evidence: #5`,
		"Same as incident #5 [E3].":          "", // called an incident: removed
		"Same as #4998 [E3].":                "",
		"Ask &#64;here about PLAT-892 [E5].": "Ask &#64;here about PLAT-892 [E5]. ⚠ not in evidence: 64",
		"[![up](https://a.example/i.png?d=1)](https://a.example/l?d=1) text": "up text",
		"[https://acme.wiki.example/pages/42](https://a.example/y)":          "https://acme.wiki.example/pages/42",
		"Code `https://a.example/c?d=SECRET#x`":                              "Code `` ⚠ not in evidence: https://a.example/c…",
		"```\n| a | b |\n|---|---|\n| PLAT-892 | c |\n| PLAT-999 | d |\n```": "```\n| a | b |\n|---|---|\n| PLAT-892 | c |\n| PLAT-999 | d |  # ⚠ not in evidence\n```",
	} {
		if got := strings.TrimSpace(Brief(text, x).Markdown); got != want {
			t.Errorf("%q gave\n%q, want\n%q", text, got, want)
		}
	}
}
