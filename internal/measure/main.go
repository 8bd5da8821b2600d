package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// options are the flags.
type options struct {
	binary, only, external string
	storm, problems        int
}

// row is one line of the table: what was measured, what came out, how it was
// done.
type row struct{ what, figure, how string }

// measurement is one part that -only can name.
type measurement struct {
	name string
	take func(context.Context, *bench) ([]row, error)
}

var measurements = []measurement{
	{"ack", ack}, {"review", review}, {"slow", slow}, {"tokens", tokens}, {"start", start}, {"crash", crash}, {"traces", traces}, {"storm", storm},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "opsbuddy-measure-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{options: o, dir: dir, progress: stderr}
	about, err := b.machine(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s\n\n| what | figure | how | repeat |\n|---|---|---|---|\n", about)
	for _, m := range chosen(o) {
		rows, err := m.take(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		for _, r := range rows {
			fmt.Fprintf(stdout, "| %s | %s | %s | `%s` |\n", r.what, r.figure, r.how, repeat(o, m.name))
		}
	}
	return nil
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var names []string
	for _, m := range measurements {
		names = append(names, m.name)
	}
	f := flag.NewFlagSet("measure", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.binary, "binary", "", "the built program: go build -o /tmp/opsbuddy ./cmd/opsbuddy")
	f.StringVar(&o.only, "only", "", "one measurement alone: "+strings.Join(names, ", "))
	f.IntVar(&o.storm, "storm", 0, "so many incidents within 60 s; 0 leaves the storm out")
	f.IntVar(&o.problems, "problems", 0, "of so many problems; 0 makes each incident its own")
	f.StringVar(&o.external, "external", "", "folder with saved answers to tools/list of other MCP servers (*.json), counted next to the built-in tools")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case o.binary == "":
		return o, errors.New("-binary is missing: build the program and name it")
	case o.only != "" && !slices.Contains(names, o.only):
		return o, fmt.Errorf("-only %q: there are %s", o.only, strings.Join(names, ", "))
	case o.only == "storm" && o.storm <= 0:
		return o, errors.New("-only storm needs -storm N")
	}
	var err error
	o.binary, err = filepath.Abs(o.binary)
	return o, err
}

// chosen are the measurements to take. The storm is not taken unasked: it lasts
// minutes.
func chosen(o options) []measurement {
	var out []measurement
	for _, m := range measurements {
		if (o.only == "" || o.only == m.name) && (m.name != "storm" || o.storm > 0) {
			out = append(out, m)
		}
	}
	return out
}

// repeat is the command that takes the same figure again.
func repeat(o options, name string) string {
	c := "go run ./internal/measure -binary PATH -only " + name
	if name == "storm" {
		c += fmt.Sprintf(" -storm %d", o.storm)
		if o.problems > 0 {
			c += fmt.Sprintf(" -problems %d", o.problems)
		}
	}
	if name == "tokens" && o.external != "" {
		c += " -external DIR"
	}
	return c
}
