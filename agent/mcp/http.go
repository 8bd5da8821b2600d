package mcp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

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
	resp, err := h.base.RoundTrip(req)
	if err != nil || req.Method != http.MethodPost {
		return resp, err
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return nil, refusal(resp)
	}
	return resp, nil
}

// refusal keeps what the SDK would drop: the status, the time to wait and the
// server's words. It is an error of one request and does not end the session.
func refusal(resp *http.Response) *border.StatusError {
	defer func() { _ = resp.Body.Close() }()
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	excerpt, _ := border.Cut(border.Redact(border.Line(string(data))), 200)
	return &border.StatusError{
		Status: resp.StatusCode, Host: resp.Request.URL.Host,
		RetryAfter: border.RetryAfter(resp.Header, time.Now()), Excerpt: excerpt,
	}
}

// plainHTTP names the host at most: an address may carry a token.
func plainHTTP(err error) error {
	var status *border.StatusError
	if !errors.As(err, &status) {
		return border.NetError(err)
	}
	if status.Status == http.StatusUnauthorized || status.Status == http.StatusForbidden {
		return fmt.Errorf("%w; check the login in its headers", status)
	}
	return status
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
		if holdsSecret(k) {
			out = append(out, v)
		}
	}
	return out
}

func holdsSecret(name string) bool {
	name = strings.ToUpper(name)
	return slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(name, part) })
}
