package pagerduty

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/incident"
)

const days = 24 * time.Hour

// similarOne is the little that the Past Incidents feature says of one.
func similarOne(id, title string, at time.Time, score float64) obj {
	return obj{"incident": obj{"id": id, "title": title, "created_at": at.Format(time.RFC3339), "self": "https://api.pagerduty.com/incidents/" + id}, "score": score}
}

func TestPastIncidentsComeWithTheirEndAndNotesTheNewestFirst(t *testing.T) {
	routes := map[string]func(url.Values) answer{}
	var listed []any
	for n := range 8 { // likest first, as PagerDuty answers; the fourth is the newest
		pid, at := fmt.Sprintf("QPAST%d", n), created.Add(-time.Duration((n+5)%8+1)*30*days/2)
		listed = append(listed, similarOne(pid, "Checkout answers 502", at, 90.5-float64(n)))
		routes["/incidents/"+pid] = ok(obj{"incident": restIncident(pid, "Checkout answers 502", "resolved", at)})
		routes["/incidents/"+pid+"/notes"] = ok(obj{"notes": []any{note("Ben", "restarted "+pid, at.Add(time.Minute))}})
	}
	listed = append(listed, similarOne(id, "itself", created, 100), obj{"incident": nil}, nil)
	routes[pastPath] = ok(obj{"past_incidents": listed, "total": nil, "limit": 50})
	c, f := client(t, routes)
	got, err := c.PastIncidents(t.Context(), id)
	if err != nil || len(got) != 8 {
		t.Fatalf("%d, %v", len(got), err)
	}
	for n, p := range got {
		if n > 0 && p.Incident.CreatedAt.After(got[n-1].Incident.CreatedAt) {
			t.Errorf("%s stands behind an older one", p.Incident.ID)
		}
		if known := len(p.Notes) == 1 && p.Incident.ResolvedAt.Equal(p.Incident.CreatedAt.Add(12*time.Minute)); known != (n < enriched) {
			t.Errorf("%d: %+v", n, p)
		}
		if p.How != "pagerduty" || p.Score < 80 {
			t.Errorf("%d: how %q, score %g", n, p.How, p.Score)
		}
	}
	if q := f.called(pastPath); q[0].Get("limit") != "50" {
		t.Errorf("asked with %v", q)
	}
}

func TestAPastIncidentWhoseNotesCannotBeReadSaysSo(t *testing.T) {
	c, _ := client(t, map[string]func(url.Values) answer{
		pastPath:            ok(obj{"past_incidents": []any{similarOne("QPAST0", "x", created.Add(-days), 9)}}),
		"/incidents/QPAST0": refuse(500), "/incidents/QPAST0/notes": refuse(500),
	})
	got, err := c.PastIncidents(t.Context(), id)
	if err != nil || len(got) != 1 || got[0].Incident.Title != "x" || len(got[0].Notes) != 2 || !strings.Contains(got[0].Notes[0].Text, "could not be read") {
		t.Errorf("%+v %v", got, err)
	}
}

