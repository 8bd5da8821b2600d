package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/telemetry/otlptest"
	"github.com/opsbuddy/opsbuddy/triage"
)

// collectorKey is a header's value: a secret like any other.
const collectorKey = "key-of-the-collector-8f3a"

func startCollector(t *testing.T) *otlptest.Collector {
	t.Helper()
	c, err := otlptest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// traceTo are the settings that send traces and metrics to url.
func traceTo(url string, more ...string) []string {
	return append([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + url, "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20" + collectorKey}, more...)
}

// tree is a trace by its spans' ids.
type tree map[string]otlptest.Span

// treeOf wants one trace with one root, in which every other span has its parent.
func treeOf(t *testing.T, all []otlptest.Span) tree {
	t.Helper()
	spans, roots := tree{}, 0
	for _, s := range all {
		spans[s.ID] = s
	}
	for _, s := range all {
		if s.Trace != all[0].Trace {
			t.Errorf("%s is of another trace", s.Name)
		}
		if s.Parent == "" {
			roots++
		} else if _, ok := spans[s.Parent]; !ok {
			t.Errorf("%s has a parent that did not come in", s.Name)
		}
	}
	if roots != 1 {
		t.Errorf("%d roots, want one", roots)
	}
	if t.Failed() {
		t.Logf("the trace:\n%s", otlptest.Tree(all))
	}
	return spans
}

// way names a span's ancestors, the root first.
func (all tree) way(s otlptest.Span) []string {
	names := []string{s.Name}
	for s.Parent != "" {
		s = all[s.Parent]
		names = append(names, s.Name)
	}
	slices.Reverse(names)
	return names
}

func (all tree) named(prefix string) []otlptest.Span {
	var found []otlptest.Span
	for _, s := range all {
		if strings.HasPrefix(s.Name, prefix) {
			found = append(found, s)
		}
	}
	return found
}

// flowSteps are the spans above every step of the review.
var flowSteps = []string{
	"POST /hooks/incident", "StartWorkflow:incident-reviewer", "RunWorkflow:incident-reviewer",
	"StartChildWorkflow:agent.Node@review", "RunWorkflow:agent.Node@review",
}

// TestTraceOfAReviewIsOneTreeOfNamesAndNumbers runs a review in which a call to
// the model, a page of Confluence and reads of Slack fail.
func TestTraceOfAReviewIsOneTreeOfNamesAndNumbers(t *testing.T) {
	c, w := startCollector(t), startWorldFor(t, "tls-expiry")
	s := serve(t, w, t.TempDir(), traceTo(c.URL(), "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test")...)
	w.Fail(world.Confluence, http.StatusInternalServerError)
	w.Inject(world.Slack, world.Fault{Error: "invalid_auth", Times: 2, Match: "conversations"})
	w.Inject(world.Anthropic, world.Fault{Status: http.StatusInternalServerError, Times: 1})
	s.accepted(t, firstPage(w, "delivery-1"))
	s.outcomeOf(t, w)
	_, page := s.get(t, "/metrics")
	s.terminate(t)
	s.gone(t)
	all := treeOf(t, c.Spans())

	chats, answered := all.named("chat "), 0
	tokens := int64(0)
	for _, chat := range chats {
		if diff := cmp.Diff(append(slices.Clone(flowSteps), "StartActivity:agent.Think@review", "RunActivity:agent.Think@review", "chat claude-sonnet-4-6"), all.way(chat)); diff != "" {
			t.Errorf("a call to the model (-want +got):\n%s", diff)
		}
		if chat.Failed {
			if chat.Attributes["error.type"] != "transient" || chat.Attributes["http.response.status_code"] != int64(500) {
				t.Errorf("the failed call: %v", chat.Attributes)
			}
			continue
		}
		answered++
		tokens += chat.Attributes["gen_ai.usage.output_tokens"].(int64)
		if cost, _ := chat.Attributes["opsbuddy.cost_usd"].(float64); cost <= 0 || chat.Attributes["gen_ai.provider.name"] != "anthropic" {
			t.Errorf("a call to the model: %v", chat.Attributes)
		}
	}
	if answered != len(w.ModelCalls()) || answered == 0 || len(chats) != answered+1 {
		t.Errorf("%d calls to the model, %d answered; the model answered %d and failed once", len(chats), answered, len(w.ModelCalls()))
	}
	if counted := sample(t, page, `opsbuddy_model_tokens_total{kind="output",model="claude-sonnet-4-6"}`); int64(counted) != tokens {
		t.Errorf("%d tokens by the trace, %d by /metrics", tokens, counted)
	}
	attempts := map[int64]bool{}
	for _, think := range all.named("RunActivity:agent.Think") {
		attempts[think.Attributes["temporalAttempt"].(int64)] = true
	}
	if !attempts[1] || !attempts[2] {
		t.Errorf("attempts %v of thinking have spans, want the repeated one too", attempts)
	}
	tools := all.named("execute_tool mcp__")
	for _, tool := range tools {
		want := append(slices.Clone(flowSteps), "StartActivity:agent.CallTool@review", "RunActivity:agent.CallTool@review", "execute_tool "+fmt.Sprint(tool.Attributes["gen_ai.tool.name"]))
		if diff := cmp.Diff(want, all.way(tool)); diff != "" {
			t.Errorf("a tool (-want +got):\n%s", diff)
		}
	}
	if len(tools) < 5 {
		t.Errorf("%d tool calls", len(tools))
	}
	for _, step := range []string{"pagerduty.ParseWebhook@webhook", "triage.Facts@facts", "slack.NotifyFacts@first", "triage.Brief@brief", "slack.NotifyReport@report"} {
		runs := all.named("RunActivity:" + step)
		if len(runs) != 1 || !cmp.Equal(append(slices.Clone(flowSteps[:3]), "StartActivity:"+step, "RunActivity:"+step), all.way(runs[0])) {
			t.Errorf("step %s has %d spans below the flow", step, len(runs))
		}
	}
	root := all.named("POST /hooks/incident")[0]
	if root.Attributes["pagerduty.incident.id"] != w.IncidentID("") || root.Kind != "server" ||
		root.Resource["service.name"] != "opsbuddy" || root.Resource["deployment.environment.name"] != "test" {
		t.Errorf("the root: %s %v %v", root.Kind, root.Attributes, root.Resource)
	}
	keptToItself(t, c, w, s)
	sameMetrics(t, c, page)
}

// keptToItself looks for words of the review in all that was sent: secrets,
// addresses, and each sentence that the histories hold.
func keptToItself(t *testing.T, c *otlptest.Collector, w *world.World, s *served) {
	t.Helper()
	sent := c.Raw()
	if !bytes.Contains(sent, []byte(w.IncidentID(""))) {
		t.Error("the incident is not found in what was sent: the search does not see it")
	}
	for _, gone := range append(secretsOf(t, s), collectorKey, "http://", w.PagerDutyURL(), w.JiraURL(), c.URL()) {
		if bytes.Contains(sent, []byte(gone)) {
			t.Errorf("%q was sent", gone)
		}
	}
	sentences := slices.Concat(sentencesOf(histories(t, s.data)), strings.Split(triage.SystemPrompt, "\n"))
	if len(sentences) < 200 {
		t.Fatalf("%d sentences are searched for; the histories hold more", len(sentences))
	}
	for _, words := range sentences {
		if words = strings.TrimSpace(words); len(words) >= 12 && strings.Contains(words, " ") && bytes.Contains(sent, []byte(words)) {
			t.Errorf("words of the review were sent: %q", words)
		}
	}
}

// sentencesOf are the lines of every text in payloads: titles, prompts, answers,
// arguments of tools.
func sentencesOf(payloads []byte) []string {
	var out []string
	var collect func(any)
	collect = func(v any) {
		switch v := v.(type) {
		case string:
			var inner any // arguments and results may be JSON in a text
			if json.Unmarshal([]byte(v), &inner) == nil {
				collect(inner)
			}
			out = append(out, strings.Split(v, "\n")...)
		case []any:
			for _, one := range v {
				collect(one)
			}
		case map[string]any:
			for _, one := range v {
				collect(one)
			}
		}
	}
	for line := range bytes.Lines(payloads) {
		var v any
		if json.Unmarshal(line, &v) == nil {
			collect(v)
		}
	}
	return out
}

// sameMetrics holds what was pushed against the page: it is one registry.
func sameMetrics(t *testing.T, c *otlptest.Collector, page string) {
	t.Helper()
	last := map[string]float64{}
	for _, m := range c.Metrics() {
		last[fmt.Sprint(m.Name, m.Labels)] = m.Value
	}
	for pushed, shown := range map[string]string{
		"opsbuddy_webhooks_totalmap[result:accepted]":                         `opsbuddy_webhooks_total{result="accepted"}`,
		"opsbuddy_model_calls_totalmap[model:claude-sonnet-4-6]":              `opsbuddy_model_calls_total{model="claude-sonnet-4-6"}`,
		"opsbuddy_model_tokens_totalmap[kind:output model:claude-sonnet-4-6]": `opsbuddy_model_tokens_total{kind="output",model="claude-sonnet-4-6"}`,
		"opsbuddy_activity_secondsmap[activity:slack.NotifyReport@report]":    `opsbuddy_activity_seconds_count{activity="slack.NotifyReport@report"}`,
		"opsbuddy_activity_failures_totalmap[activity:agent.Think@review]":    `opsbuddy_activity_failures_total{activity="agent.Think@review"}`,
	} {
		if want := sample(t, page, shown); int(last[pushed]) != want || want == 0 {
			t.Errorf("%s: %v was pushed, /metrics shows %d", shown, last[pushed], want)
		}
	}
}

func TestNothingIsSentThatWasNotAskedFor(t *testing.T) {
	c, w := startCollector(t), startWorldFor(t, "tls-expiry")
	for _, set := range []struct {
		name     string
		settings []string
		requests bool
	}{
		{"disabled", traceTo(c.URL(), "OTEL_SDK_DISABLED=true", "OTEL_TRACES_EXPORTER=otlp"), false},
		{"no exporter", traceTo(c.URL(), "OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=prometheus"), false},
		{"no address", []string{"OTEL_SERVICE_NAME=other", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_TRACES_SAMPLER=always_on"}, false},
		{"metrics only", []string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=" + c.URL() + "/v1/metrics"}, true},
	} {
		name := set.name
		s := serve(t, w, t.TempDir(), set.settings...)
		before := len(outcomes(w))
		s.accepted(t, firstPage(w, "delivery-1"))
		wait(t, s, "the end of the flow", func() bool { return s.reported(t) > 0 })
		s.terminate(t)
		s.gone(t)
		if n := len(outcomes(w)); n != before+1 {
			t.Errorf("%s: %d outcomes", name, n-before)
		}
		if n := c.Requests(); (n != 0) != set.requests {
			t.Errorf("%s: the collector was asked %d times", name, n)
		}
		if bytes.Contains(histories(t, s.data), []byte("_tracer-data")) {
			t.Errorf("%s: the histories hold a trace's header", name)
		}
	}
	if len(c.Spans()) != 0 || len(c.Metrics()) == 0 {
		t.Errorf("%d spans and %d metrics came in, want metrics alone", len(c.Spans()), len(c.Metrics()))
	}
}

// TestReviewsDoNotWaitForACollector ends each process idle: what could not be
// sent must not hold it up.
func TestReviewsDoNotWaitForACollector(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"dead", "silent", "refusing"} {
		for _, protocol := range []string{"http/protobuf", "grpc"} {
			if fault == "refusing" && protocol == "grpc" {
				continue
			}
			t.Run(fault+" "+protocol, func(t *testing.T) {
				c, w := startCollector(t), startWorldFor(t, "tls-expiry")
				url := c.URL()
				if protocol == "grpc" {
					url = c.GRPC()
				}
				switch fault {
				case "dead":
					url = "http://" + deadAddress(t)
				case "silent":
					c.Hang()
				case "refusing":
					c.Fail(http.StatusServiceUnavailable)
				}
				s := serve(t, w, t.TempDir(), traceTo(url, "OTEL_EXPORTER_OTLP_PROTOCOL="+protocol,
					"OTEL_EXPORTER_OTLP_TIMEOUT=500", "OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_BSP_EXPORT_TIMEOUT=600", "OTEL_METRIC_EXPORT_INTERVAL=100", "OTEL_METRIC_EXPORT_TIMEOUT=600")...)
				began := time.Now()
				s.accepted(t, firstPage(w, "delivery-1"))
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("the page was answered after %s", took)
				}
				if last := lastLine(s.outcomeOf(t, w)); !strings.HasPrefix(last, "brief · ") {
					t.Errorf("the outcome is %q", last)
				}
				const words = "telemetry is not exported"
				wait(t, s, "a line about the collector", func() bool { return bytes.Contains(s.logged(t), []byte(words)) })
				began = time.Now()
				s.terminate(t)
				s.gone(t)
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("from SIGTERM to the end: %s", took)
				} else {
					t.Logf("from SIGTERM to the end: %s", took.Round(time.Millisecond))
				}
				log := string(s.logged(t))
				if n := strings.Count(log, words); n != 1 {
					t.Errorf("%d lines about the collector, want one a minute", n)
				}
				for _, gone := range []string{collectorKey, strings.TrimPrefix(url, "http://"), "traces export"} {
					if strings.Contains(log, gone) {
						t.Errorf("the log says %q", gone)
					}
				}
			})
		}
	}
}

// deadAddress is one that nobody listens on.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestIdleProcessEndsAtOnceBesideACollectorThatCannotBeReached(t *testing.T) {
	w := startWorldFor(t, "tls-expiry")
	s := serve(t, w, t.TempDir(), traceTo("http://"+deadAddress(t))...)
	began := time.Now()
	s.terminate(t)
	s.gone(t)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("from SIGTERM to the end: %s", took)
	} else {
		t.Logf("from SIGTERM to the end: %s", took.Round(time.Millisecond))
	}
}

