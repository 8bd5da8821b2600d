package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
)

// observed is an agent over a scripted vendor and one tool, and the spans that
// its calls make below a step's own.
type observed struct {
	*Activities
	ctx  context.Context
	kept *tracetest.InMemoryExporter
	reg  *prometheus.Registry
}

func observe(t *testing.T, vendor http.Handler, name string) *observed {
	t.Helper()
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	tools := mcp.NewServer(&mcp.Implementation{Name: "desk"}, nil)
	mcp.AddTool(tools, &mcp.Tool{Name: "look", Description: "Looks."}, func(_ context.Context, _ *mcp.CallToolRequest, in struct {
		At string `json:"at"`
	}) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{IsError: in.At == "nothing", Content: []mcp.Content{&mcp.TextContent{Text: "content at " + in.At}}}, nil, nil
	})
	o := &observed{kept: tracetest.NewInMemoryExporter(), reg: prometheus.NewRegistry()}
	a, err := NewActivities("reviewer", NodeConfig{
		LLM:   LLMConfig{ProviderType: "anthropic", BaseURL: server.URL, APIKey: "k", Model: name},
		Tools: []Tool{BuiltinTool("desk", tools)}, Metrics: o.reg,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.Background()) })
	o.Activities = a
	p := sdktrace.NewTracerProvider(sdktrace.WithSyncer(o.kept))
	ctx, step := p.Tracer("temporal").Start(t.Context(), "RunActivity")
	t.Cleanup(func() { step.End() })
	o.ctx = ctx
	return o
}

// only is the one span that was made, whose parent is the step.
func (o *observed) only(t *testing.T) (tracetest.SpanStub, map[string]any) {
	t.Helper()
	all := o.kept.GetSpans()
	if len(all) != 1 {
		t.Fatalf("%d spans, want 1", len(all))
	}
	s := all[0]
	if s.Parent.SpanID() != trace.SpanContextFromContext(o.ctx).SpanID() {
		t.Error("the span is not below the step")
	}
	about := map[string]any{}
	for _, kv := range s.Attributes {
		about[string(kv.Key)] = kv.Value.AsInterface()
	}
	return s, about
}

func question(name string) ThinkInput {
	return ThinkInput{Model: name, Purpose: "final", Request: model.Request{
		System: "the system's words", MaxTokens: 1000, Messages: []model.Message{{Role: model.User, Text: "the prompt's words"}},
	}}
}

func TestChatIsASpanOfNumbersAndNoWords(t *testing.T) {
	const name = "claude-sonnet-4-6"
	vendor := modeltest.Handler(func(modeltest.Ask) modeltest.Turn { return modeltest.Turn{Text: "the answer's words"} })
	o := observe(t, vendor, name)
	out, err := o.Think(o.ctx, question(name))
	if err != nil || out.Problem != "" {
		t.Fatalf("%+v, %v", out, err)
	}
	s, about := o.only(t)
	u := out.Response.Usage
	want := map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": name, "gen_ai.response.model": out.Response.Model,
		"gen_ai.request.max_tokens": int64(1000), "gen_ai.response.finish_reasons": []string{"end"},
		"gen_ai.usage.input_tokens": int64(u.Sent()), "gen_ai.usage.output_tokens": int64(u.Output),
		"gen_ai.usage.cache_read.input_tokens": int64(u.CacheRead), "gen_ai.usage.cache_creation.input_tokens": int64(u.CacheWrite),
		"opsbuddy.cost_usd": out.Cost.Float(), "opsbuddy.purpose": "final",
	}
	if diff := cmp.Diff(want, about); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.Name != "chat "+name || s.SpanKind != trace.SpanKindClient || u.Sent() == 0 || u.Output == 0 || out.Cost.Micro == 0 {
		t.Errorf("%s, %s, %+v, %s", s.Name, s.SpanKind, u, out.Cost)
	}
	if raw, _ := json.Marshal(s); strings.Contains(string(raw), "words") {
		t.Errorf("the span holds content: %s", raw)
	}
}

