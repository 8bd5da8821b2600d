package anthropic

import (
	"encoding/json"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/packages/param"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// cachedUsers is how many user messages, from the end, carry a breakpoint: the
// last one writes what the next turn reads, the one before reads what the last
// turn wrote. With tools and system that makes four, the most that is allowed.
const cachedUsers = 2

func answerTokens(req model.Request) int {
	if req.MaxTokens <= 0 {
		return defaultAnswer
	}
	return min(req.MaxTokens, maxAnswer)
}

// encode builds the request. The order of caching is tools, system, messages.
func encode(name string, req model.Request) sdk.MessageNewParams {
	messages := model.Repair(ownBlocks(name, req.Messages))
	p := sdk.MessageNewParams{
		Model:     name,
		MaxTokens: int64(answerTokens(req)),
		Messages:  encodeMessages(messages),
	}
	if !blank(req.System) {
		p.System = []sdk.TextBlockParam{{Text: req.System, CacheControl: sdk.NewCacheControlEphemeralParam()}}
	}
	tools, final := model.OfferFor(req, messages)
	for i, t := range tools {
		p.Tools = append(p.Tools, encodeTool(t, i == len(tools)-1))
	}
	if final && len(tools) > 0 {
		p.ToolChoice = sdk.ToolChoiceUnionParam{OfNone: &sdk.ToolChoiceNoneParam{}}
	}
	return p
}

// ownBlocks drops blocks that another model made: a signature holds for one
// model only.
func ownBlocks(name string, messages []model.Message) []model.Message {
	out := make([]model.Message, len(messages))
	for i, m := range messages {
		if len(m.Opaque) > 0 {
			if kept, ok := readOpaque(m.Opaque); !ok || kept.Model != name {
				m.Opaque = nil
			}
		}
		out[i] = m
	}
	return out
}

// encodeTool keeps the schema's bytes as they are: the SDK's own type would
// order them anew.
func encodeTool(t model.Tool, last bool) sdk.ToolUnionParam {
	p := &sdk.ToolParam{Name: t.Name, InputSchema: param.Override[sdk.ToolInputSchemaParam](t.Schema)}
	if t.Description != "" {
		p.Description = sdk.String(t.Description)
	}
	if last {
		p.CacheControl = sdk.NewCacheControlEphemeralParam()
	}
	return sdk.ToolUnionParam{OfTool: p}
}

func encodeMessages(messages []model.Message) []sdk.MessageParam {
	users := 0
	for _, m := range messages {
		if m.Role == model.User {
			users++
		}
	}
	var out []sdk.MessageParam
	for _, m := range messages {
		if m.Role == model.User {
			out = append(out, sdk.NewUserMessage(encodeUser(m, users <= cachedUsers)...))
			users--
			continue
		}
		blocks := encodeAssistant(m)
		if n := len(out); n > 0 && out[n-1].Role == sdk.MessageParamRoleAssistant {
			out[n-1].Content = append(out[n-1].Content, blocks...) // a paused turn goes on
			continue
		}
		out = append(out, sdk.NewAssistantMessage(blocks...))
	}
	return out
}

// encodeUser writes results before text, with a breakpoint on the last block.
func encodeUser(m model.Message, cached bool) []sdk.ContentBlockParamUnion {
	var blocks []sdk.ContentBlockParamUnion
	for _, r := range m.Results {
		b := &sdk.ToolResultBlockParam{
			ToolUseID: r.CallID,
			Content:   []sdk.ToolResultBlockParamContentUnion{{OfText: &sdk.TextBlockParam{Text: r.Text}}},
		}
		if r.Failed {
			b.IsError = sdk.Bool(true)
		}
		blocks = append(blocks, sdk.ContentBlockParamUnion{OfToolResult: b})
	}
	if m.Text != "" {
		blocks = append(blocks, sdk.NewTextBlock(m.Text))
	}
	if cached && len(blocks) > 0 {
		*blocks[len(blocks)-1].GetCacheControl() = sdk.NewCacheControlEphemeralParam()
	}
	return blocks
}

// encodeAssistant writes a turn of the model: from its own blocks where it left
// some, else text before calls.
func encodeAssistant(m model.Message) []sdk.ContentBlockParamUnion {
	var blocks []sdk.ContentBlockParamUnion
	sent := map[string]bool{}
	kept, ok := readOpaque(m.Opaque)
	if !ok && m.Text != "" {
		blocks = append(blocks, sdk.NewTextBlock(m.Text))
	}
	for _, raw := range kept.Blocks {
		var b struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		}
		if json.Unmarshal(raw, &b) != nil {
			continue
		}
		if b.Type != typeCall {
			// A union of one raw block: the SDK writes the override as it is.
			blocks = append(blocks, param.Override[sdk.ContentBlockParamUnion](raw))
			continue
		}
		for _, c := range m.Calls {
			if c.ID == b.ID && !sent[c.ID] {
				sent[c.ID] = true
				blocks = append(blocks, sdk.NewToolUseBlock(c.ID, c.Arguments, c.Name))
			}
		}
	}
	for _, c := range m.Calls {
		if !sent[c.ID] {
			blocks = append(blocks, sdk.NewToolUseBlock(c.ID, c.Arguments, c.Name))
		}
	}
	return blocks
}
