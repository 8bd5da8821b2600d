package atlassian

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// connect opens a session with the tools of a client.
func connect(t *testing.T, c *Client) *mcp.ClientSession {
	t.Helper()
	here, there := mcp.NewInMemoryTransports()
	server, err := NewServer(c).Connect(t.Context(), there, nil)
	if err != nil {
		t.Fatal(err)
	}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), here, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close(); _ = server.Wait() })
	return session
}

// use calls a tool and returns its text.
func use(t *testing.T, s *mcp.ClientSession, tool string, args map[string]any) (text string, failed bool) {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	if len(r.Content) != 1 || r.StructuredContent != nil {
		t.Fatalf("%s: content %v, structured %v", tool, r.Content, r.StructuredContent)
	}
	return r.Content[0].(*mcp.TextContent).Text, r.IsError
}

func bothParts(t *testing.T, routes map[string]http.HandlerFunc) *Client {
	t.Helper()
	f := newFake(t, basicAuth, routes)
	routes["GET /rest/api/2/serverInfo"] = answer(200, `{"deploymentType":"Cloud"}`)
	return newClient(t, Config{
		JiraURL: f.url, JiraUsername: "ops@acme.example", JiraAPIToken: "tok-secret-1",
		ConfluenceURL: f.url + "/wiki", ConfluenceUsername: "ops@acme.example", ConfluenceAPIToken: "tok-secret-1",
	})
}

func TestToolsAreFewSmallAndReadOnly(t *testing.T) {
	list, err := connect(t, bothParts(t, map[string]http.HandlerFunc{})).ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	required := map[string][]string{}
	size := 0
	for _, tool := range list.Tools {
		if tool.Annotations == nil || !tool.Annotations.ReadOnlyHint {
			t.Errorf("%s is not marked read-only", tool.Name)
		}
		schema, err := json.Marshal(tool.InputSchema)
		if err != nil {
			t.Fatal(err)
		}
		var s struct{ Required []string }
		if err := json.Unmarshal(schema, &s); err != nil {
			t.Fatal(err)
		}
		required[tool.Name] = s.Required
		if tool.OutputSchema != nil {
			t.Errorf("%s has an output schema, which no model reads", tool.Name)
		}
		size += len(tool.Name) + len(tool.Description) + len(schema)
	}
	want := map[string][]string{
		"jira_search": {"jql"}, "jira_get_issue": {"issue_key"}, "confluence_search": {"query"}, "confluence_get_page": {"page_id"},
	}
	if diff := cmp.Diff(want, required); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	if tokens := size / 4; tokens > 800 {
		t.Errorf("the tools cost about %d tokens a turn", tokens)
	}
}

