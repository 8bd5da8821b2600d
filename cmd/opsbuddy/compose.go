package main

import (
	"context"
	"log/slog"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/atlassian"
	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/config"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
	"github.com/opsbuddy/opsbuddy/telemetry"
	"github.com/opsbuddy/opsbuddy/triage"
)

// sources makes a client for each part that is configured.
func sources(cfg config.Config, log *slog.Logger) (triage.Sources, error) {
	s := triage.Sources{Channel: cfg.Slack.Channel}
	var err error
	if cfg.PagerDuty.APIKey.IsSet() {
		s.PagerDuty, err = pagerduty.New(pagerduty.Config{APIKey: cfg.PagerDuty.APIKey.Reveal(), Host: cfg.PagerDuty.APIHost})
		if err != nil {
			return s, usageError{err}
		}
	}
	if cfg.Jira.URL != "" || cfg.Confluence.URL != "" {
		s.Atlassian, err = atlassian.New(atlassian.Config{
			JiraURL: cfg.Jira.URL, JiraUsername: cfg.Jira.Username,
			JiraAPIToken: cfg.Jira.APIToken.Reveal(), JiraPersonalToken: cfg.Jira.PersonalToken.Reveal(),
			ConfluenceURL: cfg.Confluence.URL, ConfluenceUsername: cfg.Confluence.Username,
			ConfluenceAPIToken: cfg.Confluence.APIToken.Reveal(), ConfluencePersonalToken: cfg.Confluence.PersonalToken.Reveal(),
			Logger: log,
		})
		if err != nil {
			return s, usageError{err}
		}
	}
	if cfg.Slack.BotToken.IsSet() {
		s.Slack = slack.New(slack.Config{BotToken: cfg.Slack.BotToken.Reveal(), APIURL: cfg.Slack.APIURL, Logger: log})
	}
	return s, nil
}

// flowConfig makes the flow's configuration from the settings.
func (p *program) flowConfig(cfg config.Config, s triage.Sources, log *slog.Logger, metrics prometheus.Registerer) triage.FlowConfig {
	secrets := make([]string, 0, len(cfg.PagerDuty.WebhookSecrets))
	for _, one := range cfg.PagerDuty.WebhookSecrets {
		secrets = append(secrets, one.Reveal())
	}
	var noteBy *pagerduty.Client
	if cfg.PagerDuty.Note {
		noteBy = s.PagerDuty
	}
	return triage.FlowConfig{
		NoteBy:        noteBy,
		WebhookSecret: strings.Join(secrets, ","), AllowedServices: cfg.PagerDuty.AllowedServices,
		AllowUnsigned: cfg.PagerDuty.AllowUnsigned, Events: cfg.PagerDuty.Events,
		Readers: s.Readers(),
		LLM: agent.LLMConfig{
			ProviderType: cfg.Agent.Provider, BaseURL: cfg.Agent.Endpoint(), APIKey: cfg.Agent.Key().Reveal(),
			Model: cfg.Agent.Model, MaxTokens: cfg.Agent.MaxTokens, Fallback: cfg.Agent.FallbackModel,
		},
		SystemPrompt: cfg.Agent.SystemPrompt, MaxTurns: cfg.Agent.MaxTurns,
		CostLimits: agent.CostLimits{PerRunUSD: cfg.Limits.PerRunUSD, PerHourUSD: cfg.Limits.PerHourUSD, PerDayUSD: cfg.Limits.PerDayUSD},
		Tools:      p.tools(cfg, s), BaseEnv: p.environ,
		SoftDeadline: cfg.Deadlines.Soft, Deadline: cfg.Deadlines.Hard, SameProblemWindow: cfg.Deadlines.Hard,
		Slack: triage.SlackConfig{
			WebhookURL: cfg.Slack.WebhookURL.Reveal(), BotToken: cfg.Slack.BotToken.Reveal(),
			Channel: cfg.Slack.Channel, APIURL: cfg.Slack.APIURL,
			SigningSecret: cfg.Slack.SigningSecret.Reveal(), AppToken: cfg.Slack.AppToken.Reveal(),
		},
		Logger: log, Metrics: metrics,
	}
}

// worker makes the worker of the flow; the caller adds the doors, and other
// flows. A nil tracer makes no spans. A private worker shares no work with the
// processes that serve webhooks.
func (p *program) worker(cfg config.Config, flow *core.Flow, log *slog.Logger, gather *prometheus.Registry, tracer trace.TracerProvider, private string) *core.Worker {
	return core.NewWorker().
		WithConfig(core.WorkerConfig{
			TaskQueue:     taskQueue,
			Private:       private,
			MaxConcurrent: cfg.Worker.MaxConcurrentActivities,
			DataDir:       cfg.Server.DataDir,
			UIAddr:        cfg.Server.TemporalUIAddr,
			Temporal:      p.temporalEnvironment(cfg),
			Logger:        log,
			Redact:        border.NewRedactor(cfg.Secrets()...).Redact,
			Hide:          border.Hide(cfg.Secrets()...),
			Gather:        gather,
			Tracer:        tracer,
		}).
		WithFlow(flow).
		WithProviders(
			agent.Provider(),
			pagerduty.Provider(),
			slack.Provider(),
			triage.Provider(),
		)
}

// telemetry starts sending traces and metrics, when the settings ask for it. The
// caller stops it after the worker.
func (p *program) telemetry(ctx context.Context, cfg config.Config, log *slog.Logger, gather prometheus.Gatherer) (*telemetry.Telemetry, error) {
	sent, err := telemetry.Start(ctx, p.telemetryConfig(cfg, log, gather))
	if err != nil {
		return nil, usageError{err}
	}
	return sent, nil
}

func (p *program) telemetryConfig(cfg config.Config, log *slog.Logger, gather prometheus.Gatherer) telemetry.Config {
	t := cfg.Telemetry
	signal := func(s config.Signal) telemetry.Signal {
		return telemetry.Signal{Exporter: s.Exporter, Protocol: s.Protocol, Endpoint: s.Endpoint, Headers: reveal(s.Headers)}
	}
	return telemetry.Config{
		Service: t.ServiceName, Version: version, Attributes: t.Attributes(),
		Traces: signal(t.Traces()), Metrics: signal(t.Metrics()), Sampler: t.Sampler, SampleRatio: t.Ratio(),
		Gather: gather, Console: p.stderr, Logger: log, Redact: border.NewRedactor(cfg.Secrets()...).Redact,
	}
}

// taskQueue is shared by all processes of one installation.
const taskQueue = "incident-reviewer-queue"

// temporalEnvironment is the TEMPORAL_… part of the environment, with the values
// that config read from files and trimmed.
func (p *program) temporalEnvironment(cfg config.Config) core.Environment {
	env := core.Environment{}
	for _, kv := range p.environ {
		if k, v, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(k, "TEMPORAL_") {
			env[k] = v
		}
	}
	for k, v := range map[string]string{
		"TEMPORAL_ADDRESS": cfg.Temporal.Address, "TEMPORAL_NAMESPACE": cfg.Temporal.Namespace, "TEMPORAL_API_KEY": cfg.Temporal.APIKey.Reveal(),
	} {
		delete(env, k)
		if v != "" {
			env[k] = v
		}
	}
	return env
}
