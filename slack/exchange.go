package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
)

// maxAnswer bounds one answer of the Web API.
const maxAnswer = 8 << 20

// exchange is the HTTP client that slack-go is given. slack-go takes an answer
// without "ok" for a success, so that a proxy's {} would read as an empty channel
// or as a brief that was posted; it puts a whole page into an error when a post
// is answered with one; and it knows a 429 by a Retry-After in seconds alone.
type exchange struct{ client *http.Client }

// Do sends req and lets only Slack's own answers through.
func (e exchange) Do(req *http.Request) (*http.Response, error) {
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return whole(resp, req.URL.Host)
	case http.StatusTooManyRequests:
		wait := max(border.RetryAfter(resp.Header, time.Now()), time.Second)
		resp.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	return resp, nil
}

// whole reads an answer's body and checks that it is one of Slack's.
func whole(resp *http.Response, host string) (*http.Response, error) {
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("%s broke off its answer: %w", host, err)
	}
	var a struct {
		OK    *bool  `json:"ok"`
		Error string `json:"error"`
	}
	if json.Unmarshal(raw, &a) != nil || a.OK == nil || !*a.OK && a.Error == "" {
		return nil, fmt.Errorf("%s answered 200 with something that is no answer of Slack's: check SLACK_API_URL and any proxy in between", host)
	}
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	resp.Header.Set("Content-Type", "application/json")
	return resp, nil
}
