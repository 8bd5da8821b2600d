package world

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func basic(token string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(atlassianUser+":"+token))
}

func (w *World) jiraCaller(t *testing.T, auth string) caller { return caller{t, w.JiraURL(), auth} }

func TestJiraCloudPagesByToken(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.jiraCaller(t, basic(jiraToken))
	var keys []string
	body := `{"jql":"project = FER ORDER BY key","maxResults":4,"fields":["summary"]}`
	for range 5 {
		page := c.send("POST", "/rest/api/3/search/jql", body, 200)
		keys = append(keys, each(page["issues"], "key")...)
		if page["isLast"] == true {
			if page["nextPageToken"] != nil {
				t.Error("the last page has a token")
			}
			break
		}
		if page["total"] != nil {
			t.Error("the search of Cloud has a total")
		}
		body = `{"jql":"project = FER ORDER BY key","maxResults":4,"fields":["summary"],"nextPageToken":"` + page["nextPageToken"].(string) + `"}`
	}
	if d := cmp.Diff([]string{"FER-377", "FER-389", "FER-398", "FER-405", "FER-412", "FER-420", "FER-431", "FER-433", "FER-440"}, keys); d != "" {
		t.Error(d)
	}
	bare := c.get("/rest/api/3/search/jql?jql="+url.QueryEscape("key = FER-412"), 200)
	if at(bare, "issues", 0, "fields") != nil || at(bare, "issues", 0, "key") != "FER-412" {
		t.Errorf("without fields only the id is told: %v", bare)
	}
	if got := c.send("POST", "/rest/api/3/search/approximate-count", `{"jql":"project = FER"}`, 200); got["count"] != 9.0 {
		t.Errorf("count: %v", got)
	}
}

func TestJiraRefusesAsJiraDoes(t *testing.T) {
	w := start(t, "recurring-502")
	cloud, server := w.jiraCaller(t, basic(jiraToken)), w.jiraCaller(t, "Bearer "+personalToken)
	for name, got := range map[string]struct {
		answer obj
		want   string
	}{
		"unbalanced":  {cloud.send("POST", "/rest/api/3/search/jql", `{"jql":"text ~ \"x"}`, 400), "Error in the JQL Query: The quoted string"},
		"unbounded":   {cloud.send("POST", "/rest/api/3/search/jql", `{"jql":"ORDER BY created"}`, 400), "Unbounded JQL queries are not allowed here."},
		"bad token":   {cloud.send("POST", "/rest/api/3/search/jql", `{"jql":"project = FER","nextPageToken":"AAA"}`, 400), "next page token is invalid"},
		"no JSON":     {cloud.send("POST", "/rest/api/3/search/jql", `{`, 400), "Invalid request payload"},
		"old search":  {cloud.send("POST", "/rest/api/2/search", `{"jql":"project = FER"}`, 410), "/rest/api/3/search/jql"},
		"old search3": {cloud.get("/rest/api/3/search?jql=x", 410), "/rest/api/3/search/jql"},
		"no ticket":   {cloud.get("/rest/api/3/issue/FER-999", 404), "Issue does not exist"},
		"server":      {server.send("POST", "/rest/api/2/search", `{"jql":"project = HR"}`, 400), "The value 'HR' does not exist"},
	} {
		if s, _ := at(got.answer, "errorMessages", 0).(string); !strings.Contains(s, got.want) {
			t.Errorf("%s: %v", name, got.answer)
		}
	}
}

func TestAWrongJiraTokenLooksLikeNothingThereButForAHeader(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.jiraCaller(t, basic("expired"))
	status, body, h := c.do("POST", "/rest/api/3/search/jql", `{"jql":"project = FER"}`)
	if status != 200 || strings.TrimSpace(string(body)) != `{"isLast":true,"issues":[]}` || h.Get("X-Seraph-LoginReason") != "AUTHENTICATED_FAILED" {
		t.Errorf("%d %s %v", status, body, h)
	}
	c.get("/rest/api/3/issue/FER-412", 404)
	if status, _, _ := c.do("GET", "/rest/api/3/myself", ""); status != 401 {
		t.Errorf("myself: %d", status)
	}
	if status, _, _ := (caller{t, w.ConfluenceURL(), basic(jiraToken)}).do("GET", "/rest/api/space", ""); status != 401 {
		t.Errorf("Jira's token at Confluence: %d", status)
	}
	c.get("/rest/api/2/serverInfo", 200) // anybody may ask
}

func TestATicketComesInBothFormats(t *testing.T) {
	w := start(t, "recurring-502")
	cloud := w.jiraCaller(t, basic(jiraToken)).get("/rest/api/3/issue/FER-412", 200)
	server := w.jiraCaller(t, "Bearer "+personalToken).get("/rest/api/2/issue/FER-412?fields=description,assignee,comment,summary", 200)
	if at(cloud, "fields", "description", "type") != "doc" || at(cloud, "fields", "comment", "comments", 0, "body", "type") != "doc" {
		t.Errorf("Cloud: %v", at(cloud, "fields", "description"))
	}
	if s, _ := at(server, "fields", "description").(string); !strings.Contains(s, "{code:go}\ncache := lru.New(0)") {
		t.Errorf("Server: %v", at(server, "fields", "description"))
	}
	if at(cloud, "fields", "assignee", "accountId") == nil || at(server, "fields", "assignee", "name") != "priya" || at(server, "fields", "status") != nil {
		t.Errorf("assignees: %v %v", at(cloud, "fields", "assignee"), at(server, "fields"))
	}
	if at(cloud, "fields", "updated") != "2026-03-10T16:30:00.000+0000" || at(cloud, "fields", "status", "statusCategory", "key") != "indeterminate" {
		t.Errorf("fields: %v %v", at(cloud, "fields", "updated"), at(cloud, "fields", "status"))
	}
	odd := w.jiraCaller(t, basic(jiraToken)).get("/rest/api/3/issue/FER-420", 200)["fields"]
	for _, field := range []string{"assignee", "priority", "description", "resolutiondate"} {
		if v, there := odd.(obj)[field]; v != nil || !there {
			t.Errorf("%s is %v", field, v)
		}
	}
	newest := w.jiraCaller(t, basic(jiraToken)).get("/rest/api/3/issue/FER-412/comment?orderBy=-created&maxResults=1", 200)
	if newest["total"] != 2.0 || at(newest, "comments", 0, "author", "displayName") != "Priya Raman" {
		t.Errorf("comments: %v", newest)
	}
}

