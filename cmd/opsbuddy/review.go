package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/opsbuddy/opsbuddy/config"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/triage"
)

func (p *program) reviewCommand() *cobra.Command {
	var post bool
	c := &cobra.Command{
		Use: "review INCIDENT_ID", Short: "Review one incident now and print its brief", Args: arguments(cobra.ExactArgs(1)),
		Long: "Review one incident now, through the same flow as a webhook, and print its brief.\n" +
			"Without TEMPORAL_ADDRESS it runs beside a server that is already running here, in a temporary data folder;\n" +
			"on a cluster it runs in this process alone, and spends from the same hour and day.",
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := p.settings(func(c config.Config) error { return c.CheckReview(post) })
			if err != nil {
				return err
			}
			return p.review(cmd.Context(), cfg, args[0], post)
		},
	}
	c.Flags().BoolVar(&post, "post", false, "also post the brief to Slack")
	return c
}

func (p *program) review(ctx context.Context, cfg config.Config, id string, post bool) error {
	log := p.logger(cfg)
	s, err := sources(cfg, log)
	if err != nil {
		return err
	}
	cfg.Server.TemporalUIAddr = ""
	if !post { // the channel is read all the same
		cfg.Slack.WebhookURL, cfg.Slack.Channel = config.Secret{}, ""
		cfg.PagerDuty.Note = false
	}
	known, err := s.PagerDuty.Incident(ctx, id)
	if err != nil {
		return fmt.Errorf("incident %s: %w", id, err)
	}
	if cfg.Temporal.Address == "" {
		// The data folder belongs to the process that serves webhooks.
		dir, err := os.MkdirTemp("", "opsbuddy-review-")
		if err != nil {
			return fmt.Errorf("a folder for the review: %w", err)
		}
		defer os.RemoveAll(dir)
		cfg.Server.DataDir = dir
	}
	metrics := prometheus.NewRegistry()
	sent, err := p.telemetry(ctx, cfg, log, metrics)
	if err != nil {
		return err
	}
	defer sent.Stop()
	flow := triage.BuildFlow(p.flowConfig(cfg, s, log, metrics))
	start := &core.Start{
		WorkflowID: fmt.Sprintf("review-%s-%d", known.ID, time.Now().Unix()), Urgent: true, Within: cfg.Deadlines.Hard + reviewMargin,
		Input: map[string]any{core.WebhookPayload: pagerduty.Requested(known).Payload()},
	}
	// The processes of a cluster would post this review, and this one would post
	// none of theirs.
	w := p.worker(cfg, flow, log, metrics, sent.Tracer(), start.WorkflowID)
	if err := w.Start(ctx); err != nil {
		return err
	}
	out, failed := runOnce(ctx, w, flow, known.ID, start)
	failed = errors.Join(failed, w.Stop())
	if failed != nil && out.Markdown == "" {
		return failed
	}
	_, err = fmt.Fprintf(p.stdout, "%s\n---\n%s · %s · %s · %d turns · %s %s\n", out.Markdown, out.Outcome, out.Cost,
		out.Duration.Round(time.Second), out.Turns, cfg.Agent.Provider, out.Model)
	return errors.Join(failed, err)
}

// reviewMargin is what a review may take beyond its deadline to deliver what it
// has.
const reviewMargin = 10 * time.Minute

// runOnce starts the flow under an id of its own and waits for its brief, which it has
// also when the flow fails after it: it is paid for. Nobody goes on with the flow when
// this process ends, so it ends too.
func runOnce(ctx context.Context, w *core.Worker, flow *core.Flow, id string, start *core.Start) (triage.BriefOutput, error) {
	var out triage.BriefOutput
	started, err := w.StartFlow(ctx, flow, start)
	switch {
	case err != nil:
		return out, fmt.Errorf("starting the review of %s: %w", id, err)
	case !started:
		return out, fmt.Errorf("a review of %s began this second: wait for it", id)
	}
	var all core.Outputs
	var failed error
	if err := w.Engine().GetWorkflow(ctx, start.WorkflowID, "").Get(ctx, &all); err != nil {
		if ctx.Err() != nil {
			return out, errors.Join(fmt.Errorf("review of %s: %w", id, err), endReview(ctx, w, start.WorkflowID))
		}
		failed = fmt.Errorf("review of %s: %s", id, core.Reason(err))
		if all, err = core.OutputsOf(ctx, w.Engine().Client, start.WorkflowID); err != nil {
			return out, errors.Join(failed, err)
		}
	}
	if late, err := all.Get("late_brief", &out); late || err != nil { // the model came back
		return out, errors.Join(failed, err)
	}
	_, err = all.Get("brief", &out)
	return out, errors.Join(failed, err)
}

func endReview(ctx context.Context, w *core.Worker, workflowID string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return w.Engine().TerminateWorkflow(ctx, workflowID, "", "opsbuddy review was interrupted")
}
