package atlassian

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

const oneIssue = `{"key":"PAY-812","fields":{
  "summary":"Checkout pool exhausted","status":{"name":"In Progress","statusCategory":{"key":"indeterminate"}},
  "assignee":{"displayName":"Ana Lima"},"priority":{"name":"High"},"labels":["checkout"],
  "created":"2026-11-20T10:11:12.000+0100","updated":"2026-11-24T14:02:00.123+0000","resolutiondate":null,
  "description":{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"pool is 20"}]}]}}}`

func TestCloudSearchReadsTicketsThroughTheNewSearch(t *testing.T) {
	f, c := cloudJira(t, map[string]http.HandlerFunc{
		"POST " + cloudSearch: answer(200, `{"issues":[`+oneIssue+`],"isLast":true}`),
	})
	got, cut, err := c.Search(t.Context(), `project = PAY`, 5)
	if err != nil {
		t.Fatal(err)
	}
	want := []incident.Ticket{{
		Key: "PAY-812", URL: f.url + "/browse/PAY-812", Summary: "Checkout pool exhausted", Status: "In Progress",
		StatusCategory: "indeterminate", Assignee: "Ana Lima", Priority: "High", Labels: []string{"checkout"},
		Created: time.Date(2026, 11, 20, 9, 11, 12, 0, time.UTC), Updated: time.Date(2026, 11, 24, 14, 2, 0, 123e6, time.UTC),
		Description: "pool is 20",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tickets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(incident.Cut{Shown: 1, Total: 1}, cut); diff != "" {
		t.Errorf("cut (-want +got):\n%s", diff)
	}
	sent := f.to(cloudSearch)[0].body
	if sent["jql"] != "project = PAY ORDER BY updated DESC" || sent["maxResults"] != 5.0 {
		t.Errorf("sent %v", sent)
	}
	if _, ok := sent["startAt"]; ok {
		t.Error("startAt was sent; the new search refuses it")
	}
}

func TestJiraIsAskedOnceWhatItIs(t *testing.T) {
	f, c := cloudJira(t, map[string]http.HandlerFunc{
		"POST " + cloudSearch: answer(200, `{"issues":[],"isLast":true}`),
	})
	for range 3 {
		if _, _, err := c.Search(t.Context(), "project = PAY", 1); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(f.to("/rest/api/2/serverInfo")); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestAUserNameWithATokenIsServerWhenJiraSaysSo(t *testing.T) {
	f := newFake(t, basicAuth, map[string]http.HandlerFunc{
		"GET /jira/rest/api/2/serverInfo": answer(200, `{"deploymentType":"Server"}`),
		"POST /jira" + serverSearch:       answer(200, `{"issues":[],"total":0}`),
	})
	c := newClient(t, Config{JiraURL: f.url + "/jira/secure/Dashboard.jspa", JiraUsername: "ops@acme.example", JiraAPIToken: "tok-secret-1"})
	if _, cut, err := c.Search(t.Context(), "project = PAY", 1); err != nil || !cut.Complete() {
		t.Errorf("cut %v, error %v", cut, err)
	}
	if what, err := c.CheckJira(t.Context()); err != nil || !strings.Contains(what, "REST v2") {
		t.Errorf("%q, %v", what, err)
	}
}

func TestJiraThatDoesNotSayWhatItIsIsTakenForCloudAndAskedAgainLater(t *testing.T) {
	f := newFake(t, basicAuth, map[string]http.HandlerFunc{
		"GET /rest/api/2/serverInfo": inTurn(answer(503, ``), answer(200, `{"deploymentType":"Server"}`)),
		"POST " + cloudSearch:        answer(200, `{"issues":[],"isLast":true}`),
		"POST " + serverSearch:       answer(200, `{"issues":[],"total":0}`),
	})
	c := newClient(t, Config{JiraURL: f.url, JiraUsername: "ops@acme.example", JiraAPIToken: "tok-secret-1"})
	at := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	c.now = func() time.Time { return at }
	for range 2 {
		if _, _, err := c.Search(t.Context(), "project = PAY", 1); err != nil {
			t.Fatal(err)
		}
	}
	at = at.Add(11 * time.Minute)
	if _, _, err := c.Search(t.Context(), "project = PAY", 1); err != nil {
		t.Fatal(err)
	}
	if a, b, i := len(f.to(cloudSearch)), len(f.to(serverSearch)), len(f.to("/rest/api/2/serverInfo")); a != 2 || b != 1 || i != 2 {
		t.Errorf("cloud %d, server %d, asked %d", a, b, i)
	}
}

func TestServerSearchPagesByStartAtAndKnowsTheTotal(t *testing.T) {
	page := func(from, to int) string {
		var keys []string
		for i := from; i < to; i++ {
			keys = append(keys, fmt.Sprintf(`{"key":"OPS-%d","fields":{"summary":"s"}}`, i))
		}
		return fmt.Sprintf(`{"issues":[%s],"total":130,"startAt":%d}`, strings.Join(keys, ","), from)
	}
	f, c := serverJira(t, map[string]http.HandlerFunc{
		"POST " + serverSearch: inTurn(answer(200, page(0, 50)), answer(200, page(50, 100))),
	})
	got, cut, err := c.Search(t.Context(), "project = OPS ORDER BY key", 500)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 100 || cut != (incident.Cut{Shown: 100, Total: 130}) {
		t.Errorf("%d tickets, cut %v", len(got), cut)
	}
	if start := f.to(serverSearch)[1].body["startAt"]; start != 50.0 {
		t.Errorf("second page at %v", start)
	}
}

func TestSearchStopsWhenPagesDoNotEnd(t *testing.T) {
	issue := func(n int) string { return fmt.Sprintf(`{"key":"A-%d","fields":{}}`, n) }
	moving := 0
	tests := map[string]struct {
		handler http.HandlerFunc
		server  bool
		calls   int
	}{
		"the same page token again": {calls: 2, handler: answer(200, `{"issues":[`+issue(1)+`],"nextPageToken":"AAA","isLast":false}`)},
		"two tokens in turns": {calls: 3, handler: inTurn(
			answer(200, `{"issues":[`+issue(1)+`],"nextPageToken":"A","isLast":false}`),
			answer(200, `{"issues":[`+issue(2)+`],"nextPageToken":"B","isLast":false}`),
			answer(200, `{"issues":[`+issue(3)+`],"nextPageToken":"A","isLast":false}`))},
		"a new token for ever": {calls: maxSearchPages, handler: func(w http.ResponseWriter, r *http.Request) {
			moving++
			answer(200, fmt.Sprintf(`{"issues":[%s],"nextPageToken":"t%d"}`, issue(moving), moving))(w, r)
		}},
		"not the last page and no token":      {calls: 1, handler: answer(200, `{"issues":[`+issue(1)+`],"isLast":false}`)},
		"server: empty pages below the total": {calls: 2, server: true, handler: inTurn(answer(200, `{"issues":[`+issue(1)+`],"total":9}`), answer(200, `{"issues":[],"total":9}`))},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path, jira := cloudSearch, cloudJira
			if tt.server {
				path, jira = serverSearch, serverJira
			}
			f, c := jira(t, map[string]http.HandlerFunc{"POST " + path: tt.handler})
			got, cut, err := c.Search(t.Context(), "project = A", 50)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(f.to(path)); n != tt.calls {
				t.Errorf("%d calls, want %d", n, tt.calls)
			}
			if cut.Complete() || len(got) == 0 || cut.Shown != len(got) {
				t.Errorf("%d tickets, cut %v: must be incomplete", len(got), cut)
			}
			if text := TicketsText(got, cut); !strings.Contains(text, "incomplete") && !strings.Contains(text, "showing 1 of 9") {
				t.Errorf("the text does not say that tickets are missing:\n%s", text)
			}
		})
	}
}

// Success that is none: the status says 200, the content or a header says that
// nobody looked.
func TestAnAnswerThatIsNoneIsAnErrorNotAnEmptyList(t *testing.T) {
	tests := map[string]struct {
		handler http.HandlerFunc
		want    string
		login   bool
	}{
		"expired token":         {answer(200, `{"issues":[],"isLast":true}`, "X-Seraph-LoginReason: AUTHENTICATED_FAILED"), "renew JIRA_API_TOKEN", true},
		"denied login":          {answer(200, `{"issues":[],"isLast":true}`, "X-Seraph-Loginreason: AUTHENTICATION_DENIED"), "AUTHENTICATION_DENIED", true},
		"logged out":            {answer(200, `{"issues":[],"isLast":true}`, "X-Seraph-LoginReason: OUT"), "OUT", true},
		"one of several values": {answer(200, `{"issues":[],"isLast":true}`, "X-Seraph-LoginReason: OK, authenticated_failed"), "AUTHENTICATED_FAILED", true},
		"captcha": {answer(403, ``, "X-Seraph-LoginReason: AUTHENTICATION_DENIED",
			"X-Authentication-Denied-Reason: CAPTCHA_CHALLENGE; login-url=https://x.example/login.jsp?t=secret"), "CAPTCHA", true},
		"anonymous":                      {answer(200, `{"issues":[],"isLast":true}`, "X-AUSERNAME: anonymous"), "anonymous", true},
		"a ticket hidden by it":          {answer(404, `{"errorMessages":["no such"]}`, "X-Seraph-LoginReason: AUTHENTICATED_FAILED"), "nobody was logged in", true},
		"login page":                     {answer(200, "\n<!DOCTYPE html><html><title>Log in</title></html>"), "web page", false},
		"two letters":                    {answer(200, `OK`), "not JSON", false},
		"empty body":                     {answer(200, ``), "not JSON", false},
		"no list":                        {answer(200, `{}`), "no list of issues", false},
		"null list":                      {answer(200, `{"issues":null}`), "no list of issues", false},
		"a null":                         {answer(200, `{"issues":[null],"isLast":true}`), "issues without a key", false},
		"errors in a success":            {answer(200, `{"errorMessages":["boom"]}`), "no list of issues", false},
		"a list where an object belongs": {answer(200, `[]`), "not JSON", false},
		"cut off":                        {answer(200, `{"issues":[`), "not JSON", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, c := cloudJira(t, map[string]http.HandlerFunc{"POST " + cloudSearch: tt.handler})
			got, _, err := c.TicketsAbout(t.Context(), "checkout", []string{"pool exhausted"})
			if err == nil || len(got) != 0 {
				t.Fatalf("tickets %v, error %v", got, err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q does not say %q", err, tt.want)
			}
			if errors.Is(err, ErrNothing) || errors.Is(err, ErrLogin) != tt.login {
				t.Errorf("error %q: nothing %v, login %v", err, errors.Is(err, ErrNothing), errors.Is(err, ErrLogin))
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "tok-secret-1") {
				t.Errorf("error %q carries a secret", err)
			}
		})
	}
}

func TestRefusalsAreShortSentencesThatSayWhatToDo(t *testing.T) {
	tests := map[int]struct{ body, want string }{
		400: {`{"errorMessages":["Field 'sprint' does not exist."],"errors":{}}`, "Jira: the request was not accepted (400): Field 'sprint' does not exist."},
		401: {`Client must be authenticated`, "Jira: the login was refused (401); renew JIRA_API_TOKEN"},
		403: {`{"errorMessages":[]}`, "Jira: this login may not read that (403)"},
		404: {`<html>`, "Jira: not found, or not visible to this login (404); if it is there, check JIRA_URL"},
		429: {``, "Jira: too many requests (429); try again in 30s"},
		502: {`<html>bad gateway</html>`, "Jira: it answered 502 Bad Gateway; try again in 30s"},
	}
	for status, tt := range tests {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			headers := []string{}
			if status == 429 || status > 499 {
				headers = append(headers, "Retry-After: 30")
			}
			_, c := cloudJira(t, map[string]http.HandlerFunc{"POST " + cloudSearch: answer(status, tt.body, headers...)})
			_, _, err := c.Search(t.Context(), "project = PAY", 1)
			if err == nil || err.Error() != tt.want {
				t.Fatalf("got  %v\nwant %s", err, tt.want)
			}
			var st *border.StatusError
			if !errors.As(err, &st) || st.Status != status {
				t.Errorf("no status inside %v", err)
			}
			if status == 429 && st.RetryAfter != 30*time.Second {
				t.Errorf("retry after %v", st.RetryAfter)
			}
		})
	}
}

