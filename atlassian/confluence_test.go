package atlassian

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/incident"
)

// pageJSON is a page as GET content/{id} answers it.
func pageJSON(id, title, body string) string {
	return fmt.Sprintf(`{"id":%q,"type":"page","title":%q,"space":{"key":"OPS"},"version":{"when":"2026-10-02T09:00:00.000Z"},
	  "body":{"storage":{"value":%q}},"_links":{"webui":"/spaces/OPS/pages/%s","base":"https://elsewhere.example/wiki"}}`, id, title, body, id)
}

// hitJSON is one result of a search.
func hitJSON(id, title, excerpt string) string {
	return fmt.Sprintf(`{"content":{"id":%q,"type":"page","title":%q,"_links":{"webui":"/spaces/OPS/pages/%s"}},"title":"@@@hl@@@x@@@endhl@@@",
	  "excerpt":%q,"resultGlobalContainer":{"displayUrl":"/spaces/OPS"},"lastModified":"2026-10-02T09:00:00.000Z"}`, id, title, id, excerpt)
}

func hits(total int, results ...string) string {
	return fmt.Sprintf(`{"results":[%s],"totalSize":%d,"_links":{}}`, strings.Join(results, ","), total)
}

func TestPageSearchCleansExcerptsAndSaysHowManyThereAre(t *testing.T) {
	f, c := cloudConfluence(t, map[string]http.HandlerFunc{
		"GET /wiki/rest/api/search": answer(200, hits(31,
			hitJSON("42", "Checkout runbook", "run @@@hl@@@kubectl@@@endhl@@@ get pods &amp;&amp; ps\nagain &lt;now&gt;"),
			`{"space":{"key":"OPS"},"entityType":"space","title":"Ops"}`, `null`)),
	})
	got, cut, err := c.SearchPages(t.Context(), "checkout", 20)
	if err != nil {
		t.Fatal(err)
	}
	want := []incident.Page{{
		ID: "42", Title: "Checkout runbook", URL: f.url + "/wiki/spaces/OPS/pages/42", Space: "OPS",
		Updated: time.Date(2026, 10, 2, 9, 0, 0, 0, time.UTC), Excerpt: "run kubectl get pods && ps again <now>",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if cut != (incident.Cut{Shown: 1, Total: 31}) {
		t.Errorf("cut %v", cut)
	}
	q := f.to("/wiki/rest/api/search")[0].query
	if q.Get("cql") != `type = page AND text ~ "checkout"` || q.Get("limit") != "20" {
		t.Errorf("query %v", q)
	}
}

func TestWordsThatAreNotAllOnOnePageAreSearchedOneByOne(t *testing.T) {
	f, c := serverConfluence(t, map[string]http.HandlerFunc{
		"GET /rest/api/search": inTurn(answer(200, hits(0)), answer(200, `{"results":[`+hitJSON("1", "T", "")+`],"_links":{"next":"/x"}}`)),
	})
	got, cut, err := c.SearchPages(t.Context(), "pool exhausted", 0)
	if err != nil || len(got) != 1 || cut != (incident.Cut{Shown: 1, Total: -1}) {
		t.Errorf("%v %v %v", got, cut, err)
	}
	var cql []string
	for _, c := range f.to("/rest/api/search") {
		cql = append(cql, c.query.Get("cql"))
	}
	want := []string{`type = page AND text ~ "pool exhausted"`, `type = page AND (text ~ "pool" OR text ~ "exhausted")`}
	if diff := cmp.Diff(want, cql); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
}

func TestAConfluenceAnswerThatIsNoneIsAnErrorNotAnEmptyList(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"expired token":  answer(200, hits(0), "X-Seraph-LoginReason: AUTHENTICATED_FAILED"),
		"anonymous":      answer(200, hits(0), "X-AUSERNAME: Anonymous"),
		"login page":     answer(200, `<html>log in</html>`),
		"another object": answer(200, `{"status":"ok"}`),
		"text":           answer(200, `OK`),
		"refused":        answer(401, ``),
		"restricted":     answer(403, `{"statusCode":403,"message":"no"}`),
		"broken":         answer(500, ``),
	} {
		t.Run(name, func(t *testing.T) {
			_, c := cloudConfluence(t, map[string]http.HandlerFunc{"GET /wiki/rest/api/search": handler})
			pages, _, err := c.SearchPages(t.Context(), "pool", 5)
			if err == nil || len(pages) != 0 || errors.Is(err, ErrNothing) || !strings.Contains(err.Error(), "Confluence: ") {
				t.Errorf("pages %v, error %v", pages, err)
			}
			if _, _, err := c.FindRunbook(t.Context(), "", "checkout", "pool"); err == nil || errors.Is(err, ErrNothing) {
				t.Errorf("runbook: %v", err)
			}
		})
	}
}

func TestPageIsReadOnCloudAndOnServer(t *testing.T) {
	body := `<p>Run</p><ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter>` +
		`<ac:plain-text-body><![CDATA[kubectl rollout undo deploy/* && a="&amp;" > /dev/null]]></ac:plain-text-body></ac:structured-macro>`
	want := "Run\n\n```bash\nkubectl rollout undo deploy/* && a=\"&amp;\" > /dev/null\n```"

	f, c := cloudConfluence(t, map[string]http.HandlerFunc{"GET /wiki/rest/api/content/42": answer(200, pageJSON("42", "T", body))})
	p, err := c.Page(t.Context(), f.url+"/wiki/spaces/OPS/pages/42/Some+Title")
	if err != nil || p.Markdown != want || p.URL != f.url+"/wiki/spaces/OPS/pages/42" || p.Space != "OPS" {
		t.Errorf("%+v, %v", p, err)
	}
	if got := f.calls[0].query.Get("expand"); got != "body.storage,version,space" {
		t.Errorf("expand %q", got)
	}

	_, c = serverConfluence(t, map[string]http.HandlerFunc{"GET /rest/api/content/42": answer(200, pageJSON("42", "T", body))})
	if p, err := c.Page(t.Context(), "42"); err != nil || p.Markdown != want {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestPageErrorsNameThePage(t *testing.T) {
	_, c := cloudConfluence(t, map[string]http.HandlerFunc{
		"GET /wiki/rest/api/content/1": answer(404, `{"statusCode":404,"message":"No content found"}`),
		"GET /wiki/rest/api/content/2": answer(200, `{"id":"2","title":"no body"}`),
		"GET /wiki/rest/api/content":   answer(200, `{"results":[]}`),
	})
	for id, want := range map[string]string{
		"1": "page 1: Confluence: not found", "2": "no page with a body", "x": "no page id", "": "no page id",
		"https://h.example/wiki/display/OPS/Gone+page": `page "Gone page" in space "OPS": nothing fits`,
	} {
		if _, err := c.Page(t.Context(), id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", id, err, want)
		}
	}
}

func TestABareHostIsTriedAsCloudThenAsServerAndRemembered(t *testing.T) {
	notHere := func(status int, body string) map[string]http.HandlerFunc {
		return map[string]http.HandlerFunc{
			"GET /wiki/rest/api/search": answer(status, body), "GET /rest/api/search": answer(200, hits(1, hitJSON("1", "T", ""))),
			"GET /wiki/rest/api/content/1": answer(status, body), "GET /rest/api/content/1": answer(200, pageJSON("1", "T", "<p>x</p>")),
		}
	}
	for name, routes := range map[string]map[string]http.HandlerFunc{
		"404": notHere(404, "<html>"), "a page": notHere(200, "<html>"), "JSON 404": notHere(404, `{"message":"no"}`),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, basicAuth, routes)
			c := newClient(t, Config{ConfluenceURL: f.url, ConfluenceUsername: "ops@acme.example", ConfluenceAPIToken: "tok-secret-1"})
			if _, _, err := c.SearchPages(t.Context(), "pool", 5); err != nil {
				t.Fatal(err)
			}
			p, err := c.Page(t.Context(), "1")
			if err != nil || p.URL != f.url+"/spaces/OPS/pages/1" {
				t.Errorf("%+v %v", p, err)
			}
			if n := len(f.to("/wiki/rest/api/content/1")); n != 0 {
				t.Errorf("the wrong base was tried again %d times", n)
			}
		})
	}
	f := newFake(t, basicAuth, map[string]http.HandlerFunc{"GET /wiki/rest/api/search": answer(200, hits(0)), "GET /wiki/rest/api/content/9": answer(404, `{}`)})
	c := newClient(t, Config{ConfluenceURL: f.url, ConfluenceUsername: "ops@acme.example", ConfluenceAPIToken: "tok-secret-1"})
	if _, err := c.CheckConfluence(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.Page(t.Context(), "9"); !notFound(err) {
		t.Errorf("%v", err)
	}
}

func TestALongPageIsCutWithItsCodeClosed(t *testing.T) {
	body := `<pre>` + strings.Repeat("line of code\n", 20000) + `</pre>`
	_, c := cloudConfluence(t, map[string]http.HandlerFunc{"GET /wiki/rest/api/content/1": answer(200, pageJSON("1", "T", body))})
	p, err := c.Page(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Markdown) > maxPageText+100 || !strings.HasSuffix(p.Markdown, "\n```\n\n[cut at 96 KB of 253 KB]") {
		t.Errorf("%d bytes, ends in %q", len(p.Markdown), p.Markdown[len(p.Markdown)-80:])
	}
}

func TestFindRunbookFollowsALinkToAPage(t *testing.T) {
	routes := map[string]http.HandlerFunc{
		"GET /wiki/rest/api/content/42":     answer(200, pageJSON("42", "Gateway runbook", "<p>x</p>")),
		"GET /wiki/rest/api/content/393229": answer(200, pageJSON("393229", "Gateway runbook", "<p>x</p>")),
		"GET /wiki/rest/api/content":        answer(200, `{"results":[`+pageJSON("42", "Gateway runbook", "<p>x</p>")+`]}`),
	}
	f, c := cloudConfluence(t, routes)
	for _, link := range []string{
		"/wiki/pages/viewpage.action?pageId=42", "/wiki/spaces/OPS/pages/42", "/wiki/spaces/OPS/pages/42/Old+Title", "/wiki/display/OPS/Gateway+runbook",
		"/wiki/x/DQAG",
	} {
		p, match, err := c.FindRunbook(t.Context(), f.url+link, "gateway", "tls expired")
		if err != nil || match != Linked || p.Title != "Gateway runbook" || p.Markdown != "x" {
			t.Errorf("%s: %+v %q %v", link, p, match, err)
		}
	}
	q := f.to("/wiki/rest/api/content")[0].query
	if q.Get("spaceKey") != "OPS" || q.Get("title") != "Gateway runbook" {
		t.Errorf("query %v", q)
	}
	// Another host name for the same Confluence: the title in the link must agree.
	p, match, err := c.FindRunbook(t.Context(), "https://acme.atlassian.net/wiki/spaces/OPS/pages/42/Gateway+Runbook", "", "")
	if err != nil || match != Linked || p.ID != "42" {
		t.Errorf("%+v %q %v", p, match, err)
	}
}

func TestFindRunbookPassesOverLinksThatOpenNoPageHere(t *testing.T) {
	f, c := cloudConfluence(t, map[string]http.HandlerFunc{
		"GET /wiki/rest/api/search":     answer(200, hits(1, hitJSON("7", "Gateway runbook", "ex"))),
		"GET /wiki/rest/api/content/7":  answer(200, pageJSON("7", "Gateway runbook", "<p>x</p>")),
		"GET /wiki/rest/api/content/42": answer(200, pageJSON("42", "Holiday plan", "<p>x</p>")),
	})
	for _, link := range []string{
		"", "see the wiki", "https://runbooks.example/gateway", "https://other.example/wiki/spaces/OPS/pages/42", "javascript:alert(1)",
		"https://other.example/wiki/spaces/OPS/pages/42/Gateway+runbook", "https://other.example/pages/viewpage.action?pageId=42",
		f.url + "/wiki/spaces/OPS/overview", f.url + "/wiki/x/!!",
	} {
		p, match, err := c.FindRunbook(t.Context(), link, "gateway", "tls expired")
		if err != nil || match != MatchedByTitle || p.ID != "7" || p.Excerpt != "ex" {
			t.Errorf("%q: %+v %q %v", link, p, match, err)
		}
	}
}

func TestFindRunbookTakesTheBestTitle(t *testing.T) {
	pages := map[string]string{
		"1": "Postmortem 2026-03-02: payments-api connection pool exhausted", "2": "payments-api architecture", "3": "Payments API runbook",
		"4": "Runbook: connection pool exhausted (payments-api)", "5": "Holiday plan", "6": "Search cluster runbook",
	}
	tests := map[string]struct {
		service, title string
		offered        []string
		want           string // "" = nothing
	}{
		"the runbook of the problem":           {"payments-api", "Connection pool exhausted on payments-api", []string{"1", "2", "3", "4", "5"}, "4"},
		"the runbook of the service":           {"payments-api", "Latency p99 over 2 s", []string{"1", "2", "3", "5"}, "3"},
		"a page about the service":             {"payments-api", "Latency", []string{"2", "5"}, "2"},
		"a page with two words":                {"checkout", "Search cluster yellow", []string{"6", "5"}, "6"},
		"one common word is no match":          {"checkout", "Cluster yellow", []string{"5", "6"}, ""},
		"nothing found":                        {"checkout", "Cluster yellow", nil, ""},
		"nothing to search for":                {"", "!!! ***", nil, ""},
		"what happened is better than nothing": {"payments-api", "connection pool exhausted", []string{"1", "5"}, "1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var results []string
			for _, id := range tt.offered {
				results = append(results, hitJSON(id, pages[id], ""))
			}
			_, c := cloudConfluence(t, map[string]http.HandlerFunc{
				"GET /wiki/rest/api/search":             answer(200, hits(len(results), results...)),
				"GET /wiki/rest/api/content/" + tt.want: answer(200, pageJSON(tt.want, pages[tt.want], "<p>x</p>")),
			})
			p, match, err := c.FindRunbook(t.Context(), "", tt.service, tt.title)
			switch {
			case tt.want == "" && !errors.Is(err, ErrNothing):
				t.Errorf("%+v %v", p, err)
			case tt.want != "" && (err != nil || p.ID != tt.want || match != MatchedByTitle):
				t.Errorf("%q %q %v, want %q", p.Title, match, err, pages[tt.want])
			}
		})
	}
}

