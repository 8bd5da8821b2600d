package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// readyWithin is how long a start may take; it takes less than a second.
const readyWithin = 60 * time.Second

// bench is where measurements run: a folder and the program.
type bench struct {
	options
	dir      string
	progress io.Writer
	folders  int
}

// say tells the person who waits.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, format+"\n", args...)
}

// folder is a new data folder.
func (b *bench) folder() string {
	b.folders++
	return filepath.Join(b.dir, fmt.Sprintf("data-%d", b.folders))
}

// child is the program as `opsbuddy serve`.
type child struct {
	cmd             *exec.Cmd
	began           time.Time // when the process was started
	ready           time.Duration
	webhook, health string // addresses
	log             string
	file            *os.File
	died            chan struct{}
}

// launch starts the program and does not wait for it.
func (b *bench) launch(data string, env ...string) (*child, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	log := data + ".log"
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	c := &child{webhook: ports[0], health: ports[1], log: log, file: f, died: make(chan struct{})}
	c.cmd = exec.Command(b.binary, "serve")
	c.cmd.Stdout, c.cmd.Stderr = f, f
	c.cmd.Env = append(append([]string{"HOME=" + b.dir, "TMPDIR=" + b.dir}, env...),
		"OPSBUDDY_DATA_DIR="+data, "OPSBUDDY_WEBHOOK_ADDR="+c.webhook, "OPSBUDDY_HEALTH_ADDR="+c.health, "OPSBUDDY_TEMPORAL_UI_ADDR="+ports[2])
	c.began = time.Now()
	if err := c.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", b.binary, err), f.Close())
	}
	go func() {
		_ = c.cmd.Wait() // how it ended is seen in its log
		close(c.died)
	}()
	return c, nil
}

// serve starts the program and waits until it is ready.
func (b *bench) serve(ctx context.Context, data string, env ...string) (*child, error) {
	c, err := b.launch(data, env...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	err = c.until(ctx, 2*time.Millisecond, func() bool {
		resp, err := http.Get("http://" + c.health + "/health/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	c.ready = time.Since(c.began)
	if err != nil {
		c.kill()
		return nil, fmt.Errorf("becoming ready: %w", err)
	}
	return c, nil
}

// until asks again and again until a condition holds, the program ends or the
// time is over.
func (c *child) until(ctx context.Context, every time.Duration, holds func() bool) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !holds() {
		select {
		case <-c.died:
			return fmt.Errorf("the program ended by itself:\n%s", c.lastLines())
		case <-ctx.Done():
			return fmt.Errorf("%w; its log ends with\n%s", ctx.Err(), c.lastLines())
		case <-tick.C:
		}
	}
	return nil
}

// kill ends the program as a crash would. It may be called twice.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended already
	<-c.died
	_ = c.file.Close()
}

// stop ends the program as an operator would.
func (c *child) stop() error {
	defer c.kill()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	select {
	case <-c.died:
		return nil
	case <-time.After(35 * time.Second):
		return errors.New("the program did not stop within 35 s of SIGTERM")
	}
}

// memory reads a field of /proc/PID/status, such as VmRSS, in bytes.
func (c *child) memory(field string) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		var kB int64
		if n, _ := fmt.Sscanf(line, field+": %d kB", &kB); n == 1 {
			return kB * 1024, nil
		}
	}
	return 0, fmt.Errorf("/proc has no %s of the program", field)
}

// cpu is the processor time that the program has used, in user and kernel mode.
func (c *child) cpu() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name in brackets may hold blanks; user and kernel time are the 12th and
	// 13th field behind it, in hundredths of a second (proc_pid_stat(5)).
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("/proc has no times of the program")
	}
	user, errUser := strconv.Atoi(fields[11])
	kernel, errKernel := strconv.Atoi(fields[12])
	return time.Duration(user+kernel) * 10 * time.Millisecond, errors.Join(errUser, errKernel)
}

func (c *child) lastLines() string {
	raw, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// freePorts finds loopback addresses that nobody listens on.
func freePorts(n int) ([]string, error) {
	var addrs []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("a free port: %w", err)
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}
