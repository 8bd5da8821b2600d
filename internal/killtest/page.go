package killtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// resend is how long a sender waits before it sends a page again. PagerDuty takes
// longer; what counts is that it does not give up.
const resend = 25 * time.Millisecond

// delivery is how a page went.
type delivery struct {
	sent     time.Time
	accepted time.Time // of the first 2xx; zero while there is none
	status   string    // "accepted" or "duplicate"
	tries    int
	cut      int // tries whose connection broke after it was made
	refused  int // answers 503
	odd      []string
}

// sender sends the page of one incident until it gets a 2xx.
type sender struct {
	secret string
	body   []byte
	id     string        // of the delivery
	addr   func() string // of the process that runs, empty when none does
	client *http.Client
}

func newClient() *http.Client {
	// Each try on a connection of its own, as different machines of PagerDuty do.
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
}

func (s *sender) send(ctx context.Context, note func(func(*delivery))) {
	note(func(d *delivery) { d.sent = time.Now() })
	tick := time.NewTicker(resend)
	defer tick.Stop()
	for {
		if addr := s.addr(); addr != "" && s.try(ctx, addr, note) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// try sends once and reports whether the page was taken.
func (s *sender) try(ctx context.Context, addr string, note func(func(*delivery))) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/hooks/incident", bytes.NewReader(s.body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-PagerDuty-Signature", world.Sign(s.secret, s.body))
	req.Header.Set("X-Webhook-Id", s.id)
	code, said, err := s.ask(req)
	note(func(d *delivery) {
		d.tries++
		switch {
		case errors.Is(err, syscall.ECONNREFUSED):
		case err != nil:
			d.cut++
		case code == http.StatusServiceUnavailable && said != "":
			d.refused++
		case code/100 == 2:
			d.accepted, d.status = time.Now(), said
		default:
			d.odd = append(d.odd, fmt.Sprintf("%d %s", code, said))
		}
	})
	return err == nil && code/100 == 2
}

// ask returns the status that the answer names, or how long a refused page shall
// wait.
func (s *sender) ask(req *http.Request) (code int, said string, err error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", err
	}
	if resp.StatusCode == http.StatusServiceUnavailable {
		return resp.StatusCode, resp.Header.Get("Retry-After"), nil
	}
	var a struct {
		Status string `json:"status"`
	}
	_ = json.Unmarshal(raw, &a) // another answer has no status
	return resp.StatusCode, a.Status, nil
}
