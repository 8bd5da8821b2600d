package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"

	"github.com/opsbuddy/opsbuddy/config"
	"github.com/opsbuddy/opsbuddy/triage"
)

// deliverFor is how long a brief waits for a Slack that is down. It is shorter than
// the time for which PagerDuty would send the page again (48 h).
const deliverFor = 24 * time.Hour

func (p *program) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Receive webhooks and review incidents until stopped", Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.settings(config.Config.CheckServe)
			if err != nil {
				return err
			}
			if err := usableFolder(cfg); err != nil {
				return err
			}
			log := p.logger(cfg)
			metrics := prometheus.NewRegistry()
			metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
			s, err := sources(cfg, log)
			if err != nil {
				return err
			}
			sent, err := p.telemetry(cmd.Context(), cfg, log, metrics)
			if err != nil {
				return err
			}
			defer sent.Stop()
			flow := p.flowConfig(cfg, s, log, metrics)
			flow.DeliverFor = deliverFor
			w := p.worker(cfg, triage.BuildFlow(flow), log, metrics, sent.Tracer(), "")
			if flow.Slack.AnswersPeople() {
				w.WithFlow(triage.BuildFollowUp(flow))
			}
			return w.
				WithWebhookServer(cfg.Server.WebhookAddr).
				WithHealthServer(cfg.Server.HealthAddr).
				WithHealthPage("GET "+budgetPage, budgetHandler(w.Engine)).
				RunUntil(cmd.Context())
		},
	}
}
