package slack

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/money"
	"github.com/opsbuddy/opsbuddy/slack/slacktest"
)

var update = flag.Bool("update", false, "write what the messages are now into testdata")

// golden compares a message, and the text that stands for it when Slack takes
// no blocks, with what was looked at once.
func golden(t *testing.T, name string, m slacktest.Message) {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"text": m.Text, "blocks": m.Blocks, "metadata": m.Metadata})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-update writes it anew):\n%s", path, diff)
	}
}

var page = incident.Incident{
	ID: "Q1GATEWAY", Number: 4217, Title: "Gateway *5xx* > 20% <!channel>", URL: "https://acme.pd.example/incidents/Q1GATEWAY",
	Status: "acknowledged", Urgency: "high", Priority: "P1", Service: incident.Ref{ID: "PGW", Name: "checkout-gateway"},
}

const briefBody = "# Gateway 5xx\n\n**Status:** acknowledged · **since** 14:02 UTC\n\n" +
	"## What Do I Do Right Now?\n\n1. Roll back with `kubectl rollout undo deploy/gateway` [runbook](https://runbooks.example/gateway)\n2. Tell #payments\n   - and *only* them\n\n" +
	"## What's Happening?\n\n> upstream connect error\n\n```\nHTTP 503 <upstream> && retry\n```\n\n" +
	"The release 2.14 dropped a header. ⚠ not in evidence\n\n" +
	"## Open Tickets\n\n| Ticket | Status |\n|---|---|\n| [PAY-7](https://jira.example/browse/PAY-7) | Open |\n\n" +
	"## What we could not check\n\n- [dashboards](https://evil.example/?d=1) did not answer\n"

// full is a report with everything in it.
func full(s *stand) (NotifyReportInput, reportInput) {
	in := bots(s)
	in.Header, in.Label1, in.Label2 = "Incident Review Complete", "Incident", "Service"
	in.LLMProvider, in.LLMModel = "anthropic", "model-as-configured"
	in.FailHeader, in.FailMessage = "Incident Review Failed", "The automated review failed. Check Temporal UI."
	return in, reportInput{
		Value1: page.ID, Value2: page.Service.Name, Body: briefBody, CostUSD: money.Dollars(0.65), Duration: 83 * time.Second, TurnsUsed: 5,
		Succeeded: true, Outcome: "brief", Model: "model-in-the-end", Incident: page, Key: page.ID,
		Links: []string{"https://runbooks.example/gateway/", "https://jira.example/browse/PAY-7"},
	}
}

// posted runs a report and returns the one message that stands then.
func posted(t *testing.T, s *stand, in NotifyReportInput, r reportInput) slacktest.Message {
	t.Helper()
	if _, err := report(t, in, r); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Standing()); n != 1 {
		t.Fatalf("%d messages", n)
	}
	return s.Standing()[0]
}

func TestACompleteBriefIsLaidOutAsItWasLookedAt(t *testing.T) {
	s := newStand(t)
	in, r := full(s)
	m := posted(t, s, in, r)
	golden(t, "brief", m)
	if strings.Count(string(m.Blocks), "Gateway 5xx") != 0 {
		t.Error("the brief's own title is shown under the incident's")
	}
}

func TestAFailedReviewIsLaidOutAsItWasLookedAt(t *testing.T) {
	s := newStand(t)
	in, r := full(s)
	r.Body, r.Succeeded, r.Outcome, r.StopReason, r.TurnsUsed, r.CostUSD = " \n", false, "facts only", "no model could be reached", 0, money.USD{}
	golden(t, "failure", posted(t, s, in, r))
}

