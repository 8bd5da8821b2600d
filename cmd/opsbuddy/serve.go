package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"

	"github.com/opsbuddy/opsbuddy/config"
	"github.com/opsbuddy/opsbuddy/triage"
)

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
			flow := p.flowConfig(cfg, s, log, metrics)
			w := p.worker(cfg, triage.BuildFlow(flow), log, metrics)
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
