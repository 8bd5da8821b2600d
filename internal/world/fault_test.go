package world

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"
)

func TestAScenarioSaysWhichAPIIsDown(t *testing.T) {
	w := start(t, "jira-down")
	status, body, h := caller{t, w.JiraURL(), "Bearer " + personalToken}.do("GET", "/rest/api/2/serverInfo", "")
	if status != 503 || h.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("Jira: %d %s", status, body)
	}
	caller{t, w.ConfluenceURL(), "Bearer " + personalToken}.get("/rest/api/space", 200)
	up := start(t, "")
	caller{t, up.JiraURL(), "Bearer " + personalToken}.get("/rest/api/2/serverInfo", 200)
}

func TestAnAPIFailsAfterSoManyAnswersAndIsHealed(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.pagerDutyCaller(t)
	w.Fail(PagerDuty, 500, 2)
	for i, want := range []int{200, 200, 500, 500} {
		if status, body, _ := c.do("GET", "/users/me", ""); status != want {
			t.Errorf("request %d: %d, want %d: %s", i, status, want, body)
		}
	}
	w.Fail(PagerDuty, 0)
	c.get("/users/me", 200)
}

func TestAFaultCanBeOfOnePathAndEndByItself(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.pagerDutyCaller(t)
	w.Inject(PagerDuty, Fault{Status: 429, Match: "/alerts", Times: 1, RetryAfter: 7 * time.Second})
	id := "/incidents/" + w.IncidentID("")
	c.get(id, 200)
	status, body, h := c.do("GET", id+"/alerts", "")
	if status != 429 || h.Get("Retry-After") != "7" || string(body) != `{"error":{"code":2020,"message":"Too Many Requests"}}`+"\n" {
		t.Errorf("%d %q %s", status, h.Get("Retry-After"), body)
	}
	c.get(id+"/alerts", 200)
}

func TestEachVendorFailsInItsOwnWords(t *testing.T) {
	w := start(t, "recurring-502")
	for api, ask := range map[API]struct {
		url, want string
		path      []any
	}{
		PagerDuty:  {w.PagerDutyURL() + "/users/me", "Too Many Requests", []any{"error", "message"}},
		Jira:       {w.JiraURL() + "/rest/api/3/myself", "Too Many Requests", []any{"errorMessages", 0}},
		Confluence: {w.ConfluenceURL() + "/rest/api/space", "Too Many Requests", []any{"errorMessages", 0}},
		Slack:      {w.SlackAPIURL() + "auth.test", "ratelimited", []any{"error"}},
		Anthropic:  {w.AnthropicURL() + "/v1/messages", "rate_limit_error", []any{"error", "type"}},
		OpenAI:     {w.OpenAIURL() + "/chat/completions", "server_error", []any{"error", "type"}},
	} {
		w.Fail(api, 429)
		got := caller{t, ask.url, ""}.send("POST", "", "{}", 429)
		if at(got, ask.path...) != ask.want {
			t.Errorf("%s: %v", api, got)
		}
	}
}

func TestAnAPIThatHangsAnswersWhenItIsHealed(t *testing.T) {
	w := start(t, "recurring-502")
	w.Hang(PagerDuty)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", w.PagerDutyURL()+"/users/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := http.DefaultClient.Do(req); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want no answer", err)
	}
	status := make(chan int, 1)
	go func() {
		s, _, _ := w.pagerDutyCaller(t).do("GET", "/users/me", "")
		status <- s
	}()
	received(t, w, 2)
	w.Heal(PagerDuty)
	if s := <-status; s != 200 {
		t.Errorf("after healing: %d", s)
	}
}

func TestCloseCutsWhatHangs(t *testing.T) {
	w := start(t, "recurring-502")
	w.Hang(Jira)
	failed := make(chan error, 1)
	go func() {
		resp, err := http.Get(w.JiraURL() + "/rest/api/3/myself")
		if err == nil {
			_ = resp.Body.Close()
		}
		failed <- err
	}()
	received(t, w, 1)
	w.Close()
	w.Close()
	if err := <-failed; err == nil {
		t.Error("a request that hung was answered when the world closed")
	}
}

func TestLatencyPassesBeforeEachAnswer(t *testing.T) {
	w := startWith(t, load(t), Options{Latency: 30 * time.Millisecond})
	began := time.Now()
	w.pagerDutyCaller(t).get("/users/me", 200)
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("answered after %s", took)
	}
}

func TestAWrongNameOfAnAPIIsFoundAtOnce(t *testing.T) {
	w := start(t, "")
	defer func() {
		if recover() == nil {
			t.Error("a fault of an API that is not there was taken")
		}
	}()
	w.Fail("jura", 500)
}

// received waits until so many requests have come.
func received(t *testing.T, w *World, n int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for len(w.Requests()) < n {
		select {
		case <-tick.C:
		case <-time.After(10 * time.Second):
			t.Fatalf("%d requests came, not %d", len(w.Requests()), n)
		}
	}
}

func TestARequestThatHangsIsHeldUntilItsCallerIsGone(t *testing.T) {
	w := start(t, "recurring-502")
	w.Hang(PagerDuty)
	ctx, hangUp := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.PagerDutyURL()+"/users/me", nil)
		if err != nil {
			t.Error(err)
			return
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			t.Error("a request that hangs was answered")
		}
	}()
	for late := time.After(10 * time.Second); w.Held(PagerDuty) == 0; time.Sleep(time.Millisecond) {
		select {
		case <-late:
			t.Fatal("the request does not hang")
		default:
		}
	}
	hangUp()
	<-gone
	for late := time.After(10 * time.Second); w.Held(PagerDuty) > 0; time.Sleep(time.Millisecond) {
		select {
		case <-late:
			t.Fatal("it hangs although its caller is gone")
		default:
		}
	}
}
