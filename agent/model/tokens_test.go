package model

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestControlTokensAreCountedAsPlainText(t *testing.T) {
	c := Counter{Calibration{Factor: 1}}
	for _, s := range []string{"leak in <|endoftext|> parser", "<|fim_prefix|><|im_start|>", "<|endofprompt|>"} {
		if n := c.Text(s); n < len(s)/5 || n > len(s) {
			t.Errorf("%q counts %d", s, n)
		}
	}
	if n := c.Text("\xff\xfe\x00"); n == 0 || n > 3 {
		t.Errorf("three odd bytes count %d", n)
	}
}

func TestEveryPartOfARequestCounts(t *testing.T) {
	words := strings.Repeat("gateway returns 502 ", 50)
	args := json.RawMessage(`{"x":"` + words + `"}`)
	base := CountRequest("claude-sonnet-4-6", Request{})
	for name, req := range map[string]Request{
		"system":      {System: words},
		"text":        {Messages: []Message{{Text: words}}},
		"arguments":   {Messages: []Message{{Calls: []Call{{Arguments: args}}}}},
		"results":     {Messages: []Message{{Results: []Result{{Text: words}}}}},
		"opaque":      {Messages: []Message{{Opaque: args}}},
		"description": {Tools: []Tool{{Description: words}}},
		"schema":      {Tools: []Tool{{Schema: args}}},
	} {
		if n := CountRequest("claude-sonnet-4-6", req); n < base+200 {
			t.Errorf("%s: %d tokens, %d without", name, n, base)
		}
	}
}

func TestTheFactorOfAFamilyCountsAndRoundsUp(t *testing.T) {
	text := strings.Repeat("OOMKilled exit code 137\n", 100)
	raw := Counter{Calibration{Factor: 1}}.Text(text)
	for model, factor := range map[string]float64{"claude-sonnet-4-6": 1.2, "claude-opus-4-8-20260501": 1.55, "gpt-5.4": 1.05, "qwen3:8b": 1.3} {
		if got, want := NewCounter(model).Text(text), int(math.Ceil(float64(raw)*factor)); got != want {
			t.Errorf("%s: %d, want %d", model, got, want)
		}
	}
}

func TestTheFactorFollowsWhatTheVendorReports(t *testing.T) {
	c := CalibrationOf("claude-sonnet-4-6")
	raw := 10_000.0
	for range 20 { // a server that makes 1.55 tokens of one
		c = c.Correct(15_500, int(raw*c.Factor))
	}
	if math.Abs(c.Factor-1.55) > 0.01 {
		t.Errorf("factor %.3f after 20 replies, want 1.55", c.Factor)
	}
	once := Calibration{Factor: 1}.Correct(2000, 1000)
	if math.Abs(once.Factor-1.3) > 1e-9 {
		t.Errorf("factor %.3f after one reply of twice the estimate, want 1.3", once.Factor)
	}
	for _, odd := range [][2]int{{0, 10}, {10, 0}, {-1, 5}, {4096, 36_028}, {100_000, 10}} {
		if got := c.Correct(odd[0], odd[1]); got != c {
			t.Errorf("reported %d for %d: factor %.3f", odd[0], odd[1], got.Factor)
		}
	}
	if zero := (Calibration{}); zero.Correct(5, 5) != zero {
		t.Error("a calibration without a factor was corrected")
	}
	raws, err := json.Marshal(c)
	if err != nil || !strings.HasPrefix(string(raws), `{"factor":`) {
		t.Errorf("%s, %v", raws, err)
	}
}

// No tokenizer makes more tokens of a text than it has bytes.
func TestARequestHasNoMoreTokensThanBytes(t *testing.T) {
	for _, text := range []string{"plain words", "日本語の警報", "🔥🔥🔥", "\x00\xff\xfe", "<|endoftext|>", strings.Repeat("0xdeadbeef ", 50)} {
		req := Request{System: text, Messages: []Message{{Text: text, Calls: []Call{{Name: "search", Arguments: []byte(`{"q":"x"}`)}}}}}
		if tokens, most := (Counter{Calibration{Factor: 1}}).Request(req), RequestBytes(req); tokens > most {
			t.Errorf("%q: %d tokens, %d bytes", text, tokens, most)
		}
	}
}
