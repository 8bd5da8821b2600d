package seed

import (
	"encoding/json"
	"net"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/core/coretest"
	"github.com/opsbuddy/opsbuddy/internal/world"
)

// FlowConfig and LoadConfig are what the listings leave to their reader.
type FlowConfig struct {
	WebhookSecret   string
	AllowedServices []string
	LLM             agent.LLMConfig
	SystemPrompt    string
	CostLimits      agent.CostLimits
	SlackWebhookURL string
}

var loaded FlowConfig

// LoadConfig is what Run calls.
func LoadConfig() FlowConfig { return loaded }

func start(t *testing.T) *world.World {
	t.Helper()
	company, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.Start(company, world.Options{Scenario: "recurring-502"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	loaded = FlowConfig{
		WebhookSecret: "demo-webhook-secret", SystemPrompt: "Review the incident.",
		LLM:             agent.LLMConfig{ProviderType: "anthropic", Model: "claude-sonnet-4-6", APIKey: "demo-model-key", BaseURL: w.AnthropicURL()},
		SlackWebhookURL: w.SlackWebhookURL(),
	}
	return w
}

// The flow as it was written reviews an incident from webhook to report. Its
// tools are children that need a registry of packages; here none is installed, so
// every server is down, which costs its tools and not the review.
func TestTheFlowAsItWasWrittenRuns(t *testing.T) {
	w := start(t)
	env := coretest.New(t, BuildFlow(loaded))
	payload, err := json.Marshal(string(w.Webhook("")))
	if err != nil {
		t.Fatal(err)
	}
	env.ExecuteWorkflow("incident-reviewer", core.Input{Data: map[string]json.RawMessage{core.WebhookPayload: payload}})
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	sent := w.SlackMessages()
	if len(sent) != 1 || sent[0].Kind != "webhook" || !strings.Contains(string(sent[0].Blocks), w.IncidentID("")) {
		t.Errorf("slack has %d messages: %+v", len(sent), sent)
	}
}

// The worker as it was written opens its doors before anything else: a door that
// is taken is an error with a remedy, not a log line.
func TestTheWorkerAsItWasWrittenChecksItsDoors(t *testing.T) {
	start(t)
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ":8080")
	if err == nil {
		defer func() { _ = ln.Close() }()
	}
	if err := Run(); err == nil || !strings.Contains(err.Error(), "OPSBUDDY_WEBHOOK_ADDR") {
		t.Errorf("Run: %v", err)
	}
}
