package mcp

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// How long a child may take to go: after its input is closed, after SIGTERM,
// and to be noticed as gone.
const (
	graceClosed = 1500 * time.Millisecond
	graceTerm   = 1500 * time.Millisecond
	graceExit   = 300 * time.Millisecond
)

// process is a child that speaks MCP on stdio, in a process group of its own:
// npx and uvx run the server as a grandchild, which a signal to the child alone
// leaves behind.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *io.PipeReader
	tail *ring
	log  *slog.Logger

	stopping sync.Once
	gone     chan struct{} // closed when the child was waited for

	mu   sync.Mutex
	free bool  // the group's id may belong to others by now
	end  error // why it ended; set before gone is closed
}

// startProcess starts a server's command with the environment given.
func startProcess(s Server, env []string, log *slog.Logger) (*process, error) {
	path, err := lookPath(s.Command, env)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(path, s.Args...), tail: &ring{limit: 4 << 10}, log: log, gone: make(chan struct{})}
	pr, pw := io.Pipe()
	p.out = pr
	out := &messages{to: pw, broken: func() { p.signal(syscall.SIGKILL) }}
	p.cmd.Env = env
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stdout = out
	p.cmd.Stderr = p.tail         // drained for ever: a full pipe stops the server
	p.cmd.WaitDelay = graceClosed // a grandchild that left the group may hold stdout
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s cannot be started: %w", filepath.Base(s.Command), plain(err))
	}
	go p.reap(out, pw)
	return p, nil
}

// plain takes the path off an error of starting: a user's own, and long.
func plain(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// reap waits for the child. What it leaves behind in its group is ended while
// the child still holds the group's id, so that no stranger is hit.
func (p *process) reap(out *messages, pw *io.PipeWriter) {
	held := awaitExit(p.cmd.Process.Pid)
	if held {
		p.release()
	}
	err := p.cmd.Wait()
	if !held {
		p.release()
	}
	err = errors.Join(out.fault(), err)
	p.mu.Lock()
	p.end = err
	p.mu.Unlock()
	if lines, size := out.noise(); lines > 0 {
		p.log.Warn("mcp server wrote lines to stdout that are no messages", "lines", lines, "bytes", size)
	}
	close(p.gone)
	_ = pw.Close() // after gone: whoever sees the end may ask why
}

// release ends what is left of the group, after which its id is not used again.
func (p *process) release() {
	p.signal(syscall.SIGKILL)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = true
}

func (p *process) signal(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free {
		return
	}
	if err := syscall.Kill(-p.cmd.Process.Pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.log.Warn("signalling an mcp server", "signal", sig.String(), "error", err)
	}
}

// stop closes the child's input and, when that is not enough, ends its group.
func (p *process) stop() {
	p.stopping.Do(func() {
		_ = p.in.Close()
		if !wait(p.gone, graceClosed) {
			p.signal(syscall.SIGTERM)
		}
		if !wait(p.gone, graceTerm) {
			p.signal(syscall.SIGKILL)
		}
		_ = p.out.Close() // unblocks a write that nobody reads
	})
	wait(p.gone, graceClosed+graceTerm)
}

// said is why the child ended, "" while it has not, and the last that it wrote
// to stderr, as it stands.
func (p *process) said() (end, tail string) {
	tail = p.tail.text()
	if !wait(p.gone, 0) {
		return "", tail
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var exit *exec.ExitError
	switch {
	case errors.Is(p.end, errLongLine):
		return errLongLine.Error(), ""
	case errors.As(p.end, &exit):
		return "the server ended (" + exit.String() + ")", tail
	}
	return "the server ended", tail
}

// hints say what to do about a command that is not there.
var hints = map[string]string{
	"uvx": "install uv (pip install uv)", "uv": "install uv (pip install uv)",
	"npx": "install Node.js", "node": "install Node.js", "npm": "install Node.js",
}

// lookPath finds a command on the child's own PATH, which is not ours.
func lookPath(command string, env []string) (string, error) {
	if strings.ContainsRune(command, filepath.Separator) {
		if executable(command) {
			return command, nil
		}
		return "", fmt.Errorf("%s: no such program", filepath.Base(command))
	}
	for _, dir := range filepath.SplitList(value(env, "PATH")) {
		if full := filepath.Join(dir, command); filepath.IsAbs(dir) && executable(full) {
			return full, nil
		}
	}
	hint := hints[command]
	if hint == "" {
		hint = "install it, or give its whole path"
	}
	return "", fmt.Errorf("%s: not found: %s", command, hint)
}

func executable(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.Mode().IsRegular() && i.Mode()&0o111 != 0
}
