package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
	"github.com/opsbuddy/opsbuddy/agent/tool"
	"github.com/opsbuddy/opsbuddy/money"
)

// sent is a request as a cache of prompts sees it: the bytes of its parts, without
// the marks that say where to cache.
type sent struct {
	head     string   // tools and system
	messages []string // as they follow
}

var cacheMark = []byte(`,"cache_control":{"type":"ephemeral"}`)

func readSent(t *testing.T, body []byte) sent {
	t.Helper()
	var b struct {
		Tools, System json.RawMessage
		Messages      []json.RawMessage
	}
	if err := json.Unmarshal(bytes.ReplaceAll(body, cacheMark, nil), &b); err != nil {
		t.Fatal(err)
	}
	s := sent{head: string(b.Tools) + string(b.System)}
	for _, m := range b.Messages {
		s.messages = append(s.messages, string(m))
	}
	return s
}

// opens counts the messages with which both begin.
func (s sent) opens(o sent) int {
	n := 0
	for n < min(len(s.messages), len(o.messages)) && s.messages[n] == o.messages[n] {
		n++
	}
	return n
}

// reviewOver is a run of the workflow against a vendor over HTTP.
func reviewOver(t *testing.T, provider string, threshold int) ([]modeltest.Ask, Result) {
	t.Helper()
	turn := 0
	recorder := modeltest.Record(func(a modeltest.Ask) modeltest.Turn {
		if a.Final {
			return modeltest.Turn{Text: "Pods were restarted [E7]."}
		}
		turn++
		if turn > 8 {
			return modeltest.Turn{Text: "the brief"}
		}
		return modeltest.Turn{Thinking: "I should look. <b>&", Text: "I look.", Calls: []modeltest.Call{
			{Tool: "look", Args: map[string]string{"q": fmt.Sprintf("a<b&c %d", turn)}}, {Tool: "another", Args: map[string]int{"z": turn}},
		}}
	})
	server := httptest.NewServer(recorder)
	t.Cleanup(server.Close)
	client, err := newClient(NodeConfig{LLM: LLMConfig{ProviderType: provider, APIKey: "key-for-tests", BaseURL: server.URL + map[string]string{"openai-compat": "/v1"}[provider]}}, "claude-sonnet-4-6")
	if err != nil {
		t.Fatal(err)
	}
	s := newStage()
	s.plan.MaxIterations, s.plan.Threshold, s.plan.KeepRecent, s.plan.System = 12, threshold, 4, strings.Repeat("You review incidents. ", 200)
	s.plan.Tools = append(s.plan.Tools, model.Tool{Name: "another", Description: "looks <elsewhere> & there", Schema: json.RawMessage(`{"type":"object","properties":{"z":{},"a":{}}}`)})
	s.call = func(in CallInput) tool.Result {
		return tool.Result{Text: strings.Repeat("pod restarted <oom> & again ", 40) + string(in.Arguments)}
	}
	s.think = func(_ int, in ThinkInput) (ThinkOutput, error) {
		resp, err := client.Complete(context.Background(), in.Request)
		return ThinkOutput{Response: resp, Cost: money.Dollars(0.01)}, err
	}
	res := s.run(t)
	if refused := recorder.Refused(); len(refused) > 0 || !res.Succeeded {
		t.Fatalf("refused %q, %+v", refused, res)
	}
	return recorder.Asks(), res
}

// TestEveryTurnBeginsWithTheBytesOfTheOneBefore holds the requests of a run, as they
// come over the wire, against each other: what a vendor cached of one turn is the
// beginning of the next.
func TestEveryTurnBeginsWithTheBytesOfTheOneBefore(t *testing.T) {
	for _, provider := range []string{"anthropic", "openai-compat"} {
		t.Run(provider, func(t *testing.T) {
			asks, res := reviewOver(t, provider, 0)
			if len(asks) != 9 {
				t.Fatalf("%d calls", len(asks))
			}
			before := readSent(t, asks[0].Body)
			for n, a := range asks[1:] {
				now := readSent(t, a.Body)
				if now.head != before.head {
					t.Errorf("turn %d: tools or system differ: %s", n+2, cmp.Diff(before.head, now.head))
				}
				if same := now.opens(before); same != len(before.messages) {
					t.Errorf("turn %d: only %d of %d messages are as before", n+2, same, len(before.messages))
				}
				before = now
			}
			if provider != "anthropic" {
				return
			}
			for n, turn := range res.Turns[1:] {
				if u, last := turn.Usage, res.Turns[n].Usage; u.CacheRead < last.CacheRead+last.CacheWrite-1 || u.CacheRead == 0 {
					t.Errorf("turn %d read %d tokens from the cache, %d were there", n+2, u.CacheRead, last.CacheRead+last.CacheWrite)
				}
			}
		})
	}
}

// TestACompactedConversationKeepsItsBeginning compacts several times: tools, system
// and the first message, which has the facts, stay the bytes they were.
func TestACompactedConversationKeepsItsBeginning(t *testing.T) {
	for _, provider := range []string{"anthropic", "openai-compat"} {
		t.Run(provider, func(t *testing.T) {
			asks, res := reviewOver(t, provider, 4000)
			compactions := 0
			first := readSent(t, asks[0].Body)
			for n, a := range asks[1:] {
				now := readSent(t, a.Body)
				if now.head != first.head || now.opens(first) != len(first.messages) {
					t.Errorf("call %d does not begin as the first did: %s", n+2, cmp.Diff(first.messages[0], now.messages[0]))
				}
				if a.Final {
					compactions++
				}
			}
			if compactions < 2 {
				t.Fatalf("%d compactions", compactions)
			}
			if provider != "anthropic" {
				return
			}
			prefix := res.Turns[0].Usage.CacheRead + res.Turns[0].Usage.CacheWrite
			for n, turn := range res.Turns[1:] {
				if turn.Usage.CacheRead < prefix-1 {
					t.Errorf("call %d (%s) read %d tokens from the cache, the beginning has %d", n+2, turn.Purpose, turn.Usage.CacheRead, prefix)
				}
			}
		})
	}
}