func TestChatWhosePriceIsNotKnownHasNoCost(t *testing.T) {
	const name = "somebody-elses-model"
	o := observe(t, modeltest.Handler(func(modeltest.Ask) modeltest.Turn { return modeltest.Turn{Text: "x"} }), name)
	if out, err := o.Think(o.ctx, question(name)); err != nil || !out.Cost.Unknown {
		t.Fatalf("%+v, %v", out, err)
	}
	if _, about := o.only(t); about["opsbuddy.cost_usd"] != nil {
		t.Errorf("the cost is %v", about["opsbuddy.cost_usd"])
	}
}

func TestChatThatFailsSaysHow(t *testing.T) {
	const name = "claude-sonnet-4-6"
	o := observe(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(529)
		_, _ = w.Write([]byte(`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`))
	}), name)
	if _, err := o.Think(o.ctx, question(name)); err == nil {
		t.Fatal("the call went well")
	}
	s, about := o.only(t)
	if about["error.type"] != "overloaded" || about["http.response.status_code"] != int64(529) || s.Status.Code != codes.Error || !strings.Contains(s.Status.Description, "Overloaded") {
		t.Errorf("%v, %+v", about, s.Status)
	}
}

func TestToolCallIsASpanOfItsNameAlone(t *testing.T) {
	for call, want := range map[[2]string]struct {
		tool   string
		failed bool
	}{
		{"mcp__desk__look", "the arguments' words"}: {"mcp__desk__look", false},
		{"mcp__desk__look", "nothing"}:              {"mcp__desk__look", true},
		{"a tool of the model's own words", "x"}:    {"unknown", true},
	} {
		o := observe(t, http.NotFoundHandler(), "claude-sonnet-4-6")
		args, _ := json.Marshal(map[string]string{"at": call[1]})
		if res, err := o.CallTool(o.ctx, CallInput{Name: call[0], Arguments: args}); err != nil || res.Failed != want.failed {
			t.Fatalf("%+v, %v", res, err)
		}
		s, about := o.only(t)
		wanted := map[string]any{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.type": "function", "gen_ai.tool.name": want.tool}
		if want.failed {
			wanted["error.type"] = "tool_error"
		}
		if diff := cmp.Diff(wanted, about); diff != "" || s.Name != "execute_tool "+want.tool || (s.Status.Code == codes.Error) != want.failed || s.Status.Description != "" {
			t.Errorf("%s %+v (-want +got):\n%s", s.Name, s.Status, diff)
		}
		if raw, _ := json.Marshal(s); strings.Contains(string(raw), "words") || strings.Contains(string(raw), "content at") {
			t.Errorf("the span holds content: %s", raw)
		}
		label := prometheus.Labels{"tool": want.tool, "failed": map[bool]string{true: "true", false: "false"}[want.failed]}
		if n := testutil.CollectAndCount(o.metrics.tools); n != 1 || !o.counted(t, label) {
			t.Errorf("the metric has not %v", label)
		}
	}
}

// counted looks for the one series of tool calls.
func (o *observed) counted(t *testing.T, want prometheus.Labels) bool {
	t.Helper()
	families, err := o.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "opsbuddy_tool_seconds" {
			continue
		}
		got := prometheus.Labels{}
		for _, l := range f.GetMetric()[0].GetLabel() {
			got[l.GetName()] = l.GetValue()
		}
		return cmp.Equal(want, got)
	}
	return false
}

func TestUntracedStepMakesNoSpan(t *testing.T) {
	const name = "claude-sonnet-4-6"
	o := observe(t, modeltest.Handler(func(modeltest.Ask) modeltest.Turn { return modeltest.Turn{Text: "x"} }), name)
	if _, err := o.Think(t.Context(), question(name)); err != nil {
		t.Fatal(err)
	}
	if _, err := o.CallTool(t.Context(), CallInput{Name: "mcp__desk__look", Arguments: json.RawMessage(`{"at":"x"}`)}); err != nil {
		t.Fatal(err)
	}
	if n := len(o.kept.GetSpans()); n != 0 {
		t.Errorf("%d spans", n)
	}
}
