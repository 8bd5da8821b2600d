package mcp

import (
	"net/http"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/border"
)

// http reaches a server over Streamable HTTP. Nothing is repeated below us, and
// no stream stands open between calls: a proxy that cuts it would look like a
// dead server.
func (s *session) http() link {
	c := border.Client(border.ClientOptions{Timeout: max(s.server.StartTimeout, s.server.CallTimeout), MaxBytes: maxLine})
	c.Transport = headers{base: c.Transport, set: s.server.Headers}
	return link{
		transport: &sdk.StreamableClientTransport{Endpoint: s.server.URL, HTTPClient: c, MaxRetries: -1, DisableStandaloneSSE: true, MaxEventSize: maxLine},
		stop:      c.CloseIdleConnections,
		ended:     no,
		why:       silent,
		byeFirst:  true,
	}
}

// headers sets a server's own headers on every request. The client under it
// follows no redirect to another host, so they reach no other.
type headers struct {
	base http.RoundTripper
	set  map[string]string
}

func (h headers) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for k, v := range h.set {
		req.Header.Set(k, v)
	}
	return h.base.RoundTrip(req)
}

// CloseIdleConnections lets http.Client close the connections of the base.
func (h headers) CloseIdleConnections() {
	if c, ok := h.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// secretParts are in the names of variables that hold a secret. Others hold
// addresses and user names, which answers are full of.
var secretParts = []string{"TOKEN", "KEY", "SECRET", "PASSWORD", "PASSWD", "AUTH", "COOKIE", "CREDENTIAL"}

// secrets are the values of the server's configuration that must not come back
// in an answer or an error: every header, and variables with such a name.
func (s Server) secrets() []string {
	var out []string
	for _, v := range s.Headers {
		_, bare, _ := strings.Cut(v, " ") // "Bearer token"
		out = append(out, v, bare)
	}
	for k, v := range s.Env {
		for _, part := range secretParts {
			if strings.Contains(strings.ToUpper(k), part) {
				out = append(out, v)
				break
			}
		}
	}
	return out
}
