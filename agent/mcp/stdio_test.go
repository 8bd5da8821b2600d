package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/agent/tool"
)

// fakeServer is this test binary as a server in a mode.
func fakeServer(t *testing.T, mode string) Server {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Server{Name: "fake", Command: self, Env: map[string]string{
		fakeVar: mode, fakeMark: filepath.Join(t.TempDir(), "mark"), "GORACE": "atexit_sleep_ms=0"}}
}

func newPool(t *testing.T, o Options, servers ...Server) *Pool {
	t.Helper()
	p, err := NewPool(servers, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func call(t *testing.T, p *Pool, name, args string) tool.Result {
	t.Helper()
	return p.Call(t.Context(), name, json.RawMessage(args))
}

func want(t *testing.T, got tool.Result, failed bool, parts ...string) {
	t.Helper()
	if got.Failed != failed {
		t.Errorf("failed = %v, want %v; text: %.300s", got.Failed, failed, got.Text)
	}
	for _, part := range parts {
		if !strings.Contains(got.Text, part) {
			t.Errorf("the answer lacks %q: %.300s", part, got.Text)
		}
	}
}

// gone waits until a process has ended. One that nobody has reaped counts.
func gone(t *testing.T, pid string) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("process %s is still there: %s", pid, stat)
		}
	}
}

func TestServersThatMisbehaveOnTheirStreamsStillWork(t *testing.T) {
	for _, mode := range []string{"plain", "noise", "bom", "flood"} {
		t.Run(mode, func(t *testing.T) {
			var log bytes.Buffer
			p := newPool(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, fakeServer(t, mode))
			if _, down := p.Tools(t.Context()); down != nil {
				t.Fatalf("down: %v", down)
			}
			for i := range 3 {
				want(t, call(t, p, "mcp__fake__echo", fmt.Sprintf(`{"n":%d}`, i)), false, fmt.Sprintf(`{"n":%d}`, i))
			}
			_ = p.Close()
			if counted := strings.Contains(log.String(), "no messages"); counted != (mode == "noise") {
				t.Errorf("noise counted: %v; log: %s", counted, log.String())
			}
		})
	}
}

func TestAServerThatDiesDuringACallIsStartedAgainAndAskedOnceMore(t *testing.T) {
	p := newPool(t, Options{}, fakeServer(t, "plain"))
	want(t, call(t, p, "mcp__fake__dieonce", ""), false, "alive again")
	want(t, call(t, p, "mcp__fake__echo", `{"a":1}`), false, `{"a":1}`)
}

func TestAServerThatKeepsDyingIsAskedTwiceAndThenLeftAloneForAWhile(t *testing.T) {
	p := newPool(t, Options{}, fakeServer(t, "plain"))
	want(t, call(t, p, "mcp__fake__die", ""), true, "die could not be asked", "exit status 3", "fatal: out of memory")
	want(t, call(t, p, "mcp__fake__echo", ""), true, "it is down, the next try is in")
}

func TestTheWaitBeforeAStartGrowsAndIsBounded(t *testing.T) {
	var got []time.Duration
	for _, failures := range []int{0, 1, 2, 3, 4, 8, 9, 1000} {
		got = append(got, backOff(failures))
	}
	s := time.Second
	if diff := cmp.Diff([]time.Duration{0, 0, s / 2, s, 2 * s, 30 * s, 30 * s, 30 * s}, got); diff != "" {
		t.Error(diff)
	}
}

func TestACallThatHangsIsGivenUpAndItsServerReplaced(t *testing.T) {
	s := fakeServer(t, "stubborn")
	s.CallTimeout = 2 * time.Second
	p := newPool(t, Options{}, s)
	first := call(t, p, "mcp__fake__pid", "")
	want(t, call(t, p, "mcp__fake__hang", ""), true, "hang did not answer within 2s")
	second := call(t, p, "mcp__fake__pid", "")
	want(t, second, false)
	if first.Text == second.Text {
		t.Errorf("the server that hangs, %s, is still asked", first.Text)
	}
	_ = p.Close()
	gone(t, first.Text)
	gone(t, second.Text)
}

func TestTheTimeInLineCountsForServersThatTakeOneCallAtATime(t *testing.T) {
	s := fakeServer(t, "plain")
	s.Args = []string{"pagerduty-mcp@1.1.0"}
	s.CallTimeout = time.Second
	p := newPool(t, Options{}, s)
	want(t, call(t, p, "mcp__fake__echo", ""), false)
	began := time.Now()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { want(t, call(t, p, "mcp__fake__hang", ""), true) })
	}
	wg.Wait()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("three calls took %s", took)
	}
}

