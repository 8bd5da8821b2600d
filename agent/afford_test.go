package agent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// The worst case of a call holds for any tokenizer until the vendor has counted once,
// and then for text that is a quarter denser than what it has counted.
func TestTheWorstCaseOfACallIsNotWhatWeGuess(t *testing.T) {
	text := strings.Repeat("worker 7 of seats-db answered 502 ", 400)
	call := ThinkInput{Model: "claude-sonnet-4-6", Request: model.Request{System: "Review.", Messages: []model.Message{{Role: model.User, Text: text}}}}
	guess := model.CountRequest(call.Model, call.Request)
	if got := mostSent(call); got < len(text) {
		t.Errorf("before any report: %d tokens for %d bytes", got, len(text))
	}
	for ratio, want := range map[float64]int{0.5: guess * 5 / 4, 1: guess * 5 / 4, 1.6: guess * 2, 100: model.RequestBytes(call.Request)} {
		call.Ratio = ratio
		if got := mostSent(call); got < want || got > want+1 {
			t.Errorf("the vendor counts %.1f times as much: %d tokens, want %d", ratio, got, want)
		}
	}
}

// What a vendor counted of our count is remembered at its highest, and of this model.
func TestWhatTheVendorCountsIsKnownToTheNextCall(t *testing.T) {
	s := newStage()
	s.plan.Models = []string{"big", "small"}
	var ratios []float64
	s.think = func(n int, in ThinkInput) (ThinkOutput, error) {
		ratios = append(ratios, in.Ratio)
		if n == 3 { // the fallback is asked in its place
			return ThinkOutput{Problem: string(model.KindInvalid)}, nil
		}
		out := says("", look("a", `{"q":1}`))
		out.Estimated = []int{50, 80, 40, 0, 100}[n]
		if n == 4 {
			out = says("the brief")
		}
		return out, nil
	}
	s.run(t)
	if diff := cmp.Diff([]float64{0, 2, 2, 2.5, 0}, ratios); diff != "" {
		t.Error(diff)
	}
}
