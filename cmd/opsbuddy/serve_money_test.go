package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// Money that runs short makes a review cheaper, step by step, and the message says
// how and at which ceiling.
func TestMoneyThatRunsShortStepsDownAndSaysSo(t *testing.T) {
	t.Parallel()
	const other = "AGENT_FALLBACK_MODEL=claude-haiku-4-5"
	for _, c := range []struct {
		name     string
		settings []string
		outcome  string
		says     string // in the footer
		models   string // that were asked
	}{
		{"enough", []string{other}, "brief", `anthropic/claude-sonnet-4-6$`, "claude-sonnet-4-6"},
		{"fewer tokens, by the review", []string{"AGENT_COST_LIMIT_PER_RUN_USD=0.2"}, "brief", `money ran short at the ceiling of \$0\.20 a review: answers had at most \d+ tokens$`, "claude-sonnet-4-6"},
		{"fewer tokens, by the hour", []string{other, "AGENT_COST_LIMIT_PER_HOUR_USD=0.12"}, "brief", `money ran short at the ceiling of \$0\.12 an hour: answers had at most \d+ tokens$`, "claude-sonnet-4-6"},
		{"another model, by the hour", []string{other, "AGENT_COST_LIMIT_PER_HOUR_USD=0.025"}, "brief", `claude-haiku-4-5 · money ran short at the ceiling of \$0\.0\d+ an hour: claude-haiku-4-5 was asked in place of claude-sonnet-4-6`, "claude-haiku-4-5"},
		{"another model, by the day", []string{other, "AGENT_COST_LIMIT_PER_DAY_USD=0.025"}, "brief", `\$0\.0\d+ a day: claude-haiku-4-5 was asked in place of`, "claude-haiku-4-5"},
		{"another model, by the review", []string{other, "AGENT_COST_LIMIT_PER_RUN_USD=0.05"}, "brief", `\$0\.05 a review: claude-haiku-4-5 was asked in place of`, "claude-haiku-4-5"},
		{"no model", []string{other, "AGENT_COST_LIMIT_PER_HOUR_USD=0.0025"}, "facts only", `the ceiling of \$0\.0025 an hour is reached$`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := startWorldFor(t, "tls-expiry")
			s := serve(t, w, t.TempDir(), c.settings...)
			s.accepted(t, firstPage(w, "delivery-1"))
			last := lastLine(s.outcomeOf(t, w))
			t.Log(last)
			if !strings.HasPrefix(last, c.outcome+" · ") || !regexp.MustCompile(c.says).MatchString(last) {
				t.Errorf("the footer is %q, want one of %s that says %s", last, c.outcome, c.says)
			}
			for _, call := range w.ModelCalls() {
				if call.Model != c.models {
					t.Errorf("%s was asked, want %q alone", call.Model, c.models)
				}
			}
			spendIsShown(t, s, c.models)
		})
	}
}

// spendIsShown wants what a model cost in the budget and in the metrics.
func spendIsShown(t *testing.T, s *served, model string) {
	t.Helper()
	spent := s.budget(t)
	_, metrics := s.get(t, "/metrics")
	if model == "" {
		if strings.Contains(spent, "calls") || strings.Contains(metrics, "opsbuddy_model_cost_usd_total{") {
			t.Errorf("nothing was asked, and money was spent:\n%s", spent)
		}
		return
	}
	for _, want := range []string{
		`By hour\n +\d{4}-\d\d-\d\d \d\d:00 UTC +\$0\.\d+ +\d+ calls`, `By day\n +\d{4}-\d\d-\d\d +\$0\.\d+`,
		`By incident\n +incident-\w+ +\$0\.\d+`, `By model\n +` + model + ` +\$0\.\d+`,
	} {
		if !regexp.MustCompile(want).MatchString(spent) {
			t.Errorf("budget lacks %s:\n%s", want, spent)
		}
	}
	if !regexp.MustCompile(fmt.Sprintf(`opsbuddy_model_cost_usd_total\{model=%q\} 0\.\d*[1-9]`, model)).MatchString(metrics) {
		t.Errorf("the metrics do not show what %s cost", model)
	}
}

func TestAModelInAnothersPlaceIsNamedWithTheReason(t *testing.T) {
	t.Parallel()
	w := startWorldFor(t, "no-runbook")
	w.Inject(world.Anthropic, world.Fault{Status: 404, Times: 1})
	s := serve(t, w, t.TempDir(), "AGENT_FALLBACK_MODEL=claude-haiku-4-5")
	s.accepted(t, firstPage(w, "delivery-1"))
	const want = "claude-haiku-4-5 was asked in place of claude-sonnet-4-6, which did not answer"
	if last := lastLine(s.outcomeOf(t, w)); !strings.HasSuffix(last, want) {
		t.Errorf("the footer is %q, want it to end with %q", last, want)
	}
}