func TestARedirectToAnotherHostIsReportedAndNothingIsSentThere(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("request to the other host: %s, Authorization %q", r.URL.Path, r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	elsewhere := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	for _, status := range []int{301, 302, 307, 308} {
		redirect := func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+"/jira"+r.URL.Path, status)
		}
		_, c := cloudJira(t, map[string]http.HandlerFunc{"POST " + cloudSearch: redirect})
		_, _, err := c.Search(t.Context(), "project = PAY", 1)
		var moved *border.MovedError
		if !errors.As(err, &moved) || moved.To != elsewhere || !strings.Contains(err.Error(), elsewhere) {
			t.Errorf("%d: %v", status, err)
		}
		_, cc := cloudConfluence(t, map[string]http.HandlerFunc{"GET /wiki/rest/api/search": redirect})
		if _, _, err := cc.SearchPages(t.Context(), "runbook", 1); !errors.As(err, &moved) || moved.To != elsewhere {
			t.Errorf("confluence %d: %v", status, err)
		}
	}
}

func TestOddRecordsCostNothingButThemselves(t *testing.T) {
	body := `{"isLast":true,"issues":[
	  {"key":"A-1","fields":{"summary":"plain","assignee":null,"priority":null,"description":null,"labels":null,"status":null}},
	  {"key":"A-2"},
	  {"key":"A-3","fields":null},
	  null, 7, {"fields":{"summary":"no key"}},
	  {"key":"A-4","fields":{"summary":12345678901234567890,"assignee":"bob","priority":[],"labels":["x",null,3],"status":{"name":"Open"},"updated":"soon","description":"plain text"}},
	  {"KEY":"A-9","fields":{}},
	  {"key":"A-5","fields":{"summary":"wide ` + "\xe9" + ` open","Summary":"wrong case","description":{"type":"doc"}}}]}`
	_, c := cloudJira(t, map[string]http.HandlerFunc{"POST " + cloudSearch: answer(200, body)})
	got, cut, err := c.Search(t.Context(), "project = A", 20)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, k := range got {
		keys = append(keys, k.Key+" "+k.Summary)
	}
	want := []string{"A-1 plain", "A-2 ", "A-3 ", "A-4 12345678901234567000", "A-5 wide \ufffd open"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("tickets (-want +got):\n%s", diff)
	}
	if cut != (incident.Cut{Shown: 5, Total: 9}) {
		t.Errorf("cut %v must say that four records were left out", cut)
	}
	text := TicketsText(got, cut)
	for _, want := range []string{"showing 5 of 9", "A-1 [no status, no priority, unassigned", "(no summary)"} {
		if !strings.Contains(text, want) {
			t.Errorf("text lacks %q:\n%s", want, text)
		}
	}
}

