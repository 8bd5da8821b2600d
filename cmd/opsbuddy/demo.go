package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// demoDeadline is when the demo gives up; it is done in a few seconds.
const demoDeadline = 2 * time.Minute

type demoOptions struct {
	incident    string
	crash, keep bool
}

func (p *program) demoCommand() *cobra.Command {
	var o demoOptions
	var list bool
	c := &cobra.Command{
		Use: "demo", Short: "Show the whole product on a fictional company, without keys or network", Args: arguments(cobra.NoArgs),
		Long: "Show the whole product on a fictional company: a signed webhook over HTTP, a real Temporal server, real MCP\n" +
			"tools over stand-in PagerDuty, Jira, Confluence and Slack, and a model whose answers are replayed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			company, err := world.Load()
			if err != nil {
				return err
			}
			if list {
				for _, s := range company.Scenarios() {
					fmt.Fprintf(p.stdout, "%-14s %s\n", s.Name, s.Summary)
				}
				return nil
			}
			return p.demo(cmd.Context(), company, o)
		},
	}
	c.Flags().StringVar(&o.incident, "incident", "recurring-502", "which incident to show (see --list)")
	c.Flags().BoolVar(&list, "list", false, "list the incidents")
	c.Flags().BoolVar(&o.crash, "crash", false, "kill the process with SIGKILL in the middle of the review")
	c.Flags().BoolVar(&o.keep, "keep", false, "leave everything running, with its web pages, until interrupted")
	return c
}

// demo is one incident in the fictional company, from webhook to brief.
func (p *program) demo(ctx context.Context, company *world.Company, o demoOptions) error {
	w, err := world.Start(company, world.Options{Scenario: o.incident, Latency: 20 * time.Millisecond})
	if err != nil {
		return usageError{fmt.Errorf("%w: see opsbuddy demo --list", err)}
	}
	defer w.Close()
	dir, err := os.MkdirTemp("", "opsbuddy-demo-")
	if err != nil {
		return fmt.Errorf("a folder for the demo: %w", err)
	}
	defer os.RemoveAll(dir)
	d := &demo{program: p, world: w, dir: dir, options: o, seen: map[string]bool{}}
	limited, cancel := context.WithTimeout(ctx, demoDeadline)
	defer cancel()
	err = d.show(limited)
	if err == nil && o.keep {
		d.keep(ctx)
	}
	return errors.Join(err, d.stop())
}

// demo is a running demonstration.
type demo struct {
	*program
	world   *world.World
	dir     string
	options demoOptions
	child   *child
	began   time.Time
	seen    map[string]bool
	posts   int
	turns   int
}

// show tells the story, step by step, with the time since the webhook.
func (d *demo) show(ctx context.Context) error {
	fmt.Fprintf(d.stdout, "A fictional company, everything on loopback. Incident: %s\n\n", d.options.incident)
	if err := d.start(ctx); err != nil {
		return err
	}
	if d.options.crash {
		d.holdSecondTurn()
	}
	if err := d.page(ctx); err != nil {
		return err
	}
	if d.options.crash {
		if err := d.crash(ctx); err != nil {
			return err
		}
	}
	final, err := d.follow(ctx, d.outcome)
	if err != nil {
		return err
	}
	d.say("done")
	fmt.Fprint(d.stdout, "\nWhat the channel shows:\n\n", boxed(terminal(final.Blocks)))
	return d.count()
}

// start runs the real program as a child, on a data folder of its own.
func (d *demo) start(ctx context.Context) error {
	began := time.Now()
	c, err := startServe(ctx, d.program, d.world.Env(), filepath.Join(d.dir, "data"), filepath.Join(d.dir, "serve.log"))
	if err != nil {
		return err
	}
	d.child = c
	fmt.Fprintf(d.stdout, "  %7s  opsbuddy serve is ready (%s)\n", "", time.Since(began).Round(time.Millisecond))
	return nil
}

func (d *demo) stop() error {
	if d.child == nil {
		return nil
	}
	return d.child.stop()
}

// keep leaves everything running until the user interrupts.
func (d *demo) keep(ctx context.Context) {
	fmt.Fprintf(d.stdout, "\nStill running; press Ctrl-C to end.\n")
	for _, l := range [][2]string{
		{"webhook", "http://" + d.child.webhook + "/hooks/incident"}, {"health", "http://" + d.child.health + "/health/ready"},
		{"metrics", "http://" + d.child.health + "/metrics"}, {"Temporal UI", "http://" + d.child.ui},
		{"PagerDuty", d.world.PagerDutyURL()}, {"Jira", d.world.JiraURL()}, {"Confluence", d.world.ConfluenceURL()}, {"Slack", d.world.SlackAPIURL()},
		{"log", d.child.log},
	} {
		fmt.Fprintf(d.stdout, "  %-12s %s\n", l[0], l[1])
	}
	<-ctx.Done()
}
