package pagerduty

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	api "github.com/PagerDuty/go-pagerduty"

	"github.com/opsbuddy/opsbuddy/border"
)

// DefaultHost is where accounts of the US service region are; European ones are
// at https://api.eu.pagerduty.com.
const DefaultHost = "https://api.pagerduty.com"

// maxAnswer bounds one answer: a page of alerts holds their details twice.
const maxAnswer = 16 << 20

// Config says where PagerDuty is and how to log in.
type Config struct {
	APIKey    string            // PAGERDUTY_USER_API_KEY; a read-only one will do
	Host      string            // PAGERDUTY_API_HOST; "" = DefaultHost
	Transport http.RoundTripper // what really sends; nil = border's own
	Timeout   time.Duration     // of one call; 0 = border.DefaultTimeout
	Now       func() time.Time  // nil = time.Now
}

// Client reads PagerDuty over its REST API, version 2. It never writes and
// never repeats a call. It is safe for concurrent use; a call takes about 300 ms.
//
// go-pagerduty makes the requests: paths, parameters, headers, login. Its
// answer types are not used, because one odd field in a place that nobody needs
// refuses the whole answer (a conference_number that is an integer, a nested
// event_details), a channel whose type is no string panics (log_entry.go,
// UnmarshalJSON), large numbers in an alert's details lose digits, and its errors
// hold the whole URL. So sender takes the answer before the library sees it.
type Client struct {
	main *api.Client
	// plan is for features that an account may not have bought. Their 403 is
	// no sign of a wrong key, and must not raise the wall in front of main.
	plan   *api.Client
	host   string // scheme, host and path of the API
	name   string // the host, for errors
	redact *border.Redactor
	now    func() time.Time
}

// New returns a client. Its errors name the setting to change.
func New(cfg Config) (*Client, error) {
	key := strings.TrimSpace(cfg.APIKey)
	if key == "" {
		return nil, errors.New("PAGERDUTY_USER_API_KEY is not set: create a key under User Settings, Create API User Token")
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\'' }) {
		return nil, errors.New("PAGERDUTY_USER_API_KEY holds blanks, quotes or other characters that no key has: copy it again")
	}
	host, err := apiHost(cfg.Host)
	if err != nil {
		return nil, err
	}
	c := &Client{host: host.String(), name: host.Host, redact: border.NewRedactor(key), now: cfg.Now}
	if c.now == nil {
		c.now = time.Now
	}
	c.main, c.plan = c.library(cfg, key), c.library(cfg, key)
	return c, nil
}

// library makes a go-pagerduty client that sends through border, with a wall
// of its own.
func (c *Client) library(cfg Config, key string) *api.Client {
	lib := api.NewClient(key, api.WithAPIEndpoint(c.host))
	lib.HTTPClient = sender{border.Client(border.ClientOptions{Timeout: cfg.Timeout, Transport: cfg.Transport, MaxBytes: maxAnswer})}
	return lib
}

// apiHost reads PAGERDUTY_API_HOST.
func apiHost(s string) (*url.URL, error) {
	s = cmp.Or(strings.TrimSpace(s), DefaultHost)
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("PAGERDUTY_API_HOST is no address of an API: set it to %s, or to https://api.eu.pagerduty.com for European accounts", DefaultHost)
	}
	name := strings.ToLower(u.Hostname())
	if strings.HasSuffix(name, ".pagerduty.com") && !strings.HasPrefix(name, "api.") {
		return nil, fmt.Errorf("PAGERDUTY_API_HOST is the address of web pages: set it to %s, or to https://api.eu.pagerduty.com for European accounts", DefaultHost)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// exchange is what one call brought. It travels in the call's context, which is
// the only way through the library that keeps the kind of an error.
type exchange struct {
	body []byte
	err  error
}

type exchangeKey struct{}

// sender is the library's HTTP client. It keeps the answer in the exchange and
// hands the library an empty one.
type sender struct{ http *http.Client }

// Do sends a request of the library.
func (s sender) Do(req *http.Request) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("pagerduty: a call without an exchange")
	}
	req.Header.Del("User-Agent") // the library's; border sets ours
	resp, err := border.Do(s.http, req)
	if err != nil {
		x.err = err
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if x.body, x.err = io.ReadAll(resp.Body); x.err != nil {
		x.err = fmt.Errorf("%s: reading the answer: %w", req.URL.Host, x.err)
		return nil, x.err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

// call sends one request through the library and returns the answer's fields.
func (c *Client) call(ctx context.Context, send func(context.Context) error) (map[string]json.RawMessage, error) {
	var x exchange
	err := send(context.WithValue(ctx, exchangeKey{}, &x))
	switch {
	case x.err != nil:
		return nil, c.explain(x.err)
	case x.body == nil: // never sent
		return nil, fmt.Errorf("%s: the request could not be made: %w", c.name, err)
	}
	var fields map[string]json.RawMessage
	if err := border.DecodeJSON(x.body, &fields); err != nil {
		return nil, fmt.Errorf("%s answered 200 without what was asked for (%w): check PAGERDUTY_API_HOST and any proxy on the way", c.name, err)
	}
	return fields, nil
}

// get sends a GET to a path that the library has no call for.
func (c *Client) get(lib *api.Client, path string, query url.Values) func(context.Context) error {
	return func(ctx context.Context) error {
		address := c.host + path
		if len(query) > 0 {
			address += "?" + query.Encode()
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return errors.New("the path is not valid")
		}
		resp, err := lib.Do(req, true)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
}

// object reads one object out of an answer.
func object[T any](ctx context.Context, c *Client, key string, send func(context.Context) error) (T, error) {
	var v T
	fields, err := c.call(ctx, send)
	if err != nil {
		return v, err
	}
	raw, err := c.field(fields, key, '{')
	if err != nil {
		return v, err
	}
	return v, decodeSome(raw, &v)
}

// field is the part of an answer that was asked for. Without it nobody looked,
// whatever the status says.
func (c *Client) field(fields map[string]json.RawMessage, key string, opens byte) (json.RawMessage, error) {
	raw := bytes.TrimSpace(fields[key])
	if len(raw) == 0 || raw[0] != opens {
		return nil, fmt.Errorf("%s answered 200 without %q: check PAGERDUTY_API_HOST and any proxy on the way", c.name, key)
	}
	return raw, nil
}
