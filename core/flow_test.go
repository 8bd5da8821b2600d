package core

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

type parseIn struct {
	Payload string
	Headers map[string]string
}

type parseOut struct {
	Skipped bool
	ID      string
	Who     person
}

type person struct{ Name string }

type postIn struct {
	Body string
	Took time.Duration
}

type postOut struct{ TS string }

type openDoor struct{}

func (openDoor) Admit(r Request) Admission {
	if r.Header.Get("X-Key") != "right" {
		return Admission{Status: http.StatusForbidden, Reason: "no", Label: "forbidden"}
	}
	return Admission{Start: &Start{WorkflowID: "w-" + string(r.Body), Input: map[string]any{WebhookPayload: string(r.Body)}}}
}

func parse() *Node {
	bind := Bind{"Payload": InputData("webhook_payload"), "Headers": InputData("webhook_headers")}
	return Activity("demo.Parse", bind, func(_ context.Context, in parseIn) (parseOut, error) {
		return parseOut{Skipped: in.Payload == "skip", ID: in.Payload, Who: person{Name: "n-" + in.Payload}}, nil
	}).WithDoor(openDoor{})
}

func post(bind Bind) *Node {
	return Activity("demo.Post", bind, func(_ context.Context, in postIn) (postOut, error) {
		return postOut{TS: "posted " + in.Body}, nil
	})
}

func notSkipped(s *FlowState) bool { return !GetOr(s, "webhook", parseOut{}).Skipped }

func TestBuildAcceptsNestedFieldsAndConditions(t *testing.T) {
	f := NewFlow("f").TriggeredBy(Webhook("/in")).
		Then(parse().As("webhook")).
		When(notSkipped).
		When(func(*FlowState) bool { return true }).
		Then(post(Bind{"Body": Output("webhook.Who.Name")}).As("post")).
		EndWhen().
		EndWhen().
		Then(post(Bind{"Body": Output("post.TS").OrZero()}).As("again")).
		Build()
	if f.Name() != "f" || f.door == nil || len(f.nodes()) != 3 {
		t.Fatalf("flow %+v", f)
	}
}

func TestBuildNamesTheStepAndTheFieldOfAMistake(t *testing.T) {
	hook := func() *FlowBuilder { return NewFlow("f").TriggeredBy(Webhook("/in")) }
	first := func() *FlowBuilder { return hook().Then(parse().As("webhook")) }
	for name, c := range map[string]struct {
		flow *FlowBuilder
		want []string
	}{
		"unknown field":     {first().Then(post(Bind{"Body": Output("webhook.Respnse")}).As("report")), []string{`"report"`, "Body", "webhook.Respnse", `no field "Respnse"`, "Skipped, ID, Who"}},
		"unknown step":      {first().Then(post(Bind{"Body": Output("revue.ID")}).As("report")), []string{`"report"`, `no step "revue"`, "there is webhook"}},
		"later step":        {hook().Then(post(Bind{"Body": Output("webhook.ID")}).As("report")).Then(parse().As("webhook")), []string{`no step "webhook" before this one`}},
		"wrong type":        {first().Then(post(Bind{"Took": Output("webhook.ID")}).As("report")), []string{`"report"`, "Took", "is a string", "wants a time.Duration"}},
		"unknown input":     {first().Then(post(Bind{"Bodi": Output("webhook.ID")}).As("report")), []string{`"report"`, `no field "Bodi"`}},
		"unknown data":      {hook().Then(post(Bind{"Body": InputData("payload")}).As("report")), []string{`InputData("payload")`, "webhook_headers, webhook_payload"}},
		"skipped step":      {first().When(notSkipped).Then(post(nil).As("a")).EndWhen().Then(post(Bind{"Body": Output("a.TS")}).As("b")), []string{`"b"`, `step "a" runs only inside a When`, "OrZero"}},
		"same name":         {first().Then(parse().As("webhook")), []string{`"webhook" stands twice`}},
		"same name in When": {first().When(notSkipped).Then(post(nil).As("a")).EndWhen().Then(post(nil).As("a")), []string{`"a" stands twice`}},
		"open When":         {first().When(notSkipped), []string{"without an EndWhen"}},
		"nameless change":   {first().Since("").Then(post(nil).As("a")).EndWhen(), []string{"wants a name"}},
		"stray EndWhen":     {first().EndWhen(), []string{"EndWhen without"}},
		"empty When":        {first().When(notSkipped).EndWhen(), []string{"holds no steps"}},
		"no trigger":        {NewFlow("f").Then(parse()), []string{"TriggeredBy"}},
		"no steps":          {hook(), []string{"no steps"}},
		"dotted name":       {hook().Then(parse().As("a.b")), []string{`"a.b"`, "no dot"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.flow.Check()
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range append(c.want, `flow "f"`) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestBuildPanicsWithTheMistake(t *testing.T) {
	defer func() {
		err, _ := recover().(error)
		if err == nil || !strings.Contains(err.Error(), "no steps") {
			t.Fatalf("recovered %v", err)
		}
	}()
	NewFlow("f").TriggeredBy(Webhook("/in")).Build()
}

func TestWorkerSaysEverythingThatIsMissing(t *testing.T) {
	f := NewFlow("f").TriggeredBy(Webhook("/in")).Then(post(nil).As("post")).Build()
	err := NewWorker().WithFlow(f).WithWebhookServer(":0").Start(t.Context())
	for _, want := range []string{"no step that decides about webhooks", `step "post"`, "provider of package demo"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if err := NewWorker().Start(t.Context()); err == nil || !strings.Contains(err.Error(), "WithFlow") {
		t.Errorf("no flow: %v", err)
	}
}
