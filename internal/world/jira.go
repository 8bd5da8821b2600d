package world

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// atlassian is one site with Jira at its root and Confluence under /wiki (and,
// as on Data Center, at the root). A login by user and API token gets Cloud,
// one by personal token gets Server / Data Center.
type atlassian struct {
	w      *World
	mux    *http.ServeMux
	people map[string]person
}

// atlassianAPI tells Jira's requests from Confluence's.
func atlassianAPI(r *http.Request) API {
	path := r.URL.Path
	if strings.HasPrefix(path, "/wiki") || strings.HasPrefix(path, "/rest/api/search") || strings.HasPrefix(path, "/rest/api/content") ||
		strings.HasPrefix(path, "/rest/api/space") || strings.HasPrefix(path, "/rest/api/user") {
		return Confluence
	}
	return Jira
}

func newAtlassian(w *World) http.Handler {
	a := &atlassian{w: w, mux: http.NewServeMux(), people: map[string]person{}}
	for _, p := range w.h.People {
		a.people[p.Handle] = p
	}
	a.addJira()
	a.addConfluence("/wiki")
	a.addConfluence("")
	return a
}

func (a *atlassian) addJira() {
	for pattern, h := range map[string]http.HandlerFunc{
		"POST /rest/api/3/search/approximate-count": a.countCloud,
		"/rest/api/3/search":                        a.searchGone,
		"/rest/api/2/search":                        a.searchServer,
	} {
		a.mux.HandleFunc(pattern, h)
	}
	for _, version := range []string{"2", "3"} {
		for path, h := range map[string]http.HandlerFunc{
			"issue/{key}": a.getTicket, "issue/{key}/comment": a.getComments, "serverInfo": a.serverInfo, "myself": a.myself,
			"search/jql": a.searchCloud, "field": a.fields, "project": a.projects, "project/search": a.projects,
		} {
			a.mux.HandleFunc("GET /rest/api/"+version+"/"+path, h)
		}
		a.mux.HandleFunc("POST /rest/api/"+version+"/search/jql", a.searchCloud)
	}
}

// version is the version of Jira's API that a request speaks: "2" or "3".
func version(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, "/rest/api/3/") {
		return "3"
	}
	return "2"
}

func (a *atlassian) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	_, pattern := a.mux.Handler(r)
	switch api := atlassianAPI(r); {
	case !strings.Contains(r.URL.Path, "/rest/"):
		a.w.atlassianPage(rw, r)
	case pattern == "":
		http.Error(rw, "<html><body>Oops, you&#39;ve found a dead link.</body></html>", http.StatusNotFound)
	case strings.HasSuffix(r.URL.Path, "/serverInfo"):
		a.mux.ServeHTTP(rw, r) // anybody may ask
	case login(r, api) == "":
		refuseLogin(rw, r, api)
	default:
		rw.Header().Set("X-Seraph-LoginReason", "OK")
		a.mux.ServeHTTP(rw, r)
	}
}

// login says what a request's login makes of the site: "cloud", "server", or
// nothing when it is wrong.
func login(r *http.Request, api API) string {
	token := jiraToken
	if api == Confluence {
		token = wikiToken
	}
	switch r.Header.Get("Authorization") {
	case "Basic " + base64.StdEncoding.EncodeToString([]byte(atlassianUser+":"+token)):
		return "cloud"
	case "Bearer " + personalToken:
		return "server"
	}
	return ""
}

// refuseLogin does what Jira does with a wrong token: a search is answered as
// for an anonymous user, 200 and empty, with only a header that tells.
func refuseLogin(rw http.ResponseWriter, r *http.Request, api API) {
	rw.Header().Set("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
	switch {
	case api == Jira && strings.HasSuffix(r.URL.Path, "/search/jql"):
		writeJSON(rw, http.StatusOK, obj{"issues": []obj{}, "isLast": true})
	case api == Jira && strings.HasSuffix(r.URL.Path, "/search"):
		writeJSON(rw, http.StatusOK, obj{"startAt": 0, "maxResults": 50, "total": 0, "issues": []obj{}})
	case api == Jira && strings.Contains(r.URL.Path, "/issue/"):
		jiraError(rw, http.StatusNotFound, noIssue)
	default:
		rw.Header().Set("Www-Authenticate", "OAuth realm=\"demo\"")
		http.Error(rw, "Client must be authenticated to access this resource.", http.StatusUnauthorized)
	}
}

const noIssue = "Issue does not exist or you do not have permission to see it."

func jiraError(rw http.ResponseWriter, status int, messages ...string) {
	writeJSON(rw, status, obj{"errorMessages": messages, "errors": obj{}})
}

// searchAsk is what a search asks for, in a body or in parameters.
type searchAsk struct {
	JQL        string    `json:"jql"`
	MaxResults int       `json:"maxResults"`
	StartAt    int       `json:"startAt"`
	Token      string    `json:"nextPageToken"`
	Fields     fieldList `json:"fields"`
}

// fieldList is a list of names, or one text of them with commas.
type fieldList []string

// UnmarshalJSON implements json.Unmarshaler.
func (f *fieldList) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*f = strings.Split(text, ",")
		return nil
	}
	return json.Unmarshal(data, (*[]string)(f))
}

func readSearch(r *http.Request) (searchAsk, error) {
	ask := searchAsk{MaxResults: 50}
	if r.Method == http.MethodPost {
		err := json.NewDecoder(r.Body).Decode(&ask)
		return ask, err
	}
	q := r.URL.Query()
	ask.JQL, ask.Token, ask.Fields = q.Get("jql"), q.Get("nextPageToken"), list(r, "fields")
	if n, err := strconv.Atoi(q.Get("maxResults")); err == nil {
		ask.MaxResults = n
	}
	ask.StartAt, _ = strconv.Atoi(q.Get("startAt"))
	return ask, nil
}

