package problem

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

var noon = time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)

func claimOf(id, urgency string, keys ...string) Claim {
	return Claim{Incident: incident.Incident{ID: id, Urgency: urgency}, Run: "incident-" + id, Keys: keys, Window: 15 * time.Minute}
}

func TestWhoComesFirstLeadsAndTheOthersFollow(t *testing.T) {
	var b Board
	for _, step := range []struct {
		after      time.Duration
		claim      Claim
		lead, tell string // the run that is followed, and the one that is told
	}{
		{0, claimOf("Q1", "high", "a"), "", ""},
		{time.Second, claimOf("Q2", "high", "a", "b"), "incident-Q1", "incident-Q1"},
		{2 * time.Second, claimOf("Q2", "high", "a", "b"), "incident-Q1", ""}, // asked again
		{3 * time.Second, claimOf("Q1", "high", "a"), "", ""},
		{4 * time.Second, claimOf("Q3", "high", "c"), "", ""},
		{5 * time.Second, Claim{Incident: incident.Incident{ID: "Q4", Urgency: "high"}, Run: "incident-Q4", Related: []string{"Q3"}, Window: time.Hour}, "incident-Q3", "incident-Q3"},
		{14 * time.Minute, claimOf("Q5", "low", "a"), "incident-Q1", "incident-Q1"},
		{15 * time.Minute, claimOf("Q6", "low", "a"), "", ""},  // the window is over
		{16 * time.Minute, claimOf("Q7", "high", "a"), "", ""}, // not behind a low one
	} {
		v, tell := b.Claim(noon.Add(step.after), step.claim)
		if v.Run != step.lead || tell != step.tell {
			t.Errorf("%s after %s: follows %q and tells %q, want %q and %q", step.claim.Incident.ID, step.after, v.Run, tell, step.lead, step.tell)
		}
	}
}

func TestALeadWhoseWindowIsOverIsRememberedForADay(t *testing.T) {
	var b Board
	b.Claim(noon, claimOf("Q1", "high", "a"))
	for range 2 { // asked twice, answered the same
		if v, _ := b.Claim(noon.Add(time.Hour), claimOf("Q2", "high", "a")); v.Follows() || v.EarlierRun != "incident-Q1" {
			t.Errorf("an hour later: %+v", v)
		}
	}
	if v, _ := b.Claim(noon.Add(2*time.Hour), claimOf("Q3", "high", "a")); v.EarlierRun != "incident-Q2" {
		t.Errorf("the latest counts: %+v", v)
	}
	if v, _ := b.Claim(noon.Add(27*time.Hour), claimOf("Q4", "high", "a")); v.EarlierRun != "" || len(b.Leads) != 1 {
		t.Errorf("a day later: %+v of %d", v, len(b.Leads))
	}
}

func TestALeadThatEndedWithoutABriefIsReplaced(t *testing.T) {
	var b Board
	b.Claim(noon, claimOf("Q1", "high", "a"))
	c := claimOf("Q2", "high", "a")
	c.Instead = "Q1"
	if v, _ := b.Claim(noon, c); v.Follows() {
		t.Errorf("%+v", v)
	}
	if v, _ := b.Claim(noon, claimOf("Q3", "high", "a")); v.Run != "incident-Q2" {
		t.Errorf("%+v", v)
	}
}

// However claims come, every follower has a lead that follows nobody, shares a
// key with it, and is no older than its window.
func TestAFollowerAlwaysHasALeadOfItsOwnProblem(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var b Board
	leads := map[string]Claim{}
	now := noon
	for i := range 3000 {
		now = now.Add(time.Duration(rnd.IntN(60)) * time.Second)
		c := claimOf(fmt.Sprint("Q", i), []string{"high", "low"}[rnd.IntN(2)], fmt.Sprint("k", rnd.IntN(5)))
		v, _ := b.Claim(now, c)
		if !v.Follows() {
			leads[c.Run] = c
			continue
		}
		lead, ok := leads[v.Run]
		if !ok || lead.Keys[0] != c.Keys[0] || lead.Incident.Urgency == low && c.Incident.Urgency != low {
			t.Fatalf("%s follows %q: %+v", c.Incident.ID, v.Run, lead)
		}
	}
}

func facts(key string, alerts ...incident.Alert) evidence.Facts {
	return evidence.Facts{
		Incident: incident.Incident{ID: "Q1", Title: "Disk full", Key: key}, Alerts: alerts, AlertsCut: incident.Cut{Shown: len(alerts), Total: len(alerts)},
		Items: []evidence.Item{{Source: evidence.Alerts, State: evidence.Found}},
	}
}

func TestOnlyTheSameAlertsAreTheSameProblem(t *testing.T) {
	disk := incident.Alert{Summary: "Disk full", Details: "host: db-1\nused: 91 %\nat: 2026-03-20T12:00:00Z"}
	for name, c := range map[string]struct {
		other evidence.Facts
		same  bool
	}{
		"measured anew":         {facts("", incident.Alert{Summary: "Disk full", Details: "host: db-1\nused: 97.5%\nat: 2026-03-20T12:09:11Z"}), true},
		"fired twice":           {facts("", disk, disk), true},
		"on another host":       {facts("", incident.Alert{Summary: "Disk full", Details: "host: db-2\nused: 91 %"}), false},
		"with another title":    {facts("", incident.Alert{Summary: "Disk full on /var", Details: disk.Details}), false},
		"and one alert more":    {facts("", disk, incident.Alert{Summary: "Replica lags"}), false},
		"of the same dedup key": {facts("", incident.Alert{Summary: "Disk fine again", Key: "disk/db-1"}), true},
		"of which not all is known": {func() evidence.Facts {
			f := facts("", disk)
			f.AlertsCut.Total = 300
			return f
		}(), false},
	} {
		mine := disk
		mine.Key = "disk/db-1"
		shared := false
		for _, k := range Keys(facts("", mine)) {
			for _, o := range Keys(c.other) {
				shared = shared || k == o
			}
		}
		if shared != c.same {
			t.Errorf("%s: the same problem is %v, want %v", name, shared, c.same)
		}
	}
}

func TestAValueThatMayNameSomethingIsNotTakenForAMeasure(t *testing.T) {
	for value, dropped := range map[string]bool{
		"91 %": true, "11.4%": true, "3 s": true, "1,250 ms": true, "512MiB": true, "-0.5": true, "40 req/s": true,
		"2026-03-20T12:00:00Z": true, "2026-03-20": true, "12:04": true,
		"12": false, "5432": false, "10.0.0.12": false, "v4.18.2": false, "4.18.2": false, "1a": false, "12B": false, "db-1": false, "prod": false, "": false,
	} {
		if got := named("key: "+value) == ""; got != dropped {
			t.Errorf("%q: dropped %v, want %v", value, got, dropped)
		}
	}
}

func TestWithoutAlertsNobodyIsAFollowerByTheTitle(t *testing.T) {
	for _, state := range []evidence.State{evidence.Unread, evidence.Nothing} {
		f := facts("")
		f.Items[0].State = state
		if keys := Keys(f); len(keys) != 0 {
			t.Errorf("alerts %v: keys %v", state, keys)
		}
		f.Incident.Key = "db-1/disk"
		if diff := cmp.Diff([]string{"dedup db-1/disk"}, Keys(f)); diff != "" {
			t.Errorf("alerts %v, of a dedup key: %s", state, diff)
		}
	}
}
