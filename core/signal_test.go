package core

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

type word struct {
	Text string `json:"text"`
}

type heardIn struct {
	Words []word `json:"words"`
}

type patientIn struct{}

type patientOut struct {
	Why string `json:"why"`
}

// patient is a child that waits for an hour unless it is told to stop.
func patient(ctx workflow.Context, _ patientIn) (patientOut, error) {
	var out patientOut
	s := workflow.NewSelector(ctx)
	s.AddReceive(workflow.GetSignalChannel(ctx, StopSignal), func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &out.Why) })
	s.AddFuture(workflow.NewTimer(ctx, time.Hour), func(workflow.Future) { out.Why = "an hour passed" })
	s.Select(ctx)
	return out, nil
}

func repeatWords(_ context.Context, in heardIn) (postOut, error) {
	var all []string
	for _, w := range in.Words {
		all = append(all, w.Text)
	}
	return postOut{TS: strings.Join(all, " ")}, nil
}

// listener is a flow that waits in a child and then repeats what it heard.
func listener() *Flow {
	child := Child[patientIn, patientOut]("test.Patient", nil, func(reg Registry, name Name) error {
		reg.Workflow(name("test.Patient"), patient)
		return nil
	})
	return NewFlow("f").TriggeredBy(Webhook("/in")).Hears(SignalOf[word]("words")).
		Then(child.As("wait").StopWhen(func(s *FlowState) string {
			for _, w := range Heard[word](s, "words") {
				if w.Text == "enough" {
					return "told enough"
				}
			}
			return ""
		})).
		Then(Activity("test.Repeat", Bind{"Words": InputData("words")}, repeatWords).As("said")).
		Build()
}

func runListener(t *testing.T, words ...string) (patientOut, postOut) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	f := listener()
	if err := f.RegisterOn(envRegistry{env}); err != nil {
		t.Fatal(err)
	}
	for i, w := range words {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow("words", word{w}) }, time.Duration(i+1)*time.Minute)
	}
	raw, err := json.Marshal("Q1")
	if err != nil {
		t.Fatal(err)
	}
	env.ExecuteWorkflow(f.name, Input{Data: map[string]json.RawMessage{WebhookPayload: raw}})
	var out Outputs
	if err := env.GetWorkflowResult(&out); err != nil {
		t.Fatal(err)
	}
	if v, err := env.QueryWorkflow(outputsQuery); err != nil || v.Get(&out) != nil {
		t.Fatalf("outputs by query: %v", err)
	}
	var waited patientOut
	var said postOut
	for name, to := range map[string]any{"wait": &waited, "said": &said} {
		if ok, err := out.Get(name, to); !ok || err != nil {
			t.Fatalf("output of %s: %v %v", name, ok, err)
		}
	}
	return waited, said
}

func TestARunHearsWhatItIsToldInOrder(t *testing.T) {
	waited, said := runListener(t, "a", "b")
	if waited.Why != "an hour passed" || said.TS != "a b" {
		t.Errorf("%+v %+v", waited, said)
	}
	if _, said := runListener(t); said.TS != "" {
		t.Errorf("told nothing, heard %q", said.TS)
	}
}

func TestAChildIsStoppedByWhatTheFlowHears(t *testing.T) {
	waited, said := runListener(t, "a", "enough", "c")
	if diff := cmp.Diff(patientOut{"told enough"}, waited); diff != "" || said.TS != "a enough" {
		t.Errorf("%s said %q", diff, said.TS)
	}
}