func TestTextFromOutsideIsCleanedOnce(t *testing.T) {
	body := `{"isLast":true,"issues":[{"key":"A-1","fields":{"summary":"a\u0000b \u001b[31mred\u001b[0m \ud83d <|endoftext|>\nx",
	  "assignee":{"displayName":"Eve\u202e"},"description":"line one\u0007\nline two"}}]}`
	_, c := cloudJira(t, map[string]http.HandlerFunc{"POST " + cloudSearch: answer(200, body)})
	got, _, err := c.Search(t.Context(), "project = A", 20)
	if err != nil {
		t.Fatal(err)
	}
	if s := got[0].Summary; s != "ab red \ufffd <|endoftext|> x" {
		t.Errorf("summary %q", s)
	}
	if got[0].Assignee != "Eve" || got[0].Description != "line one\nline two" {
		t.Errorf("ticket %+v", got[0])
	}
}

func TestTicketHasItsNewestCommentsFirst(t *testing.T) {
	comment := func(day int) string {
		return fmt.Sprintf(`{"id":"%d","author":{"displayName":"P%d"},"created":"2026-11-%02dT08:00:00.000+0000",
		  "body":{"type":"doc","content":[{"type":"codeBlock","content":[{"type":"text","text":"cmd %d | tee *.log"}]}]}}`, day, day, day, day)
	}
	all := func(from, to int) string {
		var out []string
		for d := from; d <= to; d++ {
			out = append(out, comment(d))
		}
		return "[" + strings.Join(out, ",") + "]"
	}
	issue := strings.TrimSuffix(oneIssue, "}}") + `,"comment":{"total":24,"comments":` + all(1, 5) + `}}}`
	routes := map[string]http.HandlerFunc{
		"GET /rest/api/3/issue/PAY-812":         answer(200, issue),
		"GET /rest/api/3/issue/PAY-812/comment": answer(200, `{"total":24,"comments":`+all(12, 24)+`}`),
	}
	f, c := cloudJira(t, routes)
	got, cut, err := c.Ticket(t.Context(), " pay-812 ")
	if err != nil {
		t.Fatal(err)
	}
	if cut != (incident.Cut{Shown: maxComments, Total: 24}) {
		t.Errorf("cut %v", cut)
	}
	if got.Comments[0].Author != "P24" || got.Comments[9].Author != "P15" || got.Comments[0].Text != "```\ncmd 24 | tee *.log\n```" {
		t.Errorf("comments %+v", got.Comments)
	}
	if q := f.to("/rest/api/3/issue/PAY-812/comment")[0].query; q.Get("orderBy") != "-created" {
		t.Errorf("query %v", q)
	}
	if text := TicketText(got, cut); !strings.Contains(text, "showing 10 of 24 comments") || !strings.Contains(text, "cmd 24 | tee *.log") {
		t.Errorf("text:\n%s", text)
	}

	routes["GET /rest/api/3/issue/PAY-812/comment"] = answer(500, ``)
	got, cut, err = c.Ticket(t.Context(), f.url+"/browse/PAY-812?focusedId=1")
	if err != nil || cut != (incident.Cut{Shown: 5, Total: 24}) || got.Comments[0].Author != "P5" {
		t.Errorf("without the newest comments: %v %v %v", got.Comments, cut, err)
	}
}

