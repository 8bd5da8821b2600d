package triage

import (
	"strings"
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
		Then(gatherFacts(cfg).As("facts").WithTimeout(time.Minute)).
		When(follows).
		Then(composeSame(cfg.Now).As("same").WithTimeout(30 * time.Second)).
		Then(delivery(cfg, followerReport(cfg)).As("same_report")).
		When(leadHasEnded).
		Then(slack.ListBelow(listed(cfg)).As("listed").WithTimeout(30 * time.Second).WithRetry(time.Minute)).
		EndWhen().
		EndWhen().
		When(leads).
		Then(slack.NotifyFacts(firstMessage(cfg)).As("first").WithTimeout(10 * time.Second).WithRetry(5 * time.Second)).
		When(stillOpen).
		Then(agent.Node("reviewer", reviewer(cfg)).As("review").WithTimeout(cfg.thinking()).StopWhen(over)).
		EndWhen().
		Then(composeBrief(core.Output("review").OrZero(), cfg.Now).As("brief").WithTimeout(30 * time.Second)).
		Then(delivery(cfg, report(cfg, "brief")).As("report")).
		When(modelMayComeBack).
		Then(agent.Node("second", secondReviewer(cfg)).As("second").WithTimeout(cfg.thinking()).StopWhen(over)).
		EndWhen().
		When(cameBack).
		Then(composeBrief(core.Output("second").OrZero(), cfg.Now).As("late_brief").WithTimeout(30 * time.Second)).
		Then(delivery(cfg, lateReport(cfg)).As("late_report")).
		Then(pagerduty.WriteNote(note(cfg, "late_brief")).As("late_note").WithTimeout(30 * time.Second)).
		EndWhen().
		When(func(s *core.FlowState) bool { return !cameBack(s) }).
		Then(pagerduty.WriteNote(note(cfg, "brief")).As("note").WithTimeout(30 * time.Second)).
		EndWhen().
		EndWhen().
		EndWhen().
		Build()
}

// delivery is the step that brings a report to Slack. It is due when the review is,
// however silent Slack is; then a run of its own goes on.
func delivery(cfg FlowConfig, in slack.NotifyReportInput) *core.Node {
	due := func(s *core.FlowState) time.Time {
		return core.GetOr(s, "facts", FactsOutput{}).ReadAt.Add(cfg.Deadline)
	}
	return slack.NotifyReport(in).WithTimeout(30*time.Second).WithRetry(cfg.Deadline).WithDue(due, cfg.posting()).WithLate(cfg.DeliverFor)
}

// reviewer is the agent that looks further.
func reviewer(cfg FlowConfig) agent.NodeConfig {
	return agent.NodeConfig{
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
		Began:        core.Output("facts.ReadAt"), // the deadline counts from here, not from the first call to the model
		Verify:       verify,
		Context:      core.Output("facts.Facts"),
		Once:         core.Output("facts.SeenBefore"),
		BaseEnv:      cfg.BaseEnv,
		Logger:       cfg.Logger,
		Metrics:      cfg.Metrics,
	}
}

// secondReviewer waits for a model that was down, for as long as the first one
// might have taken, and with what the first one left of the money.
func secondReviewer(cfg FlowConfig) agent.NodeConfig {
	c := reviewer(cfg)
	c.Ledger = ledgerOf
	c.Patient, c.Spent = true, core.Output("review.TotalCost").OrZero()
	return c
}

func note(cfg FlowConfig, brief string) pagerduty.WriteNoteInput {
	return pagerduty.WriteNoteInput{Client: cfg.NoteBy, IncidentID: core.Output("webhook.IncidentID"), Body: core.Output(brief + ".Markdown")}
}

// report is how a brief gets into the channel.
func report(cfg FlowConfig, brief string) slack.NotifyReportInput {
	of := func(field string) core.Ref { return core.Output(brief + "." + field) }
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
		Body:        of("Markdown"),
		CostUSD:     of("Cost"),
		Duration:    of("Duration"),
		TurnsUsed:   of("Turns"),
		Succeeded:   of("Succeeded"),
		Outcome:     of("Outcome"),
		StopReason:  of("Reason"),
		Model:       of("Model"),
		Key:         core.Output("webhook.IncidentID"),
		Incident:    core.Output("facts.Facts.Incident"),
		Since:       core.InputData(pagerduty.UpdatesName),
		Update:      core.Output("first.Message"),
		Links:       of("Links"),
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
	in := report(cfg, "same")
	in.Header, in.LLMProvider, in.LLMModel = "Same Problem", "", ""
	in.Update, in.See = core.Ref{}, core.Output("facts.Lead.Message")
	return in
}

// listed is how a follower gets into the thread of a brief that stands already.
func listed(cfg FlowConfig) slack.ListBelowInput {
	return slack.ListBelowInput{
		BotToken: cfg.Slack.BotToken, Channel: cfg.Slack.Channel, APIURL: cfg.Slack.APIURL, HTTP: cfg.HTTP, Logger: cfg.Logger,
		Below: core.Output("facts.Lead.Message"), Incident: core.Output("facts.Facts.Incident"), Key: core.Output("webhook.IncidentID"),
	}
}

// lateReport edits the brief of a model that came back into the one from facts.
func lateReport(cfg FlowConfig) slack.NotifyReportInput {
	in := report(cfg, "late_brief")
	in.Update = core.Output("report.Message")
	return in
}

// ledgerOf is the step whose ledger holds what every agent spends.
const ledgerOf = "review"

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
		Patience: cfg.posting(),
	}
}

// follows holds for an incident whose problem is under review already.
func follows(s *core.FlowState) bool {
	return core.GetOr(s, "facts", FactsOutput{}).Lead.Incident.ID != ""
}

// leadHasEnded holds for a follower that the lead's brief cannot list any more.
func leadHasEnded(s *core.FlowState) bool {
	return core.GetOr(s, "facts", FactsOutput{}).Lead.Ended
}

func leads(s *core.FlowState) bool { return !follows(s) }

// stillOpen holds while there is something left to review. An incident that is
// resolved by the time its facts are read costs no model call.
func stillOpen(s *core.FlowState) bool {
	return !core.GetOr(s, "facts", FactsOutput{}).Resolved && over(s) == ""
}

// modelMayComeBack holds when the brief is one from facts because the model was
// down, and it can still be replaced: an incoming webhook cannot edit.
func modelMayComeBack(s *core.FlowState) bool {
	posted := core.GetOr(s, "report", slack.NotifyReportOutput{})
	return core.GetOr(s, "review", agent.Result{}).MayComeBack && posted.Message.TS != "" && over(s) == ""
}

// cameBack holds when the second reviewer has something to say.
func cameBack(s *core.FlowState) bool {
	return strings.TrimSpace(core.GetOr(s, "second", agent.Result{}).Response) != ""
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