func TestAReviewThatFailedWithABodyShowsTheBody(t *testing.T) {
	s := newStand(t)
	in, r := full(s)
	r.Succeeded, r.Outcome, r.StopReason = false, "partial brief", "turn limit"
	m := posted(t, s, in, r)
	for _, want := range []string{"Incident Review Complete", "upstream connect error", "partial brief · $0.65", "· turn limit"} {
		if !strings.Contains(string(m.Blocks), want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(string(m.Blocks), in.FailHeader) || strings.Contains(string(m.Blocks), in.FailMessage) {
		t.Error("it is shown as a failure")
	}
}

func TestOnlyAddressesOfTheEvidenceAreClickableInABrief(t *testing.T) {
	s := newStand(t)
	in, r := full(s)
	links := func(links []string) []string {
		r.Links = links
		var out []string
		for _, part := range strings.Split(string(posted(t, s, in, r).Blocks), `"url":"`)[1:] {
			url, _, _ := strings.Cut(part, `"`)
			out = append(out, url)
		}
		s = newStand(t)
		in.APIURL = s.url + "/api"
		return out
	}
	for name, c := range map[string]struct{ allowed, want []string }{
		"a list":     {[]string{"https://runbooks.example/gateway"}, []string{page.URL, "https://runbooks.example/gateway"}},
		"none":       {[]string{}, []string{page.URL}},
		"no links":   {nil, []string{page.URL}}, // a brief without any, and not one without a rule
		"other path": {[]string{"https://evil.example/?d=2"}, []string{page.URL}},
	} {
		if diff := cmp.Diff(c.want, links(c.allowed)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestTheFooterNamesOutcomeCostDurationTurnsAndModel(t *testing.T) {
	in := NotifyReportInput{LLMProvider: "anthropic", LLMModel: "m-1"}
	none := NotifyReportInput{LLMProvider: "none", LLMModel: "m-1"}
	for want, c := range map[string]struct {
		in NotifyReportInput
		r  reportInput
	}{
		"brief · $0.65 · 1 m 23 s · 5 turns · anthropic/m-1":               {in, reportInput{Outcome: "brief", Succeeded: true, CostUSD: money.Dollars(0.65), Duration: 83 * time.Second, TurnsUsed: 5}},
		"partial brief · $0.0042 · 9.5 s · 1 turn · anthropic/m-1 · money": {in, reportInput{Outcome: "partial brief", CostUSD: money.Dollars(0.0042), Duration: 9500 * time.Millisecond, TurnsUsed: 1, StopReason: "money"}},
		"facts only · $0.00 · 0.0 s · 0 turns · no model":                  {none, reportInput{Outcome: "facts only"}},
		"same problem · $0.00 · 0.4 s · 0 turns · anthropic/m-1":           {in, reportInput{Outcome: "same problem", Succeeded: true, Duration: 400 * time.Millisecond}},
		"resolved · $0.00 · 10 s · 0 turns · anthropic/m-1":                {in, reportInput{Outcome: "resolved", Succeeded: true, Duration: 10 * time.Second}},
		"brief · $0.04 · 10 s · 3 turns · anthropic/m-1 · money ran short": {in, reportInput{Outcome: "brief", Succeeded: true, CostUSD: money.Dollars(0.04), Duration: 10 * time.Second, TurnsUsed: 3, StopReason: "money ran short"}},
		"brief · unknown · 15 m 0 s · 2 turns · anthropic/m-2":             {in, reportInput{Succeeded: true, CostUSD: money.Unknown, Duration: 15 * time.Minute, TurnsUsed: 2, Model: "m-2"}},
		"partial brief · unknown · 1 m 0 s · 2 turns · no model":           {NotifyReportInput{}, reportInput{CostUSD: money.Dollars(1).Add(money.Unknown), Duration: 59700 * time.Millisecond, TurnsUsed: 2}},
		"brief · $12.00 · 1 h 2 m · 40 turns · openai":                     {NotifyReportInput{LLMProvider: "openai"}, reportInput{Succeeded: true, CostUSD: money.Dollars(12), Duration: 62*time.Minute + 10*time.Second, TurnsUsed: 40}},
	} {
		if got := c.in.footer(c.r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDurationsAreWrittenAsPeopleSayThem(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0 s", 49 * time.Millisecond: "0.0 s", 1234 * time.Millisecond: "1.2 s", 9949 * time.Millisecond: "9.9 s", 9960 * time.Millisecond: "10 s",
		59499 * time.Millisecond: "59 s", 59500 * time.Millisecond: "1 m 0 s", 200 * time.Second: "3 m 20 s", time.Hour: "1 h 0 m", 26 * time.Hour: "26 h 0 m",
		-time.Second: "0.0 s",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestANotificationsTextSaysWhatItIsAboutAndPingsNobody(t *testing.T) {
	for want, i := range map[string]incident.Incident{
		"brief: #4217 Gateway *5xx* &gt; 20% &lt;!channel&gt; (checkout-gateway, high)": page,
		"brief: Q2 disk full":       {ID: "Q2", Title: "disk full"},
		"brief: Q2 disk full (low)": {ID: "Q2", Title: "disk\nfull", Urgency: "low"},
		"Review &amp; more":         {},
	} {
		if got := fallback("Review & more", i, "brief"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestOnlyATitleThatTheHeadShowsIsTakenOff(t *testing.T) {
	some := incident.Incident{ID: "Q1", Title: "The gateway is down"}
	for name, c := range map[string]struct {
		body string
		i    incident.Incident
		want string
	}{
		"title":               {"# Gateway\n\ntext", some, "\ntext"},
		"blank lines before":  {"\n\n# Gateway\ntext", some, "text"},
		"no incident":         {"# Gateway\ntext", incident.Incident{}, "# Gateway\ntext"},
		"second level":        {"## What\ntext", some, "## What\ntext"},
		"another form":        {"text\n# later", some, "text\n# later"},
		"nothing but a title": {"# Gateway", some, ""},
	} {
		if got := withoutTitle(c.body, c.i); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func facts(s *stand) NotifyFactsInput {
	return NotifyFactsInput{
		BotToken: botToken, Channel: "incidents", APIURL: s.url + "/api/", Logger: s.logger(),
		Incident: core.Output("given.Incident"), Body: core.Output("given.Body"), Links: core.Output("given.Links"), Key: core.Output("given.Key"),
	}
}

func notifyFacts(t *testing.T, in NotifyFactsInput, given factsInput) NotifyFactsOutput {
	t.Helper()
	out, err := run[NotifyFactsOutput](t, flowOf(NotifyFacts(in), given))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheFactsAreLaidOutAsTheyWereLookedAtAndAreNoOutcome(t *testing.T) {
	s := newStand(t)
	out := notifyFacts(t, facts(s), factsInput{Incident: page, Body: "# Facts\n\n- 3 alerts", Links: []string{}, Key: "Q1"})
	m := s.Messages()[0]
	if out != (NotifyFactsOutput{Message: MessageRef{Channel: incidentsC, TS: m.TS}}) {
		t.Errorf("%+v", out)
	}
	golden(t, "facts", m)
	for _, word := range []string{"brief · ", "partial brief", "facts only", "same problem", "resolved", "$", "turns"} {
		if strings.Contains(string(m.Blocks), word) {
			t.Errorf("%q is a word of an outcome's footer", word)
		}
	}
}

func TestTheFactsBecomeTheBrief(t *testing.T) {
	s := newStand(t)
	first := notifyFacts(t, facts(s), factsInput{Incident: page, Body: "- 3 alerts", Key: page.ID})
	in, r := full(s)
	r.Update = first.Message
	if m := posted(t, s, in, r); m.Kind != "post" || !strings.Contains(string(m.Blocks), "brief · $0.65") || strings.Contains(string(m.Blocks), "3 alerts") {
		t.Errorf("%s %s", m.Kind, m.Blocks)
	}
}

func TestFactsThatAreTooLongSayWhatIsMissing(t *testing.T) {
	s := newStand(t)
	notifyFacts(t, facts(s), factsInput{Incident: page, Body: longBody, Key: "Q1"})
	if len(s.Messages()) != 1 || !strings.Contains(string(s.Messages()[0].Blocks), "characters more were left out") {
		t.Errorf("%d messages", len(s.Messages()))
	}
}

func TestNoFactsAreNoReasonToStop(t *testing.T) {
	s := newStand(t)
	in := facts(s)
	in.BotToken = ""
	if out := notifyFacts(t, in, factsInput{Incident: page, Body: "x", Key: "Q1"}); out != (NotifyFactsOutput{Why: "no bot token and channel"}) {
		t.Errorf("%+v", out)
	}
	for _, f := range []slacktest.Fault{{Error: "invalid_auth"}, {Status: 503}, {Status: 429, RetryAfter: "600"}} {
		s.Fail("chat.postMessage", f)
		out := notifyFacts(t, facts(s), factsInput{Incident: page, Body: "x", Key: "Q1"})
		noSecrets(t, out.Why)
		if out.Message != (MessageRef{}) || out.Why == "" || len(s.Messages()) != 0 {
			t.Errorf("%+v", out)
		}
	}
}
