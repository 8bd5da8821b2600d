package agent

import (
	"log/slog"
	"net/http"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsbuddy/opsbuddy/agent/budget"
	"github.com/opsbuddy/opsbuddy/agent/mcp"
	"github.com/opsbuddy/opsbuddy/core"
)

// LLMConfig chooses the model. Worker side: it holds a key.
type LLMConfig struct {
	// ProviderType is "anthropic", "openai-compat", "ollama", or "none" for no
	// model at all.
	ProviderType string
	BaseURL      string
	APIKey       string
	Model        string
	MaxTokens    int // of one answer; 8192 when 0
	// Fallback is another model of the same provider, tried when Model fails or
	// money runs short. Empty for none.
	Fallback string
}

// CostLimits are ceilings in US dollars; 0 is no ceiling.
type CostLimits struct {
	PerRunUSD  float64
	PerHourUSD float64
	PerDayUSD  float64
}

// CompactionConfig says when a conversation is shortened.
type CompactionConfig struct {
	ThresholdTokens int // 80,000 when 0
	KeepRecent      int // messages that stay as they are; 4 when 0
}

// NodeConfig configures an agent. It stays on the worker; what the workflow
// needs of it crosses in the Plan, without a secret.
type NodeConfig struct {
	LLM           LLMConfig
	SystemPrompt  string
	UserPrompt    core.Ref // string
	MaxIterations int      // calls to the model with tools; 30 when 0
	Tools         []Tool
	CostLimits    CostLimits
	Compaction    CompactionConfig

	// FirstEvidence (int) numbers the first tool result, E1 when not set, so
	// that the agent's results continue a list that the flow began.
	FirstEvidence core.Ref
	// SoftDeadline is when the model is told to conclude; the step's timeout is
	// when it is cut. 2 minutes when 0.
	SoftDeadline time.Duration

	// Patient waits for a model that is down until the step's time is over, behind
	// all others. Began (time.Time) is when that time began, and Spent (money.USD)
	// what of the run's ceiling is spent; now and nothing when not set.
	Patient bool
	Began   core.Ref
	Spent   core.Ref

	// Once (bool) asks for the answer in one call without tools: all that is to be
	// known is in the prompt. A model that gives none goes on as usual.
	Once core.Ref

	// Verify holds an answer against the evidence; the model may mend it once. nil
	// takes it as it is. Context is handed to it, a value of any type.
	Verify  Verify
	Context core.Ref

	// Ledger names the step with whose calls those of this one are held against
	// the ceilings of hour and day: the step itself when not set.
	Ledger string

	BaseEnv []string     // what a child process may inherit, KEY=VALUE
	HTTP    *http.Client // for the model's vendor; one without retries
	Logger  *slog.Logger // default: discard
	Metrics prometheus.Registerer
}

// Tool is a source of tools: an MCP server.
type Tool struct{ server mcp.Server }

// MCPServerConfig starts or reaches an MCP server.
type MCPServerConfig struct {
	Command    string // started as a child process that speaks on stdio
	Args       []string
	Env        map[string]string // all that the child sees beside PATH and the like
	URL        string            // or: a server over Streamable HTTP
	Headers    map[string]string
	AllowTools []string // by the server's own names; empty allows all
}

// MCPTool offers the tools of an MCP server under mcp__name__tool.
func MCPTool(name string, c MCPServerConfig) Tool {
	return Tool{mcp.Server{
		Name: name, Command: c.Command, Args: c.Args, Env: c.Env,
		URL: c.URL, Headers: c.Headers, AllowTools: c.AllowTools,
	}}
}

// BuiltinTool offers a server of ours, in memory.
func BuiltinTool(name string, server *sdk.Server) Tool {
	return Tool{mcp.Server{Name: name, InMemory: server}}
}

// The registered names of the parts. Histories hold them: they never change.
const (
	workflowName = "agent.Node"
	openName     = "agent.Open"
	thinkName    = "agent.Think"
	toolName     = "agent.CallTool"

	// LedgerName is the ledger's workflow type and id, with "@step" behind it
	// for a step that was named with As.
	LedgerName = "agent.Budget"
)

// Node makes an agent step that runs as a child workflow. Its timeout is the
// deadline of the whole review.
func Node(name string, c NodeConfig) *core.Node {
	bind := core.Bind{"UserPrompt": c.UserPrompt, "FirstEvidence": c.FirstEvidence, "Began": c.Began, "Spent": c.Spent, "Context": c.Context, "Once": c.Once}
	var health core.Health
	setup := func(reg core.Registry, registered core.Name) error {
		a, err := NewActivities(name, c)
		if err != nil {
			return err
		}
		a.health = &health
		if a.ledger = registered(LedgerName); c.Ledger != "" {
			a.ledger = LedgerName + "@" + c.Ledger
		}
		a.ledgerQueue = reg.Shared(a.ledger, budget.Workflow)
		reg.Workflow(registered(workflowName), Workflow)
		reg.Activity(registered(openName), a.Open)
		reg.Bounded(registered(thinkName), a.Think)
		reg.Activity(registered(toolName), a.CallTool)
		reg.Activity(registered(verifyName), a.Verify)
		reg.OnStop("MCP servers of "+name, a.Close)
		return nil
	}
	return core.Child[Input, Result](workflowName, bind, setup).As(name).WithTimeout(defaultDeadline).WithHealth("model", health.Reason)
}

const defaultDeadline = 15 * time.Minute

// Provider stands for the agent's steps on a worker.
func Provider() core.Provider { return core.StepProvider("agent") }
