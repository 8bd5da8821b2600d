package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
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
	redact *border.Redactor // knows the address
}

func newHook(address string, client *http.Client) *hook {
	known := []string{address}
	if u, err := url.Parse(address); err == nil {
		known = append(known, u.RequestURI(), u.Path, path.Base(u.Path))
	}
	return &hook{url: address, client: client, redact: border.NewRedactor(known...)}
}

type hookBody struct {
	Text        string      `json:"text"`
	Blocks      []api.Block `json:"blocks,omitempty"`
	UnfurlLinks bool        `json:"unfurl_links"`
	UnfurlMedia bool        `json:"unfurl_media"`
	// Off for a text without blocks: no command loses an asterisk, no address
	// becomes a link.
	Mrkdwn *bool  `json:"mrkdwn,omitempty"`
	Parse  string `json:"parse,omitempty"`
}

// post sends a message, and once more without blocks when Slack will not have
// the blocks: a 500 with an empty body is how a webhook refuses some of them.
func (h *hook) post(ctx context.Context, m message) error {
	status, answer, err := h.send(ctx, hookBody{Text: m.text, Blocks: m.blocks})
	if err != nil {
		return err
	}
	if badBlocks(status, answer) {
		plain := hookBody{Text: bareText(m.plain), Mrkdwn: new(bool), Parse: "none"}
		if status, answer, err = h.send(ctx, plain); err != nil {
			return err
		}
	}
	return hookError(status, answer)
}

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
	var s sent
	req, err := http.NewRequestWithContext(s.watch(ctx), http.MethodPost, h.url, bytes.NewReader(raw))
	if err != nil {
		return 0, hookAnswer{}, core.Permanent(errors.New("slack webhook: SLACK_WEBHOOK_URL is no address"))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // a connection that Slack closed meanwhile would leave a doubt
	resp, err := h.client.Do(req)
	if err != nil {
		return 0, hookAnswer{}, sendError(&s, err)
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

// sendError says what a request without an answer means, without the address.
func sendError(s *sent, err error) error {
	err = s.doubtful(fmt.Errorf("slack webhook: %w", border.NetError(err)))
	if errors.As(err, new(*border.MovedError)) {
		return core.Permanent(err)
	}
	return err
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
	case status == http.StatusOK && (a.text == "ok" || a.text == "" || saysOK(a.text)):
		return nil
	case status == http.StatusTooManyRequests:
		return tooMany("slack webhook", a.retryAfter)
	case status == http.StatusGatewayTimeout: // whatever is behind it may be done
		return fmt.Errorf("%w: %s", errMaybePosted, answered)
	case status >= 500, status == http.StatusRequestTimeout:
		return errors.New(answered)
	case status == http.StatusOK:
		return fmt.Errorf("slack webhook: slack answered 200 %q in place of ok: is SLACK_WEBHOOK_URL an incoming webhook?", a.text)
	default:
		return core.Permanent(fmt.Errorf("%s: check that the webhook still exists and its channel is open", answered))
	}
}

// saysOK reads the answer of servers that speak Slack's form in JSON.
func saysOK(text string) bool {
	var a struct {
		OK bool `json:"ok"`
	}
	return json.Unmarshal([]byte(text), &a) == nil && a.OK
}
