package triage_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/triage"
)

// TestRecordedHistoriesReplay holds today's workflow code against histories that
// earlier releases wrote: a review that is open during a deploy goes on with the
// new code. A file that fails here means that open reviews would hang; keep the
// old way behind workflow.GetVersion, and record a new history beside the old.
func TestRecordedHistoriesReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/history/*.json")
	if err != nil || len(files) < 14 {
		t.Fatalf("%d recorded histories, want at least 14 (%v)", len(files), err)
	}
	w := startScenario(t, "recurring-502")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DataConverter: core.DataConverter()})
			if err != nil {
				t.Fatal(err)
			}
			p := &play{world: w}
			reg := replayRegistry{t, r, map[string]bool{}}
			for _, f := range []*core.Flow{p.flow(t), triage.BuildFollowUp(triage.FlowConfig{LLM: agent.LLMConfig{ProviderType: "none"}})} {
				if err := f.RegisterOn(reg); err != nil {
					t.Fatal(err)
				}
			}
			if err := replay(r, file); err != nil {
				t.Error(err)
			}
		})
	}
}

// replay runs one history under its own workflow id: a child's id is made of it.
func replay(r worker.WorkflowReplayer, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	history, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
	if err != nil {
		return err
	}
	id := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowId()
	log := sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	return r.ReplayWorkflowHistoryWithOptions(log, history, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: id},
	})
}

// replayRegistry takes the workflows; a replay runs no activity.
type replayRegistry struct {
	*testing.T
	replayer worker.WorkflowReplayer
	shared   map[string]bool
}

func (replayRegistry) Activity(string, any) {}
func (replayRegistry) Bounded(string, any)  {}
func (r replayRegistry) Shared(name string, fn any) string {
	if !r.shared[name] {
		r.shared[name] = true
		r.Workflow(name, fn)
	}
	return ""
}
func (r replayRegistry) Workflow(name string, fn any) {
	r.replayer.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
}
func (r replayRegistry) OnStop(_ string, run func(context.Context) error) {
	r.Cleanup(func() { _ = run(context.Background()) })
}