func TestJiraServerPagesByPositionAndSaysWhatItIs(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.jiraCaller(t, "Bearer "+personalToken)
	page := c.send("POST", "/rest/api/2/search", `{"jql":"project = PLAT ORDER BY key","startAt":4,"maxResults":4,"fields":"summary,status"}`, 200)
	if d := cmp.Diff([]string{"PLAT-212", "PLAT-215"}, each(page["issues"], "key")); d != "" || page["total"] != 6.0 {
		t.Errorf("%v %s", page["total"], d)
	}
	if got := c.get("/rest/api/2/serverInfo", 200)["deploymentType"]; got != "Server" {
		t.Errorf("with a personal token it is %v", got)
	}
	if got := w.jiraCaller(t, basic(jiraToken)).get("/rest/api/2/serverInfo", 200)["deploymentType"]; got != "Cloud" {
		t.Errorf("with an API token it is %v", got)
	}
	if got := c.get("/rest/api/2/myself", 200); got["name"] != "mira" {
		t.Errorf("myself: %v", got)
	}
}

func TestConfluenceFindsAndReadsPagesUnderBothPaths(t *testing.T) {
	w := start(t, "recurring-502")
	for name, c := range map[string]caller{
		"cloud":  {t, w.ConfluenceURL(), basic(wikiToken)},
		"server": {t, w.JiraURL(), "Bearer " + personalToken},
	} {
		found := c.get("/rest/api/search?limit=2&expand=content.space,content.version&cql="+url.QueryEscape(`type = page AND text ~ "booking-api OOM"`), 200)
		if at(found, "results", 0, "content", "id") != "65601" || at(found, "results", 0, "content", "space", "key") != "OPS" {
			t.Errorf("%s: %v", name, found)
		}
		if s, _ := at(found, "results", 0, "excerpt").(string); !strings.Contains(s, "@@@hl@@@") {
			t.Errorf("%s: the excerpt has no marks: %s", name, s)
		}
		page := c.get("/rest/api/content/65601?expand=body.storage,version,space", 200)
		body, _ := at(page, "body", "storage", "value").(string)
		for _, want := range []string{`<ac:structured-macro ac:name="info"`, "<![CDATA[kubectl -n booking rollout restart deploy/booking-api]]>", `ac:name="expand"`} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page is missing %s", name, want)
			}
		}
		if at(page, "version", "number") != 7.0 || at(page, "version", "when") != "2026-02-24T10:00:00.000Z" {
			t.Errorf("%s: version %v", name, page["version"])
		}
		if bare := c.get("/rest/api/content/65601", 200); bare["body"] != nil || bare["version"] != nil {
			t.Errorf("%s: without expand there is %v", name, bare)
		}
		byTitle := c.get("/rest/api/content?spaceKey=OPS&expand=version&title="+url.QueryEscape("On-call handbook"), 200)
		if d := cmp.Diff([]string{"65611"}, each(byTitle["results"], "id")); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if got := c.get("/rest/api/content/1", 404); got["statusCode"] != 404.0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCQLFindsWhatItSays(t *testing.T) {
	w := start(t, "")
	c := caller{t, w.ConfluenceURL(), basic(wikiToken)}
	for cql, want := range map[string]string{
		`type = page AND title ~ "payments-api" ORDER BY title`:            "65610 65606",
		`title ~ "payments*" AND space = OPS ORDER BY title DESC`:          "65603 65606 65610",
		`siteSearch ~ "replica lag"`:                                       "65607",
		`label = "post-mortem" and space in (BOOK)`:                        "65612",
		`label = runbook AND lastmodified < now("-300d")`:                  "65607",
		`text ~ "\"roll back first\""`:                                     "65604",
		`type = page AND creator = "Hana Sato" ORDER BY lastmodified DESC`: "65609 65606",
		`id = 65611 OR text ~ "nothing like that"`:                         "65611",
	} {
		got := strings.Join(each(c.get("/rest/api/content/search?cql="+url.QueryEscape(cql), 200)["results"], "id"), " ")
		if got != want {
			t.Errorf("%s: got %q, want %q", cql, got, want)
		}
	}
	for _, cql := range []string{``, `type = page AND`, `text ~ "x`, `wurst = 1`, `title ~ #1`} {
		if got := c.get("/rest/api/search?cql="+url.QueryEscape(cql), 400); !strings.HasPrefix(got["message"].(string), "Could not parse cql : "+cql) {
			t.Errorf("%s: %v", cql, got)
		}
	}
	first := c.get("/rest/api/search?limit=3&cql="+url.QueryEscape("type = page"), 200)
	if first["totalSize"] != 13.0 || length(first["results"]) != 3 || at(first, "_links", "next") == nil {
		t.Errorf("paging: %v %v", first["totalSize"], first["_links"])
	}
}
