package atlassian

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
)

// site is Jira or Confluence: its address and its login.
type site struct {
	credential
	name    string // "Jira", as errors say it
	urlVar  string // the setting of the address
	bases   []string
	settled atomic.Pointer[string] // the base that answered, when there are several
	http    *http.Client
}

// request is one call. The body, when there is one, is sent as JSON.
type request struct {
	method string // "" = GET
	path   string // below the base, beginning with /rest
	query  url.Values
	body   any
	// anonymous takes the answer even when nobody was logged in.
	anonymous bool
}

// base is the address in use, or the likeliest.
func (s *site) base() string {
	if p := s.settled.Load(); p != nil {
		return *p
	}
	return s.bases[0]
}

// call sends a request to the base that answers and decodes its JSON. Errors
// are sentences about the site, an *Error or a *border.MovedError inside.
func (s *site) call(ctx context.Context, r request) (field, error) {
	bases := s.bases
	if p := s.settled.Load(); p != nil {
		bases = []string{*p}
	}
	var first error
	for _, base := range bases {
		f, err := s.ask(ctx, base, r)
		if err == nil {
			s.settled.Store(&base)
			return f, nil
		}
		if first == nil {
			first = err
		}
		if !wrongBase(err) {
			return field{}, err
		}
	}
	return field{}, first
}

// wrongBase reports whether an error is what a path that is not there gives.
func wrongBase(err error) bool {
	var e *Error
	var moved *border.MovedError
	if errors.As(err, &moved) {
		return moved.From == moved.To
	}
	return errors.As(err, &e) && (e.Status == http.StatusNotFound || errors.Is(err, errNoJSON))
}

func (s *site) ask(ctx context.Context, base string, r request) (field, error) {
	req, err := s.newRequest(ctx, base, r)
	if err != nil {
		return field{}, err
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return field{}, fmt.Errorf("%s: %w", s.name, border.NetError(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if fault := loginFault(resp.Header); fault != "" && !r.anonymous {
		return field{}, s.notLoggedIn(resp.StatusCode, fault)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return field{}, fmt.Errorf("%s: reading the answer: %w", s.name, border.NetError(err))
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return field{}, s.refused(resp, data)
	}
	f, ok := decode(data)
	if !ok {
		return field{}, s.noJSON(resp.StatusCode, data)
	}
	return f, nil
}

func (s *site) newRequest(ctx context.Context, base string, r request) (*http.Request, error) {
	address := base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		data, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, firstText(r.method, http.MethodGet), address, body)
	if err != nil {
		return nil, fmt.Errorf("%s: the address of the request cannot be read; check %s", s.name, s.urlVar)
	}
	req.Header.Set("Authorization", s.header)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// decode reads a JSON object. One value that Go cannot hold, such as a number
// out of range, does not cost the rest.
func decode(data []byte) (field, bool) {
	var v any
	err := border.DecodeJSON(data, &v)
	var odd *border.FieldError
	if err != nil && !errors.As(err, &odd) {
		return field{}, false
	}
	_, ok := v.(map[string]any)
	return field{v}, ok
}

// loginFault finds the marks with which Jira and Confluence say that nobody
// was logged in, whatever the status: with a wrong token a search answers 200
// and an empty list, a ticket 404 (jira.js#418).
func loginFault(h http.Header) string {
	for _, v := range h.Values("X-Seraph-LoginReason") {
		for reason := range strings.SplitSeq(v, ",") {
			switch reason = strings.ToUpper(strings.TrimSpace(reason)); reason {
			case "AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED", "AUTHORISATION_FAILED", "OUT":
				if strings.HasPrefix(h.Get("X-Authentication-Denied-Reason"), "CAPTCHA") {
					return "CAPTCHA_CHALLENGE"
				}
				return reason
			}
		}
	}
	if strings.EqualFold(h.Get("X-Ausername"), "anonymous") {
		return "anonymous"
	}
	return ""
}

// hostOf is the host name of an address.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (s *site) status(resp *http.Response) *border.StatusError {
	return &border.StatusError{Status: resp.StatusCode, Host: resp.Request.URL.Host, RetryAfter: border.RetryAfter(resp.Header, time.Now())}
}