func TestServerTicketKeepsItsWikiMarkup(t *testing.T) {
	markup := "h2. Steps\\n{code:bash}rm /tmp/*.lock{code}\\n* [board|https://grafana.example]"
	_, c := serverJira(t, map[string]http.HandlerFunc{
		"GET /rest/api/2/issue/OPS_X-7": answer(200, `{"key":"OPS_X-7","fields":{"summary":"s","description":"`+markup+`",
		  "assignee":{"name":"bob"},"comment":{"comments":[{"body":"{noformat}x{noformat}","created":"2026-11-01T00:00:00.000+0000"}],"total":1}}}`),
	})
	got, cut, err := c.Ticket(t.Context(), "OPS_X-7")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.ReplaceAll(markup, `\n`, "\n"); got.Description != want || got.Assignee != "bob" {
		t.Errorf("ticket %+v", got)
	}
	if len(got.Comments) != 1 || !cut.Complete() || got.Comments[0].Text != "{noformat}x{noformat}" {
		t.Errorf("comments %+v, cut %v", got.Comments, cut)
	}
}

func TestTicketThatIsNotThereIsAnErrorWithItsKey(t *testing.T) {
	_, c := cloudJira(t, map[string]http.HandlerFunc{
		"GET /rest/api/3/issue/PAY-1": answer(404, `{"errorMessages":["Issue does not exist or you do not have permission to see it."]}`),
		"GET /rest/api/3/issue/PAY-2": answer(200, `{"fields":{}}`),
	})
	for key, want := range map[string]string{
		"PAY-1": "ticket PAY-1: Jira: not found", "PAY-2": "the answer is no issue", "../myself": "no Jira key", "": "no Jira key",
	} {
		if _, _, err := c.Ticket(t.Context(), key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", key, err, want)
		}
	}
}

