package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/opsbuddy/opsbuddy/agent/mcp"
	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/agent/tool"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/money"
)

// Activities are the worker side of one agent: the model's client and the pool
// of MCP sessions, shared by all its runs.
type Activities struct {
	cfg     NodeConfig
	clients map[string]model.Client // by model name
	pool    *mcp.Pool
	log     *slog.Logger
	metrics *metrics
	health  *core.Health
	counts  counts

	ledger      string         // registered name of the ledger of hour and day
	ledgerQueue string         // that every process polls
	settling    sync.WaitGroup // costs on their way to the ledger
}

// NewActivities checks the configuration. Nothing is started before a run
// needs it.
func NewActivities(name string, c NodeConfig) (*Activities, error) {
	c = withDefaults(c)
	a := &Activities{cfg: c, clients: map[string]model.Client{}, log: c.Logger.With("agent", name), metrics: newMetrics(c.Metrics), health: &core.Health{}}
	for _, m := range models(c.LLM) {
		client, err := newClient(c, m)
		if err != nil {
			return nil, err
		}
		a.clients[m] = client
	}
	servers := make([]mcp.Server, len(c.Tools))
	for i, t := range c.Tools {
		servers[i] = t.server
	}
	pool, err := mcp.NewPool(servers, mcp.Options{Logger: a.log, BaseEnv: c.BaseEnv})
	if err != nil {
		return nil, err
	}
	a.pool = pool
	return a, nil
}

