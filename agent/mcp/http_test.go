package mcp

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// hosted serves tools over Streamable HTTP to those who know the key, and
// counts what it refused.
type hosted struct {
	handler atomic.Pointer[sdk.StreamableHTTPHandler]
	refused atomic.Int32
	deleted atomic.Int32
}

const hostedKey = "Token token=u+abcdefgh12345678"

func (h *hosted) renew() {
	server := builtin("browse_incidents")
	h.handler.Store(sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return server }, nil))
}

func (h *hosted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != hostedKey {
		h.refused.Add(1)
		http.Error(w, "who are you: "+r.Header.Get("Authorization"), http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodDelete {
		h.deleted.Add(1)
	}
	h.handler.Load().ServeHTTP(w, r)
}

func startHosted(t *testing.T) (*hosted, Server) {
	t.Helper()
	h := &hosted{}
	h.renew()
	ts := httptest.NewServer(h)
	t.Cleanup(ts.Close)
	return h, Server{Name: "pd", URL: ts.URL + "/mcp?tenant=secret-tenant", Headers: map[string]string{"Authorization": hostedKey}}
}

func TestAHostedServerGetsItsHeadersOnEveryRequestAndAGoodbye(t *testing.T) {
	h, s := startHosted(t)
	p := newPool(t, Options{}, s)
	want(t, call(t, p, "mcp__pd__browse_incidents", `{"a":1}`), false, `browse_incidents{"a":1}`)
	_ = p.Close()
	if h.refused.Load() != 0 || h.deleted.Load() != 1 {
		t.Errorf("%d requests without the header, %d goodbyes", h.refused.Load(), h.deleted.Load())
	}
}

func TestAHostedServerThatForgotTheSessionIsConnectedAnew(t *testing.T) {
	h, s := startHosted(t)
	p := newPool(t, Options{}, s)
	want(t, call(t, p, "mcp__pd__browse_incidents", ""), false)
	h.renew()
	want(t, call(t, p, "mcp__pd__browse_incidents", `{"b":2}`), false, `{"b":2}`)
}

func TestARefusedLoginIsDownWithoutAddressAndKey(t *testing.T) {
	h, s := startHosted(t)
	s.Headers["Authorization"] = "Bearer wrong-key-0123456789"
	p := newPool(t, Options{}, s)
	_, down := p.Tools(t.Context())
	if len(down) != 1 || !strings.Contains(down[0].Why, "Unauthorized") || h.refused.Load() == 0 {
		t.Fatalf("down: %v", down)
	}
	for _, secret := range []string{"wrong-key", "secret-tenant"} {
		if strings.Contains(down[0].Why, secret) {
			t.Errorf("the reason tells %s: %s", secret, down[0].Why)
		}
	}
}

func TestARedirectToAnotherHostIsNotFollowed(t *testing.T) {
	h, s := startHosted(t)
	other := httptest.NewServer(http.RedirectHandler(s.URL, http.StatusTemporaryRedirect))
	t.Cleanup(other.Close)
	s.URL = other.URL
	p := newPool(t, Options{}, s)
	_, down := p.Tools(t.Context())
	if len(down) != 1 || !strings.Contains(down[0].Why, "has moved to") {
		t.Errorf("down: %v", down)
	}
	if h.refused.Load() != 0 {
		t.Error("the other host was asked")
	}
}

func TestAHostThatIsNotThereIsDownInPlainWords(t *testing.T) {
	ts := httptest.NewServer(http.NotFoundHandler())
	ts.Close()
	p := newPool(t, Options{}, Server{Name: "pd", URL: ts.URL + "/mcp?key=abcdef123456"})
	_, down := p.Tools(t.Context())
	if len(down) != 1 || !strings.Contains(down[0].Why, "cannot be reached") || strings.Contains(down[0].Why, "abcdef") {
		t.Errorf("down: %v", down)
	}
}
