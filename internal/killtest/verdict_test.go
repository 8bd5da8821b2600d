package killtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/money"
	"github.com/opsbuddy/opsbuddy/slack"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func asked(life, second int, step, what string) request {
	return request{life: life, step: step, what: what, at: at(second), taken: at(second), answered: at(second)}
}

func message(kind, mark, text string) world.Message {
	return world.Message{
		Kind: kind, Blocks: json.RawMessage(fmt.Sprintf(`[{"text":%q}]`, text)),
		Metadata: json.RawMessage(fmt.Sprintf(`{"event_payload":{"key":%q}}`, mark)),
	}
}

const brief = "brief · $0.02 · 3 s · 3 turns · x"

// good is a review that was killed in its first call to the model, and went well.
func good() seen {
	paid := asked(2, 20, "think 0", "model")
	paid.bill = money.Dollars(0.02)
	return seen{
		kind: byBot, delivery: delivery{accepted: at(1), tries: 1},
		requests: []request{
			asked(1, 2, stepFacts, "GET /x"), asked(1, 4, stepFirst, "post"), asked(1, 6, "think 0", "model"), paid,
			asked(2, 22, "tool k0001t1a", "GET /y"), asked(2, 24, stepReport, "edit"),
		},
		standing: []world.Message{message("post", "Q/r/facts", brief), message("reply", "Q/r/report/1", "more")},
		record: record{
			ends: []string{"Completed", "Completed"}, report: slack.NotifyReportOutput{Via: "bot", Parts: 2},
			steps: map[string]step{
				stepFacts: {at(3), 1}, stepFirst: {at(5), 1}, "think 0": {at(21), 2}, "tool k0001t1a": {at(23), 1}, stepReport: {at(25), 1},
			},
		},
	}
}

func TestVerdictFindsWhatMustNotBe(t *testing.T) {
	for want, spoil := range map[string]func(*seen){
		"":                                 func(*seen) {},
		"never got a 2xx":                  func(s *seen) { s.delivery.accepted = time.Time{} },
		"was answered 500":                 func(s *seen) { s.delivery.odd = []string{"500 "} },
		"its review is still open":         func(s *seen) { s.record.ends[1] = "is still open" },
		"its flow Failed":                  func(s *seen) { s.record.ends[0] = "Failed" },
		"no outcome stands":                func(s *seen) { s.standing[0] = message("post", "Q/r/facts", "facts so far") },
		"2 outcomes stand":                 func(s *seen) { s.standing = append(s.standing, message("post", "Q/r/report", brief)) },
		"2 messages of the bot":            func(s *seen) { s.standing = append(s.standing, message("post", "Q/r/facts", "facts so far")) },
		"stands twice in the thread":       func(s *seen) { s.standing = append(s.standing, s.standing[1]) },
		"0 parts stand":                    func(s *seen) { s.standing = s.standing[:1] },
		"facts was completed":              func(s *seen) { s.requests = append(s.requests, asked(2, 19, stepFacts, "GET /x")) },
		"tool k0001t1a was completed":      func(s *seen) { s.requests = append(s.requests, asked(3, 30, "tool k0001t1a", "GET /y")) },
		"process 2 asked twice: tool":      func(s *seen) { s.requests = append(s.requests, asked(2, 22, "tool k0001t1a", "GET /y")) },
		"think 0 was billed 3 times in 2":  func(s *seen) { s.requests = append(s.requests, s.requests[3], s.requests[3]) },
		"over the ceiling of $0.15 a revi": func(s *seen) { s.kind = moneyKind; s.requests[3].bill = money.Dollars(0.16) },
	} {
		s := good()
		spoil(&s)
		got := strings.Join(s.verdict(), "; ")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}

func TestAMessageMayBeMissingOnlyWhereTheWebhookWasCut(t *testing.T) {
	for name, c := range map[string]struct {
		kind     kind
		doubtful bool
		attempts int
		missing  bool
	}{
		"a killed attempt":           {byHook, true, 2, true},
		"in place of a refused bot":  {handover, true, 2, true},
		"no attempt was cut":         {byHook, true, 1, false},
		"the step says it is posted": {byHook, false, 2, false},
		"a bot finds its message":    {byBot, true, 2, false},
	} {
		s := good()
		s.kind, s.standing = c.kind, nil
		s.record.report = slack.NotifyReportOutput{Via: "webhook", Parts: 1, Doubtful: c.doubtful}
		s.record.steps[stepReport] = step{at(25), c.attempts}
		if got := len(s.lost()) == 0; got != c.missing {
			t.Errorf("%s: may be missing %v, want %v", name, got, c.missing)
		}
	}
}

func TestAPlanHasAllItsKillsInEveryKind(t *testing.T) {
	for _, kills := range []int{1, 25, 200, 1000} {
		sum, kinds := 0, map[kind]bool{}
		for _, s := range plan(kills, "") {
			if s.kills < 1 || s.kills > maxKills {
				t.Errorf("%d kills: a campaign of %d", kills, s.kills)
			}
			sum += s.kills
			kinds[s.kind] = true
		}
		if sum != kills || kills >= 25 && len(kinds) != 4 {
			t.Errorf("%d kills: the plan has %d in %d kinds", kills, sum, len(kinds))
		}
	}
	if got := plan(70, "webhook"); len(got) != 2 || got[0].kind != byHook || got[0].kills+got[1].kills != 70 {
		t.Errorf("%v", got)
	}
}
