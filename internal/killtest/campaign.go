package killtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// death is one kill.
type death struct {
	moment string
	life   int // that ended
	at     time.Time
	hit    int           // requests that the moment held, or events that it waited for
	stop   time.Duration // from SIGTERM to the end; zero for a SIGKILL
}

// life is one process.
type life struct {
	began time.Time
	ready time.Duration // zero: it was killed before
}

// campaign is kills in a row on one data folder.
type campaign struct {
	run    *run
	spec   spec
	number int
	rnd    *rand.Rand
	world  *world.World
	rec    *recorder
	data   string
	log    string
	env    []string

	process *process // nil between two lives
	lives   []life
	deaths  []death
	moment  string

	senders sync.WaitGroup
	mu      sync.Mutex
	addr    string     // of the door that is open
	pages   []delivery // by incident
	found   []Problem

	figures
}

func (r *run) newCampaign(number int, s spec) (*campaign, error) {
	seed := func(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(r.Seed, uint64(number)<<8|stream)) }
	n := 2*s.kills + 20
	c := &campaign{
		run: r, spec: s, number: number, rnd: seed(0), rec: newRecorder(seed(1), s.kind == moneyKind),
		data: filepath.Join(r.Dir, fmt.Sprintf("data-%d", number)),
		log:  filepath.Join(r.Dir, fmt.Sprintf("serve-%d.log", number)),
	}
	if s.data != "" {
		c.data = s.data
	}
	all, err := company(n)
	if err != nil {
		return nil, err
	}
	c.world, err = world.Start(all, world.Options{Around: c.rec.around})
	if err != nil {
		return nil, err
	}
	for i := range n {
		c.rec.reader.index[c.world.IncidentID(slug(i))] = i
	}
	if s.kind == handover {
		c.world.Inject(world.Slack, world.Fault{Error: "token_revoked", Match: "chat.update"})
	}
	c.env = append(append([]string{"HOME=" + r.Dir, "TMPDIR=" + r.Dir, "OPSBUDDY_DATA_DIR=" + c.data, "OPSBUDDY_LOG_FORMAT=json"},
		c.world.Env()...), s.kind.settings()...)
	return c, nil
}

// strikes kills until the campaign has its kills, then lets everything end.
func (c *campaign) strikes(ctx context.Context) error {
	if err := c.launch(); err != nil {
		return err
	}
	defer func() { c.process.kill() }()
	for len(c.deaths) < c.spec.kills {
		m := c.choose()
		c.moment = m.name
		if err := m.strike(ctx, c); err != nil {
			return err
		}
		if err := c.launch(); err != nil {
			return err
		}
	}
	c.moment = "the end, when nothing is killed any more"
	return c.end(ctx)
}

func (c *campaign) launch() error {
	c.rec.born()
	p, err := launch(c.run.Binary, c.log, c.rnd, c.env)
	if err != nil {
		return err
	}
	c.process = p
	c.lives = append(c.lives, life{began: p.began})
	c.open(p.webhook)
	return nil
}

func (c *campaign) open(addr string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addr = addr
}

func (c *campaign) door() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addr
}

func (c *campaign) ready(ctx context.Context) error {
	l := &c.lives[len(c.lives)-1]
	if l.ready > 0 {
		return nil
	}
	err := c.process.ready(ctx)
	l.ready = time.Since(l.began)
	return err
}

// kill ends the life. hit says how often its moment was there.
func (c *campaign) kill(hit int) {
	at := time.Now()
	c.process.kill()
	c.open("")
	c.deaths = append(c.deaths, death{moment: c.moment, life: len(c.lives), at: at, hit: hit})
}

// terminate asks for the end and waits for it; meanwhile runs when it was asked.
func (c *campaign) terminate(ctx context.Context, hit int, meanwhile func()) error {
	at := time.Now()
	if err := c.process.terminate(); err != nil {
		return err
	}
	meanwhile()
	if err := c.process.gone(ctx); err != nil {
		c.problem(nobody, "%v", err)
	}
	c.open("")
	c.deaths = append(c.deaths, death{moment: c.moment, life: len(c.lives), at: at, hit: hit, stop: time.Since(at)})
	return ctx.Err()
}

// page sends the next n incidents, each from a sender of its own.
func (c *campaign) page(ctx context.Context, n int) {
	for range n {
		c.mu.Lock()
		i := len(c.pages)
		if i >= len(c.rec.reader.index) {
			c.mu.Unlock()
			return
		}
		c.pages = append(c.pages, delivery{})
		c.mu.Unlock()
		s := &sender{
			secret: setting(c.world.Env(), "PAGERDUTY_WEBHOOK_SECRET"), body: c.world.Webhook(slug(i)),
			id: "delivery-" + slug(i), addr: c.door, client: c.run.client,
		}
		c.senders.Go(func() {
			s.send(ctx, func(change func(*delivery)) {
				c.mu.Lock()
				defer c.mu.Unlock()
				change(&c.pages[i])
			})
		})
	}
}

// feed keeps some reviews open.
func (c *campaign) feed(ctx context.Context) {
	c.mu.Lock()
	sent := len(c.pages)
	c.mu.Unlock()
	n := 1 + c.rnd.IntN(3)
	if open := sent - c.rec.outcomes(); open > 16 {
		n = 1
	}
	c.page(ctx, n)
}

func (c *campaign) deliveries() []delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.pages)
}

// sleep passes time unless the program ends by itself.
func (c *campaign) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.process.died:
		return c.process.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// until waits for a condition on what the stand-ins saw, and reports whether it
// held within d.
func (c *campaign) until(ctx context.Context, d time.Duration, holds func() bool) (bool, error) {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		changed := c.rec.changed()
		if holds() {
			return true, nil
		}
		select {
		case <-changed:
		case <-t.C:
			return false, nil
		case <-c.process.died:
			return false, c.process.ended()
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// problem files what must not be.
func (c *campaign) problem(incident int, format string, args ...any) {
	p := Problem{Campaign: c.number, Kind: string(c.spec.kind), Kill: len(c.deaths), Moment: c.moment, What: fmt.Sprintf(format, args...)}
	if incident != nobody {
		p.Incident = fmt.Sprintf("%s (%s)", c.world.IncidentID(slug(incident)), word(incident))
		p.Line, p.Kill = c.timeline(incident)
		p.Moment = "no kill met it"
		if p.Kill > 0 {
			p.Moment = c.deaths[p.Kill-1].moment
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = append(c.found, p)
}

func setting(env []string, name string) string {
	for _, kv := range env {
		if len(kv) > len(name) && kv[:len(name)+1] == name+"=" {
			return kv[len(name)+1:]
		}
	}
	return ""
}
