package evidence

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/incident"
)

var now = time.Date(2026, 3, 20, 14, 2, 0, 0, time.UTC)

var known = incident.Incident{
	ID: "Q1GATEWAY502AA", Number: 4711, Title: "502s", Status: incident.Triggered, Urgency: "high",
	Service: incident.Ref{ID: "PSVC001", Name: "api-gateway"}, EscalationPolicy: incident.Ref{ID: "PPOL001"}, CreatedAt: now.Add(-2 * time.Minute),
}

func pastOne(id string, daysAgo int, took time.Duration) incident.Past {
	at := now.Add(-time.Duration(daysAgo) * 24 * time.Hour)
	return incident.Past{Incident: incident.Incident{ID: id, Title: "502s", CreatedAt: at, ResolvedAt: at.Add(took), Status: incident.Resolved}}
}

func TestGatherTypesEveryAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := Gather(t.Context(), Readers{
			Now: func() time.Time { return now },
			Incident: func(context.Context, string) (incident.Incident, error) {
				i := known
				i.Status, i.Body = incident.Acknowledged, "see runbook"
				return i, nil
			},
			Alerts: func(context.Context, string) ([]incident.Alert, incident.Cut, error) {
				return []incident.Alert{{ID: "A1", Summary: "502", Details: "runbook: https://wiki.example/pages/42"}}, incident.Cut{Shown: 1, Total: 1}, nil
			},
			Notes: func(context.Context, string) ([]incident.Note, error) { return nil, nil },
			Past: func(context.Context, incident.Incident) ([]incident.Past, error) {
				return nil, errors.New("api.pagerduty.com answered 500")
			},
			Tickets: func(ctx context.Context, _ incident.Incident) ([]incident.Ticket, incident.Cut, error) {
				<-ctx.Done()
				return nil, incident.Cut{}, ctx.Err()
			},
			Runbook: func(_ context.Context, link string, _ incident.Incident) (incident.Page, string, error) {
				return incident.Page{ID: "42", Title: "Gateway", Markdown: link}, "linked", nil
			},
		}, known)

		want := map[string]State{Incident: Found, Alerts: Found, Notes: Nothing, Past: Unread, Tickets: Unread, Runbook: Found, OnCall: NotSetUp, Messages: NotSetUp, Log: NotSetUp}
		for source, state := range want {
			if got := f.State(source); got != state {
				t.Errorf("%s is %s, want %s", source, got, state)
			}
		}
		if f.Incident.Status != incident.Acknowledged || f.Incident.Service.Name != "api-gateway" {
			t.Errorf("incident %+v", f.Incident)
		}
		if f.Runbook.Markdown != "https://wiki.example/pages/42" {
			t.Errorf("the runbook was looked for by %q", f.Runbook.Markdown)
		}
		if i, _ := f.Item(Tickets); !strings.Contains(i.Why, "no answer within 8s") {
			t.Errorf("tickets: %q", i.Why)
		}
	})
}

func TestAShorterPatienceBoundsEachSource(t *testing.T) {
	for patience, says := range map[time.Duration]string{2 * time.Second: "no answer within 2s", time.Minute: "no answer within 8s"} {
		synctest.Test(t, func(t *testing.T) {
			f := Gather(t.Context(), Readers{
				Now: func() time.Time { return now }, Patience: patience,
				Notes: func(ctx context.Context, _ string) ([]incident.Note, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				},
			}, known)
			if i, _ := f.Item(Notes); i.Why != says {
				t.Errorf("%s: %q, want %q", patience, i.Why, says)
			}
		})
	}
}

func TestGatherLeavesAReaderBehindThatDoesNotHeedItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		f := Gather(t.Context(), Readers{
			Now: func() time.Time { return now },
			Notes: func(context.Context, string) ([]incident.Note, error) {
				<-release
				return []incident.Note{{Text: "late"}}, nil
			},
		}, known)
		if f.State(Notes) != Unread || len(f.Notes) != 0 {
			t.Errorf("notes %s %v", f.State(Notes), f.Notes)
		}
		close(release)
		synctest.Wait()
		if len(f.Notes) != 0 {
			t.Error("what came late was stored")
		}
	})
}