func TestAnAnswerOverSixteenMegabytesSaysSo(t *testing.T) {
	p := newPool(t, Options{}, fakeServer(t, "plain"))
	want(t, call(t, p, "mcp__fake__huge", ""), true, "longer than 16 MB")
}

func TestAnErrorOfTheServerIsNewsAndDoesNotRestartIt(t *testing.T) {
	p := newPool(t, Options{}, fakeServer(t, "plain"))
	first := call(t, p, "mcp__fake__pid", "")
	want(t, call(t, p, "mcp__fake__refuse", ""), true, "incident_id is missing")
	if second := call(t, p, "mcp__fake__pid", ""); first.Text != second.Text {
		t.Errorf("process %s became %s", first.Text, second.Text)
	}
}

func TestACallerThatGoesAwayDoesNotCostTheSession(t *testing.T) {
	p := newPool(t, Options{}, fakeServer(t, "plain"))
	first := call(t, p, "mcp__fake__pid", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, p.Call(ctx, "mcp__fake__echo", nil), true)
	if second := call(t, p, "mcp__fake__pid", ""); first.Text != second.Text {
		t.Errorf("process %s became %s", first.Text, second.Text)
	}
}

func TestACursorThatNeverAdvancesAndOneThatNeverEndsEndTheListing(t *testing.T) {
	for mode, tools := range map[string]int{"cursor": 11, "endless": 10 * maxPages} {
		p := newPool(t, Options{}, fakeServer(t, mode))
		defs, down := p.Tools(t.Context())
		if len(defs) != tools || down != nil {
			t.Errorf("%s: %d tools, down %v", mode, len(defs), down)
		}
	}
}

func TestACallDuringASlowStartSaysSoAndDoesNotEndTheStart(t *testing.T) {
	s := fakeServer(t, "silent")
	p := newPool(t, Options{}, s)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	want(t, p.Call(ctx, "mcp__fake__echo", nil), true, "the tools of fake cannot be had now: the server is still starting")
	p.sessions[0].mu.Lock()
	defer p.sessions[0].mu.Unlock()
	if p.sessions[0].starting == nil {
		t.Error("the start was ended")
	}
}

func TestCloseEndsTheServerAndWhatItStarted(t *testing.T) {
	for _, mode := range []string{"plain", "stubborn"} {
		t.Run(mode, func(t *testing.T) {
			p := newPool(t, Options{}, fakeServer(t, mode))
			pid, grandchild := call(t, p, "mcp__fake__pid", ""), call(t, p, "mcp__fake__spawn", "")
			want(t, grandchild, false)
			began := time.Now()
			for range 2 {
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}
			if took := time.Since(began); took > 6*time.Second {
				t.Errorf("closing took %s", took)
			}
			gone(t, pid.Text)
			gone(t, grandchild.Text)
			want(t, call(t, p, "mcp__fake__echo", ""), true, "stopping")
		})
	}
}

func TestWhatADeadServerLeftBehindIsEndedAtOnce(t *testing.T) {
	p := newPool(t, Options{}, fakeServer(t, "plain"))
	grandchild := call(t, p, "mcp__fake__spawn", "")
	want(t, grandchild, false)
	want(t, call(t, p, "mcp__fake__dieonce", ""), false, "alive again")
	gone(t, grandchild.Text)
}

func TestCloseDoesNotWaitForAStart(t *testing.T) {
	p := newPool(t, Options{}, fakeServer(t, "silent"))
	listed := make(chan []tool.Down)
	go func() {
		_, down := p.Tools(context.Background())
		listed <- down
	}()
	waitFor(t, func() bool {
		s := p.sessions[0]
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.starting != nil
	})
	began := time.Now()
	_ = p.Close()
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("closing took %s", took)
	}
	if down := <-listed; len(down) != 1 {
		t.Errorf("down: %v", down)
	}
}

func waitFor(t *testing.T, ready func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not come about")
		}
	}
}