func TestALinkedRunbookThatIsGoneIsSaid(t *testing.T) {
	routes := map[string]http.HandlerFunc{
		"GET /wiki/rest/api/content/42": answer(404, `{"message":"No content"}`),
		"GET /wiki/rest/api/content/7":  answer(200, pageJSON("7", "Gateway runbook", "<p>x</p>")),
		"GET /wiki/rest/api/search":     answer(200, hits(1, hitJSON("7", "Gateway runbook", ""))),
	}
	f, c := cloudConfluence(t, routes)
	link := f.url + "/wiki/spaces/OPS/pages/42/Gateway"
	if p, match, err := c.FindRunbook(t.Context(), link, "gateway", ""); err != nil || match != MatchedInstead || p.ID != "7" {
		t.Errorf("%+v %q %v", p, match, err)
	}
	routes["GET /wiki/rest/api/search"] = answer(200, hits(0))
	if _, _, err := c.FindRunbook(t.Context(), link, "gateway", ""); !notFound(err) || errors.Is(err, ErrNothing) {
		t.Errorf("the link names a page that could not be read: %v", err)
	}
	routes["GET /wiki/rest/api/content/42"] = answer(500, ``)
	if _, _, err := c.FindRunbook(t.Context(), link, "gateway", ""); err == nil || errors.Is(err, ErrNothing) {
		t.Errorf("%v", err)
	}
}

func TestPageRefReadsAddressesOfPages(t *testing.T) {
	for in, want := range map[string]pageRef{
		"123":  {id: "123"},
		" 42 ": {id: "42"},
		"https://x.atlassian.net/wiki/spaces/OPS/pages/98/A+b%2Fc?focused=1#x": {id: "98", title: "A b/c"},
		"https://c.example/pages/viewpage.action?pageId=77":                    {id: "77"},
		"https://c.example/ctx/display/%7Eana/My+page":                         {space: "~ana", title: "My page"},
		"https://x.atlassian.net/wiki/x/DQAG":                                  {id: "393229"},
		"https://c.example/display/OPS":                                        {},
		"https://c.example/pages/viewpage.action?pageId=7;drop":                {},
		"12 or 13": {}, "": {}, "../1": {}, "1/../2": {},
	} {
		if got := pageRefIn(in); got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}
