package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
	"github.com/opsbuddy/opsbuddy/internal/world"
)

// bytesPerToken is a rule of thumb for Claude's tokenizer on JSON and Markdown,
// printed next to cl100k because no tokenizer of the vendor is public.
const bytesPerToken = 3.6

// size is an amount of text: cl100k tokens and bytes.
type size struct{ tokens, bytes int }

func (s *size) add(text string) {
	s.tokens += model.Counter{Calibration: model.Calibration{Factor: 1}}.Text(text)
	s.bytes += len(text)
}

func (s size) String() string {
	return fmt.Sprintf("%d (%.0f)", s.tokens, math.Round(float64(s.bytes)/bytesPerToken))
}

// split says what the input of a model call is made of.
type split struct{ system, tools, prompt, results, own size }

// sent is an Anthropic request as far as the count needs it.
type sent struct {
	System   json.RawMessage   `json:"system"`
	Tools    []json.RawMessage `json:"tools"`
	Messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
}

// tokens counts what a whole review sends to the model.
func tokens(ctx context.Context, b *bench) ([]row, error) {
	b.say("tokens: one review")
	asks, err := tokensRun(ctx, b)
	if err != nil {
		return nil, err
	}
	var sum, last split
	var offered int
	for _, a := range asks {
		var req sent
		if err := json.Unmarshal(a.Body, &req); err != nil {
			return nil, fmt.Errorf("the model's request: %w", err)
		}
		offered = len(req.Tools)
		if last, err = req.split(); err != nil {
			return nil, err
		}
		sum.plus(last)
	}
	const how = "cl100k tokens of the texts the model server received (bytes ÷ 3.6 in brackets)"
	rows := []row{
		{fmt.Sprintf("input tokens of that review, summed over its %d model calls", len(asks)), sum.total().String(),
			fmt.Sprintf("%s; system %s, tools %s, prompt %s, results %s, the model's own turns %s; incident recurring-502", how, sum.system, sum.tools, sum.prompt, sum.results, sum.own)},
		{"input of its last call alone", last.total().String(), fmt.Sprintf("system %s, tools %s, prompt %s, results %s, own turns %s", last.system, last.tools, last.prompt, last.results, last.own)},
		{"built-in tools offered", fmt.Sprintf("%d tools, %s tokens a call", offered, last.tools), "definitions as sent: names, descriptions, schemas"},
	}
	if b.external == "" {
		return rows, nil
	}
	others, err := external(b.external, sum, len(asks))
	return append(rows, others...), err
}

func tokensRun(ctx context.Context, b *bench) ([]modeltest.Ask, error) {
	const scenario = "recurring-502"
	company, err := world.Load()
	if err != nil {
		return nil, err
	}
	w, err := world.Start(company, world.Options{Scenario: scenario})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	rec := modeltest.Record(reviewer)
	env, end, err := modelServer(rec)
	if err != nil {
		return nil, err
	}
	defer end()
	c, err := b.serve(ctx, b.folder(), append(w.Env(), env...)...)
	if err != nil {
		return nil, err
	}
	defer c.kill()
	if _, err := reviewOne(ctx, c, w, scenario); err != nil {
		return nil, err
	}
	asks := rec.Asks()
	if want := len(toolTurns("")) + 1; len(asks) != want {
		return nil, fmt.Errorf("the review took %d model calls instead of %d", len(asks), want)
	}
	return asks, nil
}

func (s *split) plus(o split) {
	for _, p := range []struct {
		to *size
		by size
	}{{&s.system, o.system}, {&s.tools, o.tools}, {&s.prompt, o.prompt}, {&s.results, o.results}, {&s.own, o.own}} {
		p.to.tokens += p.by.tokens
		p.to.bytes += p.by.bytes
	}
}

func (s split) total() size {
	var sum size
	for _, p := range []size{s.system, s.tools, s.prompt, s.results, s.own} {
		sum.tokens += p.tokens
		sum.bytes += p.bytes
	}
	return sum
}

