package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
)

// hook is an incoming webhook. slack-go's own poster is not used: it throws the
// answer's body away, puts the whole address, a secret, into its errors, and has
// no timeout.
type hook struct {
	url    string
	client *http.Client
	redact *border.Redactor // knows the address
}

func newHook(address string, client *http.Client) *hook {
	known := []string{address}
	if u, err := url.Parse(address); err == nil {
		known = append(known, u.RequestURI(), u.Path, path.Base(u.Path))
	}
	return &hook{url: address, client: client, redact: border.NewRedactor(known...)}
}

// errMaybePosted marks a failure after which the message may stand in Slack.
var errMaybePosted = errors.New("the message may have been posted")

type hookBody struct {
	Text        string      `json:"text"`
	Blocks      []api.Block `json:"blocks,omitempty"`
	UnfurlLinks bool        `json:"unfurl_links"`
	UnfurlMedia bool        `json:"unfurl_media"`
}

// post sends a message, and once more without blocks when Slack will not have
// the blocks: a 500 with an empty body is how a webhook refuses some of them.
func (h *hook) post(ctx context.Context, m message) error {
	status, answer, err := h.send(ctx, hookBody{Text: m.text, Blocks: m.blocks})
	if err != nil {
		return err
	}
	if badBlocks(status, answer) {
		text, _ := border.Cut(escape(m.plain), maxFallback)
		if status, answer, err = h.send(ctx, hookBody{Text: text}); err != nil {
			return err
		}
	}
	return hookError(status, answer)
}

// maxFallback is the most that a message without blocks holds; Slack recommends
// splitting near 4,000 (docs.slack.dev/reference/methods/chat.postMessage).
const maxFallback = 3_900

// badBlocks are the answers that plain text may get past.
func badBlocks(status int, answer hookAnswer) bool {
	refused := strings.HasPrefix(answer.text, "invalid_") || slices.Contains(blocksRefused, answer.text)
	return status == http.StatusBadRequest && refused || status == http.StatusInternalServerError && answer.text == ""
}

type hookAnswer struct {
	text       string
	retryAfter time.Duration
}

func (h *hook) send(ctx context.Context, body hookBody) (int, hookAnswer, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, hookAnswer{}, core.Permanent(fmt.Errorf("slack webhook: encoding the message: %w", err))
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(raw))
	if err != nil {
		return 0, hookAnswer{}, core.Permanent(errors.New("slack webhook: SLACK_WEBHOOK_URL is no address"))
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.client.Do(req)
	if err != nil {
		return 0, hookAnswer{}, sendError(err, sent.Load())
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode, hookAnswer{text: h.said(resp.Body), retryAfter: border.RetryAfter(resp.Header, time.Now())}, nil
}

// said is the beginning of an answer on one line, without the address that a
// proxy's page repeats. One that breaks off says nothing: the status tells.
func (h *hook) said(body io.Reader) string {
	raw, err := io.ReadAll(io.LimitReader(body, 4<<10))
	if err != nil {
		return ""
	}
	text, _ := border.Cut(h.redact.Redact(border.Line(string(raw))), 200)
	return text
}

// sendError tells a request that never left, after which nothing was posted (no
// connection, a certificate that is not trusted, a stop before the start), from
// one that broke off.
func sendError(err error, sent bool) error {
	err = fmt.Errorf("slack webhook: %w", border.NetError(err))
	var moved *border.MovedError
	switch {
	case errors.As(err, &moved):
		return core.Permanent(err)
	case !sent:
		return err
	}
	return fmt.Errorf("%w: %w", errMaybePosted, err)
}

// tooMany is an answer 429. An asked wait of zero would be a repeat at once.
func tooMany(what string, wait time.Duration) error {
	wait = max(wait, time.Second)
	return core.After(fmt.Errorf("%s: too many messages (429), to be repeated in %s", what, wait), wait)
}

// hookError says what an answer means. Slack's word is kept: a hook that was
// removed says no_service, and nothing else tells.
func hookError(status int, a hookAnswer) error {
	answered := strings.TrimSpace(fmt.Sprintf("slack webhook: slack answered %d %s", status, a.text))
	switch {
	case status == http.StatusOK && (a.text == "ok" || a.text == ""):
		return nil
	case status == http.StatusTooManyRequests:
		return tooMany("slack webhook", a.retryAfter)
	case status >= 500:
		return errors.New(answered)
	case status == http.StatusOK:
		return fmt.Errorf("slack webhook: slack answered 200 %q in place of ok: is SLACK_WEBHOOK_URL an incoming webhook?", a.text)
	default:
		return core.Permanent(fmt.Errorf("%s: check that the webhook still exists and its channel is open", answered))
	}
}
