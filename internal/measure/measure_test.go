package main

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
	"github.com/opsbuddy/opsbuddy/internal/world"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	var values []time.Duration
	for i := 100; i >= 1; i-- {
		values = append(values, time.Duration(i))
	}
	for p, want := range map[float64]time.Duration{50: 50, 99: 99, 100: 100} {
		if got := percentile(values, p); got != want {
			t.Errorf("p%v is %d, want %d", p, got, want)
		}
	}
	if got := percentile([]time.Duration{7}, 99); got != 7 {
		t.Errorf("p99 of one value is %d, want 7", got)
	}
}

func TestSplitFilesEachBlockOfARequestOnce(t *testing.T) {
	var req sent
	err := json.Unmarshal([]byte(`{
		"system": [{"type":"text","text":"sys"}],
		"tools": [{"name":"n","description":"d","input_schema":{"type": "object"}}],
		"messages": [
			{"role":"user","content":"prompt"},
			{"role":"assistant","content":[{"type":"text","text":"say"},{"type":"tool_use","id":"t","name":"n","input":{}}]},
			{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"result"}]}]}
		]}`), &req)
	if err != nil {
		t.Fatal(err)
	}
	got, err := req.split()
	if err != nil {
		t.Fatal(err)
	}
	bytes := []int{got.system.bytes, got.tools.bytes, got.prompt.bytes, got.results.bytes, got.own.bytes}
	want := []int{len("sys"), len(`nd{"type":"object"}`), len("prompt"), len("result"), len("say") + len("n{}")}
	if !slices.Equal(bytes, want) {
		t.Errorf("system, tools, prompt, results, own are %v bytes, want %v", bytes, want)
	}
}

func TestTheScriptedModelAsksNothingTwice(t *testing.T) {
	seen := map[string]bool{}
	for turn := range toolTurns("") {
		answer := reviewer(modeltest.Ask{First: "Incident QHHNTANSVTPKBC", Turn: turn})
		if len(answer.Calls) != 3 {
			t.Fatalf("turn %d has %d calls, want 3", turn, len(answer.Calls))
		}
		for _, c := range answer.Calls {
			args, err := json.Marshal(c.Args)
			if err != nil {
				t.Fatal(err)
			}
			if key := c.Tool + string(args); seen[key] {
				t.Errorf("%s is asked twice", key)
			} else {
				seen[key] = true
			}
		}
	}
	if last := reviewer(modeltest.Ask{First: "Incident QHHNTANSVTPKBC", Turn: 4}); len(last.Calls) != 0 || last.Text == "" {
		t.Errorf("the turn after the last calls is %+v, want the brief", last)
	}
}

func TestOutcomeIsKnownByItsFooter(t *testing.T) {
	for blocks, want := range map[string]string{
		`[{"text":"partial brief · $0.04 · 0.8 s · 3 turns"}]`: "partial brief",
		`[{"text":"facts only · unknown · 0.8 s"}]`:            "facts only",
		`[{"text":"The facts, before the model"}]`:             "",
	} {
		if got := outcome(world.Message{Blocks: json.RawMessage(blocks)}); got != want {
			t.Errorf("outcome of %s is %q, want %q", blocks, got, want)
		}
	}
}
