package atlassian

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// call is a request that a fake has received.
type call struct {
	method, path string
	query        url.Values
	body         map[string]any
}

// fake is a Jira or Confluence that knows exactly the paths it is given, and
// fails the test for any other and for a wrong login.
type fake struct {
	t      *testing.T
	url    string
	auth   string // wanted Authorization header
	routes map[string]http.HandlerFunc

	mu    sync.Mutex
	calls []call
}

const (
	basicAuth  = "Basic b3BzQGFjbWUuZXhhbXBsZTp0b2stc2VjcmV0LTE=" // ops@acme.example:tok-secret-1
	bearerAuth = "Bearer pat-1"
)

func newFake(t *testing.T, auth string, routes map[string]http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{t: t, auth: auth, routes: routes}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := call{method: r.Method, path: r.URL.Path, query: r.URL.Query()}
	if data, _ := io.ReadAll(r.Body); len(data) > 0 {
		if err := json.Unmarshal(data, &c.body); err != nil {
			f.t.Errorf("%s %s: body is not JSON: %v", r.Method, r.URL.Path, err)
		}
	}
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	if got := r.Header.Get("Authorization"); got != f.auth {
		f.t.Errorf("%s %s: Authorization %q, want %q", r.Method, r.URL.Path, got, f.auth)
	}
	h, ok := f.routes[r.Method+" "+r.URL.Path]
	if !ok {
		f.t.Errorf("unexpected request %s %s", r.Method, r.URL.Path)
		h = http.NotFound
	}
	h(w, r)
}

// to returns the calls of one path.
func (f *fake) to(path string) []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []call
	for _, c := range f.calls {
		if c.path == path {
			out = append(out, c)
		}
	}
	return out
}

// answer answers with a status and a JSON body; headers are "Name: value".
func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Add(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// inTurn answers each request with the next handler, the last one for ever.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	i := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[min(i, len(handlers)-1)]
		i++
		mu.Unlock()
		h(w, r)
	}
}

func newClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cloudJira is a Jira Cloud with these routes beside serverInfo.
func cloudJira(t *testing.T, routes map[string]http.HandlerFunc) (*fake, *Client) {
	t.Helper()
	routes["GET /rest/api/2/serverInfo"] = answer(200, `{"deploymentType":"Cloud","baseUrl":"https://acme.atlassian.net"}`)
	f := newFake(t, basicAuth, routes)
	return f, newClient(t, Config{JiraURL: f.url + "/", JiraUsername: "ops@acme.example", JiraAPIToken: "tok-secret-1"})
}

// serverJira is a Jira Data Center with these routes.
func serverJira(t *testing.T, routes map[string]http.HandlerFunc) (*fake, *Client) {
	t.Helper()
	f := newFake(t, bearerAuth, routes)
	return f, newClient(t, Config{JiraURL: f.url, JiraPersonalToken: "pat-1"})
}

// cloudConfluence is a Confluence Cloud, below /wiki, with these routes.
func cloudConfluence(t *testing.T, routes map[string]http.HandlerFunc) (*fake, *Client) {
	t.Helper()
	f := newFake(t, basicAuth, routes)
	return f, newClient(t, Config{ConfluenceURL: f.url + "/wiki/", ConfluenceUsername: "ops@acme.example", ConfluenceAPIToken: "tok-secret-1"})
}

// serverConfluence is a Confluence Data Center at the root with these routes.
func serverConfluence(t *testing.T, routes map[string]http.HandlerFunc) (*fake, *Client) {
	t.Helper()
	f := newFake(t, bearerAuth, routes)
	return f, newClient(t, Config{ConfluenceURL: f.url, ConfluencePersonalToken: "pat-1"})
}

const (
	cloudSearch  = "/rest/api/3/search/jql"
	serverSearch = "/rest/api/2/search"
)