func TestItemsAreNumberedInOneRowWithoutWhatNobodySetUp(t *testing.T) {
	f := Gather(t.Context(), Readers{
		Now:   func() time.Time { return now },
		Notes: func(context.Context, string) ([]incident.Note, error) { return nil, nil },
		OnCall: func(context.Context, string) ([]incident.OnCall, error) {
			return []incident.OnCall{{Person: incident.Ref{Name: "Ana Ruiz"}, Level: 1}}, nil
		},
	}, known)
	var got []string
	for _, i := range f.Items {
		if i.State != NotSetUp {
			got = append(got, i.ID()+" "+i.Source)
		}
	}
	if diff := cmp.Diff([]string{"E1 " + Notes, "E2 " + OnCall, "E3 " + Derived}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCodeCountsRecurrence(t *testing.T) {
	f := Facts{Incident: known, ReadAt: now, Past: []incident.Past{pastOne("Q1", 5, 12*time.Minute), pastOne("Q2", 33, 25*time.Minute), pastOne("Q3", 400, time.Hour), {Incident: known}}}
	r, ok := f.Recurs()
	if !ok || r.Times != 3 || r.Days != 33 || r.Median != 25*time.Minute || r.Last.Incident.ID != "Q1" {
		t.Errorf("%v %+v", ok, r)
	}
	if _, ok := (Facts{Incident: known, ReadAt: now}).Recurs(); ok {
		t.Error("recurs without a past")
	}
}

func TestDerivedFactsAreSentences(t *testing.T) {
	f := Facts{
		Incident: known, ReadAt: now,
		Past: []incident.Past{noted(pastOne("Q1", 5, 12*time.Minute), "Restarted the gateway, errors stopped.")},
		Related: []incident.Past{
			{Incident: incident.Incident{ID: "Q8", Number: 4712, Title: "502s", Service: incident.Ref{Name: "edge-proxy"}}},
			{Incident: incident.Incident{ID: "Q9", Number: 4713, Title: "503s", Service: incident.Ref{Name: "edge-proxy"}}},
		},
		Changes:   []incident.Change{{Summary: "Deploy 1.4", At: now.Add(-17 * time.Minute)}, {Summary: "old", At: now.Add(-9 * time.Hour)}, {Summary: "after", At: now}},
		Alerts:    []incident.Alert{{Status: incident.Resolved, CreatedAt: now.Add(-3 * time.Minute)}},
		AlertsCut: incident.Cut{Shown: 1, Total: 1},
	}
	want := []string{
		"The incident was opened 2 min ago.",
		"This is the 2nd time in 5 days.",
		"Earlier ones were resolved in 12 min (median) by a restart (from its note).",
		"Incident #4712 on edge-proxy has the same title.",
		`Change "Deploy 1.4" happened 14 min before the first alert.`,
		"Every alert has recovered while the incident is still open.",
	}
	if diff := cmp.Diff(want, derived(f)); diff != "" {
		t.Error(diff)
	}
}

func noted(p incident.Past, notes ...string) incident.Past {
	for _, n := range notes {
		p.Notes = append(p.Notes, incident.Note{Author: "Ana Ruiz", Text: n})
	}
	return p
}

func TestWhatEndedTheEarlierOnesIsSaidOnlyWhereTheirNotesAgree(t *testing.T) {
	for want, all := range map[string][][]string{
		"a restart": {
			{"Restarted the gateway, errors stopped."}, {"OOM. Restart helped after 25 min."}, {"rebooted db-7", "Restart again", ""},
			{"Restarted it", "Restarted it", "Raised the limit"},
		},
		"a rollback": {{"Rolled back to v1.3."}, {"Restart did not help, rolled back"}},
		"a failover": {{"Failed over to the replica."}},
		"": {
			{"It went away by itself."}, {"A restart did not help."}, {"Will restart it tomorrow"}, {"502s since the restart of the node"}, {"Restarted it", "Rolled back"},
			{"We tried a restart"}, {"errors came after a rollback"}, {"No restart was needed"}, {"if it comes again: restart"}, {"Перезапущено"},
		},
	} {
		for _, notes := range all {
			var past []incident.Past
			for _, n := range notes {
				p := pastOne("Q1", 5, time.Minute)
				if n != "" {
					p = noted(p, n)
				}
				past = append(past, p)
			}
			if got := remedy(past); got != want {
				t.Errorf("%q: %q, want %q", notes, got, want)
			}
		}
	}
}

func TestATitleIsTheSameWithoutTheNameOfItsService(t *testing.T) {
	f := Facts{Incident: incident.Incident{Title: "mail-relay: Disk 90% full", Service: incident.Ref{Name: "mail-relay"}}}
	other := func(title, service string) incident.Past {
		return incident.Past{Incident: incident.Incident{ID: title + service, Title: title, Service: incident.Ref{Name: service}}}
	}
	f.Related = []incident.Past{other("build-runner: disk 90% full", "build-runner"), other("disk 95% full", "build-runner"), other("mail-relay: disk 90% full", "mail-relay"), other("disk 90% full", "")}
	if got := f.SameTitle(); len(got) != 1 || got[0].Incident.ID != f.Related[0].Incident.ID {
		t.Errorf("%+v", got)
	}
}

func TestSpanAndOrdinalReadAsPeopleSayThem(t *testing.T) {
	for d, want := range map[time.Duration]string{
		41 * time.Second: "41 s", 2 * time.Minute: "2 min", 90 * time.Second: "2 min", 65 * time.Minute: "1 h 5 min",
		2 * time.Hour: "2 h", 75 * time.Hour: "3 days",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%s) = %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 112: "112th"} {
		if got := Ordinal(n); got != want {
			t.Errorf("Ordinal(%d) = %q", n, got)
		}
	}
}

func TestAddressesEndWhereTheSentenceGoesOn(t *testing.T) {
	got := Addresses("See https://a.example/x(1), (https://b.example/y). <https://c.example/z|label> `https://d.example/w`!")
	if diff := cmp.Diff([]string{"https://a.example/x(1)", "https://b.example/y", "https://c.example/z", "https://d.example/w"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRunbookLinkPrefersAFieldThatSaysSo(t *testing.T) {
	f := Facts{Alerts: []incident.Alert{{Details: "dashboard: https://g.example/d\nrunbook_url: https://w.example/1"}}}
	if got := RunbookLink(f); got != "https://w.example/1" {
		t.Errorf("from details: %q", got)
	}
	f.Alerts[0].Links = []incident.Link{{Text: "Graph", URL: "https://g.example"}, {Text: "Runbook", URL: "https://w.example/2"}}
	if got := RunbookLink(f); got != "https://w.example/2" {
		t.Errorf("from links: %q", got)
	}
	f.Incident.CustomFields = []incident.Field{{Name: "Runbook", Value: "here: https://w.example/3."}}
	if got := RunbookLink(f); got != "https://w.example/3" {
		t.Errorf("from custom fields: %q", got)
	}
}

// A person who asks, and some events, name the incident by its id alone.
func TestAnIncidentKnownByItsIDAloneIsReadBeforeTheRest(t *testing.T) {
	var asked incident.Incident
	f := Gather(t.Context(), Readers{
		Now:      func() time.Time { return now },
		Incident: func(context.Context, string) (incident.Incident, error) { return known, nil },
		Tickets: func(_ context.Context, i incident.Incident) ([]incident.Ticket, incident.Cut, error) {
			asked = i
			return nil, incident.Cut{}, nil
		},
	}, incident.Incident{ID: known.ID})
	if diff := cmp.Diff(known, asked); diff != "" || f.Incident.Title != known.Title {
		t.Errorf("tickets were looked for with (-want +got):\n%s", diff)
	}
}

func TestATicketWithoutFieldsSaysWhatItHasNot(t *testing.T) {
	got := ticketsText([]incident.Ticket{{Key: "OPS-1", URL: "https://jira.example/browse/OPS-1"}}, incident.Cut{Shown: 1, Total: 1})
	if want := "- OPS-1 [no status, no priority, unassigned, updated unknown] (no summary) https://jira.example/browse/OPS-1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
