package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/opsbuddy/opsbuddy/agent/budget"
	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/config"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/triage"
)

// budgetPage is where a running process says what was spent: the embedded
// server's data folder is its own, so another process asks it.
const budgetPage = "/budget"

func (p *program) budgetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "budget", Short: "Print what was spent, by hour, day, incident and model", Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.settings(func(config.Config) error { return nil })
			if err != nil {
				return err
			}
			r, err := p.spending(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return printBudget(p.stdout, r, cfg.Limits)
		},
	}
}

// spending asks the running process, else the cluster or the data folder.
func (p *program) spending(ctx context.Context, cfg config.Config) (budget.Report, error) {
	var r budget.Report
	client := border.Client(border.ClientOptions{Timeout: 5 * time.Second})
	_, err := border.GetJSON(ctx, client, "http://"+local(cfg.Server.HealthAddr)+budgetPage, nil, &r)
	if err == nil {
		return r, nil
	}
	if err := usableFolder(cfg); err != nil {
		return r, err
	}
	s, err := sources(cfg, p.logger(cfg))
	if err != nil {
		return r, err
	}
	cfg.Server.TemporalUIAddr = ""
	flow := triage.BuildFlow(p.flowConfig(cfg, s, p.logger(cfg), nil))
	private := ""
	if cfg.Temporal.Address != "" {
		private = fmt.Sprintf("budget-%d", os.Getpid()) // reviews are for those that serve
	}
	w := p.worker(cfg, flow, p.logger(cfg), prometheus.NewRegistry(), nil, private)
	if err := w.Start(ctx); err != nil {
		return r, err
	}
	r, err = triage.Spending(w.Engine()).Read(ctx)
	return r, errors.Join(err, w.Stop())
}

// local is an address that this machine can dial for one that it listens on.
func local(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// budgetHandler serves the report of a started worker.
func budgetHandler(engine func() *core.Engine) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		report, err := triage.Spending(engine()).Read(r.Context())
		if err != nil {
			http.Error(w, "the ledger does not answer", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(report) // a peer that went away is no error of ours
	})
}

func printBudget(w io.Writer, r budget.Report, limits config.Limits) error {
	if r.Now.IsZero() {
		r.Now = time.Now()
	}
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, line := range r.Windows(limits.PerHourUSD, limits.PerDayUSD) {
		fmt.Fprintf(tw, "%s\t%s\tof $%.2f\n", line.Name, line.Spent, line.Ceiling)
	}
	for _, g := range []struct {
		title string
		key   func(budget.Entry) string
	}{
		{"By hour", func(e budget.Entry) string { return e.At.UTC().Format("2006-01-02 15:00 UTC") }},
		{"By day", func(e budget.Entry) string { return e.At.UTC().Format("2006-01-02") }},
		{"By incident", func(e budget.Entry) string { return e.Incident }},
		{"By model", func(e budget.Entry) string { return e.Model }},
	} {
		fmt.Fprintf(tw, "\n%s\n", g.title)
		for _, sum := range r.Sum(g.key) {
			fmt.Fprintf(tw, "  %s\t%s\t%d calls\n", sum.Key, sum.Spent, sum.Calls)
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}
