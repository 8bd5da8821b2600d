package killtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	readyWithin = 60 * time.Second
	stopWithin  = 30 * time.Second // Kubernetes' terminationGracePeriodSeconds
)

// process is one life of the program as `opsbuddy serve`.
type process struct {
	cmd             *exec.Cmd
	webhook, health string // addresses
	began           time.Time
	died            chan struct{}
	err             error // of its end, once died is closed
}

// launch starts the program and does not wait for it. What it logs goes to the
// end of a file.
func launch(binary, log string, rnd *rand.Rand, env []string) (*process, error) {
	p := &process{died: make(chan struct{})}
	var err error
	if p.webhook, err = freeAddr(rnd); err != nil {
		return nil, err
	}
	if p.health, err = freeAddr(rnd); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the child has its own
	p.cmd = exec.Command(binary, "serve")
	p.cmd.Stdout, p.cmd.Stderr = f, f
	p.cmd.Env = append(env[:len(env):len(env)], "OPSBUDDY_WEBHOOK_ADDR="+p.webhook, "OPSBUDDY_HEALTH_ADDR="+p.health)
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.died)
	}()
	return p, nil
}

// freeAddr finds a loopback port below those that the system gives to outgoing
// connections: with a thousand starts one of these would take a port between its
// choice and its use.
func freeAddr(rnd *rand.Rand) (string, error) {
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 12_000+rnd.IntN(18_000))
		l, err := net.Listen("tcp", addr)
		if err == nil {
			return addr, l.Close()
		}
	}
	return "", errors.New("no free port")
}

var errEnded = errors.New("the program ended by itself")

func (p *process) ended() error { return fmt.Errorf("%w: %w", errEnded, p.err) }

// ready waits until pages are accepted.
func (p *process) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if status(ctx, "http://"+p.health+"/health/ready") == http.StatusOK {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.died:
			return p.ended()
		case <-ctx.Done():
			return fmt.Errorf("the program is not ready: %w", ctx.Err())
		}
	}
}

// status of a page; 0 when nobody answers.
func status(ctx context.Context, url string) int {
	code, _ := get(ctx, url)
	return code
}

func get(ctx context.Context, url string) (code int, body string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(raw)
}

// kill ends the process as a crash does. It may be dead already.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.died
}

// terminate asks the process to end, as Kubernetes does.
func (p *process) terminate() error { return p.cmd.Process.Signal(syscall.SIGTERM) }

// gone waits for the end of a process that was asked to end, and says what was
// wrong with it.
func (p *process) gone(ctx context.Context) error {
	t := time.NewTimer(stopWithin)
	defer t.Stop()
	select {
	case <-p.died:
	case <-t.C:
		p.kill()
		return fmt.Errorf("the process did not end within %s of SIGTERM", stopWithin)
	case <-ctx.Done():
		p.kill()
		return ctx.Err()
	}
	if p.err != nil {
		return fmt.Errorf("after SIGTERM the process ended with %w, want exit code 0", p.err)
	}
	return nil
}
