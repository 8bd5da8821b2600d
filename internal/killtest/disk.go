package killtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Bounds of a full disk: how soon the program has to say so, how long the disk
// stays full, and how soon pages are taken again.
const (
	saidWithin  = 10 * time.Second
	fullFor     = 3 * time.Second
	takenWithin = 20 * time.Second
)

// FullDisk fills the disk of the data folder while reviews are open, and frees it
// again: once under a running process, which goes on by itself, and once with a
// kill and a start on the full disk. small is a folder on a small file system.
func FullDisk(ctx context.Context, o Options, small string) (Result, error) {
	r := &run{Options: o, client: newClient()}
	res := Result{Seed: o.Seed, Moments: map[string]*Moment{}}
	for i, k := range []kind{byBot, byHook} {
		c, err := r.newCampaign(i, spec{kind: k, kills: 8, data: filepath.Join(small, string(k))})
		if err != nil {
			return res, err
		}
		err = c.fillAndFree(ctx, small)
		res.add(c)
		if err != nil {
			return res, fmt.Errorf("full disk (%s): %w", k, err)
		}
		o.Say("full disk (%s): %s", k, c.figures)
	}
	return res, nil
}

func (c *campaign) fillAndFree(ctx context.Context, small string) error {
	defer c.world.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer c.senders.Wait()
	defer cancel()
	if err := c.launch(); err != nil {
		return err
	}
	defer func() { c.process.kill() }()
	if err := c.underWay(ctx, small); err != nil {
		return c.broken(ctx, err)
	}
	if err := c.atStart(ctx, small); err != nil {
		return c.broken(ctx, err)
	}
	c.moment = "the end, when the disk has room"
	if err := c.end(ctx); err != nil {
		return c.broken(ctx, err)
	}
	return c.verify(ctx)
}

// underWay fills the disk while the model is asked, and lets the answers come when
// none of them can be stored.
func (c *campaign) underWay(ctx context.Context, small string) error {
	c.moment = "a disk that is full for a while"
	h := c.rec.hold(false, steps(stepThink))
	defer c.rec.let(h)
	if err := c.ready(ctx); err != nil {
		return err
	}
	c.page(ctx, 5)
	if ok, err := c.until(ctx, momentWithin, func() bool { return c.rec.held(h) >= 4 }); !ok || err != nil {
		return errors.Join(errors.New("the model was not asked"), err)
	}
	free, err := fill(small)
	if err != nil {
		return err
	}
	c.rec.let(h)
	if err := errors.Join(c.saysFull(ctx), c.sleep(ctx, fullFor), free()); err != nil {
		return err
	}
	c.deaths = append(c.deaths, death{moment: c.moment, life: len(c.lives), at: time.Now(), hit: 1})
	waiting, cancel := context.WithTimeout(ctx, takenWithin)
	defer cancel()
	if err := c.allTaken(waiting); err != nil {
		return fmt.Errorf("%w within %s of the disk having room", err, takenWithin)
	}
	return c.process.ready(waiting)
}

// saysFull waits for what an operator and PagerDuty see.
func (c *campaign) saysFull(ctx context.Context) error {
	var code, refused int
	var body string
	see := func() bool {
		code, body = get(ctx, "http://"+c.process.health+"/health/ready")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "is full")
	}
	if err := c.poll(ctx, see); err != nil {
		return fmt.Errorf("%w: with a full disk readiness is %d %s", err, code, body)
	}
	if n := c.logged("the disk is full"); n != 1 {
		return fmt.Errorf("%d lines of the log say that the disk is full, want one", n)
	}
	if code := status(ctx, "http://"+c.process.health+"/health/live"); code != http.StatusOK {
		return fmt.Errorf("with a full disk liveness is %d", code)
	}
	c.page(ctx, 3)
	err := c.poll(ctx, func() bool {
		refused = 0
		for _, d := range c.deliveries() {
			refused += d.refused
		}
		return refused >= 3
	})
	if err != nil {
		return fmt.Errorf("%w: with a full disk %d pages were answered 503 with Retry-After", err, refused)
	}
	return nil
}

// poll waits for something that a full disk has to show.
func (c *campaign) poll(ctx context.Context, shows func() bool) error {
	for deadline := time.Now().Add(saidWithin); !shows(); {
		if time.Now().After(deadline) {
			return fmt.Errorf("after %s", saidWithin)
		}
		if err := c.sleep(ctx, endPoll); err != nil {
			return err
		}
	}
	return nil
}

func (c *campaign) logged(words string) int {
	raw, err := os.ReadFile(c.log)
	if err != nil {
		return 0
	}
	return strings.Count(string(raw), words)
}

// atStart kills the process on a full disk. The next one says what is wrong; when
// there is room, it goes on, or the one after it.
func (c *campaign) atStart(ctx context.Context, small string) error {
	c.moment = "a start on a full disk"
	h := c.rec.hold(true, steps(stepReport))
	defer c.rec.let(h)
	c.page(ctx, 3)
	if ok, err := c.until(ctx, momentWithin, func() bool { return c.rec.held(h) > 0 }); !ok || err != nil {
		return errors.Join(errors.New("nothing was posted"), err)
	}
	free, err := fill(small)
	if err != nil {
		return err
	}
	c.kill(c.rec.held(h))
	if err := c.launch(); err != nil {
		return errors.Join(err, free())
	}
	ended, err := c.startsFull(ctx)
	if err = errors.Join(err, free()); err != nil {
		return err
	}
	if ended {
		return c.launch()
	}
	return nil
}

// startsFull waits until a process on a full disk says so, by its end or by its
// readiness: the log of the database may have room for the writes of a start.
func (c *campaign) startsFull(ctx context.Context) (ended bool, err error) {
	for deadline := time.Now().Add(saidWithin); time.Now().Before(deadline); {
		if code, body := get(ctx, "http://"+c.process.health+"/health/ready"); code == http.StatusServiceUnavailable && strings.Contains(body, "is full") {
			return false, nil
		}
		switch err := c.sleep(ctx, endPoll); {
		case errors.Is(err, errEnded) && strings.Contains(c.lastLine(), "is full"):
			return true, nil
		case err != nil:
			return true, err
		}
	}
	return false, fmt.Errorf("a process on a full disk does not say so within %s", saidWithin)
}

func (c *campaign) lastLine() string {
	lines := c.lastLines()
	return lines[strings.LastIndexByte(lines, '\n')+1:]
}

// fill takes all the room of a file system, and returns what gives it back.
func fill(dir string) (free func() error, err error) {
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		_, err := f.Write(make([]byte, size))
		switch {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		case err != nil:
			return nil, errors.Join(err, os.Remove(path))
		}
	}
	return func() error { return os.Remove(path) }, nil
}
