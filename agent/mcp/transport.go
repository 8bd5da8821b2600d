package mcp

import (
	"context"
	"errors"
	"net/http"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/border"
)

// maxLine bounds one message of a server: pagerduty-mcp's list of tools is
// 420 KB on one line, and results come twice on it.
const maxLine = 16 << 20

// transport makes the way to the server, and what ends it.
func (s *session) transport(ctx context.Context) (sdk.Transport, func() error, error) {
	switch {
	case s.server.InMemory != nil:
		return s.inMemory(ctx)
	case s.server.URL != "":
		return s.http()
	default:
		p, err := startProcess(s.server, s.opts)
		if err != nil {
			return nil, nil, err
		}
		return &sdk.IOTransport{Reader: p.out, Writer: p.in, MaxLineLength: maxLine}, p.end, nil
	}
}

// inMemory serves a built-in server in this process. The session outlives the
// call that started it.
func (s *session) inMemory(ctx context.Context) (sdk.Transport, func() error, error) {
	client, server := sdk.NewInMemoryTransports()
	ss, err := s.server.InMemory.Connect(context.WithoutCancel(ctx), server, nil)
	if err != nil {
		return nil, nil, err
	}
	return client, ss.Close, nil
}

func (s *session) http() (sdk.Transport, func() error, error) {
	client := border.Client(border.ClientOptions{Timeout: s.server.StartTimeout, MaxBytes: maxLine})
	client.Transport = headers{base: client.Transport, set: s.server.Headers}
	t := &sdk.StreamableClientTransport{Endpoint: s.server.URL, HTTPClient: client, MaxRetries: -1, DisableStandaloneSSE: true}
	return t, func() error {
		client.CloseIdleConnections()
		return nil
	}, nil
}

// headers sets a server's own headers on every request to it.
type headers struct {
	base http.RoundTripper
	set  map[string]string
}

func (h headers) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL == nil {
		return nil, errors.New("mcp: a request without an address")
	}
	req = req.Clone(req.Context())
	for k, v := range h.set {
		req.Header.Set(k, v)
	}
	return h.base.RoundTrip(req)
}
