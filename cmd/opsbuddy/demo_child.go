package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// child is this program as `opsbuddy serve`, in a process of its own that can be
// killed.
type child struct {
	cmd                 *exec.Cmd
	webhook, health, ui string        // addresses
	data, log           string        // paths
	died                chan struct{} // closed when it has ended
	err                 error         // how, once died is closed
	logFile             *os.File
}

// startServe starts the program and waits until it is ready.
func startServe(ctx context.Context, p *program, env []string, data, log string) (*child, error) {
	ports, err := freePorts(ctx, 3)
	if err != nil {
		return nil, err
	}
	self, err := exec.LookPath(os.Args[0])
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	c := &child{webhook: ports[0], health: ports[1], ui: ports[2], data: data, log: log, died: make(chan struct{}), logFile: f}
	c.cmd = exec.Command(self, "serve")
	c.cmd.Stdout, c.cmd.Stderr = f, f
	c.cmd.Env = append(append(only(p.environ, "PATH", "HOME", "TMPDIR", "TESTSCRIPT_COMMAND"), env...),
		"OPSBUDDY_DATA_DIR="+data, "OPSBUDDY_WEBHOOK_ADDR="+c.webhook, "OPSBUDDY_HEALTH_ADDR="+c.health,
		"OPSBUDDY_TEMPORAL_UI_ADDR="+c.ui, "OPSBUDDY_LOG_FORMAT=text")
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting opsbuddy serve: %w", err)
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.died)
	}()
	return c, c.ready(ctx)
}

// only keeps a few variables of an environment.
func only(environ []string, names ...string) []string {
	var kept []string
	for _, kv := range environ {
		for _, n := range names {
			if strings.HasPrefix(kv, n+"=") {
				kept = append(kept, kv)
			}
		}
	}
	return kept
}

// freePorts finds loopback addresses that nobody listens on.
func freePorts(ctx context.Context, n int) ([]string, error) {
	var addrs []string
	for range n {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("a free port: %w", err)
		}
		defer func() { _ = ln.Close() }()
		addrs = append(addrs, ln.Addr().String())
	}
	return addrs, nil
}

func (c *child) ready(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.health+"/health/ready", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-c.died:
			return fmt.Errorf("opsbuddy serve did not start: %w\n%s", c.err, c.lastLines())
		case <-ctx.Done():
			return fmt.Errorf("opsbuddy serve was not ready: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// kill ends the child as a crash would.
func (c *child) kill() error {
	if err := c.cmd.Process.Kill(); err != nil {
		return err
	}
	<-c.died
	return c.logFile.Close()
}

// stop ends the child as an operator would.
func (c *child) stop() error {
	defer c.logFile.Close()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return nil // it is gone
	}
	select {
	case <-c.died:
	case <-time.After(30 * time.Second):
		return c.cmd.Process.Kill()
	}
	return nil
}

// lastLines is the end of the child's log.
func (c *child) lastLines() string {
	raw, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
