package slack

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/money"
)

// theIncident has a title of the kind that formatting eats.
func theIncident() incident.Incident {
	return incident.Incident{
		ID: "QX7R1T0B2K4M6N", Number: 4813, Title: "Checkout 5xx above 5% on payments-api", URL: "https://acme.pagerduty.example/incidents/QX7R1T0B2K4M6N",
		Status: "triggered", Urgency: "high", Priority: "P1", Service: incident.Ref{ID: "PSVC1", Name: "payments-api"},
	}
}

func theStep() NotifyReportInput {
	return NotifyReportInput{
		Header: "Incident Review Complete", Label1: "Incident", Label2: "Service", LLMProvider: "anthropic", LLMModel: "claude-sonnet-4-6",
		FailHeader: "Incident Review Failed", FailMessage: "The automated review failed. Check Temporal UI.", Links: core.Output("brief.Links"),
	}
}

func theReport(t *testing.T) reportInput {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "full.md"))
	if err != nil {
		t.Fatal(err)
	}
	return reportInput{
		Value1: "QX7R1T0B2K4M6N", Value2: "payments-api", Body: string(body), CostUSD: money.Dollars(0.65), Duration: 101 * time.Second, TurnsUsed: 4,
		Succeeded: true, Incident: theIncident(), Key: "incident-QX7R1T0B2K4M6N",
		Links: []string{
			"https://wiki.example/runbooks/payments", "https://acme.pagerduty.example/incidents/QOLD1/", "https://graphs.example/d/pay",
			"https://jira.example/browse/PAY-892",
		},
	}
}

func TestAFullBriefLooksAsItShould(t *testing.T) {
	all := theStep().messages(theReport(t))
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	valid(t, all[0].blocks)
	want, err := os.ReadFile(filepath.Join("testdata", "full.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), all[0].plain); d != "" {
		t.Error(d)
	}
}

func reads(t *testing.T, in NotifyReportInput, r reportInput) string {
	t.Helper()
	var b strings.Builder
	for _, m := range in.messages(r) {
		valid(t, m.blocks)
		b.WriteString(plain(m.blocks))
	}
	return b.String()
}

func TestAReportWithoutABodySaysThatItFailed(t *testing.T) {
	r := theReport(t)
	r.Body, r.Succeeded, r.StopReason = " \n", false, "the model said *nothing* <!channel>"
	got := reads(t, theStep(), r)
	for _, want := range []string{"Incident Review Failed\n", "#4813", "The automated review failed. Check Temporal UI.\n", "Reason: the model said *nothing* <!channel>\n", "partial brief · $0.65"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	r.Succeeded = true
	if got := reads(t, theStep(), r); !strings.Contains(got, "Incident Review Failed") || !strings.Contains(got, "partial brief ·") {
		t.Errorf("success without a body is shown as\n%s", got)
	}
}

func TestAPartialBriefKeepsItsBody(t *testing.T) {
	r := theReport(t)
	r.Succeeded = false
	got := reads(t, theStep(), r)
	if !strings.HasPrefix(got, "Incident Review Complete\n") || !strings.Contains(got, "What we could not check") {
		t.Error(got)
	}
}

func TestTheSeedsFlowNeedsNoIncident(t *testing.T) {
	in := theStep()
	in.Links = core.Ref{}
	got := reads(t, in, reportInput{Value1: "P1234567", Value2: "api-gateway", Body: "# API 502\n\ntext [x](https://a.example)", Succeeded: true})
	want := "Incident Review Complete\nIncident: P1234567 · Service: api-gateway\nAPI 502\ntext x (https://a.example)\nbrief · $0.00 · 0.0 s · 0 turns · anthropic/claude-sonnet-4-6\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestABriefsTitleIsNotShownTwiceAndAnotherHeadingStays(t *testing.T) {
	i := theIncident()
	for body, want := range map[string]string{
		"# Checkout 5xx above 5% on payments\\-api\n\nx":                    "\nx",
		"```markdown\n# Checkout 5xx above 5% on payments-api (P1)\nx\n```": "x",
		"# Root cause: a lock\nx":                                           "# Root cause: a lock\nx",
		"no title":                                                          "no title",
		"# ???\nx":                                                          "# ???\nx",
	} {
		if got := withoutTitle(body, i); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%q becomes %q, want %q", body, got, want)
		}
	}
}

func TestOnlyAddressesOfTheEvidenceAreClickable(t *testing.T) {
	r := theReport(t)
	r.Links = nil // the brief came without any: none, and not all
	raw, err := json.Marshal(theStep().messages(r)[0].blocks)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), `"url"`); n != 2 || strings.Count(string(raw), `"url":"https://acme.pagerduty.example/incidents/QX7R1T0B2K4M6N"`) != 2 {
		t.Errorf("%d links in %s", n, raw)
	}
	only := allowOnly([]string{"https://A.example/x/", "https://b.example/?a=1|2"})
	for address, want := range map[string]bool{
		"https://a.example/x": true, "https://a.example/X": false, "https://a.example/x?d=1": false, "https://b.example/?a=1%7C2": true, "https://c.example": false,
	} {
		if only(address) != want {
			t.Errorf("%s: %v", address, !want)
		}
	}
}

func TestNotificationsAreEscapedOnceAndShort(t *testing.T) {
	i := theIncident()
	i.Title = "a && b <!channel> " + strings.Repeat("x", 500)
	r := theReport(t)
	r.Incident = i
	m := theStep().messages(r)[0]
	if !strings.HasPrefix(m.text, "brief: #4813 a &amp;&amp; b &lt;!channel&gt; xxx") || units(m.text) > 2*maxTitle || !strings.Contains(m.text, "…") {
		t.Errorf("%q", m.text)
	}
}

func TestTheStepsAreBoundToTheirInputs(t *testing.T) {
	type review struct {
		Body, Outcome, Reason, Model, Key string
		Cost                              money.USD
		Duration                          time.Duration
		Turns                             int
		Succeeded                         bool
		Links                             []string
		Incident                          incident.Incident
	}
	out := func(f string) core.Ref { return core.Output("review." + f) }
	flow := core.NewFlow("x").TriggeredBy(core.Webhook("/x")).
		Then(core.Activity[struct{}, review]("test.Review", nil, nil).As("review")).
		Then(NotifyFacts(NotifyFactsInput{Incident: out("Incident"), Body: out("Body"), Links: out("Links"), Key: out("Key")}).As("first")).
		Then(NotifyReport(NotifyReportInput{
			Value1: out("Key"), Value2: out("Key"), Body: out("Body"), CostUSD: out("Cost"), Duration: out("Duration"), TurnsUsed: out("Turns"),
			Succeeded: out("Succeeded"), Outcome: out("Outcome"), StopReason: out("Reason"), Model: out("Model"), Provider: out("Model"),
			Incident: out("Incident"), Update: core.Output("first.Message"), Links: out("Links"), Key: out("Key"),
		}).As("report")).
		Then(core.Activity[struct{ Via string }, struct{}]("test.Use", core.Bind{"Via": core.Output("report.Via")}, nil))
	if err := flow.Check(); err != nil {
		t.Error(err)
	}
}
