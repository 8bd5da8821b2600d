package main

import (
	"errors"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/telemetry/otlptest"
)

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"world":     startWorld,
			"collector": collectorFor,
			"exitcode":  exitCode,
			"ports":     takePorts,
		},
	})
}

// startWorld starts the company in the test's process and points the script's
// environment at it: world SCENARIO. INCIDENT is the open incident's id.
func startWorld(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: world SCENARIO")
	}
	company, err := world.Load()
	ts.Check(err)
	w, err := world.Start(company, world.Options{Scenario: args[0]})
	ts.Check(err)
	ts.Defer(w.Close)
	for _, kv := range w.Env() {
		k, v, _ := strings.Cut(kv, "=")
		ts.Setenv(k, v)
	}
	ts.Setenv("INCIDENT", w.IncidentID(""))
	ts.Setenv("OPSBUDDY_TEMPORAL_UI_ADDR", "")
}

// collectorFor starts a collector and points the script's environment at it.
func collectorFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: collector")
	}
	c, err := otlptest.Start()
	ts.Check(err)
	ts.Defer(c.Close)
	ts.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL())
}

// exitCode runs a program and wants this very exit code within 30 s:
// exitcode CODE [-within DURATION] PROGRAM ARGS...
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode CODE [-within DURATION] PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	args = args[1:]
	within := 30 * time.Second
	if args[0] == "-within" {
		within, err = time.ParseDuration(args[1])
		ts.Check(err)
		args = args[2:]
	}
	began := time.Now()
	err = ts.Exec(args[0], args[1:]...)
	if took := time.Since(began); took > within {
		ts.Fatalf("%s took %s, more than %s", strings.Join(args, " "), took.Round(time.Millisecond), within)
	}
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ended with exit code %d, want %d", strings.Join(args, " "), got, want)
	}
}

// takePorts listens on loopback ports until the script ends and names them:
// ports NAME... A port that is listened on is a busy one.
func takePorts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: ports NAME...")
	}
	for _, name := range args {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Defer(func() { _ = ln.Close() })
		ts.Setenv(name, ln.Addr().String())
	}
}
