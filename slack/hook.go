package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
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
	return status == http.StatusBadRequest && strings.HasPrefix(answer.text, "invalid_") || status == http.StatusInternalServerError
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
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(raw))
	if err != nil {
		return 0, hookAnswer{}, core.Permanent(errors.New("slack webhook: SLACK_WEBHOOK_URL is no address"))
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.client.Do(req)
	if err != nil {
		return 0, hookAnswer{}, sendError(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil && resp.StatusCode != http.StatusOK {
		return 0, hookAnswer{}, sendError(err)
	}
	return resp.StatusCode, hookAnswer{text: border.Line(string(text)), retryAfter: border.RetryAfter(resp.Header, time.Now())}, nil
}

// sendError tells a connection that never came about, after which nothing was
// posted, from one that broke off.
func sendError(err error) error {
	err = fmt.Errorf("slack webhook: %w", border.NetError(err))
	var op *net.OpError
	var dns *net.DNSError
	var moved *border.MovedError
	switch {
	case errors.As(err, &moved):
		return core.Permanent(err)
	case errors.As(err, &op) && op.Op == "dial", errors.As(err, &dns):
		return err
	}
	return fmt.Errorf("%w: %w", errMaybePosted, err)
}

// hookError says what an answer means. Slack's word is kept: a hook that was
// removed says no_service, and nothing else tells.
func hookError(status int, a hookAnswer) error {
	switch {
	case status == http.StatusOK && (a.text == "ok" || a.text == ""):
		return nil
	case status == http.StatusTooManyRequests:
		return core.After(errors.New("slack webhook: too many messages (429)"), max(a.retryAfter, time.Second))
	case status >= 500:
		return fmt.Errorf("slack webhook: slack answered %d %s", status, a.text)
	case status == http.StatusOK:
		return fmt.Errorf("slack webhook: slack answered 200 %q in place of ok: is SLACK_WEBHOOK_URL an incoming webhook?", a.text)
	default:
		return core.Permanent(fmt.Errorf("slack webhook: slack answered %d %s: check that the webhook still exists and its channel is open", status, a.text))
	}
}
