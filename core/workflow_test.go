package core

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// envRegistry registers a flow's parts on a test environment.
type envRegistry struct {
	env *testsuite.TestWorkflowEnvironment
}

func (r envRegistry) Activity(name string, fn any) {
	r.env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
}
func (r envRegistry) Bounded(name string, fn any) { r.Activity(name, fn) }
func (r envRegistry) Workflow(name string, fn any) {
	r.env.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
}
func (r envRegistry) Shared(string, any) string                  { return "" }
func (r envRegistry) OnStop(string, func(context.Context) error) {}

func runFlow(t *testing.T, f *Flow, payload string, prepare ...func(*testsuite.TestWorkflowEnvironment)) (Outputs, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	if err := f.RegisterOn(envRegistry{env}); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range prepare {
		p(env)
	}
	env.ExecuteWorkflow(f.name, Input{Data: map[string]json.RawMessage{WebhookPayload: raw}})
	var out Outputs
	if err := env.GetWorkflowError(); err != nil {
		return out, err
	}
	return out, env.GetWorkflowResult(&out)
}

func TestFlowPassesOutputsOnByReference(t *testing.T) {
	f := NewFlow("f").TriggeredBy(Webhook("/in")).
		Then(parse().As("webhook")).
		When(notSkipped).
		Then(post(Bind{"Body": Output("webhook.Who.Name")}).As("post")).
		EndWhen().Build()
	out, err := runFlow(t, f, "Q1")
	if err != nil {
		t.Fatal(err)
	}
	var posted postOut
	if ok, err := out.Get("post", &posted); !ok || err != nil || posted.TS != "posted n-Q1" {
		t.Fatalf("posted %+v, %v, %v", posted, ok, err)
	}
}

func TestFlowSkipsWhatWhenSaysAndGivesZeroForIt(t *testing.T) {
	f := NewFlow("f").TriggeredBy(Webhook("/in")).
		Then(parse().As("webhook")).
		When(notSkipped).
		Then(post(Bind{"Body": Output("webhook.ID")}).As("post")).
		EndWhen().
		Then(post(Bind{"Body": Output("post.TS").OrZero()}).As("last")).Build()
	out, err := runFlow(t, f, "skip")
	if err != nil {
		t.Fatal(err)
	}
	var last postOut
	if ok, _ := out.Get("post", &postOut{}); ok {
		t.Error("the skipped step ran")
	}
	if _, err := out.Get("last", &last); err != nil || last.TS != "posted " {
		t.Errorf("last %+v, %v", last, err)
	}
}

func TestStepsOfALaterVersionRunInRunsThatComeToThem(t *testing.T) {
	f := NewFlow("f").TriggeredBy(Webhook("/in")).
		Then(parse().As("webhook")).
		Since("a note").
		Then(post(Bind{"Body": Output("webhook.ID")}).As("note")).
		EndWhen().
		Then(post(Bind{"Body": Output("note.TS").OrZero()}).As("last")).Build()
	for version, want := range map[workflow.Version]string{workflow.DefaultVersion: "posted ", 1: "posted posted Q1"} {
		out, err := runFlow(t, f, "Q1", func(env *testsuite.TestWorkflowEnvironment) {
			env.OnGetVersion("a note", workflow.DefaultVersion, workflow.Version(1)).Return(version)
		})
		var last postOut
		if _, errLast := out.Get("last", &last); err != nil || errLast != nil || last.TS != want {
			t.Errorf("version %d: last %+v (%v, %v), want %q", version, last, err, errLast, want)
		}
	}
}

type countIn struct {
	Body        string
	StepTimeout time.Duration
}

func childFlow(ctx workflow.Context, in countIn) (postOut, error) {
	ctx = WithActivity(ctx, ActivityOptions{})
	var out postOut
	err := workflow.ExecuteActivity(ctx, ActivityName(ctx, "demo.Work"), in.Body+" "+in.StepTimeout.String()).Get(ctx, &out)
	return out, err
}

func childParts(label string) Setup {
	return func(reg Registry, name Name) error {
		reg.Workflow(name("demo.Child"), childFlow)
		reg.Activity(name("demo.Work"), func(_ context.Context, s string) (postOut, error) { return postOut{TS: label + " " + s}, nil })
		return nil
	}
}

func TestTheSameKindTwiceKeepsItsOwnConfiguration(t *testing.T) {
	bind := Bind{"Body": Output("webhook.ID")}
	f := NewFlow("f").TriggeredBy(Webhook("/in")).
		Then(parse().As("webhook")).
		Then(Child[countIn, postOut]("demo.Child", bind, childParts("one")).As("a").WithTimeout(time.Minute)).
		Then(Child[countIn, postOut]("demo.Child", bind, childParts("two")).As("b").WithTimeout(time.Hour)).
		Then(Child[countIn, postOut]("demo.Child", bind, childParts("three"))).
		Build()
	out, err := runFlow(t, f, "Q1")
	if err != nil {
		t.Fatal(err)
	}
	for step, want := range map[string]string{"a": "one Q1 1m0s", "b": "two Q1 1h0m0s", "demo.Child": "three Q1 0s"} {
		var got postOut
		if _, err := out.Get(step, &got); err != nil || got.TS != want {
			t.Errorf("%s: %q, %v, want %q", step, got.TS, err, want)
		}
	}
}

func TestPermanentErrorsAreNotRepeatedAndOthersAre(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		tries int
	}{
		"permanent": {Permanent(errors.New("no")), 1},
		"passing":   {After(errors.New("later"), time.Second), 3},
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			f := NewFlow("f").TriggeredBy(Webhook("/in")).Then(Activity("demo.Try", nil, func(context.Context, struct{}) (postOut, error) {
				if tries++; tries < 3 {
					return postOut{}, forTemporal(c.err, strings.ToUpper)
				}
				return postOut{TS: "done"}, nil
			}).As("try")).Build()
			_, err := runFlow(t, f, "x")
			if tries != c.tries {
				t.Errorf("%d tries, want %d (%v)", tries, c.tries, err)
			}
			if c.tries == 1 && (err == nil || !strings.Contains(err.Error(), `step "try"`) || !strings.Contains(err.Error(), "NO (type: step")) {
				t.Errorf("%v does not name the step with its redacted error", err)
			}
		})
	}
}

func TestAttemptsFillTheTimeTheyAreGiven(t *testing.T) {
	for d, want := range map[time.Duration][2]int32{0: {3, 3}, 10 * time.Second: {6, 9}, 2 * time.Minute: {12, 18}, 15 * time.Minute: {60, 75}} {
		if n := attempts(d); n < want[0] || n > want[1] {
			t.Errorf("attempts(%s) = %d, want %v", d, n, want)
		}
	}
}
