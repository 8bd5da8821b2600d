package triage

import (
	"context"
	"crypto/rand"
	_ "embed"
	"time"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/brief"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
)

// FollowUpName is the name and the workflow type of the flow that answers people
// in Slack. It never changes: open runs and their histories hold it.
const FollowUpName = "incident-followup"

// AnswerPrompt is what the model is told when somebody asks.
//
//go:embed answer.md
var AnswerPrompt string

// BuildFollowUp is the life of one reply or button below a brief. Its steps have
// other names than those of the review, since one worker runs both.
func BuildFollowUp(cfg FlowConfig) *core.Flow {
	cfg = cfg.withDefaults()
	return core.NewFlow(FollowUpName).
		TriggeredBy(core.Webhook("/hooks/slack")).
		Then(slack.ParseAsk(slack.ParseAskInput{
			RawPayload:    core.InputData(core.WebhookPayload),
			SigningSecret: cfg.Slack.SigningSecret,
			AppToken:      cfg.Slack.AppToken,
			BotToken:      cfg.Slack.BotToken,
			APIURL:        cfg.Slack.APIURL,
			HTTP:          cfg.HTTP,
			Logger:        cfg.Logger,
			Again:         reviewAgain,
		}).As("ask").WithTimeout(30 * time.Second)).
		When(func(s *core.FlowState) bool { return !isQuestion(s) }).
		Then(slack.Respond(respond(cfg)).As("response").WithTimeout(30 * time.Second)).
		EndWhen().
		When(isQuestion).
		Then(slack.Acknowledge(respond(cfg)).As("heard").WithTimeout(10 * time.Second).WithRetry(5 * time.Second)).
		Then(gatherForQuestion(cfg).As("facts").WithTimeout(time.Minute)).
		Then(agent.Node("answerer", agent.NodeConfig{
			LLM:           cfg.LLM,
			SystemPrompt:  AnswerPrompt,
			UserPrompt:    core.Output("facts.Prompt"),
			FirstEvidence: core.Output("facts.NextEvidence"),
			MaxIterations: cfg.MaxTurns,
			Tools:         cfg.Tools,
			CostLimits:    cfg.CostLimits,
			Ledger:        ledgerOf,
			Verify:        verify,
			Context:       core.Output("facts.Facts"),
			SoftDeadline:  cfg.SoftDeadline,
			BaseEnv:       cfg.BaseEnv,
			Logger:        cfg.Logger,
			Metrics:       cfg.Metrics,
		}).As("answer").WithTimeout(cfg.Deadline)).
		Then(composeReply(core.Output("answer"), core.Output("facts.Facts"), cfg.Now).As("reply").WithTimeout(30 * time.Second)).
		Then(slack.NotifyReport(slack.NotifyReportInput{
			BotToken:    cfg.Slack.BotToken,
			Channel:     cfg.Slack.Channel,
			APIURL:      cfg.Slack.APIURL,
			HTTP:        cfg.HTTP,
			Logger:      cfg.Logger,
			Body:        core.Output("reply.Markdown"),
			CostUSD:     core.Output("reply.Cost"),
			Duration:    core.Output("reply.Duration"),
			TurnsUsed:   core.Output("reply.Turns"),
			Succeeded:   core.Output("reply.Succeeded"),
			Outcome:     core.Output("reply.Outcome"),
			StopReason:  core.Output("reply.Reason"),
			Model:       core.Output("reply.Model"),
			Key:         core.Output("ask.Key"),
			Update:      core.Output("heard.Message"),
			Thread:      core.Output("ask.Place"),
			Links:       core.Output("reply.Links"),
			LLMProvider: cfg.LLM.ProviderType,
			LLMModel:    cfg.LLM.Model,
		}).As("posted").WithTimeout(30 * time.Second).WithRetry(cfg.Deadline)).
		EndWhen().
		Build()
}

func isQuestion(s *core.FlowState) bool {
	return core.GetOr(s, "ask", slack.ParseAskOutput{}).Kind == slack.AskQuestion
}

func respond(cfg FlowConfig) slack.RespondInput {
	return slack.RespondInput{
		BotToken: cfg.Slack.BotToken,
		Channel:  cfg.Slack.Channel,
		APIURL:   cfg.Slack.APIURL,
		HTTP:     cfg.HTTP,
		Logger:   cfg.Logger,
		Metrics:  cfg.Metrics,
		Kind:     core.Output("ask.Kind"),
		Incident: core.Output("ask.Incident"),
		Place:    core.Output("ask.Place"),
		User:     core.Output("ask.User"),
		Key:      core.Output("ask.Key"),
	}
}

// reviewAgain starts the review of an incident because somebody pressed a button.
// While one is under way there is nothing to start.
func reviewAgain(incidentID string) *core.Start {
	first := pagerduty.WorkflowID(incidentID)
	return &core.Start{
		Flow: FlowName, WorkflowID: first + "-again", Repeatable: true, Running: []string{first}, Urgent: true,
		Input: map[string]any{core.WebhookPayload: pagerduty.Requested(incident.Incident{ID: incidentID}).Payload()},
	}
}

type questionInput struct {
	Incident incident.Incident      `json:"incident"`
	Said     []incident.ChatMessage `json:"said,omitempty"`
	Question string                 `json:"question"`
}

// gatherForQuestion makes the step that looks into every source again: an answer
// is about now, and the facts of the brief may be hours old.
func gatherForQuestion(cfg FlowConfig) *core.Node {
	bind := core.Bind{"Incident": core.Output("ask.Incident"), "Said": core.Output("ask.Said"), "Question": core.Output("ask.Question")}
	return core.Activity("triage.FactsForQuestion", bind, func(ctx context.Context, in questionInput) (FactsOutput, error) {
		f := evidence.Gather(ctx, cfg.Readers, in.Incident)
		return factsOutput(f, brief.Question(f, in.Said, in.Question, rand.Text()[:12])), ctx.Err()
	})
}

// composeReply makes the step that holds the agent's answer against the evidence.
func composeReply(answered, facts core.Ref, now func() time.Time) *core.Node {
	return core.Activity("triage.Reply", core.Bind{"Review": answered, "Facts": facts},
		func(_ context.Context, in briefInput) (BriefOutput, error) {
			return briefOutput(brief.Reply(answer(in.Review), in.Facts), in, in.Review.Succeeded, now()), nil
		})
}
