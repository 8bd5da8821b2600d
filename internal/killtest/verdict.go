package killtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/money"
)

// seen is all that is known of one incident.
type seen struct {
	kind     kind
	id       string
	delivery delivery
	requests []request
	standing []world.Message // of it, as they stand at the end
	record   record
}

// verdict says what is wrong with an incident.
func (s seen) verdict() []string {
	var out []string
	out = append(out, s.lost()...)
	out = append(out, s.doubled()...)
	out = append(out, s.again()...)
	if s.kind == moneyKind {
		if b := billed(s.requests); b.Micro > money.Dollars(perRun).Micro {
			out = append(out, fmt.Sprintf("billed %s, over the ceiling of $%g a review", b, perRun))
		}
	}
	return out
}

// lost is about pages that were not taken, flows that did not end, and outcomes
// that nobody sees.
func (s seen) lost() []string {
	var out []string
	if s.delivery.accepted.IsZero() {
		out = append(out, fmt.Sprintf("its page never got a 2xx in %d tries", s.delivery.tries))
	}
	for _, odd := range s.delivery.odd {
		out = append(out, "its page was answered "+odd)
	}
	for i, end := range s.record.ends {
		if end != "Completed" {
			out = append(out, fmt.Sprintf("its %s %s", []string{"flow", "review"}[i], end))
		}
	}
	switch n := len(s.outcomes()); {
	case n == 1:
	case n == 0 && s.mayBeMissing():
	case n == 0:
		out = append(out, "no outcome stands in Slack")
	default:
		out = append(out, fmt.Sprintf("%d outcomes stand in Slack, want one", n))
	}
	return out
}

// mayBeMissing is the one case in which a message may not be there: it went over
// the webhook and was cut between the note and the record of the answer, by a kill
// or by a stand-in that held it for longer than a post may take.
func (s seen) mayBeMissing() bool {
	if s.kind != byHook && s.kind != handover || !s.record.report.Doubtful {
		return false
	}
	cut := slices.ContainsFunc(s.requests, func(q request) bool { return q.api == world.SlackWebhook && q.answered.IsZero() })
	return cut || s.record.steps[stepReport].attempts > 1
}

// outcomes are the messages that end the page.
func (s seen) outcomes() []world.Message {
	var out []world.Message
	for _, m := range s.standing {
		if outcomeOf(string(m.Blocks)) != "" {
			out = append(out, m)
		}
	}
	return out
}

// doubled is about messages that stand twice: first messages, and parts of the
// thread.
func (s seen) doubled() []string {
	var out []string
	channel, marks := 0, map[string]int{}
	var parts []string
	for _, m := range s.standing {
		switch m.Kind {
		case "post":
			channel++
		case "reply":
			mark := markOf(m.Metadata)
			parts = append(parts, mark)
			if marks[mark]++; marks[mark] == 2 {
				out = append(out, "the part "+mark+" stands twice in the thread")
			}
		}
	}
	if s.kind != byHook && channel != 1 {
		out = append(out, fmt.Sprintf("%d messages of the bot stand in the channel, want one", channel))
	}
	if r := s.record.report; r.Via == "bot" && !r.Doubtful && len(parts) != r.Parts-1 {
		out = append(out, fmt.Sprintf("%d parts stand in the thread, the step says %d", len(parts), r.Parts-1))
	}
	return out
}

// again is about steps that ran again though they were completed, and about
// requests that one process made twice.
func (s seen) again() []string {
	var out []string
	type once struct {
		life int
		what string
	}
	asked := map[once]int{}
	for _, q := range s.requests {
		done := s.record.steps[q.step].done
		if !done.IsZero() && q.at.After(done) {
			out = append(out, fmt.Sprintf("%s was completed at %s and asked again %s later: %s", q.step, clock(done), q.at.Sub(done), short(q.what)))
		}
		o := once{q.life, q.step + " " + q.what}
		if asked[o]++; asked[o] == 2 && !mayRepeat(s.kind, q) {
			out = append(out, fmt.Sprintf("process %d asked twice: %s: %s", q.life, q.step, short(q.what)))
		}
	}
	for name, st := range s.record.steps {
		if n := taken(s.requests, name); strings.HasPrefix(name, stepThink) && n > st.attempts {
			out = append(out, fmt.Sprintf("%s was billed %d times in %d attempts", name, n, st.attempts))
		}
	}
	slices.Sort(out)
	return out
}

// mayRepeat: an edit that Slack refuses is tried again.
func mayRepeat(k kind, q request) bool { return k == handover && q.what == "edit" }

func taken(requests []request, step string) int {
	n := 0
	for _, q := range requests {
		if q.step == step && q.bill.Micro > 0 {
			n++
		}
	}
	return n
}

func billed(requests []request) money.USD {
	var sum money.USD
	for _, q := range requests {
		sum = sum.Add(q.bill)
	}
	return sum
}

func short(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 160 {
		return text[:160] + "…"
	}
	return text
}

func clock(t time.Time) string { return t.Local().Format("15:04:05.000") }
