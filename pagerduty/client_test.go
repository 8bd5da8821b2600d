package pagerduty

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/opsbuddy/opsbuddy/border"
)

func TestNewNamesTheSettingThatIsWrong(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "PAGERDUTY_USER_API_KEY is not set"},
		{Config{APIKey: "  \n"}, "PAGERDUTY_USER_API_KEY is not set"},
		{Config{APIKey: `"quoted"`}, "quotes"},
		{Config{APIKey: "two words"}, "blanks"},
		{Config{APIKey: testKey, Host: "ftp://api.pagerduty.com"}, "PAGERDUTY_API_HOST"},
		{Config{APIKey: testKey, Host: "https://user:pass@api.pagerduty.com"}, "PAGERDUTY_API_HOST"},
		{Config{APIKey: testKey, Host: "https://api.pagerduty.com?x=1"}, "PAGERDUTY_API_HOST"},
		{Config{APIKey: testKey, Host: "https://"}, "PAGERDUTY_API_HOST"},
		{Config{APIKey: testKey, Host: "https://shop.pagerduty.com/incidents"}, "address of web pages"},
	} {
		_, err := New(c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "pass") || strings.Contains(err.Error(), testKey) {
			t.Errorf("%+v: %v", c.cfg, err)
		}
	}
}

func TestNewReadsHostsAsPeopleWriteThem(t *testing.T) {
	for host, want := range map[string]string{
		"": DefaultHost, "api.eu.pagerduty.com": "https://api.eu.pagerduty.com", " https://api.pagerduty.com/ ": DefaultHost,
		"http://127.0.0.1:8080/pd/": "http://127.0.0.1:8080/pd",
	} {
		c, err := New(Config{APIKey: " " + testKey + "\n", Host: host})
		if err != nil || c.host != want {
			t.Errorf("%q: %v %v, want %s", host, c, err, want)
		}
	}
}

func TestReadsRefuseAnIDThatWouldChangeThePath(t *testing.T) {
	c, f := client(t, nil)
	ctx := t.Context()
	for _, bad := range []string{"", "../users/me", "P1/../../users", "P1?include[]=x", "P1 ", "P1#x", "%2e%2e"} {
		_, e1 := c.Incident(ctx, bad)
		_, _, e2 := c.Alerts(ctx, bad)
		_, e3 := c.Notes(ctx, bad)
		_, _, e4 := c.LogEntries(ctx, bad)
		_, e5 := c.PastIncidents(ctx, bad)
		_, e6 := c.RelatedIncidents(ctx, bad)
		_, e7 := c.IncidentChanges(ctx, bad)
		_, e8 := c.ServiceChanges(ctx, bad, testNow, testNow)
		_, e9 := c.Service(ctx, bad)
		_, e10 := c.EscalationPolicy(ctx, bad)
		_, e11 := c.OnCalls(ctx, bad)
		_, _, e12 := c.SimilarByTitle(ctx, bad, "x", testNow)
		for n, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12} {
			if err == nil || !strings.Contains(err.Error(), "is not the id of") {
				t.Errorf("%q, read %d: %v", bad, n+1, err)
			}
		}
	}
	if len(f.calls) > 0 {
		t.Errorf("calls %v", f.calls)
	}
}

// reads are all reads of an incident, by what they need from the fake.
func reads(c *Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		incidentPath: func(ctx context.Context) error { _, err := c.Incident(ctx, id); return err },
		alertsPath:   func(ctx context.Context) error { _, _, err := c.Alerts(ctx, id); return err },
		notesPath:    func(ctx context.Context) error { _, err := c.Notes(ctx, id); return err },
		logPath:      func(ctx context.Context) error { _, _, err := c.LogEntries(ctx, id); return err },
		pastPath:     func(ctx context.Context) error { _, err := c.PastIncidents(ctx, id); return err },
		relatedPath:  func(ctx context.Context) error { _, err := c.RelatedIncidents(ctx, id); return err },
		changesPath:  func(ctx context.Context) error { _, err := c.IncidentChanges(ctx, id); return err },
		"/incidents": func(ctx context.Context) error {
			_, _, err := c.SimilarByTitle(ctx, "PCHECK1", "x", testNow)
			return err
		},
		"/oncalls":                 func(ctx context.Context) error { _, err := c.OnCalls(ctx, "PPOL001"); return err },
		"/services":                func(ctx context.Context) error { _, _, err := c.Services(ctx, "x"); return err },
		"/services/PCHECK1":        func(ctx context.Context) error { _, err := c.Service(ctx, "PCHECK1"); return err },
		"/escalation_policies/PP1": func(ctx context.Context) error { _, err := c.EscalationPolicy(ctx, "PP1"); return err },
		"/services/PCHECK1/change_events": func(ctx context.Context) error {
			_, err := c.ServiceChanges(ctx, "PCHECK1", testNow, testNow)
			return err
		},
		"/users/me": func(ctx context.Context) error { _, err := c.Me(ctx); return err },
	}
}

// allPaths answers the same on every path.
func allPaths(route func(url.Values) answer) map[string]func(url.Values) answer {
	routes := map[string]func(url.Values) answer{fieldsPath: route}
	for path := range reads(nil) {
		routes[path] = route
	}
	return routes
}