// found runs a search, and answers itself when the query is at fault.
func (a *atlassian) found(rw http.ResponseWriter, r *http.Request) (searchAsk, []ticket, bool) {
	ask, err := readSearch(r)
	if err != nil {
		jiraError(rw, http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
		return ask, nil, false
	}
	all, err := a.jql(ask.JQL)
	if err != nil {
		jiraError(rw, http.StatusBadRequest, err.Error())
		return ask, nil, false
	}
	return ask, all, true
}

// searchCloud is the search of Jira Cloud: pages by token, no total, no query
// without a restriction, and no field that was not asked for.
func (a *atlassian) searchCloud(rw http.ResponseWriter, r *http.Request) {
	ask, all, ok := a.found(rw, r)
	if !ok {
		return
	}
	if q, err := parseQuery(ask.JQL); err == nil && q.where == nil {
		jiraError(rw, http.StatusBadRequest, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
		return
	}
	from := 0
	if ask.Token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(ask.Token)
		if from = number(strings.TrimPrefix(string(raw), "from:")); err != nil || from == 0 {
			jiraError(rw, http.StatusBadRequest, "The provided next page token is invalid or expired.")
			return
		}
	}
	if len(ask.Fields) == 0 {
		ask.Fields = fieldList{"id"}
	}
	from, to := min(from, len(all)), min(from+max(1, min(ask.MaxResults, 100)), len(all))
	answer := obj{"issues": a.issues(all[from:to], ask.Fields, version(r)), "isLast": to == len(all)}
	if to < len(all) {
		answer["nextPageToken"] = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "from:%d", to))
	}
	writeJSON(rw, http.StatusOK, answer)
}

func (a *atlassian) countCloud(rw http.ResponseWriter, r *http.Request) {
	if _, all, ok := a.found(rw, r); ok {
		writeJSON(rw, http.StatusOK, obj{"count": len(all)})
	}
}

// searchGone is what Cloud says since the old search was taken away.
func (a *atlassian) searchGone(rw http.ResponseWriter, _ *http.Request) {
	jiraError(rw, http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
}

// searchServer is the search of Jira Server: pages by position, with a total.
func (a *atlassian) searchServer(rw http.ResponseWriter, r *http.Request) {
	if login(r, Jira) == "cloud" {
		a.searchGone(rw, r)
		return
	}
	ask, all, ok := a.found(rw, r)
	if !ok {
		return
	}
	from := min(max(0, ask.StartAt), len(all))
	to := min(from+max(0, min(ask.MaxResults, 1000)), len(all))
	writeJSON(rw, http.StatusOK, obj{
		"expand": "schema,names", "startAt": from, "maxResults": ask.MaxResults, "total": len(all),
		"issues": a.issues(all[from:to], ask.Fields, "2"),
	})
}

func (a *atlassian) issues(all []ticket, fields []string, version string) []obj {
	out := []obj{}
	for _, t := range all {
		out = append(out, a.issue(t, fields, version))
	}
	return out
}

func (a *atlassian) ticket(key string) (ticket, bool) {
	i := slices.IndexFunc(a.w.h.Tickets, func(t ticket) bool { return strings.EqualFold(t.Key, key) })
	if i < 0 {
		return ticket{}, false
	}
	return a.w.h.Tickets[i], true
}

func (a *atlassian) getTicket(rw http.ResponseWriter, r *http.Request) {
	t, ok := a.ticket(r.PathValue("key"))
	if !ok {
		jiraError(rw, http.StatusNotFound, noIssue)
		return
	}
	fields := list(r, "fields")
	if len(fields) == 0 {
		fields = []string{"*all"}
	}
	writeJSON(rw, http.StatusOK, a.issue(t, fields, version(r)))
}

func (a *atlassian) getComments(rw http.ResponseWriter, r *http.Request) {
	t, ok := a.ticket(r.PathValue("key"))
	if !ok {
		jiraError(rw, http.StatusNotFound, noIssue)
		return
	}
	all := a.comments(t, version(r))
	if r.URL.Query().Get("orderBy") == "-created" {
		slices.Reverse(all)
	}
	limit := 50
	if n, err := strconv.Atoi(r.URL.Query().Get("maxResults")); err == nil && n > 0 {
		limit = n
	}
	start, _ := strconv.Atoi(r.URL.Query().Get("startAt"))
	from := min(max(0, start), len(all))
	to := min(from+limit, len(all))
	writeJSON(rw, http.StatusOK, obj{"startAt": from, "maxResults": limit, "total": len(all), "comments": all[from:to]})
}

// serverInfo tells Cloud from Server, to anybody who asks. Without a login it is
// Cloud, the site's true kind.
func (a *atlassian) serverInfo(rw http.ResponseWriter, r *http.Request) {
	info := obj{
		"baseUrl": a.w.JiraURL(), "version": "1001.0.0-SNAPSHOT", "versionNumbers": []int{1001, 0, 0}, "deploymentType": "Cloud",
		"buildNumber": 100300, "buildDate": jiraTime(a.w.now.AddDate(0, 0, -1)), "serverTime": jiraTime(a.w.clock()), "serverTitle": a.w.h.Company,
	}
	if login(r, Jira) == "server" {
		info["deploymentType"], info["version"], info["versionNumbers"] = "Server", "9.12.10", []int{9, 12, 10}
	}
	writeJSON(rw, http.StatusOK, info)
}

func (a *atlassian) myself(rw http.ResponseWriter, r *http.Request) {
	writeJSON(rw, http.StatusOK, a.account(a.w.h.People[0].Handle, version(r)))
}
