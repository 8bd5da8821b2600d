package openai

import (
	"bytes"
	"encoding/json"
	"strings"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/shared"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

func answerTokens(req model.Request) int {
	if req.MaxTokens <= 0 {
		return defaultAnswer
	}
	return req.MaxTokens
}

// encode builds the request from what every server takes.
func encode(name string, req model.Request, f form) sdk.ChatCompletionNewParams {
	messages := model.Repair(withoutOpaque(req.Messages))
	p := sdk.ChatCompletionNewParams{Model: name}
	if len(messages) == 0 {
		return p
	}
	if f.newLimit {
		p.MaxCompletionTokens = sdk.Int(int64(answerTokens(req)))
	} else {
		p.MaxTokens = sdk.Int(int64(answerTokens(req)))
	}
	if strings.TrimSpace(req.System) != "" {
		p.Messages = append(p.Messages, sdk.SystemMessage(req.System))
	}
	for _, m := range messages {
		p.Messages = append(p.Messages, encodeMessage(m, f)...)
	}
	tools, final := model.OfferFor(req, messages)
	for _, t := range tools {
		p.Tools = append(p.Tools, encodeTool(t))
	}
	if len(tools) > 0 {
		// Only the two words: LM Studio refuses an object and invents a call for
		// "required" (lmstudio-bug-tracker#670, #2115).
		choice := "auto"
		if final {
			choice = "none"
		}
		p.ToolChoice = sdk.ChatCompletionToolChoiceOptionUnionParam{OfAuto: sdk.String(choice)}
	}
	return p
}

// withoutOpaque drops what another vendor left in the conversation, and so lets
// Repair join turns that have nothing else between them.
func withoutOpaque(messages []model.Message) []model.Message {
	out := make([]model.Message, len(messages))
	for i, m := range messages {
		m.Opaque, m.Paused = nil, false
		out[i] = m
	}
	return out
}

func encodeMessage(m model.Message, f form) []sdk.ChatCompletionMessageParamUnion {
	if m.Role == model.Assistant {
		return []sdk.ChatCompletionMessageParamUnion{{OfAssistant: encodeAssistant(m)}}
	}
	var out []sdk.ChatCompletionMessageParamUnion
	for i, r := range m.Results {
		text := r.Text
		if f.foldText && i == len(m.Results)-1 && m.Text != "" {
			text, m.Text = text+"\n\n"+m.Text, ""
		}
		out = append(out, sdk.ToolMessage(text, model.ShortID(r.CallID)))
	}
	if m.Text != "" {
		out = append(out, sdk.UserMessage(m.Text))
	}
	return out
}

// encodeAssistant always writes a content, if an empty one: null and a missing
// one break chat templates (llama.cpp#13178).
func encodeAssistant(m model.Message) *sdk.ChatCompletionAssistantMessageParam {
	p := &sdk.ChatCompletionAssistantMessageParam{
		Content: sdk.ChatCompletionAssistantMessageParamContentUnion{OfString: sdk.String(m.Text)},
	}
	for _, c := range m.Calls {
		p.ToolCalls = append(p.ToolCalls, sdk.ChatCompletionMessageToolCallUnionParam{
			OfFunction: &sdk.ChatCompletionMessageFunctionToolCallParam{
				ID:       model.ShortID(c.ID),
				Function: sdk.ChatCompletionMessageFunctionToolCallFunctionParam{Name: c.Name, Arguments: string(c.Arguments)},
			},
		})
	}
	return p
}

func encodeTool(t model.Tool) sdk.ChatCompletionToolUnionParam {
	d := json.NewDecoder(bytes.NewReader(t.Schema))
	d.UseNumber()
	var schema shared.FunctionParameters
	_ = d.Decode(&schema) // Offer made it an object
	f := shared.FunctionDefinitionParam{Name: t.Name, Parameters: schema}
	if t.Description != "" {
		f.Description = sdk.String(t.Description)
	}
	return sdk.ChatCompletionFunctionTool(f)
}
