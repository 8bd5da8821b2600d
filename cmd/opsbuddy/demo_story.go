package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// say prints one step with the time since the webhook.
func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.stdout, "  %6.2fs  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

// page signs the webhook and sends it, as PagerDuty does.
func (d *demo) page(ctx context.Context) error {
	body := d.world.Webhook("")
	secret := ""
	for _, kv := range d.world.Env() {
		if v, ok := strings.CutPrefix(kv, "PAGERDUTY_WEBHOOK_SECRET="); ok {
			secret = v
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+d.child.webhook+"/hooks/incident", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-PagerDuty-Signature", world.Sign(secret, body))
	req.Header.Set("X-Webhook-Id", "demo-delivery-1")
	d.began = time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("sending the webhook: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return err
	}
	d.say("webhook signed and sent: %s %s", resp.Status, strings.TrimSpace(string(said)))
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the webhook was answered %s", resp.Status)
	}
	return nil
}

// follow prints what happens in the company until done finds what it looks for.
func (d *demo) follow(ctx context.Context, done func() (world.Message, bool)) (world.Message, error) {
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for {
		d.news()
		if m, ok := done(); ok {
			return m, nil
		}
		select {
		case <-tick.C:
		case <-d.child.died:
			return world.Message{}, fmt.Errorf("opsbuddy serve ended by itself: %w\n%s", d.child.err, d.child.lastLines())
		case <-ctx.Done():
			return world.Message{}, errors.Join(fmt.Errorf("no brief came: %w", ctx.Err()), errors.New(d.child.lastLines()))
		}
	}
}

// news prints what is new: the sources read, the turns of the model, the posts.
func (d *demo) news() {
	turns := d.world.ModelCalls()
	asked := map[world.API]int{}
	for _, r := range d.world.Requests() {
		asked[r.API]++
	}
	if asked[world.PagerDuty] > 0 && d.once("facts") {
		d.say("facts: reading PagerDuty, Jira, Confluence and Slack in parallel")
	}
	for _, m := range d.world.SlackMessages()[d.posts:] {
		d.posts++
		d.say("Slack: %s", told(m))
	}
	for _, c := range turns[d.turns:] {
		d.turns++
		what := "asks for tools"
		if c.Brief {
			what = "writes the brief"
		}
		d.say("model turn %d: %s", d.turns, what)
	}
}

func (d *demo) once(what string) bool {
	first := !d.seen[what]
	d.seen[what] = true
	return first
}

func told(m world.Message) string {
	what := map[string]string{"post": "a message is posted", "edit": "that message is edited", "reply": "a reply is posted in its thread", "webhook": "a message comes over the incoming webhook"}[m.Kind]
	if isOutcome(m) {
		return what + ": the outcome"
	}
	return what + ": the facts, before the model has said anything"
}

// outcome finds the message that ends the page.
func (d *demo) outcome() (world.Message, bool) {
	for _, m := range d.world.SlackStanding() {
		if isOutcome(m) {
			return m, true
		}
	}
	return world.Message{}, false
}

// isOutcome knows an outcome by its footer.
func isOutcome(m world.Message) bool {
	lines := strings.Split(strings.TrimSpace(terminal(m.Blocks)), "\n")
	last := lines[len(lines)-1]
	return strings.Contains(last, " · $") || strings.Contains(last, " · unknown · ")
}

// holdSecondTurn makes the model take its second call and not answer: a call that
// was never answered was never paid.
func (d *demo) holdSecondTurn() {
	d.world.Inject(world.Anthropic, world.Fault{Hang: true, After: 1})
}

// crash kills the process while the model is thinking, and starts it again.
func (d *demo) crash(ctx context.Context) error {
	_, err := d.follow(ctx, func() (world.Message, bool) {
		n := 0
		for _, r := range d.world.Requests() {
			if r.API == world.Anthropic {
				n++
			}
		}
		return world.Message{}, n >= 2
	})
	if err != nil {
		return err
	}
	if err := d.child.kill(); err != nil {
		return err
	}
	d.say("kill -9 in the middle of the model's second turn")
	c, err := startServe(ctx, d.program, d.world.Env(), d.child.data, d.child.log)
	if err != nil {
		return err
	}
	d.child = c
	d.world.Heal(world.Anthropic)
	d.say("the process is started again on the same data folder and is ready")
	return nil
}

// count proves that nothing was asked or paid twice.
func (d *demo) count() error {
	outcomes := 0
	for _, m := range d.world.SlackStanding() {
		if isOutcome(m) {
			outcomes++
		}
	}
	paid := map[int]int{}
	for _, c := range d.world.ModelCalls() {
		paid[c.Turn]++
	}
	twice := 0
	for _, n := range paid {
		twice += n - 1
	}
	fmt.Fprintf(d.stdout, "\n%d brief, %d turns of the model paid, %d of them twice.\n", outcomes, len(d.world.ModelCalls()), twice)
	if outcomes != 1 || twice != 0 {
		return errors.New("the demo did not end as it should: one brief, nothing paid twice")
	}
	return nil
}
