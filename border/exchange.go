package border

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what a header can ask for, so that sums with it stay
// sane; every caller has a deadline far below.
const maxRetryAfter = 48 * time.Hour

// StatusError is an answer other than 2xx.
type StatusError struct {
	Status     int
	RetryAfter time.Duration // what the host asked for; 0 = it asked for nothing
	Host       string
	Excerpt    string // the body's beginning on one line, redacted, at most 200 characters
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s answered %d %s", e.Host, e.Status, http.StatusText(e.Status))
	if e.RetryAfter > 0 {
		s += fmt.Sprintf(" (try again in %s)", e.RetryAfter)
	}
	if e.Excerpt != "" {
		s += ": " + e.Excerpt
	}
	return strings.TrimSpace(s)
}

// RetryAfter reads the header of that name, in seconds or as a date, as time
// from now on. Absent, past or unreadable values give 0, absurd ones 48 h.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(v, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// NetError takes the address out of the error of an HTTP call: net/http puts
// the whole URL into it, with what stands in its query. The cause stays
// reachable for errors.Is and errors.As. A nil error stays nil.
func NetError(err error) error {
	var ue *url.Error
	if !errors.As(err, &ue) {
		return err
	}
	var moved *MovedError
	var wall *WallError
	if errors.As(ue.Err, &moved) || errors.As(ue.Err, &wall) {
		return ue.Err // these name the host themselves
	}
	host := "the host"
	if u, perr := url.Parse(ue.URL); perr == nil && u.Host != "" {
		host = u.Host
	}
	if ue.Timeout() && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s did not answer in time: %w", host, plainCause{ue.Err})
	}
	return fmt.Errorf("%s cannot be reached: %w", host, plainCause{ue.Err})
}

// plainCause cuts the chatter that net and net/http put around a cause.
type plainCause struct{ err error }

func (c plainCause) Error() string {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(c.err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(c.err, &dns) && dns.IsNotFound:
		return "no such host"
	case errors.As(c.err, &op) && op.Err != nil:
		return op.Err.Error()
	}
	return c.err.Error()
}

func (c plainCause) Unwrap() error { return c.err }

// Do sends req and returns the answer when it is 2xx; the caller closes its
// body. Any other answer is a *StatusError. No error names a path or a query.
func Do(c *http.Client, req *http.Request) (*http.Response, error) {
	resp, err := c.Do(req)
	if err != nil {
		return nil, NetError(err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, &StatusError{
		Status:     resp.StatusCode,
		RetryAfter: RetryAfter(resp.Header, time.Now()),
		Host:       req.URL.Host,
		Excerpt:    excerpt(resp.Body),
	}
}

// excerpt reads enough of an error's body to recognise it.
func excerpt(body io.Reader) string {
	const enough = 4 << 10
	data, _ := io.ReadAll(io.LimitReader(body, enough))
	text := Redact(Line(string(data)))
	if strings.HasPrefix(text, "<") {
		return "an HTML or XML page"
	}
	text, _ = Cut(text, 200)
	return text
}

// JSON sends req, and decodes a 2xx answer into v as DecodeJSON does (v may be
// nil: the body is then only read). It returns the answer's headers, since some
// APIs say only there that nobody was logged in.
func JSON(c *http.Client, req *http.Request, v any) (http.Header, error) {
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	resp, err := Do(c, req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.Header, fmt.Errorf("%s: reading the answer: %w", req.URL.Host, plainCause{err})
	}
	if v == nil {
		return resp.Header, nil
	}
	if err := DecodeJSON(data, v); err != nil {
		return resp.Header, fmt.Errorf("%s: %w", req.URL.Host, err)
	}
	return resp.Header, nil
}

// GetJSON is JSON for a GET of address with the given headers.
func GetJSON(ctx context.Context, c *http.Client, address string, h http.Header, v any) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("the address of the request cannot be read; check the URL in the settings")
	}
	for name, values := range h {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	return JSON(c, req, v)
}
