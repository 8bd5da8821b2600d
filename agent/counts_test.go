package agent

import (
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// The worst case of a call holds for any tokenizer until the vendor has counted once,
// and then for text that is a quarter denser than the densest that it has counted.
func TestTheWorstCaseOfACallIsNotWhatWeGuess(t *testing.T) {
	const name = "claude-sonnet-4-6"
	text := strings.Repeat("worker 7 of seats-db answered 502 ", 400)
	req := model.Request{System: "Review.", Messages: []model.Message{{Role: model.User, Text: text}}}
	guess, bytes := model.CountRequest(name, req), model.RequestBytes(req)
	if bytes < len(text) {
		t.Fatalf("%d bytes, the text alone has %d", bytes, len(text))
	}
	for what, c := range map[string]struct {
		seen []float64 // tokens of the vendor for one of ours
		want int
	}{
		"none":                      {nil, bytes},
		"fewer than we count":       {[]float64{0.5}, guess * 5 / 4},
		"as many":                   {[]float64{1}, guess * 5 / 4},
		"the densest counts":        {[]float64{1.6, 0.9}, guess * 2},
		"no more tokens than bytes": {[]float64{100}, bytes},
	} {
		var of counts
		of.saw("another model", 5000, 1000)
		for _, times := range c.seen {
			of.saw(name, int(times*1000), 1000)
		}
		of.saw(name, 0, 1000) // it did not say
		if got := of.most(name, req); got < c.want || got > c.want+1 {
			t.Errorf("%s: %d tokens, want %d", what, got, c.want)
		}
	}
}
