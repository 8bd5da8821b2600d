package border

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
)

// Limits of a Client that sets none.
const (
	DefaultTimeout  = 10 * time.Second // one exchange, body included
	DefaultMaxBytes = 8 << 20          // one answer's body after decompression
)

// maxRedirects is enough for a host that moves a path; more is a loop.
const maxRedirects = 3

// ClientOptions are the few things in which readers differ.
type ClientOptions struct {
	Timeout   time.Duration     // of one exchange; 0 = DefaultTimeout
	MaxBytes  int64             // of one answer's body; 0 = DefaultMaxBytes
	UserAgent string            // sent when the request names none; "" = opsbuddy/VERSION
	Transport http.RoundTripper // what really sends; nil = a transport of our own with bounded dialling
	Wall      *Wall             // shared between clients of one login; nil = a wall of its own
}

// Client returns an HTTP client with the policy that all readers share: every
// wait and every body is bounded, nothing is repeated, a redirect to another
// host or from https to http is a *MovedError instead of a request, a POST
// never becomes a GET, and a host that keeps refusing the login is left alone
// for a while (see Wall). The client is safe for concurrent use.
func Client(o ClientOptions) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.UserAgent == "" {
		o.UserAgent = userAgent()
	}
	if o.Wall == nil {
		o.Wall = &Wall{}
	}
	if o.Transport == nil {
		o.Transport = transport(o.Timeout)
	}
	gate := &gate{base: o.Transport, wall: o.Wall, userAgent: o.UserAgent, maxBytes: o.MaxBytes}
	return &http.Client{Timeout: o.Timeout, Transport: gate, CheckRedirect: checkRedirect}
}

func transport(timeout time.Duration) *http.Transport {
	dial := min(timeout, 5*time.Second)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dial, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    dial,
		ResponseHeaderTimeout:  timeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        90 * time.Second,
	}
}

func userAgent() string {
	version := "dev"
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		version = strings.TrimPrefix(info.Main.Version, "v")
	}
	return "opsbuddy/" + version
}

// MovedError says that a host answered with a redirect that is not followed,
// because the login would leave for another place or the request would change.
type MovedError struct {
	From, To string // scheme and host, no path: a path or query can carry secrets
	Method   string // of the request that was answered
}

func (e *MovedError) Error() string {
	if e.From == e.To {
		return fmt.Sprintf("%s redirects a %s elsewhere on the same host, which is not followed; check the address in the settings", e.From, e.Method)
	}
	return fmt.Sprintf("%s has moved to %s; nothing was sent there, set the new address if you trust it", e.From, e.To)
}

func checkRedirect(next *http.Request, via []*http.Request) error {
	first, last := via[0], via[len(via)-1]
	moved := &MovedError{From: origin(last.URL), To: origin(next.URL), Method: first.Method}
	switch {
	case next.Method != first.Method, !sameSite(first.URL, next.URL):
		return moved
	case len(via) > maxRedirects:
		return fmt.Errorf("%s redirected %d times; check the address in the settings", moved.From, len(via))
	}
	return nil
}

// sameSite allows the same origin and the step from http to https on the
// standard ports of the same name.
func sameSite(from, to *url.URL) bool {
	if origin(from) == origin(to) {
		return true
	}
	upgrade := from.Scheme == "http" && to.Scheme == "https" && port(from) == "80" && port(to) == "443"
	return upgrade && strings.EqualFold(from.Hostname(), to.Hostname())
}

func origin(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p := u.Port(); p != "" && p != defaultPort(u.Scheme) {
		host += ":" + p
	}
	return strings.ToLower(u.Scheme) + "://" + host
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return defaultPort(u.Scheme)
}

func defaultPort(scheme string) string {
	switch strings.ToLower(scheme) {
	case "https":
		return "443"
	case "http":
		return "80"
	}
	return ""
}

// TooLargeError says that an answer's body went over the limit.
type TooLargeError struct {
	Host  string
	Limit int64 // bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s: the answer is larger than %d bytes", e.Host, e.Limit)
}

// gate is the transport of a Client: wall, user agent and body limit around
// the one that sends.
type gate struct {
	base      http.RoundTripper
	wall      *Wall
	userAgent string
	maxBytes  int64
}

func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Host
	if err := g.wall.pass(host); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // a RoundTripper owns the body even when it sends nothing
		}
		return nil, err
	}
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", g.userAgent)
	}
	resp, err := g.base.RoundTrip(req)
	if err != nil {
		g.wall.lost(host)
		return nil, err
	}
	g.wall.answered(host, resp.StatusCode)
	resp.Body = &cappedBody{body: resp.Body, left: g.maxBytes, host: host, limit: g.maxBytes}
	return resp, nil
}

// CloseIdleConnections lets http.Client close the connections of the base.
func (g *gate) CloseIdleConnections() {
	if c, ok := g.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// cappedBody fails where io.LimitReader would end quietly: a shortened body
// must not look like a whole one.
type cappedBody struct {
	body        io.ReadCloser
	left, limit int64
	host        string
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, &TooLargeError{Host: b.host, Limit: b.limit}
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, &TooLargeError{Host: b.host, Limit: b.limit}
	}
	return n, err
}

func (b *cappedBody) Close() error { return b.body.Close() }
