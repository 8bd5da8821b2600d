package triage

import (
	"time"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
)

// FlowName is the flow's name and its workflow type. It never changes: open
// reviews and their histories hold it.
const FlowName = "incident-reviewer"

// BuildFlow is the life of one page.
func BuildFlow(cfg FlowConfig) *core.Flow {
	cfg = cfg.withDefaults()
	return core.NewFlow(FlowName).
		TriggeredBy(core.Webhook("/hooks/incident")).
		Hears(pagerduty.Updates).
		Then(pagerduty.ParseWebhook(pagerduty.ParseWebhookInput{
			RawPayload:      core.InputData("webhook_payload"),
			RawHeaders:      core.InputData("webhook_headers"),
			WebhookSecret:   cfg.WebhookSecret,
			AllowedServices: cfg.AllowedServices,
			AllowUnsigned:   cfg.AllowUnsigned,
			Events:          cfg.Events,
			Logger:          cfg.Logger,
		}).As("webhook").WithTimeout(30 * time.Second)).
		When(func(s *core.FlowState) bool {
			webhook := core.GetOr(s, "webhook", pagerduty.ParseWebhookOutput{})
			return !webhook.Skipped
		}).
		Then(gatherFacts(cfg, core.Output("webhook.Incident")).As("facts").WithTimeout(time.Minute)).
		When(follows).
		Then(composeSame("facts", cfg.Now).As("same").WithTimeout(30 * time.Second)).
		Then(slack.NotifyReport(followerReport(cfg)).As("same_report").WithTimeout(30 * time.Second).WithRetry(cfg.Deadline)).
		EndWhen().
		When(leads).
		Then(slack.NotifyFacts(firstMessage(cfg)).As("first").WithTimeout(10 * time.Second).WithRetry(5 * time.Second)).
		When(stillOpen).
		Then(agent.Node("reviewer", agent.NodeConfig{
			LLM:           cfg.LLM,
			SystemPrompt:  cfg.SystemPrompt,
			UserPrompt:    core.Output("facts.Prompt"),
			FirstEvidence: core.Output("facts.NextEvidence"),
			MaxIterations: cfg.MaxTurns,
			Tools:         cfg.Tools,
			CostLimits:    cfg.CostLimits,
			Compaction: agent.CompactionConfig{
				ThresholdTokens: 80000,
				KeepRecent:      4,
			},
			SoftDeadline: cfg.SoftDeadline,
			BaseEnv:      cfg.BaseEnv,
			Logger:       cfg.Logger,
			Metrics:      cfg.Metrics,
		}).As("review").WithTimeout(cfg.Deadline).StopWhen(over)).
		EndWhen().
		Then(composeBrief(core.Output("review").OrZero(), core.Output("facts.Facts"), core.InputData(pagerduty.UpdatesName), cfg.Now).As("brief").WithTimeout(30 * time.Second)).
		Then(slack.NotifyReport(report(cfg)).As("report").WithTimeout(30 * time.Second).WithRetry(cfg.Deadline)).
		Then(pagerduty.WriteNote(pagerduty.WriteNoteInput{
			Client:     cfg.NoteBy,
			IncidentID: core.Output("webhook.IncidentID"),
			Body:       core.Output("brief.Markdown"),
		}).As("note").WithTimeout(30 * time.Second)).
		EndWhen().
		EndWhen().
		Build()
}

// report is how a brief gets into the channel.
func report(cfg FlowConfig) slack.NotifyReportInput {
	return slack.NotifyReportInput{
		WebhookURL:  cfg.Slack.WebhookURL,
		BotToken:    cfg.Slack.BotToken,
		Channel:     cfg.Slack.Channel,
		APIURL:      cfg.Slack.APIURL,
		HTTP:        cfg.HTTP,
		Logger:      cfg.Logger,
		Header:      "Incident Review Complete",
		Label1:      "Incident",
		Value1:      core.Output("webhook.IncidentID"),
		Label2:      "Service",
		Value2:      core.Output("webhook.ServiceName"),
		Body:        core.Output("brief.Markdown"),
		CostUSD:     core.Output("brief.Cost"),
		Duration:    core.Output("brief.Duration"),
		TurnsUsed:   core.Output("brief.Turns"),
		Succeeded:   core.Output("brief.Succeeded"),
		Outcome:     core.Output("brief.Outcome"),
		StopReason:  core.Output("brief.Reason"),
		Model:       core.Output("brief.Model"),
		Key:         core.Output("webhook.IncidentID"),
		Incident:    core.Output("facts.Facts.Incident"),
		Since:       core.InputData(pagerduty.UpdatesName),
		Update:      core.Output("first.Message"),
		Links:       core.Output("brief.Links"),
		Buttons:     cfg.Slack.AnswersPeople(),
		LLMProvider: cfg.LLM.ProviderType,
		LLMModel:    cfg.LLM.Model,
		FailHeader:  "Incident Review Failed",
		FailMessage: "The automated review failed. Check Temporal UI.",
	}
}

// followerReport is how the short message of a follower gets there: no model was
// asked, and it points at the brief that speaks for it.
func followerReport(cfg FlowConfig) slack.NotifyReportInput {
	in := report(cfg)
	in.Header, in.LLMProvider, in.LLMModel = "Same Problem", "", ""
	in.Body, in.CostUSD, in.Duration, in.TurnsUsed = core.Output("same.Markdown"), core.Output("same.Cost"), core.Output("same.Duration"), core.Output("same.Turns")
	in.Succeeded, in.Outcome, in.Links, in.See = core.Output("same.Succeeded"), core.Output("same.Outcome"), core.Output("same.Links"), core.Output("facts.Lead.Message")
	in.Update, in.StopReason, in.Model = core.Ref{}, core.Ref{}, core.Ref{}
	return in
}

// firstMessage is what stands in the channel before the model has said anything.
func firstMessage(cfg FlowConfig) slack.NotifyFactsInput {
	return slack.NotifyFactsInput{
		BotToken: cfg.Slack.BotToken,
		Channel:  cfg.Slack.Channel,
		APIURL:   cfg.Slack.APIURL,
		HTTP:     cfg.HTTP,
		Logger:   cfg.Logger,
		Key:      core.Output("webhook.IncidentID"),
		Incident: core.Output("facts.Facts.Incident"),
		Body:     core.Output("facts.Brief"),
		Links:    core.Output("facts.Links"),
	}
}

// follows holds for an incident whose problem is under review already.
func follows(s *core.FlowState) bool {
	return core.GetOr(s, "facts", FactsOutput{}).Lead.Incident.ID != ""
}

func leads(s *core.FlowState) bool { return !follows(s) }

// stillOpen holds while there is something left to review. An incident that is
// resolved by the time its facts are read costs no model call.
func stillOpen(s *core.FlowState) bool {
	return !core.GetOr(s, "facts", FactsOutput{}).Resolved && over(s) == ""
}

// over says why a review is of no more use: its incident was resolved, and it
// speaks for no other one.
func over(s *core.FlowState) string {
	heard := core.Heard[incident.Update](s, pagerduty.UpdatesName)
	now := incident.Incident{}.After(heard)
	if now.Status != incident.Resolved || len(incident.Others(heard)) > 0 {
		return ""
	}
	return "the incident was resolved while it was reviewed"
}
