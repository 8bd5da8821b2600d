package atlassian

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/border"
)

func TestJiraBaseIsFoundInWhatAPersonPastes(t *testing.T) {
	for in, want := range map[string]string{
		"https://acme.atlassian.net":                                         "https://acme.atlassian.net",
		" https://acme.atlassian.net// ":                                     "https://acme.atlassian.net",
		"https://acme.atlassian.net/jira/software/projects/PAY/boards/1":     "https://acme.atlassian.net",
		"https://acme.atlassian.net/jira/software/c/projects/PAY/issues?x=1": "https://acme.atlassian.net",
		"https://acme.atlassian.net/browse/PAY-1":                            "https://acme.atlassian.net",
		"https://acme.atlassian.net/wiki":                                    "https://acme.atlassian.net",
		"https://acme.atlassian.net/jira":                                    "https://acme.atlassian.net",
		"https://issues.acme.example/jira/for-you":                           "https://issues.acme.example",
		"https://issues.acme.example/jira/servicedesk/projects/X":            "https://issues.acme.example",
		"https://issues.acme.example/jira":                                   "https://issues.acme.example/jira",
		"https://issues.acme.example/jira/":                                  "https://issues.acme.example/jira",
		"https://issues.acme.example/jira/browse/PAY-1":                      "https://issues.acme.example/jira",
		"https://issues.acme.example/jira/projects/PAY/summary":              "https://issues.acme.example/jira",
		"https://issues.acme.example/jira/servicedesk/customer/portals":      "https://issues.acme.example/jira",
		"http://127.0.0.1:8080/":                                             "http://127.0.0.1:8080",
		"http://127.0.0.1:8080/secure/Dashboard.jspa":                        "http://127.0.0.1:8080",
		"https://me:pw@issues.acme.example/rest/api/2":                       "https://issues.acme.example",
		"https://api.atlassian.com/ex/jira/11aa-22/rest/api/3/myself":        "https://api.atlassian.com/ex/jira/11aa-22",
	} {
		if got, err := jiraBase(in); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestConfluenceBaseIsFoundInWhatAPersonPastes(t *testing.T) {
	tests := []struct {
		in       string
		personal bool
		want     []string
	}{
		{"https://acme.atlassian.net", false, []string{"https://acme.atlassian.net/wiki"}},
		{"https://acme.atlassian.net/wiki/", false, []string{"https://acme.atlassian.net/wiki"}},
		{"https://acme.atlassian.net/wiki/home", false, []string{"https://acme.atlassian.net/wiki"}},
		{"https://acme.atlassian.net/wiki/spaces/OPS/pages/1/T", false, []string{"https://acme.atlassian.net/wiki"}},
		{"http://127.0.0.1:1/wiki/home", false, []string{"http://127.0.0.1:1/wiki"}},
		{"http://127.0.0.1:1", false, []string{"http://127.0.0.1:1/wiki", "http://127.0.0.1:1"}},
		{"http://127.0.0.1:1/", true, []string{"http://127.0.0.1:1"}},
		{"https://docs.acme.example/display/OPS/Home", true, []string{"https://docs.acme.example"}},
		{"https://docs.acme.example/confluence/pages/viewpage.action?pageId=1", true, []string{"https://docs.acme.example/confluence"}},
		{"https://docs.acme.example/confluence/", false, []string{"https://docs.acme.example/confluence"}},
		{"https://docs.acme.example/dashboard.action", true, []string{"https://docs.acme.example"}},
		{"https://api.atlassian.com/ex/confluence/11aa", false, []string{"https://api.atlassian.com/ex/confluence/11aa/wiki"}},
	}
	for _, tt := range tests {
		got, err := confluenceBases(tt.in, tt.personal)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", tt.in, err, diff)
		}
	}
}

func TestWrongSettingsAreRefusedByName(t *testing.T) {
	tests := []struct {
		cfg  Config
		want string
	}{
		{Config{JiraURL: "acme.atlassian.net", JiraPersonalToken: "pat-1"}, "JIRA_URL is not a web address"},
		{Config{JiraURL: "ftp://x", JiraPersonalToken: "pat-1"}, "JIRA_URL"},
		{Config{ConfluenceURL: "https://", ConfluencePersonalToken: "pat-1"}, "CONFLUENCE_URL is not a web address"},
		{Config{JiraURL: "https://x.example", JiraUsername: "u"}, "JIRA_API_TOKEN"},
		{Config{JiraURL: "https://x.example", JiraAPIToken: "pat-1"}, "JIRA_USERNAME"},
		{Config{ConfluenceURL: "https://x.example"}, "CONFLUENCE_PERSONAL_TOKEN"},
	}
	for _, tt := range tests {
		if _, err := New(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "pat-1") {
			t.Errorf("%+v: %v, want %q", tt.cfg, err, tt.want)
		}
	}
	c := newClient(t, Config{JiraURL: "https://x.example", JiraPersonalToken: "pat-1", Logger: slog.Default()})
	if !c.HasJira() || c.HasConfluence() {
		t.Error("parts")
	}
}

// reroute sends what is for Atlassian's gateway to a fake.
type reroute struct{ to string }

func (r reroute) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host = "http", strings.TrimPrefix(r.to, "http://")
	return http.DefaultTransport.RoundTrip(req)
}

