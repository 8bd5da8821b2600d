package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// page sends the webhook of an incident as PagerDuty does and returns how long
// the answer took. An answer other than 202 accepted is an error.
func page(ctx context.Context, c *child, w *world.World, scenario string) (time.Duration, error) {
	body := w.Webhook(scenario)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.webhook+"/hooks/incident", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-PagerDuty-Signature", world.Sign(value(w.Env(), "PAGERDUTY_WEBHOOK_SECRET"), body))
	req.Header.Set("X-Webhook-Id", "measure-"+scenario)
	req.Header.Set("Content-Type", "application/json")
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("webhook of %s: %w", scenario, err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	took := time.Since(began)
	if err != nil {
		return 0, fmt.Errorf("webhook of %s: %w", scenario, err)
	}
	if resp.StatusCode != http.StatusAccepted || !bytes.Contains(said, []byte(`"accepted"`)) {
		return 0, fmt.Errorf("webhook of %s: %s %s", scenario, resp.Status, bytes.TrimSpace(said))
	}
	return took, nil
}

// value is one variable of an environment.
func value(env []string, name string) string {
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// footer is the last line of an outcome: what it is, what it cost. The message
// that shows the facts first has none.
var footer = regexp.MustCompile(`"([^"·]+) · (?:\$[0-9.]+|unknown) · `)

// outcome is the kind of outcome that a message is ("brief", "facts only", …),
// empty for a message that is none.
func outcome(m world.Message) string {
	if found := footer.FindSubmatch(m.Blocks); found != nil {
		return string(found[1])
	}
	return ""
}

// posts are the first message about an incident and its outcome, which is that
// message edited or a reply to it. Other messages may name the incident as well;
// this one carries its id as its mark.
func posts(w *world.World, id string) (first, final world.Message, done bool) {
	for _, m := range w.SlackMessages() {
		switch {
		case first.TS == "" && m.Kind == "post" && bytes.Contains(m.Metadata, []byte(`"`+id+`/`)):
			first = m
		case first.TS == "" || m.TS != first.TS && m.ThreadTS != first.TS:
			continue
		}
		if outcome(m) != "" {
			return first, m, true
		}
	}
	return first, final, false
}

// outcomes counts what stands in the channel by kind of outcome.
func outcomes(w *world.World) (kinds map[string]int, total int) {
	kinds = map[string]int{}
	for _, m := range w.SlackStanding() {
		if kind := outcome(m); kind != "" {
			kinds[kind]++
			total++
		}
	}
	return kinds, total
}