func TestPastFallsBackToTitlesOnTheSameService(t *testing.T) {
	title := "[FIRING:3] Checkout answers 502 on web-12 (eu-west-1)"
	i := incident.Incident{ID: id, Title: title, Service: incident.Ref{ID: "PCHECK1"}, CreatedAt: created}
	c, f := client(t, map[string]func(url.Values) answer{
		pastPath: refuse(402),
		"/incidents": paged("incidents", []any{
			restIncident(id, title, "triggered", created),
			restIncident("QSAME1", "[FIRING:1] Checkout answers 502 on web-3 (eu-west-1)", "resolved", created.Add(-10*days)),
			restIncident("QOTHER", "Disk full on web-12", "resolved", created.Add(-11*days)),
			restIncident("Q404", "[FIRING:1] Checkout answers 404 on web-3 (eu-west-1)", "resolved", created.Add(-12*days)),
			restIncident("QSAME2", "[FIRING:9] Checkout answers 502 on web-1 (eu-west-2)", "resolved", created.Add(-20*days)),
		}),
		"/incidents/QSAME1/notes": ok(obj{"notes": []any{note("Ben", "rolled back", created.Add(-10*days))}}),
		"/incidents/QSAME2/notes": ok(obj{"notes": []any{}}), "/incidents/" + id + "/notes": ok(obj{"notes": []any{}}),
	})
	got, err := c.Past(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range got {
		ids = append(ids, p.Incident.ID+" "+p.How)
	}
	if diff := cmp.Diff([]string{"QSAME1 title", "QSAME2 title"}, ids); diff != "" {
		t.Error(diff)
	}
	if got[0].Notes[0].Text != "rolled back" || got[0].Incident.ResolvedAt.IsZero() {
		t.Errorf("%+v", got[0])
	}
	q := f.called("/incidents")[0]
	since, err := time.Parse(time.RFC3339, q.Get("since"))
	if err != nil || testNow.Sub(since) > 180*days || testNow.Sub(since) < 179*days || q.Get("service_ids[]") != "PCHECK1" {
		t.Errorf("asked with %v, %v", q, err)
	}
}

func TestPastDoesNotHideAFailureBehindTitles(t *testing.T) {
	i := incident.Incident{ID: id, Title: "x", Service: incident.Ref{ID: "PCHECK1"}}
	c, _ := client(t, map[string]func(url.Values) answer{pastPath: refuse(500)})
	if _, err := c.Past(t.Context(), i); err == nil || errors.Is(err, ErrNotInPlan) {
		t.Errorf("%v", err)
	}
	c, _ = client(t, map[string]func(url.Values) answer{pastPath: refuse(404), "/incidents": refuse(500)})
	if got, err := c.Past(t.Context(), i); err == nil || len(got) > 0 {
		t.Errorf("%v %v", got, err)
	}
	c, _ = client(t, map[string]func(url.Values) answer{pastPath: refuse(404)})
	if _, err := c.Past(t.Context(), incident.Incident{ID: id}); !errors.Is(err, ErrNotInPlan) {
		t.Errorf("without a service to look on: %v", err)
	}
}

func TestSimilarByTitleSaysHowMuchItLookedThrough(t *testing.T) {
	var all []any
	for n := range 350 {
		all = append(all, restIncident(fmt.Sprintf("Q%05d", n), "Other problem entirely", "resolved", created.Add(-time.Duration(n)*time.Hour)))
	}
	c, _ := client(t, map[string]func(url.Values) answer{"/incidents": paged("incidents", all)})
	got, cut, err := c.SimilarByTitle(t.Context(), "PCHECK1", "Checkout answers 502", testNow.Add(-400*days))
	if err != nil || len(got) != 0 || cut != (incident.Cut{Shown: 300, Total: 350}) {
		t.Errorf("%d, %+v, %v", len(got), cut, err)
	}
}

func TestTitlesAreAlikeWhenOnlyNumbersDiffer(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Disk full on db-1", "Disk full on db-22", true},
		{"[#12] Disk full on db-1", "DISK FULL on db-1!", true},
		{"502s at the gateway", "502 at the gateway", true},
		{"502s at the gateway", "404s at the gateway", false},
		{"5xx at the gateway", "at the gateway", true},
		{"HTTP 502", "HTTP 404", false},
		{"Disk full on db-1", "Certificate expired on db-1", false},
		{"12345", "12345", false}, // nothing to compare
		{"", "Disk full", false},
		{"データベース 停止", "データベース 停止 2", true},
	} {
		if share := alike(c.a, c.b); share >= likeEnough != c.same {
			t.Errorf("%q and %q: %.2f", c.a, c.b, share)
		}
	}
}