func TestTicketsAboutPutsTheLikeliestFirst(t *testing.T) {
	issue := func(key, summary, category string) string {
		return fmt.Sprintf(`{"key":%q,"fields":{"summary":%q,"status":{"name":"x","statusCategory":{"key":%q}}}}`, key, summary, category)
	}
	f, c := cloudJira(t, map[string]http.HandlerFunc{"POST " + cloudSearch: answer(200, `{"isLast":true,"issues":[`+strings.Join([]string{
		issue("P-1", "Upgrade Go on payments-api", "new"),
		issue("P-2", "Docs typo", "new"),
		issue("P-3", "payments-api: connection pool exhausted", "done"),
		issue("P-4", "Connection pool exhausted again in payments-api", "new"),
	}, ",")+`]}`)})
	got, cut, err := c.TicketsAbout(t.Context(), "payments-api", []string{"[FIRING:1] Connection pool exhausted on payments-api (prod)"})
	if err != nil || !cut.Complete() {
		t.Fatal(cut, err)
	}
	var keys []string
	for _, k := range got {
		keys = append(keys, k.Key)
	}
	if diff := cmp.Diff([]string{"P-4", "P-3", "P-1", "P-2"}, keys); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	want := `(text ~ "\"payments-api\"" OR summary ~ "connection pool" OR summary ~ "connection exhausted" OR summary ~ "pool exhausted") AND ` +
		`(statusCategory != Done OR resolved >= -30d OR (resolved is EMPTY AND updated >= -30d)) ORDER BY updated DESC`
	if diff := cmp.Diff(want, f.to(cloudSearch)[0].body["jql"]); diff != "" {
		t.Errorf("jql (-want +got):\n%s", diff)
	}
}
