package seed

import (
	"time"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
)

func BuildFlow(cfg FlowConfig) *core.Flow {
	return core.NewFlow("incident-reviewer").
		TriggeredBy(core.Webhook("/hooks/incident")).
		Then(pagerduty.ParseWebhook(pagerduty.ParseWebhookInput{
			RawPayload:      core.InputData("webhook_payload"),
			RawHeaders:      core.InputData("webhook_headers"),
			WebhookSecret:   cfg.WebhookSecret,
			AllowedServices: cfg.AllowedServices,
		}).As("webhook").WithTimeout(30 * time.Second)).
		When(func(s *core.FlowState) bool {
			webhook := core.GetOr(s, "webhook", pagerduty.ParseWebhookOutput{})
			return !webhook.Skipped
		}).
		Then(agent.Node("reviewer", agent.NodeConfig{
			LLM: agent.LLMConfig{
				ProviderType: cfg.LLM.ProviderType,
				BaseURL:      cfg.LLM.BaseURL,
				APIKey:       cfg.LLM.APIKey,
				Model:        cfg.LLM.Model,
				MaxTokens:    cfg.LLM.MaxTokens,
			},
			SystemPrompt:  cfg.SystemPrompt,
			UserPrompt:    core.Output("webhook.UserPrompt"),
			MaxIterations: 30,
			Tools:         buildTools(),
			CostLimits: agent.CostLimits{
				PerRunUSD:  cfg.CostLimits.PerRunUSD,
				PerHourUSD: cfg.CostLimits.PerHourUSD,
				PerDayUSD:  cfg.CostLimits.PerDayUSD,
			},
			Compaction: agent.CompactionConfig{
				ThresholdTokens: 80000,
				KeepRecent:      4,
			},
		}).As("review").WithTimeout(15 * time.Minute)).
		Then(slack.NotifyReport(slack.NotifyReportInput{
			WebhookURL:  cfg.SlackWebhookURL,
			Header:      "Incident Review Complete",
			Label1:      "Incident",
			Value1:      core.Output("webhook.IncidentID"),
			Label2:      "Service",
			Value2:      core.Output("webhook.ServiceName"),
			Body:        core.Output("review.Response"),
			CostUSD:     core.Output("review.TotalCost"),
			Duration:    core.Output("review.Duration"),
			TurnsUsed:   core.Output("review.Iterations"),
			Succeeded:   core.Output("review.Succeeded"),
			LLMProvider: cfg.LLM.ProviderType,
			LLMModel:    cfg.LLM.Model,
			FailHeader:  "Incident Review Failed",
			FailMessage: "The automated review failed. Check Temporal UI.",
		}).WithTimeout(30 * time.Second)).
		EndWhen().
		Build()
}
