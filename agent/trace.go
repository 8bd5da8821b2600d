package agent

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// tracer is of the provider that made the step's own span; where there is none
// it makes nothing.
func tracer(ctx context.Context) trace.Tracer {
	return trace.SpanFromContext(ctx).TracerProvider().Tracer("github.com/opsbuddy/opsbuddy/agent")
}

// startChat begins the span of one call to a model. It carries names and
// numbers, never a word of the conversation.
func startChat(ctx context.Context, provider string, in ThinkInput) (context.Context, trace.Span) {
	about := []attribute.KeyValue{
		semconv.GenAIOperationNameChat, providerName(provider),
		semconv.GenAIRequestModel(in.Model), semconv.GenAIRequestMaxTokens(in.Request.MaxTokens),
	}
	if in.Purpose != "" {
		about = append(about, attribute.String("opsbuddy.purpose", in.Purpose))
	}
	return tracer(ctx).Start(ctx, "chat "+in.Model, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(about...))
}

// providerName is the conventions' word: "openai" is whoever speaks OpenAI's
// API and is not known better.
func providerName(provider string) attribute.KeyValue {
	switch provider {
	case "", "anthropic":
		return semconv.GenAIProviderNameAnthropic
	case "openai-compat":
		return semconv.GenAIProviderNameOpenAI
	}
	return semconv.GenAIProviderNameKey.String(provider)
}

// chatAnswered tells the span of an answer. Input tokens are all that was sent,
// as the conventions want them; those from and to the cache are among them.
func chatAnswered(span trace.Span, out ThinkOutput) {
	r, u := out.Response, out.Response.Usage
	span.SetAttributes(
		semconv.GenAIResponseModel(r.Model), semconv.GenAIResponseFinishReasons(string(r.Stop)),
		semconv.GenAIUsageInputTokens(u.Sent()), semconv.GenAIUsageOutputTokens(u.Output),
		semconv.GenAIUsageCacheReadInputTokens(u.CacheRead), semconv.GenAIUsageCacheCreationInputTokens(u.CacheWrite),
	)
	if !out.Cost.Unknown {
		span.SetAttributes(attribute.Float64("opsbuddy.cost_usd", out.Cost.Float()))
	}
}

func chatFailed(span trace.Span, err error) {
	kind := semconv.ErrorTypeOther
	var e *model.Error
	if errors.As(err, &e) {
		kind = semconv.ErrorTypeKey.String(string(e.Kind))
		if e.Status != 0 {
			span.SetAttributes(semconv.HTTPResponseStatusCode(e.Status))
		}
	}
	span.SetAttributes(kind)
	span.SetStatus(codes.Error, err.Error())
}

// startTool begins the span of one call to a tool. It gets its name afterwards,
// when it is known whether there is such a tool.
func startTool(ctx context.Context) (context.Context, trace.Span) {
	return tracer(ctx).Start(ctx, "execute_tool", trace.WithAttributes(semconv.GenAIOperationNameExecuteTool, semconv.GenAIToolType("function")))
}

func toolAnswered(span trace.Span, name string, failed bool) {
	span.SetName("execute_tool " + name)
	span.SetAttributes(semconv.GenAIToolName(name))
	if failed { // why is the tool's own text, which is content
		span.SetAttributes(semconv.ErrorTypeKey.String("tool_error"))
		span.SetStatus(codes.Error, "")
	}
}