func TestBehindTheGatewayLinksLeadToTheSite(t *testing.T) {
	f := newFake(t, basicAuth, map[string]http.HandlerFunc{
		"GET /ex/jira/11aa/rest/api/2/serverInfo":          answer(200, `{"deploymentType":"Cloud","baseUrl":"https://acme.atlassian.net/"}`),
		"POST /ex/jira/11aa" + cloudSearch:                 answer(200, `{"issues":[`+oneIssue+`],"isLast":true}`),
		"GET /ex/confluence/11aa/wiki/rest/api/content/42": answer(200, pageJSON("42", "T", "<p>x</p>")),
	})
	c := newClient(t, Config{
		JiraURL: "https://api.atlassian.com/ex/jira/11aa", JiraUsername: "ops@acme.example", JiraAPIToken: "tok-secret-1",
		ConfluenceURL: "https://api.atlassian.com/ex/confluence/11aa/wiki", ConfluenceUsername: "ops@acme.example", ConfluenceAPIToken: "tok-secret-1",
		HTTP: border.Client(border.ClientOptions{Transport: reroute{f.url}}),
	})
	tickets, _, err := c.Search(t.Context(), "project = PAY", 1)
	if err != nil || tickets[0].URL != "https://acme.atlassian.net/browse/PAY-812" {
		t.Errorf("%v %v", tickets, err)
	}
	page, err := c.Page(t.Context(), "42")
	if err != nil || page.URL != "https://elsewhere.example/wiki/spaces/OPS/pages/42" {
		t.Errorf("%v %v", page, err)
	}
}

func TestNoSecretIsInAnyErrorOrLogLine(t *testing.T) {
	var log bytes.Buffer
	for _, handler := range []http.HandlerFunc{
		answer(401, `{"message":"token tok-secret-1 is bad"}`), answer(400, `{"errorMessages":["tok-secret-1"],"errors":{"x":"tok-secret-1"}}`), answer(500, "tok-secret-1"), answer(200, "<html>"), answer(200, "{}"),
		func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://sso.example/login?token=tok-secret-1", http.StatusFound)
		},
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		f := newFake(t, basicAuth, map[string]http.HandlerFunc{
			"GET /rest/api/2/serverInfo": handler, "POST " + cloudSearch: handler, "GET /wiki/rest/api/content/42": handler,
		})
		c := newClient(t, Config{
			JiraURL: f.url, JiraUsername: "ops@acme.example", JiraAPIToken: "tok-secret-1", Logger: slog.New(slog.NewTextHandler(&log, nil)),
			ConfluenceURL: f.url + "/wiki", ConfluenceUsername: "ops@acme.example", ConfluenceAPIToken: "tok-secret-1",
		})
		_, _, errSearch := c.Search(t.Context(), "text ~ SEKRIT", 1)
		_, errPage := c.Page(t.Context(), "42")
		all := fmt.Sprintf("%v %+v\n%v %+v\n%s", errSearch, errSearch, errPage, errPage, log.String())
		for _, secret := range []string{"b3Bz", "tok-secret", "SEKRIT", "token=", "/rest/api/3"} {
			if strings.Contains(all, secret) {
				t.Errorf("%q in %s", secret, all)
			}
		}
		if errSearch == nil || errPage == nil {
			t.Errorf("no error: %s", all)
		}
	}
}
