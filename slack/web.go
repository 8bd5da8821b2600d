package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
)

// web reads messages over Slack's Web API. slack-go decodes a page as a whole, so
// that one message with a block that it does not know, or with a field of another
// type, would lose all the others.
type web struct {
	base, token string
	client      exchange
}

func newWeb(token, base string, client *http.Client) *web {
	return &web{base: strings.TrimRight(firstOf(base, api.APIURL), "/") + "/", token: token, client: exchange{client}}
}

// get calls a reading method. Its failures are slack-go's, so that one function
// explains them all.
func (w *web) get(ctx context.Context, method string, q url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+method+"?"+q.Encode(), nil)
	if err != nil {
		return errors.New("SLACK_API_URL is no address")
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := w.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusTooManyRequests:
		return &api.RateLimitedError{RetryAfter: border.RetryAfter(resp.Header, time.Now())}
	default:
		return api.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s broke off its answer: %w", req.URL.Host, err)
	}
	var head struct {
		OK     bool   `json:"ok"`
		Error  string `json:"error"`
		Needed string `json:"needed"`
	}
	if err := decodeSome(raw, &head); err != nil {
		return err
	}
	if !head.OK {
		return api.SlackErrorResponse{Err: border.Line(head.Error), Needed: border.Line(head.Needed)}
	}
	return decodeSome(raw, out)
}

// decodeSome decodes what fits: one odd field loses that field.
func decodeSome(raw []byte, out any) error {
	err := border.DecodeJSON(raw, out)
	if errors.As(err, new(*border.FieldError)) {
		return nil
	}
	return err
}

type messagePage struct {
	Messages []json.RawMessage `json:"messages"`
	HasMore  bool              `json:"has_more"`
	Metadata struct {
		Next string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// messages reads messages page by page, at most most pages, and reports whether
// there are more. A cursor that does not move ends it too. A message that cannot
// be read is left out.
func (w *web) messages(ctx context.Context, method string, q url.Values, most int, take func(wireMessage)) (more bool, err error) {
	seen := map[string]bool{}
	for range most {
		var page messagePage
		if err := w.get(ctx, method, q, &page); err != nil {
			return false, err
		}
		for _, raw := range page.Messages {
			var m wireMessage
			if decodeSome(raw, &m) == nil && m.TS != "" {
				take(m)
			}
		}
		next := page.Metadata.Next
		if next == "" || seen[next] {
			return page.HasMore || next != "", nil
		}
		seen[next] = true
		q.Set("cursor", next)
	}
	return true, nil
}