// TestTraceGoesOnInTheNextProcess kills a review in a call to the model. Both
// processes' steps hang from the same run.
func TestTraceGoesOnInTheNextProcess(t *testing.T) {
	c, w := startCollector(t), startWorldFor(t, "tls-expiry")
	w.Inject(world.Anthropic, world.Fault{Hang: true, After: 1})
	settings := traceTo(c.URL(), "OTEL_METRICS_EXPORTER=none", "OTEL_BSP_SCHEDULE_DELAY=1")
	s := serve(t, w, t.TempDir(), settings...)
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "the model's second turn, and its span", func() bool {
		thoughts := 0
		for _, span := range c.Spans() {
			if span.Name == "StartActivity:agent.Think@review" {
				thoughts++
			}
		}
		return asked(w, world.Anthropic) == 2 && thoughts == 2
	})
	s.kill(t)
	before := len(c.Spans())
	healDead(t, w, world.Anthropic)
	next := serve(t, w, s.data, settings...)
	next.outcomeOf(t, w)
	next.terminate(t)
	next.gone(t)
	all := treeOf(t, c.Spans())
	if before < 10 || len(all) < before+10 {
		t.Errorf("%d spans came before the crash, %d in all", before, len(all))
	}
	for _, run := range flowSteps[1:3] {
		if n := len(all.named(run)); n != 1 {
			t.Errorf("%s has %d ids", run, n)
		}
	}
}

func TestReviewThatBeganUntracedGoesOnTraced(t *testing.T) {
	c, w := startCollector(t), startWorldFor(t, "tls-expiry")
	w.Inject(world.Anthropic, world.Fault{Hang: true, After: 1})
	s := serve(t, w, t.TempDir())
	s.accepted(t, firstPage(w, "delivery-1"))
	wait(t, s, "the model's second turn", func() bool { return asked(w, world.Anthropic) == 2 })
	s.kill(t)
	healDead(t, w, world.Anthropic)
	next := serve(t, w, s.data, traceTo(c.URL())...)
	if last := lastLine(next.outcomeOf(t, w)); !strings.HasPrefix(last, "brief · ") {
		t.Errorf("the outcome is %q", last)
	}
	next.terminate(t)
	next.gone(t)
	if all := c.Spans(); len(all) != 0 {
		t.Errorf("a review that began untraced has %d spans:\n%s", len(all), otlptest.Tree(all))
	}
}
