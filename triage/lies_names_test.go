package triage_test

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/brief"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

var (
	speaks    = regexp.MustCompile(`([\p{L}]+ [\p{L}]+)(?::| says| wrote| reports| guesses)`)
	markLink  = regexp.MustCompile(`\]\((https?://[^)\s]+)\)`)
	aVersion  = regexp.MustCompile(`\bv\d+\.\d+\.\d+\b`)
	deployed  = regexp.MustCompile(`deployed [^.;]*by (\w+)`)
	aFlag     = regexp.MustCompile("`[^`]* (-{1,2}[a-z-]+[= ][^ `]+)[^`]*`")
	aCommand  = regexp.MustCompile("`([a-z]+ [^`]+)`")
	rowTicket = regexp.MustCompile(`^\| \[?([A-Z]+-\d+)`)
)

var liesOfNames = []kind{
	// tickets
	{"an invented ticket in the table", func(one *truth) []lie {
		return one.addRow("| OPS-834 | The same as before | In Progress | "+one.aPerson()+" |", "OPS-834")
	}},
	{"an invented ticket in prose", func(one *truth) []lie {
		return one.after(brief.Happening, "- The same problem is known as OPS-834", "OPS-834")
	}},
	{"a ticket with another number", func(one *truth) []lie {
		return one.each(one.places(rowTicket), func(p place) (lie, bool) {
			l := one.with(p, p.text+"1")
			return l, true
		})
	}},
	{"a real ticket with another status", func(one *truth) []lie {
		return one.cells("Status", func(_ incident.Ticket, was string) string { return other(was, "Done", "To Do") })
	}},
	{"a status in prose", func(one *truth) []lie {
		return one.aboutTicket(func(t incident.Ticket) string { return t.Key + " is " + other(t.Status, "Done", "To Do") })
	}},
	{"a status in prose, in other words", func(one *truth) []lie {
		return one.aboutTicket(func(t incident.Ticket) string {
			if t.StatusCategory == "done" {
				return t.Key + " is still open"
			}
			return t.Key + " was closed"
		})
	}},
	{"a status in a list", func(one *truth) []lie {
		return one.aboutTicket(func(t incident.Ticket) string {
			return t.Key + " - " + t.Summary + " - " + other(t.Status, "In Review", "Blocked")
		})
	}},
	{"a real ticket with another assignee", func(one *truth) []lie {
		return one.cells("Assignee", func(t incident.Ticket, _ string) string { return one.another(t.Assignee) })
	}},
	{"a ticket with an invented assignee", func(one *truth) []lie {
		return one.cells("Assignee", func(incident.Ticket, string) string { return "Maria Silva" })
	}},
	{"an assignee in prose", func(one *truth) []lie {
		return one.aboutTicket(func(t incident.Ticket) string { return t.Key + " is assigned to " + one.another(t.Assignee) })
	}},
	{"an assignee in a list", func(one *truth) []lie {
		return one.aboutTicket(func(t incident.Ticket) string { return t.Key + " (" + t.Status + ", " + one.another(t.Assignee) + ")" })
	}},
	{"another summary of a ticket", func(one *truth) []lie {
		return one.cells("Summary", func(incident.Ticket, string) string { return "Kafka consumers deadlock during leader election" })
	}},
	{"a ticket behind the key of another", func(one *truth) []lie {
		if len(one.facts.Tickets) == 0 || one.facts.Incident.URL == "" {
			return nil
		}
		t := one.facts.Tickets[0]
		line := fmt.Sprintf("- See [%s](%s)", t.Key, one.facts.Incident.URL)
		return one.after(brief.Happening, line, t.Key+" ("+one.facts.Incident.URL)
	}},

	// people
	{"an invented person who says something", func(one *truth) []lie {
		return one.each(one.places(speaks), func(p place) (lie, bool) { return one.with(p, "Maria Silva"), p.section == brief.Happening })
	}},
	{"a real person who said nothing", func(one *truth) []lie {
		silent := one.silent()
		return one.each(one.places(speaks), func(p place) (lie, bool) {
			return one.with(p, silent), silent != "" && p.section == brief.Happening && silent != p.text
		})
	}},
	{"an invented person to ask", func(one *truth) []lie {
		return one.after(brief.DoNow, "1. Ask Maria Silva, who knows the service", "Maria Silva")
	}},
	{"an invented handle", func(one *truth) []lie { return one.after(brief.DoNow, "1. Ping @dbteam", "@dbteam") }},
	{"somebody on call who is not", func(one *truth) []lie {
		if len(one.facts.OnCall) == 0 {
			return nil
		}
		for _, name := range one.people() {
			if !one.isOnCall(name) {
				return one.after(brief.DoNow, "1. Call "+name+", who is on call", name)
			}
		}
		return one.after(brief.DoNow, "1. Call Maria Silva, who is on call", "Maria Silva")
	}},
	{"another level of somebody on call", func(one *truth) []lie {
		for _, o := range one.facts.OnCall {
			if o.Level == 2 {
				return one.after(brief.DoNow, "1. Call "+o.Person.Name+", level 1 on call", o.Person.Name)
			}
		}
		return nil
	}},
	{"an incident resolved by somebody else", func(one *truth) []lie {
		for _, p := range one.facts.Past {
			if len(p.Notes) > 0 {
				who := one.another(p.Notes[0].Author)
				return one.after(brief.Before, fmt.Sprintf("- #%d was resolved by %s", p.Incident.Number, who), who)
			}
		}
		return nil
	}},
	{"an invented mail address", func(one *truth) []lie { return one.after(brief.DoNow, "1. Write to oncall@acme-ops.example") }},
	{"an invented telephone number", func(one *truth) []lie {
		return one.after(brief.DoNow, "1. Call the bridge at +47 22 99 10 10", "+47 22")
	}},

	// links
	{"an invented link", func(one *truth) []lie { return one.links("https://evil.example/pages/42") }},
	{"a real host with an invented path", func(one *truth) []lie {
		return one.each(one.places(markLink), func(p place) (lie, bool) {
			return one.with(p, p.text[:strings.IndexByte(p.text[8:], '/')+8]+"/invented/9317"), true
		})
	}},
	{"a real link with a path more", func(one *truth) []lie {
		return one.each(one.places(markLink), func(p place) (lie, bool) { return one.with(p, p.text+"/edit"), true })
	}},
	{"an invented address in prose", func(one *truth) []lie {
		return one.after(brief.Happening, "- The graph is at https://graphs.invented.example/d/7", "graphs.invented.example")
	}},
	{"an invented reference", func(one *truth) []lie {
		l := one.after(brief.Happening, "- See the [graph][g]\n\n[g]: https://graphs.invented.example/d/7\n", "graphs.invented.example")
		return l
	}},

	// names of what runs
	{"another service in a statement", func(one *truth) []lie {
		name := one.facts.Incident.Service.Name
		return one.each(one.places(regexp.MustCompile(`(?:^|[ ])(`+regexp.QuoteMeta(name)+`)(?: |'s|の)[^|]*\d`)), func(p place) (lie, bool) {
			return one.with(p, "billing-api"), p.section == brief.Happening
		})
	}},
	{"an invented host", func(one *truth) []lie {
		return one.after(brief.Happening, "- It began on db-node-17 in the other room", "db-node-17")
	}},
	{"an invented host with dots", func(one *truth) []lie {
		return one.after(brief.Happening, "- It began on db7.internal.example first", "db7.internal.example")
	}},
	{"an invented address of a host", func(one *truth) []lie {
		return one.after(brief.Happening, "- Most calls come from 203.0.113.99", "203.0.113.99")
	}},
	{"an invented path", func(one *truth) []lie {
		return one.after(brief.Happening, "- The logs in /var/lib/invented/cache grow", "/var/lib/invented/cache")
	}},
	{"an invented version", func(one *truth) []lie { return one.after(brief.Happening, "- It runs v9.41.7 since today", "v9.41.7") }},
	{"another version", func(one *truth) []lie {
		return one.each(one.places(aVersion), func(p place) (lie, bool) { return one.with(p, "v7.3.9"), true })
	}},

	// commands
	{"an invented command", func(one *truth) []lie {
		return one.after(brief.DoNow, "1. Run `kubectl delete namespace prod`", "delete namespace")
	}},
	{"a command with another flag", func(one *truth) []lie {
		return one.each(one.places(aFlag), func(p place) (lie, bool) {
			flag := p.text[:strings.IndexAny(p.text, "= ")+1]
			return one.with(p, flag+"wrong-7"), true
		})
	}},
	{"a command with a word more", func(one *truth) []lie {
		return one.each(one.places(aCommand), func(p place) (lie, bool) { return one.with(p, p.text+" --force"), true })
	}},
	{"a command in a block", func(one *truth) []lie {
		return one.after(brief.DoNow, "\n```\nkubectl delete namespace prod\n```\n", "delete namespace")
	}},
	{"a command in a block of tildes", func(one *truth) []lie {
		return one.after(brief.DoNow, "\n~~~\nkubectl delete namespace prod\n~~~\n", "delete namespace")
	}},
	{"a command without marks", func(one *truth) []lie {
		return one.after(brief.DoNow, "1. Run kubectl delete namespace prod", "delete namespace")
	}},

	// the status line
	{"another urgency", func(one *truth) []lie { return one.header("Urgency", other(one.facts.Incident.Urgency, "High", "Low")) }},
	{"another status in the status line", func(one *truth) []lie {
		return one.header("Status", other(one.facts.Incident.Status, "Resolved", "Triggered"))
	}},
	{"another service in the status line", func(one *truth) []lie { return one.header("Service", "billing-api") }},
	{"an invented incident id", func(one *truth) []lie { return one.header("ID", "Q9XXXXXXXXXXX1") }},
	{"the id of an earlier incident", func(one *truth) []lie {
		if len(one.facts.Past) == 0 {
			return nil
		}
		return one.header("ID", one.facts.Past[0].Incident.ID)
	}},
	{"another priority", func(one *truth) []lie {
		was := one.facts.Incident.Priority
		if was == "" {
			return nil
		}
		return one.headerLine("**Priority**: "+other(was, "P1", "P5"), "Priority: "+other(was, "P1", "P5"))
	}},
	{"a status line in another form", func(one *truth) []lie {
		to := other(one.facts.Incident.Urgency, "high", "low")
		return one.headerLine("**Urgency:** "+to, "Urgency: "+to)
	}},
	{"new in place of recurring, or the other way", func(one *truth) []lie {
		re := regexp.MustCompile(`\*\*((?:NEW|RECURRING)[^*]*)\*\*`)
		return one.each(one.places(re), func(p place) (lie, bool) {
			if strings.HasPrefix(p.text, "NEW") {
				return one.with(p, "RECURRING: 4th time in 20 days"), true
			}
			return one.with(p, "NEW ISSUE"), true
		})
	}},
	{"the incident's status in prose", func(one *truth) []lie {
		if one.facts.Incident.Status == incident.Resolved {
			return nil
		}
		return one.after(brief.Happening, "- The incident is already resolved")
	}},
	{"alerts that have recovered, or have not", func(one *truth) []lie {
		if one.facts.Recovered() {
			return one.after(brief.Happening, "- All alerts are still firing")
		}
		return one.after(brief.Happening, "- All alerts have recovered")
	}},

	// changes
	{"another author of a change", func(one *truth) []lie {
		return one.each(one.places(deployed), func(p place) (lie, bool) {
			l := one.with(p, strings.ToLower(strings.Fields(one.anotherHandle(p.text))[0]))
			l.says = []string{"by " + l.says[0]}
			return l, true
		})
	}},
	{"a change of another service", func(one *truth) []lie {
		return one.each(one.places(regexp.MustCompile(`([\w-]+) v\d+\.\d+\.\d+`)), func(p place) (lie, bool) {
			return one.with(p, "billing-api"), p.section == brief.Happening
		})
	}},
	{"another lead of a change", func(one *truth) []lie {
		for _, c := range one.facts.NearChanges() {
			return one.after(brief.Happening, "- "+c.Summary+" happened 41 minutes before the first alert", "41 minutes")
		}
		return nil
	}},
	{"a rollback without a change", func(one *truth) []lie {
		if one.changed() {
			return nil
		}
		return one.after(brief.DoNow, "1. Roll back the last deploy")
	}},
	{"a rollback without a change, in other words", func(one *truth) []lie {
		if one.changed() {
			return nil
		}
		return one.after(brief.DoNow, "1. Go back to the previous version of "+one.facts.Incident.Service.Name)
	}},
	{"a rollback of another service", func(one *truth) []lie { return one.after(brief.DoNow, "1. Roll back billing-api", "billing-api") }},

	// the past
	{"the fix of another incident", func(one *truth) []lie { return one.fixes("a failover to the other region") }},
	{"an invented fix", func(one *truth) []lie { return one.fixes("the certificate was renewed") }},
	{"a rollback as the fix", func(one *truth) []lie { return one.fixes("the deploy was reverted") }},
	{"an invented earlier incident", func(one *truth) []lie {
		return one.after(brief.Before, "- #2987: the same, ended by itself", "#2987")
	}},
	{"an invented day of an earlier incident", func(one *truth) []lie {
		return one.after(brief.Before, "- **Nov 3**: the same, ended by itself (40 min)", "Nov 3")
	}},

	// nothing, where nobody looked or something is
	{"no ticket, where nobody could look or one is", func(one *truth) []lie {
		if s := one.facts.State(evidence.Tickets); s != evidence.Unread && len(one.openTickets()) == 0 {
			return nil
		}
		return one.after(brief.OpenTickets, "No open tickets were found.")
	}},
	{"no past, where nobody could look or there is one", func(one *truth) []lie {
		if _, recurs := one.facts.Recurs(); !recurs && one.facts.State(evidence.Past) != evidence.Unread {
			return nil
		}
		return one.after(brief.Before, "- This has never happened before")
	}},
	{"no runbook, where nobody could look or there is one", func(one *truth) []lie {
		if one.facts.Runbook.ID == "" && one.facts.State(evidence.Runbook) != evidence.Unread {
			return nil
		}
		return one.after(brief.DoNow, "1. No runbook was found")
	}},
	{"no change, where there is one", func(one *truth) []lie {
		if len(one.facts.NearChanges()) == 0 {
			return nil
		}
		return one.after(brief.Happening, "- No recent changes were found")
	}},

	// words
	{"a citation of nothing", func(one *truth) []lie {
		return one.after(brief.Happening, "- It is as described [E97]", "E97")
	}},
	{"a quotation that nobody said", func(one *truth) []lie {
		return one.after(brief.Happening, `- The log says "connection pool of the ledger is exhausted again"`, "ledger is exhausted")
	}},
	{"a cause out of nothing", func(one *truth) []lie {
		return one.after(brief.Happening, "- The root cause is a broken submarine fibre near Marseille")
	}},
	{"a confirmation out of nothing", func(one *truth) []lie {
		return one.after(brief.Happening, "- Vendor engineers confirmed the firmware defect and shipped replacement hardware")
	}},
}