func withDefaults(c NodeConfig) NodeConfig {
	if c.LLM.MaxTokens <= 0 {
		c.LLM.MaxTokens = 8192
	}
	if c.MaxIterations <= 0 {
		c.MaxIterations = 30
	}
	if c.Compaction.ThresholdTokens <= 0 {
		c.Compaction.ThresholdTokens = 80_000
	}
	if c.Compaction.KeepRecent <= 0 {
		c.Compaction.KeepRecent = 4
	}
	if c.SoftDeadline <= 0 {
		c.SoftDeadline = 2 * time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// models are the model and its fallback, none for the provider "none".
func models(c LLMConfig) []string {
	if c.ProviderType == "none" {
		return nil
	}
	if c.Fallback == "" || c.Fallback == c.Model {
		return []string{c.Model}
	}
	return []string{c.Model, c.Fallback}
}

// Close ends every MCP session and child process.
func (a *Activities) Close(context.Context) error {
	a.settling.Wait()
	return a.pool.Close()
}

// Open lists the tools of a run, once, so that the prefix of the conversation
// stays the same from turn to turn.
func (a *Activities) Open(ctx context.Context) (Plan, error) {
	p := Plan{
		Provider: a.cfg.LLM.ProviderType, Models: models(a.cfg.LLM), System: a.cfg.SystemPrompt,
		MaxIterations: a.cfg.MaxIterations, MaxTokens: a.cfg.LLM.MaxTokens,
		PerRun: money.Dollars(a.cfg.CostLimits.PerRunUSD), SoftDeadline: a.cfg.SoftDeadline,
		Threshold: a.cfg.Compaction.ThresholdTokens, KeepRecent: a.cfg.Compaction.KeepRecent, Patient: a.cfg.Patient,
		Verifies: a.cfg.Verify != nil,
	}
	if len(p.Models) == 0 {
		return p, nil
	}
	var defs []tool.Def
	defs, p.Down = a.pool.Tools(ctx)
	for _, d := range defs {
		p.Tools = append(p.Tools, model.Tool{Name: d.Name, Description: d.Description, Schema: d.Schema})
	}
	for _, d := range p.Down {
		a.log.Warn("mcp server is down", "server", d.Server, "reason", d.Why)
	}
	return p, nil
}

// CallInput is one tool call. Frozen: histories hold it.
type CallInput struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
	// Within is how long the model can still use an answer; no bound when 0.
	Within time.Duration `json:"within,omitempty"`
}

// CallTool asks a tool. Whatever it answers is news for the model.
func (a *Activities) CallTool(ctx context.Context, in CallInput) (tool.Result, error) {
	began := time.Now()
	ctx, span := startTool(ctx)
	defer span.End()
	res := a.askWithin(ctx, in)
	if ctx.Err() != nil {
		toolAnswered(span, a.offered(in.Name), true)
		return tool.Result{}, ctx.Err() // the worker stops: the call is handed back
	}
	res.Tokens = model.NewCounter(a.cfg.LLM.Model).Text(res.Text)
	a.metrics.tool(span, a.offered(in.Name), res.Failed, time.Since(began))
	a.log.Info("tool called", "tool", in.Name, "failed", res.Failed, "cut", res.Cut, "bytes", len(res.Text), "duration_ms", time.Since(began).Milliseconds())
	return res, nil
}

// askWithin leaves a call when its answer comes too late for the model. To the
// server its caller went away: that it was too slow for one run says nothing of it.
func (a *Activities) askWithin(ctx context.Context, in CallInput) tool.Result {
	if in.Within <= 0 {
		return a.pool.Call(ctx, in.Name, in.Arguments)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(in.Within, cancel)
	res := a.pool.Call(ctx, in.Name, in.Arguments)
	if !late.Stop() && res.Failed {
		return tool.Result{Text: "it did not answer before it was time to conclude", Failed: true}
	}
	return res
}

// offered is the name of a tool that there is. Any other is a word of the model's,
// which may be anything.
func (a *Activities) offered(name string) string {
	if a.pool.Offers(name) {
		return name
	}
	return "unknown"
}

// ThinkInput is one call to a model. Frozen: histories hold it.
type ThinkInput struct {
	Model   string        `json:"model"`
	Request model.Request `json:"request"`
	Ceiling money.USD     `json:"ceiling"` // of the run; zero is none
	Spent   money.USD     `json:"spent"`   // by the run so far
	Purpose string        `json:"purpose,omitempty"`
	// Dearest is what the dearest call of the run cost: this one is held to cost
	// as much, whatever our count of its tokens says.
	Dearest money.USD `json:"dearest,omitzero"`
}

// problemBudget is the Problem of a call that money does not allow; the others
// are a model.Kind.
const problemBudget = "budget"

// ThinkOutput is the model's turn, or a problem that repeating cannot mend.
type ThinkOutput struct {
	Response model.Response `json:"response"`
	// Estimated is what our own counter said that the request would send, before
	// the vendor said what it was.
	Estimated int           `json:"estimated,omitempty"`
	Cost      money.USD     `json:"cost"`
	Took      time.Duration `json:"took"`
	Problem   string        `json:"problem,omitempty"`
	Message   string        `json:"message,omitempty"`
	Passing   bool          `json:"passing,omitempty"` // the problem may be gone later
	Stepped   string        `json:"stepped,omitempty"` // how the call was made cheaper, and why
}

// Think calls the model once. Only failures that may pass are errors: those are
// for Temporal to repeat.
func (a *Activities) Think(ctx context.Context, in ThinkInput) (ThinkOutput, error) {
	client, ok := a.clients[in.Model]
	if !ok {
		// The configuration changed while the run was open.
		return ThinkOutput{Problem: string(model.KindInvalid), Message: fmt.Sprintf("model %q is no longer configured", in.Model)}, nil
	}
	maxTokens, why, settle, err := a.afford(ctx, in)
	if err != nil {
		return ThinkOutput{}, err
	}
	if maxTokens == 0 {
		return ThinkOutput{Problem: problemBudget, Message: why + " is reached"}, nil
	}
	asked := in.Request.MaxTokens
	in.Request.MaxTokens = maxTokens
	began := time.Now()
	ctx, span := startChat(ctx, a.cfg.LLM.ProviderType, in)
	defer span.End()
	resp, err := client.Complete(ctx, in.Request)
	a.health.Saw(err)
	if err != nil {
		return a.thinkFailed(ctx, in, settle, err)
	}
	out := ThinkOutput{
		Response: resp, Took: time.Since(began), Cost: a.cost(in.Model, resp.Usage), Estimated: model.CountRequest(in.Model, in.Request),
		Stepped: a.stepped(in, asked, why),
	}
	a.counts.saw(in.Model, resp.Usage.Sent(), out.Estimated)
	settle(out.Cost)
	a.metrics.think(span, in.Model, out)
	a.log.Info("model answered", "model", in.Model, "purpose", in.Purpose, "stop", resp.Stop, "calls", len(resp.Message.Calls),
		"tokens_in", resp.Usage.Input, "tokens_cached", resp.Usage.CacheRead, "tokens_out", resp.Usage.Output,
		"cost_usd", out.Cost.String(), "duration_ms", out.Took.Milliseconds(), "warning", resp.Warning)
	return out, nil
}

func (a *Activities) cost(name string, u model.Usage) money.USD {
	return model.Cost(a.cfg.LLM.ProviderType, name, u)
}

// thinkFailed sorts a failure: what may pass is an error, the rest is a value.
// A call that the worker's end cut short may have been billed and is not settled.
func (a *Activities) thinkFailed(ctx context.Context, in ThinkInput, settle func(money.USD), err error) (ThinkOutput, error) {
	span := trace.SpanFromContext(ctx)
	if ctx.Err() != nil {
		chatFailed(span, ctx.Err())
		return ThinkOutput{}, ctx.Err()
	}
	a.metrics.thinkFailed(span, in.Model, err)
	var e *model.Error
	if !errors.As(err, &e) {
		return ThinkOutput{}, err
	}
	if e.Status != 0 || e.Unsent { // it is known what was used
		settle(a.cost(in.Model, e.Usage))
	}
	if !e.Retryable() || e.RetryAfter > thinkRetry {
		return ThinkOutput{Problem: string(e.Kind), Message: e.Error(), Passing: e.Retryable()}, nil
	}
	return ThinkOutput{}, core.After(err, e.RetryAfter)
}
