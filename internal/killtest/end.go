package killtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/budget"
	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/money"
)

// Bounds of the end of a campaign, when nothing is killed any more.
const (
	endWithin = 3 * time.Minute
	endPoll   = 50 * time.Millisecond
)

// play is a whole campaign. What the program does wrong is a problem; an error is
// about the test.
func (c *campaign) play(ctx context.Context) error {
	defer c.world.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer c.senders.Wait()
	defer cancel()
	if err := c.strikes(ctx); err != nil {
		return c.broken(ctx, err)
	}
	return c.verify(ctx)
}

// broken is a campaign that could not be played to its end.
func (c *campaign) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.problem(nobody, "%v; the log ends with\n%s", err, c.lastLines())
	return nil
}

// verify holds what the stand-ins saw against what is on the disk.
func (c *campaign) verify(ctx context.Context) error {
	s, err := openStore(c.data)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // it was only read
	if err := s.whole(ctx); err != nil {
		c.problem(nobody, "%v", err)
	}
	records, err := c.audit(ctx)
	if err != nil {
		return err
	}
	c.judge(records)
	return nil
}

// end lets every review end and the process stop.
func (c *campaign) end(ctx context.Context) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	s, err := openStore(c.data)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // it was only read
	waiting, cancel := context.WithTimeout(ctx, endWithin)
	defer cancel()
	if err := c.allTaken(waiting); err != nil {
		return err
	}
	for {
		n, err := s.open(waiting)
		if n == 0 && err == nil {
			break
		}
		if waiting.Err() != nil { // the audit says which
			c.problem(nobody, "%d reviews are open %s after the last kill (%v)", n, endWithin, err)
			break
		}
		if err := c.sleep(ctx, endPoll); err != nil {
			return err
		}
	}
	if err := c.readLedger(ctx); err != nil {
		return err
	}
	c.moment = "SIGTERM with nothing open"
	return c.terminate(ctx, 0, func() {})
}

// allTaken waits until every page was taken.
func (c *campaign) allTaken(ctx context.Context) error {
	done := make(chan struct{})
	go func() { c.senders.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-c.process.died:
		return c.process.ended()
	case <-ctx.Done():
		return errors.New("not every page was taken")
	}
}

// readLedger holds the ledger against what the model's stand-in billed.
func (c *campaign) readLedger(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.process.health+"/budget", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var r budget.Report
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	spent := inLedger(r)
	bill := billed(c.rec.requests())
	c.Ledger, c.Billed = spent, bill
	if bill.Micro > spent.Micro {
		c.problem(nobody, "the model billed %s, the ledger knows of %s", bill, spent)
	}
	if limit := money.Dollars(perHour); c.spec.kind == moneyKind && max(bill.Micro, spent.Micro) > limit.Micro {
		c.problem(nobody, "billed %s, in the ledger %s, over the ceiling of %s an hour", bill, spent, limit)
	}
	return nil
}

// judge holds every incident against what must be.
func (c *campaign) judge(records map[int]record) {
	by := map[int][]request{}
	for _, q := range c.rec.requests() {
		by[q.incident] = append(by[q.incident], q)
	}
	stand := c.standing()
	for i, d := range c.deliveries() {
		s := seen{kind: c.spec.kind, id: c.world.IncidentID(slug(i)), delivery: d, requests: by[i], standing: stand[i], record: records[i]}
		if wrong := s.verdict(); len(wrong) > 0 {
			c.problem(i, "%s", strings.Join(wrong, "; "))
		}
		c.count(s)
	}
}

// standing are the messages of each incident.
func (c *campaign) standing() map[int][]world.Message {
	out := map[int][]world.Message{}
	for _, m := range c.world.SlackStanding() {
		i := nobody
		if m.Kind == "webhook" {
			if w := titleWord.FindSubmatch(m.Blocks); w != nil {
				i = number(string(w[1]))
			}
		} else if by, ok := c.rec.reader.posts[m.TS]; ok {
			i = by
		}
		out[i] = append(out[i], m)
	}
	return out
}

func (c *campaign) lastLines() string {
	raw, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-12):], []byte("\n")))
}

// timeline is what the stand-ins saw of an incident, with the kills in between,
// and the number of the last of these.
func (c *campaign) timeline(incident int) (lines string, lastKill int) {
	var b strings.Builder
	seen := 0 // the last process
	for _, q := range c.rec.requests() {
		if q.incident != incident || q.step == stepFacts && q.answered.After(q.at) {
			continue // of the facts only what was cut
		}
		for ; lastKill < q.life-1; lastKill++ {
			c.writeKill(&b, lastKill)
		}
		state := "answered"
		switch {
		case q.taken.IsZero():
			state = "not taken"
		case q.answered.IsZero():
			state = "taken, not answered"
		}
		fmt.Fprintf(&b, "  %s process %d %s: %s (%s)\n", clock(q.at), q.life, q.step, short(q.what), state)
		seen = q.life
	}
	for ; lastKill < min(seen, len(c.deaths)); lastKill++ {
		c.writeKill(&b, lastKill)
	}
	return b.String(), lastKill
}

func (c *campaign) writeKill(b *strings.Builder, i int) {
	d := c.deaths[i]
	fmt.Fprintf(b, "  %s kill %d, %s\n", clock(d.at.Add(d.stop)), i+1, d.moment)
}

func inLedger(r budget.Report) money.USD {
	var sum money.USD
	for _, e := range r.Entries {
		sum = sum.Add(money.USD{Micro: e.Micro})
	}
	return sum
}
