package mcp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
)

// How long a child may take to go: after its input is closed, and after SIGTERM.
const (
	graceClosed = 1500 * time.Millisecond
	graceTerm   = 1500 * time.Millisecond
)

// process is a child that speaks MCP on stdio, in a process group of its own:
// npx and uvx start the server as a grandchild, which a signal to the child
// alone leaves running.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  io.ReadCloser
	tail *ring
	once sync.Once
	gone chan struct{} // closed when the child was waited for
}

// startProcess starts a server's command with a minimal environment.
func startProcess(s Server, o Options) (*process, error) {
	env := Env(o.BaseEnv, s.Env)
	path, err := lookPath(s.Command, env)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, s.Args...)
	cmd.Env = env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, in: in, tail: &ring{limit: 4 << 10}, gone: make(chan struct{})}
	cmd.Stderr = p.tail // drained for ever: a full pipe would stop the server
	pr, pw := io.Pipe()
	p.out = pr
	filter := &lineFilter{to: pw, noise: func(n int) { o.Logger.Debug("mcp server wrote text that is no message", "server", s.Name, "bytes", n) }}
	cmd.Stdout = filter
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(s.Command), err)
	}
	go func() {
		err := cmd.Wait()
		_ = pw.CloseWithError(p.explain(err))
		close(p.gone)
	}()
	return p, nil
}

// hints say what to do about a command that is not there.
var hints = map[string]string{
	"uvx": "install uv (pip install uv)", "uv": "install uv (pip install uv)", "npx": "install Node.js", "node": "install Node.js",
}

// lookPath finds a command on the child's own PATH.
func lookPath(command string, env []string) (string, error) {
	if strings.ContainsRune(command, filepath.Separator) {
		return command, nil
	}
	for _, dir := range filepath.SplitList(value(env, "PATH")) {
		full := filepath.Join(dir, command)
		if i, err := os.Stat(full); err == nil && !i.IsDir() && i.Mode()&0o111 != 0 {
			return full, nil
		}
	}
	hint := hints[command]
	if hint == "" {
		hint = "install it, or give its whole path"
	}
	return "", fmt.Errorf("the command %s is not on PATH: %s", command, hint)
}

// explain says why a child ended, with the last it wrote to stderr.
func (p *process) explain(err error) error {
	said := p.tail.last()
	switch {
	case strings.Contains(said, "requires-python") || strings.Contains(said, "Python>="):
		said += " (it wants another Python: give one with uvx --python)"
	case said == "" && err == nil:
		return io.EOF
	}
	return fmt.Errorf("the server ended (%v): %s", err, said)
}

// end closes the child's input and, when that is not enough, ends its group.
func (p *process) end() error {
	p.once.Do(func() {
		_ = p.in.Close()
		if p.within(graceClosed) {
			p.signal(syscall.SIGKILL) // what the child left behind
			return
		}
		p.signal(syscall.SIGTERM)
		if !p.within(graceTerm) {
			p.signal(syscall.SIGKILL)
			p.within(graceTerm)
		}
		p.signal(syscall.SIGKILL)
	})
	return nil
}

func (p *process) within(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.gone:
		return true
	case <-t.C:
		return false
	}
}

func (p *process) signal(sig syscall.Signal) {
	if err := syscall.Kill(-p.cmd.Process.Pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		_ = p.cmd.Process.Kill()
	}
}

// ring keeps the end of what was written to it.
type ring struct {
	limit int
	mu    sync.Mutex
	buf   []byte
}

func (r *ring) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.buf = append(r.buf, b...)
	if over := len(r.buf) - r.limit; over > 0 {
		r.buf = append(r.buf[:0], r.buf[over:]...)
	}
	return len(b), nil
}

// last is the end of what was written, on one line, without secrets.
func (r *ring) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	line, _ := border.Cut(border.Line(border.Redact(string(r.buf))), 300)
	return line
}

// lineFilter passes on the lines that are JSON objects. A line of text on stdout
// would end the session.
type lineFilter struct {
	to    io.Writer
	noise func(bytes int)
	buf   []byte
}

func (f *lineFilter) Write(b []byte) (int, error) {
	f.buf = append(f.buf, b...)
	for {
		i := bytes.IndexByte(f.buf, '\n')
		if i < 0 {
			break
		}
		if err := f.line(f.buf[:i]); err != nil {
			return 0, err
		}
		f.buf = append(f.buf[:0], f.buf[i+1:]...)
	}
	if len(f.buf) > maxLine {
		f.noise(len(f.buf))
		f.buf = f.buf[:0]
	}
	return len(b), nil
}

func (f *lineFilter) line(l []byte) error {
	text := strings.TrimSpace(strings.TrimPrefix(string(l), "\uFEFF"))
	if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") {
		if text != "" {
			f.noise(len(text))
		}
		return nil
	}
	_, err := io.WriteString(f.to, text+"\n")
	return err
}
