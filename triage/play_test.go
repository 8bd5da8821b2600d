package triage_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/atlassian"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/core/coretest"
	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
	"github.com/opsbuddy/opsbuddy/triage"
)

// play runs one incident through the real flow, with real clients over HTTP, in
// Temporal's test environment.
type play struct {
	world    *world.World
	settings map[string]string
	tools    []agent.Tool // beside the built-in ones
}

// outcome is what a play left behind, apart from what stands in Slack.
type outcome struct {
	facts  triage.FactsOutput
	review agent.Result
	brief  triage.BriefOutput
}

func (p *play) env(name string) string {
	if v, ok := p.settings[name]; ok {
		return v
	}
	for _, kv := range p.world.Env() {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

func (p *play) flow(t *testing.T) *core.Flow {
	t.Helper()
	now := func() time.Time { return worldNow }
	pd, err := pagerduty.New(pagerduty.Config{APIKey: p.env("PAGERDUTY_USER_API_KEY"), Host: p.env("PAGERDUTY_API_HOST"), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	at, err := atlassian.New(atlassian.Config{
		JiraURL: p.env("JIRA_URL"), JiraUsername: p.env("JIRA_USERNAME"), JiraAPIToken: p.env("JIRA_API_TOKEN"),
		ConfluenceURL: p.env("CONFLUENCE_URL"), ConfluenceUsername: p.env("CONFLUENCE_USERNAME"), ConfluenceAPIToken: p.env("CONFLUENCE_API_TOKEN"),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := triage.Sources{
		PagerDuty: pd, Atlassian: at, Now: now, Channel: p.env("SLACK_CHANNEL"),
		Slack: slack.New(slack.Config{BotToken: p.env("SLACK_BOT_TOKEN"), APIURL: p.env("SLACK_API_URL")}),
	}
	return triage.BuildFlow(triage.FlowConfig{
		WebhookSecret: p.env("PAGERDUTY_WEBHOOK_SECRET"), Readers: s.Readers(), Tools: append(s.Tools(), p.tools...),
		LLM: agent.LLMConfig{
			ProviderType: p.env("AGENT_PROVIDER_TYPE"), Model: p.env("AGENT_MODEL"),
			APIKey: p.env("ANTHROPIC_API_KEY"), BaseURL: p.env("ANTHROPIC_BASE_URL"),
		},
		DeliverFor: 24 * time.Hour,
		CostLimits: agent.CostLimits{PerRunUSD: 2},
		Slack:      triage.SlackConfig{BotToken: p.env("SLACK_BOT_TOKEN"), Channel: p.env("SLACK_CHANNEL"), APIURL: p.env("SLACK_API_URL")},
		Now:        now,
	})
}

// startScenario starts the demo's company with one of its incidents.
func startScenario(t *testing.T, scenario string) *world.World {
	t.Helper()
	company, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.Start(company, world.Options{Scenario: scenario, Now: worldNow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// paged runs the flow over a webhook, in an environment of its own that may be
// prepared before.
func (p *play) paged(t *testing.T, webhook []byte, prepare ...func(*testsuite.TestWorkflowEnvironment)) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	env := coretest.New(t, p.flow(t))
	env.SetStartTime(worldNow)
	for _, f := range prepare {
		f(env)
	}
	event, err := pagerduty.DecodeEvent(webhook)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(event.Payload())
	if err != nil {
		t.Fatal(err)
	}
	env.ExecuteWorkflow(triage.FlowName, core.Input{Data: map[string]json.RawMessage{core.WebhookPayload: payload}})
	return env
}

func (p *play) run(t *testing.T, webhook []byte) outcome {
	t.Helper()
	env := p.paged(t, webhook)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	var steps core.Outputs
	if err := env.GetWorkflowResult(&steps); err != nil {
		t.Fatal(err)
	}
	var out outcome
	for step, into := range map[string]any{"facts": &out.facts, "review": &out.review, "brief": &out.brief} {
		if _, err := steps.Get(step, into); err != nil {
			t.Fatal(err)
		}
	}
	if out.brief.Markdown == "" {
		t.Fatal("no brief")
	}
	return out
}