// split sorts the texts of a request.
func (r sent) split() (split, error) {
	var s split
	if err := s.system.texts(r.System); err != nil {
		return s, err
	}
	for _, t := range r.Tools {
		if err := s.tools.definition(t); err != nil {
			return s, err
		}
	}
	for _, m := range r.Messages {
		if err := s.message(m.Role, m.Content); err != nil {
			return s, err
		}
	}
	return s, nil
}

// message files the blocks of one message: the model's own, results of tools, or
// what the user says.
func (s *split) message(role string, content json.RawMessage) error {
	blocks, err := blocksOf(content)
	if err != nil {
		return err
	}
	for _, one := range blocks {
		switch {
		case role == "assistant":
			s.own.add(one.Text + one.Name + string(one.Input))
		case one.Type == "tool_result":
			if err := s.results.texts(one.Content); err != nil {
				return err
			}
		default:
			s.prompt.add(one.Text)
		}
	}
	return nil
}

// block is a content block of Anthropic's Messages API.
type block struct {
	Type    string          `json:"type"`
	Text    string          `json:"text"`
	Name    string          `json:"name"`
	Input   json.RawMessage `json:"input"`
	Content json.RawMessage `json:"content"`
}

// blocksOf reads content, which is a list of blocks or a bare text.
func blocksOf(content json.RawMessage) ([]block, error) {
	var text string
	if len(content) == 0 || json.Unmarshal(content, &text) == nil {
		return []block{{Type: "text", Text: text}}, nil
	}
	var blocks []block
	if err := json.Unmarshal(content, &blocks); err != nil {
		return nil, fmt.Errorf("content that is neither text nor blocks: %w", err)
	}
	return blocks, nil
}

func (s *size) texts(content json.RawMessage) error {
	blocks, err := blocksOf(content)
	if err != nil {
		return err
	}
	for _, one := range blocks {
		s.add(one.Text)
	}
	return nil
}

// definition counts what a vendor sees of a tool: its name, description and
// schema, in either spelling (input_schema of Anthropic, inputSchema of MCP).
func (s *size) definition(raw json.RawMessage) error {
	var t struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Anthropic   json.RawMessage `json:"input_schema"`
		MCP         json.RawMessage `json:"inputSchema"`
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return fmt.Errorf("a tool's definition: %w", err)
	}
	var schema bytes.Buffer // as it goes over the wire, without the file's line breaks
	if err := json.Compact(&schema, append(t.Anthropic, t.MCP...)); err != nil {
		return fmt.Errorf("schema of %s: %w", t.Name, err)
	}
	s.add(t.Name)
	s.add(t.Description)
	s.add(schema.String())
	return nil
}

// external counts saved answers to tools/list, and what the same review would
// send with those tools in place of the built-in ones. Only the definitions
// differ in that sum; what such tools answer is not measured here.
func external(dir string, review split, calls int) ([]row, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("-external %s: there is no *.json in it", dir)
	}
	var rows []row
	var all size
	n := 0
	for _, file := range files {
		one, count, err := listed(file)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{"other MCP server: " + filepath.Base(file), fmt.Sprintf("%d tools, %s tokens a call", count, one), "its saved tools/list, every tool of it"})
		all.tokens, all.bytes, n = all.tokens+one.tokens, all.bytes+one.bytes, n+count
	}
	with := review
	with.tools = size{all.tokens * calls, all.bytes * calls}
	return append(rows,
		row{"these servers together", fmt.Sprintf("%d tools, %s tokens a call", n, all), "all tools of all files"},
		row{"input tokens of the same review with their definitions", with.total().String(), "computed: the sum above with these definitions instead of ours; results and prompt as they were"}), nil
}

func listed(file string) (size, int, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return size{}, 0, err
	}
	var list struct {
		Tools []json.RawMessage `json:"tools"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return size{}, 0, fmt.Errorf("%s: %w", file, err)
	}
	var s size
	for _, t := range list.Tools {
		if err := s.definition(t); err != nil {
			return s, 0, fmt.Errorf("%s: %w", file, err)
		}
	}
	return s, len(list.Tools), nil
}