func TestRelatedIncidentsAreFilledInWhereTheListSaysLittle(t *testing.T) {
	whole := restIncident("QREL2", "Payments slow", "triggered", created.Add(time.Minute))
	c, f := client(t, map[string]func(url.Values) answer{
		relatedPath: ok(obj{"related_incidents": []any{
			obj{"incident": similarOne("QREL1", "Cart slow", created, 0)["incident"], "relationships": []any{obj{"type": "service_dependency"}}},
			obj{"incident": whole},
		}}),
		"/incidents/QREL1": ok(obj{"incident": restIncident("QREL1", "Cart slow", "acknowledged", created)}),
	})
	got, err := c.RelatedIncidents(t.Context(), id)
	if err != nil || len(got) != 2 || got[0].Incident.ID != "QREL2" || got[1].Incident.Status != "acknowledged" {
		t.Errorf("%+v %v", got, err)
	}
	if q := f.called(relatedPath); q[0].Get("additional_details[]") != "incident" {
		t.Errorf("asked with %v", q)
	}
}

func change(id, summary string, at time.Time) obj {
	return obj{
		"id": id, "type": "change_event", "summary": summary, "source": "github", "timestamp": at.Format(time.RFC3339),
		"services": []any{ref("PCHECK1", "service", "checkout")}, "links": []any{obj{"href": "https://ci.example/1", "text": "Build"}},
		"custom_details": obj{"version": "v2.14.0"}, "correlation_reason": obj{"reason": "most_recent"},
	}
}

func TestChangesJoinWhatIsRelatedAndWhatIsOnTheService(t *testing.T) {
	i := incident.Incident{ID: id, CreatedAt: created, Service: incident.Ref{ID: "PCHECK1"}}
	related, onService := change("C1", "Deploy v2.14.0", created.Add(-time.Minute)), change("C2", "Flag on", created.Add(-time.Hour))
	onServicePath := "/services/PCHECK1/change_events"
	for name, c := range map[string]struct {
		related, service func(url.Values) answer
		want             []string
		failed           bool
	}{
		"both":                        {ok(obj{"change_events": []any{related}}), ok(obj{"change_events": []any{onService, related}}), []string{"C1", "C2"}, false},
		"no such feature":             {refuse(403), ok(obj{"change_events": []any{onService}}), []string{"C2"}, false},
		"no such feature, none there": {refuse(403), ok(obj{"change_events": []any{}}), nil, false},
		"nothing there":               {ok(obj{"change_events": []any{}}), ok(obj{"change_events": []any{}}), nil, false},
		"related failed, none there":  {refuse(500), ok(obj{"change_events": []any{}}), nil, true},
		"service failed, none there":  {ok(obj{"change_events": []any{}}), refuse(500), nil, true},
		"service failed, one there":   {ok(obj{"change_events": []any{related}}), refuse(500), []string{"C1"}, false},
	} {
		api, f := client(t, map[string]func(url.Values) answer{changesPath: c.related, onServicePath: c.service})
		got, err := api.Changes(t.Context(), i)
		var ids []string
		for _, ch := range got {
			ids = append(ids, ch.ID)
		}
		if diff := cmp.Diff(c.want, ids); diff != "" || (err != nil) != c.failed {
			t.Errorf("%s: %v %s", name, err, diff)
		}
		if q := f.called(onServicePath); q[0].Get("since") != "2026-05-03T09:30:11Z" || q[0].Get("until") != "2026-05-04T09:40:00Z" {
			t.Errorf("%s: asked with %v", name, q)
		}
	}
}

func TestAChangeSaysWhatItChanged(t *testing.T) {
	c, _ := client(t, map[string]func(url.Values) answer{changesPath: ok(obj{"change_events": []any{change("C1", "Deploy v2.14.0", created), nil, obj{}}})})
	got, err := c.IncidentChanges(t.Context(), id)
	want := []incident.Change{{
		ID: "C1", Summary: "Deploy v2.14.0", Source: "github", At: created, Services: []incident.Ref{restRef("PCHECK1", "service", "checkout")},
		Links: []incident.Link{{Text: "Build", URL: "https://ci.example/1"}}, Details: "version: v2.14.0\nPagerDuty relates it because: most_recent",
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}