func TestADownServerSaysWhyInOneLineWithoutSecrets(t *testing.T) {
	leaky := fakeServer(t, "leaky")
	leaky.Env["THE_TOKEN"] = "pd-7781-qwerty-asdf"
	silent := fakeServer(t, "silent")
	silent.StartTimeout = 200 * time.Millisecond
	old := fakeServer(t, "oldpython")
	missing := Server{Command: "uvx"}
	for name, row := range map[string]struct {
		server Server
		says   string
	}{
		"a crash":               {leaky, "login with [redacted] refused"},
		"silence":               {silent, "did not start within 200ms"},
		"another Python":        {old, "it needs Python 3.12, install it"},
		"a command not there":   {missing, "uvx: not found: install uv (pip install uv)"},
		"a path to nothing":     {Server{Command: "/nowhere/server"}, "server: no such program"},
		"a command without use": {Server{Command: "npx"}, "npx: not found: install Node.js"},
	} {
		t.Run(name, func(t *testing.T) {
			row.server.Name = "broken"
			ok := fakeServer(t, "plain")
			p := newPool(t, Options{BaseEnv: []string{"PATH=/nowhere"}}, row.server, ok)
			defs, down := p.Tools(t.Context())
			if len(defs) != 11 {
				t.Errorf("%d tools of the other server", len(defs))
			}
			if len(down) != 1 || down[0].Server != "broken" || !strings.Contains(down[0].Why, row.says) {
				t.Fatalf("down: %v, want %q", down, row.says)
			}
			if strings.ContainsAny(down[0].Why, "\n") || strings.Contains(down[0].Why, "qwerty") {
				t.Errorf("why: %q", down[0].Why)
			}
		})
	}
}

func TestAServerThatWasDownIsTriedAgainWhenToolsAreListed(t *testing.T) {
	dir := t.TempDir()
	s := fakeServer(t, "plain")
	self := s.Command
	s.Command = filepath.Join(dir, "later")
	p := newPool(t, Options{}, s)
	for range 3 {
		if _, down := p.Tools(t.Context()); len(down) != 1 {
			t.Fatalf("down: %v", down)
		}
	}
	if err := os.Symlink(self, s.Command); err != nil {
		t.Fatal(err)
	}
	if defs, down := p.Tools(t.Context()); len(defs) != 11 || down != nil {
		t.Errorf("%d tools, down %v", len(defs), down)
	}
}

func TestAChildSeesOnlyWhatItNeeds(t *testing.T) {
	s := fakeServer(t, "plain")
	s.Env["PAGERDUTY_USER_API_KEY"] = "its-own"
	s.Env["LANG"] = "C.UTF-8"
	delete(s.Env, fakeMark)
	delete(s.Env, "GORACE")
	p := newPool(t, Options{BaseEnv: []string{
		"PATH=/usr/bin", "HOME=/home/me", "LANG=de_DE", "LC_ALL=C", "SSL_CERT_FILE=/etc/ca", "https_proxy=http://proxy",
		"UV_INDEX_URL=https://mirror", "npm_config_registry=https://mirror", "NODE_OPTIONS=--inspect", "LD_PRELOAD=/x.so",
		"SLACK_BOT_TOKEN=xoxb-not-yours", "ANTHROPIC_API_KEY=not-yours", "AWS_SECRET_ACCESS_KEY=not-yours", "malformed",
		"OTEL_EXPORTER_OTLP_HEADERS=authorization=not-yours", "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector",
	}}, s)
	got := call(t, p, "mcp__fake__env", "")
	names := []string{}
	for _, line := range strings.Split(got.Text, "\n") {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	wanted := []string{"FAKE_MCP_MODE", "FASTMCP_CHECK_FOR_UPDATES", "FASTMCP_SHOW_SERVER_BANNER", "HOME", "LANG", "LC_ALL",
		"PAGERDUTY_USER_API_KEY", "PATH", "SSL_CERT_FILE", "UV_INDEX_URL", "https_proxy", "npm_config_prefer_offline", "npm_config_registry"}
	if diff := cmp.Diff(wanted, names); diff != "" {
		t.Error(diff)
	}
	want(t, got, false, "LANG=C.UTF-8", "PAGERDUTY_USER_API_KEY=[redacted]")
}

func TestManyCallsAtOnceSurviveTheDeathOfTheirServer(t *testing.T) {
	p := newPool(t, Options{}, fakeServer(t, "plain"))
	p.Tools(t.Context())
	var wg sync.WaitGroup
	for i := range 20 {
		name := "mcp__fake__echo"
		if i == 7 {
			name = "mcp__fake__dieonce"
		}
		wg.Go(func() { want(t, call(t, p, name, ""), false) })
	}
	wg.Wait()
}