func TestAPartThatIsNotConfiguredHasNoTools(t *testing.T) {
	_, jira := cloudJira(t, map[string]http.HandlerFunc{})
	_, confluence := cloudConfluence(t, map[string]http.HandlerFunc{})
	for want, c := range map[string]*Client{
		"jira_get_issue jira_search": jira, "confluence_get_page confluence_search": confluence, "": newClient(t, Config{}),
	} {
		list, err := connect(t, c).ListTools(t.Context(), nil)
		if err != nil && want != "" {
			t.Fatal(err)
		}
		var names []string
		if list != nil {
			for _, tool := range list.Tools {
				names = append(names, tool.Name)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestToolsAnswerWithCompactText(t *testing.T) {
	page := pageJSON("42", "Gateway runbook", "<h2>Roll back</h2><p>x</p><h2>Escalate</h2><p>y</p>")
	s := connect(t, bothParts(t, map[string]http.HandlerFunc{
		"POST " + cloudSearch:           answer(200, `{"issues":[`+oneIssue+`],"isLast":true}`),
		"GET /rest/api/3/issue/PAY-812": answer(200, oneIssue),
		"GET /wiki/rest/api/search":     answer(200, hits(1, hitJSON("42", "Gateway runbook", "ex"))),
		"GET /wiki/rest/api/content/42": answer(200, page),
	}))
	for _, tt := range []struct {
		tool string
		args map[string]any
		want []string
	}{
		{"jira_search", map[string]any{"jql": "project = PAY", "limit": 500}, []string{"1 ticket\n- PAY-812 [In Progress, High, Ana Lima, updated 2026-11-24 14:02 UTC] Checkout pool exhausted http"}},
		{"jira_get_issue", map[string]any{"issue_key": "PAY-812"}, []string{"PAY-812: Checkout pool exhausted", "pool is 20", "No comments."}},
		{"jira_get_issue", map[string]any{"issue_key": "PAY-812", "contains": "pool IS"}, []string{"1 have these words", "in the description:\n", "pool is 20"}},
		{"jira_get_issue", map[string]any{"issue_key": "PAY-812", "contains": "cache"}, []string{"looked in the description and in the 0 comments that were read: nothing has these words"}},
		{"confluence_search", map[string]any{"query": "gateway"}, []string{"1 page\n- page_id 42: Gateway runbook [space OPS, updated 2026-10-02 09:00 UTC] http", "\n  ex"}},
		{"confluence_get_page", map[string]any{"page_id": "42"}, []string{"## Roll back\n\nx", "## Escalate"}},
		{"confluence_get_page", map[string]any{"page_id": "42", "section": "escalate"}, []string{"## Escalate\n\ny"}},
		{"confluence_get_page", map[string]any{"page_id": "42", "section": "Failover"}, []string{"[the page has no such section; its sections are: Roll back; Escalate]"}},
	} {
		text, failed := use(t, s, tt.tool, tt.args)
		if failed {
			t.Errorf("%s failed: %s", tt.tool, text)
		}
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in:\n%s", tt.tool, want, text)
			}
		}
		if tt.args["section"] == "escalate" && strings.Contains(text, "Roll back") {
			t.Errorf("more than the section:\n%s", text)
		}
	}
}

func TestAToolThatCouldNotLookSaysSoAsAnError(t *testing.T) {
	s := connect(t, bothParts(t, map[string]http.HandlerFunc{
		"POST " + cloudSearch:           answer(200, `{"issues":[],"isLast":true}`, "X-Seraph-LoginReason: AUTHENTICATED_FAILED"),
		"GET /rest/api/3/issue/PAY-1":   answer(404, `{"errorMessages":["no"]}`),
		"GET /wiki/rest/api/search":     answer(200, `<html>`),
		"GET /wiki/rest/api/content/42": answer(403, ``),
	}))
	for _, tt := range []struct {
		tool string
		args map[string]any
		want string
	}{
		{"jira_search", map[string]any{"jql": "project = PAY"}, "nobody was logged in"},
		{"jira_search", map[string]any{"jql": " "}, "JQL is empty"},
		{"jira_get_issue", map[string]any{"issue_key": "PAY-1"}, "404"},
		{"jira_get_issue", map[string]any{}, "issue_key"},
		{"confluence_search", map[string]any{"query": "x"}, "web page"},
		{"confluence_get_page", map[string]any{"page_id": "42"}, "403"},
	} {
		if text, failed := use(t, s, tt.tool, tt.args); !failed || !strings.Contains(text, tt.want) {
			t.Errorf("%s %v: failed %v, %q", tt.tool, tt.args, failed, text)
		}
	}
}

func TestAnEmptyAnswerThatIsOneIsNoError(t *testing.T) {
	s := connect(t, bothParts(t, map[string]http.HandlerFunc{
		"POST " + cloudSearch:       answer(200, `{"issues":[],"isLast":true}`, "X-Seraph-LoginReason: OK"),
		"GET /wiki/rest/api/search": answer(200, hits(0), "X-AUSERNAME: ops"),
	}))
	if text, failed := use(t, s, "jira_search", map[string]any{"jql": "project = PAY"}); failed || text != "no ticket matches (Jira was read)" {
		t.Error(text, failed)
	}
	if text, failed := use(t, s, "confluence_search", map[string]any{"query": "nothing like it"}); failed || text != "no page matches (Confluence was read)" {
		t.Error(text, failed)
	}
}