func TestAnAnswerThatIsNoneIsAnErrorAndNeverAnEmptyList(t *testing.T) {
	for name, body := range map[string]any{
		"html":              []byte("<!doctype html><title>Sign in</title>"),
		"empty":             []byte(""),
		"two words":         []byte("all good"),
		"empty json":        obj{},
		"null":              []byte("null"),
		"a list":            []any{},
		"an error with 200": obj{"error": obj{"message": "no"}},
		"wrong kinds": obj{
			"incident": []any{}, "alerts": obj{}, "notes": "none", "log_entries": nil, "past_incidents": 0, "related_incidents": false, "change_events": obj{},
			"incidents": obj{}, "oncalls": "", "services": nil, "service": []any{}, "escalation_policy": "x", "user": nil, "custom_fields": nil,
		},
	} {
		c, _ := client(t, allPaths(ok(body)))
		for path, read := range reads(c) {
			if err := read(t.Context()); err == nil || !strings.Contains(err.Error(), "answered 200 without") {
				t.Errorf("%s, %s: %v", name, path, err)
			}
		}
	}
}

func TestARefusalNamesHostStatusAndRemedyWithoutAddressOrKey(t *testing.T) {
	for status, want := range map[int]string{
		401: "renew PAGERDUTY_USER_API_KEY", 403: "may not read", 404: "not there", 429: "429", 500: "500", 503: "503",
	} {
		c, f := client(t, allPaths(func(url.Values) answer {
			return answer{status: status, body: obj{"error": obj{"message": "key " + testKey + " said no"}}, header: http.Header{"Retry-After": {"7"}}}
		}))
		f.routes["/incidents"] = f.routes[notesPath]
		err := reads(c)["/incidents"](t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "127.0.0.1") {
			t.Fatalf("%d: %v", status, err)
		}
		if text := err.Error(); strings.Contains(text, testKey) || strings.Contains(text, "since=") || strings.Contains(text, "/incidents") {
			t.Errorf("%d: the error tells too much: %s", status, text)
		}
		var st *border.StatusError
		if !errors.As(err, &st) || st.Status != status || st.RetryAfter == 0 {
			t.Errorf("%d: the status and its wait are lost: %v", status, err)
		}
	}
}

func TestAnUnreachableHostAndATimeoutKeepTheirKind(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	c, err := New(Config{APIKey: testKey, Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Notes(ctx, id); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if c, err = New(Config{APIKey: testKey, Host: gone.URL}); err != nil {
		t.Fatal(err)
	}
	_, _, err = c.SimilarByTitle(t.Context(), "PCHECK1", "x", testNow)
	if err == nil || !strings.Contains(err.Error(), "cannot be reached") || strings.Contains(err.Error(), "since=") {
		t.Errorf("unreachable: %v", err)
	}
}

func TestARedirectToAnotherHostTakesNoKeyAlong(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the key went to another host: %q", r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	c, _ := client(t, map[string]func(url.Values) answer{notesPath: func(url.Values) answer {
		return answer{status: http.StatusFound, header: http.Header{"Location": {thief.URL + "/notes"}}, body: obj{}}
	}})
	var moved *border.MovedError
	if _, err := c.Notes(t.Context(), id); !errors.As(err, &moved) {
		t.Errorf("%v", err)
	}
}

func TestAFeatureThatTheAccountHasNotIsToldApartFromAFailure(t *testing.T) {
	for status, missing := range map[int]bool{402: true, 403: true, 404: true, 401: false, 429: false, 500: false} {
		c, _ := client(t, allPaths(refuse(status)))
		for _, path := range []string{pastPath, relatedPath, changesPath} {
			if err := reads(c)[path](t.Context()); err == nil || errors.Is(err, ErrNotInPlan) != missing {
				t.Errorf("%d, %s: %v", status, path, err)
			}
		}
		for _, path := range []string{incidentPath, alertsPath, "/services/PCHECK1/change_events"} {
			if err := reads(c)[path](t.Context()); err == nil || errors.Is(err, ErrNotInPlan) {
				t.Errorf("%d, %s: %v", status, path, err)
			}
		}
	}
}

func TestFeaturesThatAreRefusedDoNotCutOffTheOtherReads(t *testing.T) {
	c, _ := client(t, map[string]func(url.Values) answer{
		pastPath: refuse(403), relatedPath: refuse(403), changesPath: refuse(403), notesPath: ok(obj{"notes": []any{}}),
	})
	for range 3 { // the wall of the features goes up after three refusals
		for _, path := range []string{pastPath, relatedPath, changesPath} {
			if err := reads(c)[path](t.Context()); !errors.Is(err, ErrNotInPlan) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if _, err := c.Notes(t.Context(), id); err != nil {
		t.Errorf("the notes are cut off: %v", err)
	}
}

func TestAWrongKeyIsNotTriedForEver(t *testing.T) {
	c, f := client(t, allPaths(refuse(401)))
	var last error
	for range 10 {
		_, last = c.Notes(t.Context(), id)
	}
	var wall *border.WallError
	if len(f.calls) > 3 || !errors.As(last, &wall) {
		t.Errorf("%d calls, %v", len(f.calls), last)
	}
}

func TestTheClientIsSafeForManyAtOnce(t *testing.T) {
	routes := allPaths(ok(obj{"notes": []any{note("Anna", "ok", testNow)}, "alerts": []any{restAlert(1, "a", "b")}}))
	c, _ := client(t, routes)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if notes, err := c.Notes(t.Context(), id); err != nil || len(notes) != 1 || notes[0].Text != "ok" {
				t.Errorf("%v %v", notes, err)
			}
		})
		wg.Go(func() {
			if alerts, _, err := c.Alerts(t.Context(), id); err != nil || len(alerts) != 1 {
				t.Errorf("%v %v", alerts, err)
			}
		})
	}
	wg.Wait()
}
