package check

import (
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// shipped is the sample after a deploy by dara, with people who wrote of it.
func shipped() evidence.Facts {
	f := sample()
	f.Changes = []incident.Change{{Summary: "Deploy api-gateway v2.4.0", Services: []incident.Ref{f.Incident.Service}, At: now.Add(-14 * time.Minute)}}
	f.Incident.UpdatedAt = now
	f.Alerts = f.Alerts[:1]
	f.AlertsCut = incident.Cut{Shown: 1, Total: 1}
	f.OnCall = append(f.OnCall, incident.OnCall{Person: incident.Ref{Name: "Omar Haddad"}, Level: 2, Until: now.Add(5 * time.Hour)})
	f.Messages = []incident.ChatMessage{
		{Author: "Omar Haddad", At: now.Add(-4 * time.Minute), Text: "checkout refused 14 clients, the window is from 13:00 to 15:00 UTC"},
		{Author: "Deploy Bot", Bot: true, At: now.Add(-14 * time.Minute), Text: "api-gateway v2.4.0 deployed to prod by dara (PLAT-892)"},
	}
	f.Items[3].Text += "\n- level 2: Omar Haddad until 2026-03-20 19:02 UTC"
	f.Items = append(f.Items,
		evidence.Item{Number: 8, State: evidence.Found, Source: evidence.Changes, Text: "- 2026-03-20 13:48 UTC Deploy api-gateway v2.4.0, service api-gateway"},
		evidence.Item{Number: 9, State: evidence.Found, Source: evidence.Messages, Text: "#incidents (C1)\n" +
			"- 2026-03-20 13:58 UTC Omar Haddad: checkout refused 14 clients, the window is from 13:00 to 15:00 UTC\n" +
			"- 2026-03-20 13:48 UTC Deploy Bot: api-gateway v2.4.0 deployed to prod by dara (PLAT-892)\n" +
			"- 2026-03-19 16:30 UTC Ana Ruiz: the new release costs 0.4 % more, the cache never evicts"},
	)
	return f
}

// judgedLines are lines under a heading of observed facts, and whether they are true of
// the evidence: a true one stays as it is, another is marked.
type judgedLines map[string]bool

func (all judgedLines) hold(t *testing.T, f evidence.Facts, above string) {
	t.Helper()
	x := NewIndex(f, nil)
	for line, right := range all {
		if r := Brief(above+line+"\n", x); r.Clean() != right {
			t.Errorf("%s\n marked %+v removed %+v repaired %+v", line, r.Marked, r.Removed, r.Repaired)
		}
	}
}

func TestWhichWayAThingWentIsJudgedWhereTheEvidenceTells(t *testing.T) {
	judgedLines{
		"- The alert fires since 13:59 UTC":                                   true,
		"- The alert fired until 13:59 UTC":                                   false,
		"- The window lasts until 15:00 UTC":                                  true,
		"- Omar Haddad is on call until 19:02 UTC":                            true,
		"- v2.4.0 was deployed 11 minutes before the first alert":             true,
		"- v2.4.0 was deployed 11 minutes after the first alert":              false,
		"- The first alert came 11 minutes after the deploy of v2.4.0":        true,
		"- The first alert came 11 minutes before the deploy of v2.4.0":       false,
		"- v2.4.0 went out 14 minutes ago":                                    true,
		"- v2.4.0 went out 4 minutes ago":                                     false,
		"- Omar Haddad wrote 4 minutes ago that checkout refused 14 clients":  true,
		"- Checkout refused 14 clients":                                       true,
		"- Checkout accepted 14 clients":                                      false,
		"- The new release costs 0.4 % more":                                  true,
		"- The new release costs 0.4 % less":                                  false,
		"- The cache never evicts":                                            true,
		"- The cache always evicts":                                           false,
		"- Ana Ruiz wrote yesterday at 16:30 UTC that the cache never evicts": true,
		"- Yesterday at 16:30 UTC: the new release costs 0.4 % more":          true,
		"- Today at 16:30 UTC: the new release costs 0.4 % more":              false,
		"- Today at 13:48 UTC v2.4.0 was deployed":                            true,
		"- Deployed at 14:48 CET (that is 13:48 UTC)":                         true,
		"- Deployed at 14:48 CET (that is 14:48 UTC)":                         false,
		"- Deployed at 13:48 UTC (14:48 CET)":                                 true,
		"- Deployed at 13:48 UTC (15:48 CET)":                                 false,
		"- The window is from 13:00 to 15:00 UTC":                             true,
		"- 13:48 UTC deploy, 13:59 UTC first alert":                           true,
		"- 14:00 UTC: incident opened":                                        true,
		"- 13:48 UTC: incident opened":                                        false,
		"- The alert has not recovered":                                       true,
		"- It has recovered":                                                  false,
		"- It is a high urgency incident":                                     true,
		"- It is a low urgency incident":                                      false,
		"- If it had been low urgency, nobody would have been paged":          true,
		"- The incident was updated at 14:02 UTC":                             true,
		"- Omar wrote at 13:58 UTC, before the incident was opened at 14:00":  true,
		"- Omar wrote at 13:58 UTC, after the incident was opened at 14:00":   false,
		"- Omar Haddad is on call until 19:02 UTC today":                      true,
		"- Omar Haddad is on call until 19:02 UTC tomorrow":                   false,
		"- The window is two hours long (13:00 to 15:00 UTC)":                 true,
		"- The window is three hours long (13:00 to 15:00 UTC)":               false,
		"- Incident 4502 was over after 12 minutes":                           true,
		"- Incident 4503 was over after 12 minutes":                           false,
		"- Q2FEB15AAAAAAA (#4502) was the same":                               true,
		"- Q2FEB15AAAAAAA (#4390) was the same":                               false,
		"- Omar wrote four minutes ago, one minute before the first alert":    true,
		"- Omar wrote four minutes ago, five minutes before the first alert":  false,
		"- This is number three in 51 days":                                   true,
		"- This is number four in 51 days":                                    false,
		"- The 502 alert has not recovered":                                   true,
		"- The 502 alert has recovered":                                       false,
		"- The gateway alert is over":                                         false,
		"- One of the two 502 alerts has recovered":                           false,
		"- 502 errors as on February 15 (12 min)":                             true,
		"- 502 errors as on February 15 (25 min)":                             false,
		"- It helped on February 15 (noted by Jane Okafor)":                   true,
		"- It helped on February 15 (noted by Ana Ruiz)":                      false,
		"- v2.4.0 was deployed by dara on 20 March":                           true,
		"- v2.4.0 was deployed by dara on 15 February":                        false,
		"- The alert came 11 minutes after":                                   true,
		"- The first alert came 11 minutes later":                             true,
		"- v2.4.0 was deployed, 11 minutes later":                             false,
		"- There are two tickets":                                             true,
		"- There are three tickets":                                           false,
	}.hold(t, shipped(), "## Notes\n")
}

// What the evidence does not tell either way is not judged, and neither are the
// sentences that people make with such words.
func TestOrdinaryWordsOfDirectionStand(t *testing.T) {
	judgedLines{
		"- Wait until less than 50% of requests fail":                  true,
		"- Check again after the restart, before anybody is paged":     true,
		"- The 502 rate is up to 35 %":                                 true,
		"- Never delete the data without a backup":                     true,
		"- The service has always been restarted by hand":              true,
		"- Scale up or down as needed":                                 true,
		"- Both are open, none is closed":                              true,
		"- It recovered after a restart on Feb 15 (#4502)":             true,
		"- Whether it has recovered is not known":                      true,
		"- Earlier today nobody complained":                            true,
		"- The urgency of the policy is high":                          true,
		"- Follow the runbook, then raise the limit if it comes again": true,
	}.hold(t, shipped(), "## Notes\n")
}

// At midnight the minutes of the day begin anew, and the time between two things does not.
func TestHowLongSomethingLastsIsKnownOverMidnight(t *testing.T) {
	f := sample()
	f.ReadAt = time.Date(2026, 3, 21, 0, 3, 0, 0, time.UTC)
	f.Incident.CreatedAt = f.ReadAt.Add(-4 * time.Minute)
	f.Alerts = []incident.Alert{{ID: "A1", Summary: "502 rate 35%", CreatedAt: f.ReadAt.Add(-5 * time.Minute)}}
	f.AlertsCut = incident.Cut{Shown: 1, Total: 1}
	f.Messages = []incident.ChatMessage{{Author: "Omar Haddad", At: f.ReadAt.Add(-time.Minute)}}
	f.Items = append(f.Items, evidence.Item{Number: 8, State: evidence.Found, Source: evidence.Messages, Text: "- 2026-03-21 00:02 UTC Omar Haddad: checkout is down"})
	judgedLines{
		"- The alert has been firing for five minutes":                                  true,
		"- The alert has been firing for nine minutes":                                  false,
		"- Omar wrote at 00:02 UTC that checkout is down, four minutes after the alert": true,
		"- Omar wrote at 00:02 UTC that checkout is down, nine minutes after the alert": false,
	}.hold(t, f, "## Notes\n")
}

// Advice to undo a change is doubted when none was found, whomever the line names; that
// somebody else would undo it is theirs to say.
func TestARollbackIsNotMadeRightByANameBesideIt(t *testing.T) {
	f := sample()
	f.Messages = []incident.ChatMessage{{Author: "Omar Haddad", At: now.Add(-4 * time.Minute), Text: "I would roll the deploy back first"}}
	f.Items = append(f.Items, evidence.Item{Number: 8, State: evidence.Found, Source: evidence.Messages, Text: "- 2026-03-20 13:58 UTC Omar Haddad: I would roll the deploy back first"})
	judgedLines{
		"1. Roll the deploy back":                                    false,
		"1. I suggest to roll the deploy back, ask Omar Haddad":      false,
		"1. Omar Haddad would roll the deploy back first":            true,
		"1. Ana Ruiz would roll the deploy back first":               false,
		"1. Ask Omar Haddad whether to revert, I recommend a revert": false,
	}.hold(t, f, "## What Do I Do Right Now?\n")
}
