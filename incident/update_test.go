package incident

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)

func at(minutes int, u Update) Update {
	u.At = noon.Add(time.Duration(minutes) * time.Minute)
	return u
}

func TestAnIncidentIsAsItsUpdatesLeaveItInWhateverOrderTheyCome(t *testing.T) {
	resolved := at(3, Update{Kind: "resolved", Status: Resolved, By: "Ada"})
	i := Incident{ID: "Q1", Status: Triggered, Urgency: "high", Priority: "P2", Service: Ref{ID: "S1", Name: "api"}}
	got := i.After([]Update{resolved, at(1, Update{Kind: "acknowledged", Status: Acknowledged}), at(2, Update{Kind: "priority_updated", Status: Acknowledged, Priority: "P1"}), resolved})
	want := Incident{ID: "Q1", Status: Resolved, Urgency: "high", Priority: "P1", Service: i.Service, ResolvedAt: resolved.At, StatusChangedBy: "Ada"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	back := got.After([]Update{at(4, Update{Kind: "reopened", Status: Triggered})})
	if back.Status != Triggered || !back.ResolvedAt.IsZero() {
		t.Errorf("reopened: %+v", back)
	}
	if diff := cmp.Diff(i, i.After([]Update{{Kind: "annotated", Note: "x"}, {Kind: SameProblem, Status: Resolved, Other: Incident{ID: "Q2"}}})); diff != "" {
		t.Errorf("a note or a follower changed it: %s", diff)
	}
}

func TestWhatIsToldTwiceIsKnownOnce(t *testing.T) {
	a, b := at(1, Update{Kind: "annotated", Note: "a"}), at(1, Update{Kind: "annotated", Note: "b"})
	if diff := cmp.Diff([]Update{a, b}, Known([]Update{a, b, a})); diff != "" {
		t.Error(diff)
	}
	one := Update{Kind: SameProblem, Other: Incident{ID: "Q2"}}
	if n := len(Others([]Update{one, at(5, one), a})); n != 1 {
		t.Errorf("%d others", n)
	}
}

func TestANewUrgencyIsNewsOnce(t *testing.T) {
	i := Incident{ID: "Q1", Status: Triggered, Urgency: "high", Priority: "P2"}
	all := []Update{
		at(1, Update{Kind: "acknowledged", Urgency: "high"}), at(2, Update{Kind: "escalated", Urgency: "low"}),
		at(3, Update{Kind: "reassigned", Urgency: "low"}), at(4, Update{Kind: "priority_updated"}),
	}
	var told []string
	for _, u := range i.News(all) {
		told = append(told, u.Urgency)
	}
	if diff := cmp.Diff([]string{"", "low", "", ""}, told); diff != "" {
		t.Error(diff)
	}
	if now := i.After(all); now.Urgency != "low" || now.Priority != "" || all[0].Urgency != "high" {
		t.Errorf("in the end %+v; told was %+v", now, all[0])
	}
}
