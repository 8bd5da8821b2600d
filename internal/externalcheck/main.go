// Command externalcheck runs the three external MCP servers that a configuration can
// name (pagerduty-mcp, mcp-atlassian, server-slack) against the fictional
// company, through the pool that the agent uses. It lists their tools, asks for
// an incident's alerts, tickets, pages and messages, prints a table, and exits
// with 1 when anything is missing.
//
// It is for people and for a build that has uvx and npx: the servers come from
// PyPI and npm the first time.
//
//	go run ./internal/externalcheck -python 3.12
//
// It stands outside of every flow: neither side of the workflow line.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/mcp"
	"github.com/opsbuddy/opsbuddy/internal/world"
)

func main() {
	python := flag.String("python", "3.12", "Python for uvx: a version or the path of an interpreter")
	scenario := flag.String("scenario", "recurring-502", "the company's incident that is asked about")
	uvx := flag.String("uvx", "uvx", "uvx, or its path")
	verbose := flag.Bool("v", false, "log what the pool does")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log := slog.New(slog.DiscardHandler)
	if *verbose {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	c := check{python: *python, uvx: *uvx, scenario: *scenario, log: log, out: os.Stdout}
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "externalcheck:", err)
		stop()
		os.Exit(1)
	}
}

type check struct {
	python, uvx, scenario string
	log                   *slog.Logger
	out                   io.Writer
}

func (c check) run(ctx context.Context) error {
	company, err := world.Load()
	if err != nil {
		return err
	}
	if !known(company, c.scenario) {
		return fmt.Errorf("the company has no scenario %q", c.scenario)
	}
	w, err := world.Start(company, world.Options{})
	if err != nil {
		return err
	}
	defer w.Close()
	hook, remove, err := writeHook()
	if err != nil {
		return err
	}
	defer remove()
	pool, err := mcp.NewPool(servers(w, c.uvx, c.python, hook), mcp.Options{Logger: c.log, BaseEnv: os.Environ()})
	if err != nil {
		return err
	}
	bad := c.list(ctx, pool)
	incidents := channel(pool.Call(ctx, slackChannels, nil).Text, incidentChannel)
	bad += c.ask(ctx, pool, questions(w, c.scenario, incidents))
	if err := pool.Close(); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d of the checks failed", bad)
	}
	return nil
}

func known(c *world.Company, slug string) bool {
	for _, s := range c.Scenarios() {
		if s.Name == slug {
			return true
		}
	}
	return false
}

// list prints the tools by server and returns how many things are wrong.
func (c check) list(ctx context.Context, pool *mcp.Pool) int {
	began := time.Now()
	defs, down := pool.Tools(ctx)
	count, size := map[string]int{}, map[string]int{}
	for _, d := range defs {
		count[d.Server]++
		size[d.Server] += len(d.Name) + len(d.Description) + len(d.Schema)
	}
	t := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "SERVER\tTOOLS\tBYTES\t(started and listed in %s)\n", time.Since(began).Round(time.Millisecond))
	for _, name := range []string{"atlassian", "pagerduty", "slack"} {
		fmt.Fprintf(t, "%s\t%d\t%d\t\n", name, count[name], size[name])
	}
	for _, d := range down {
		fmt.Fprintf(t, "%s\tDOWN\t\t%s\n", d.Server, d.Why)
	}
	drift := pool.Drift()
	for _, d := range drift {
		fmt.Fprintf(t, "%s\tNOT OFFERED\t\t\n", d)
	}
	_ = t.Flush()
	return len(down) + len(drift)
}

// ask prints each answer's beginning and returns how many were not what the
// company knows.
func (c check) ask(ctx context.Context, pool *mcp.Pool, qs []question) int {
	bad := 0
	t := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nTOOL\tRESULT\tBYTES\tTOOK\tANSWER")
	for _, q := range qs {
		args, err := json.Marshal(q.args)
		if err != nil {
			return bad + 1
		}
		began := time.Now()
		res := pool.Call(ctx, q.tool, args)
		verdict := "ok"
		switch {
		case res.Failed != q.fails:
			verdict = "FAILED"
		case !strings.Contains(res.Text, q.holds):
			verdict = fmt.Sprintf("lacks %q", q.holds)
		}
		if verdict != "ok" {
			bad++
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", q.tool, verdict, len(res.Text), time.Since(began).Round(time.Millisecond), excerpt(res.Text))
	}
	_ = t.Flush()
	return bad
}

func excerpt(text string) string {
	line := []rune(strings.Join(strings.Fields(text), " "))
	return string(line[:min(len(line), 110)])
}
