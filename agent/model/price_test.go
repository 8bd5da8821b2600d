package model

import (
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/money"
)

func TestADecoratedNameIsPricedAsItsFamily(t *testing.T) {
	for name, want := range map[string]string{
		"claude-haiku-4-5":                               "claude-haiku-4-5",
		"claude-haiku-4-5-20251001":                      "claude-haiku-4-5",
		"claude-sonnet-4-5-20250929":                     "claude-sonnet-4-6", // the same row
		"anthropic/claude-haiku-4-5":                     "claude-haiku-4-5",
		"openrouter/anthropic/claude-haiku-4.5":          "claude-haiku-4-5",
		"us.anthropic.claude-haiku-4-5-20251001-v1:0":    "claude-haiku-4-5",
		"anthropic.claude-haiku-4-5-20251001-v1:0":       "claude-haiku-4-5",
		"global.anthropic.claude-opus-4-5-20251101-v1:0": "claude-opus-4-5",
		"claude-haiku-4-5@20251001":                      "claude-haiku-4-5",
		"claude-sonnet-5-latest":                         "claude-sonnet-5",
		"Claude-Sonnet-5-5 ":                             "claude-sonnet-5-5",
		"gpt-5.4-mini-2026-03-17":                        "gpt-5.4-mini",
		"openai/gpt-5.5-2026-04-23":                      "gpt-5.5",
	} {
		p, ok := PriceOf("openai-compat", name)
		if !ok || p.Family != want {
			t.Errorf("%s is priced as %q, %v, want %q", name, p.Family, ok, want)
		}
	}
}

func TestAnotherVersionOrVariantHasNoPrice(t *testing.T) {
	for _, name := range []string{
		"", "claude", "claude-sonnet-4", "claude-sonnet-4-20250514", "claude-sonnet-4-6-fast", "claude-haiku-4-5-preview", "claude-opus-4-1-20250805",
		"claude-3-5-sonnet-20241022", "claude-sonnet-4-7", "claude-sonnet-46", "gpt-5", "gpt-5.4-nano", "gpt-5.4-pro", "gpt-5.40", "qwen3:8b", "my-claude-sonnet-5",
		"claude-sonnet-5:free", "mythos-5-1",
	} {
		if p, ok := PriceOf("anthropic", name); ok {
			t.Errorf("%q is priced as %q", name, p.Family)
		}
		if got := Cost("anthropic", name, Usage{Input: 1000, Output: 10}); !got.Unknown || got.Micro < 10_000 || got.String() != "unknown" {
			t.Errorf("%q costs %s, counted as %d", name, got, got.Micro)
		}
		if got := WorstCase("anthropic", name, 1000, 10); !got.Unknown || got.Micro < 10_000 {
			t.Errorf("%q costs at most %s, counted as %d", name, got, got.Micro)
		}
	}
}

func TestCostsAreExact(t *testing.T) {
	for _, c := range []struct {
		model string
		u     Usage
		want  int64 // millionths of a dollar
	}{
		{"claude-haiku-4-5-20251001", Usage{Input: 100_000, Output: 10_000}, 150_000},
		{"claude-sonnet-4-6", Usage{Input: 1000, Output: 200, CacheRead: 50_000, CacheWrite: 4000}, 3000 + 3000 + 15_000 + 15_000},
		{"claude-sonnet-4-6", Usage{CacheRead: 1}, 1}, // rounded up
		{"claude-sonnet-4-6", Usage{}, 0},
		{"claude-haiku-5-5", Usage{Input: 100_000, Output: 1000}, 10_500},
		{"claude-haiku-5-5", Usage{Input: 100_001, Output: 1000}, 50_001 + 2500},
		{"claude-haiku-5-5", Usage{Input: 1, CacheRead: 100_000, Output: 0}, 5001},
		{"gpt-5.4", Usage{Input: 10_000, CacheRead: 90_000, Output: 200}, 250_000 + 3000}, // no cheaper rate is known
	} {
		if got := Cost("anthropic", c.model, c.u); got.Micro != c.want || got.Unknown {
			t.Errorf("%s %+v costs %d, want %d", c.model, c.u, got.Micro, c.want)
		}
	}
}

func TestOllamaIsFreeByDefinition(t *testing.T) {
	if got := Cost("ollama", "qwen3:8b", Usage{Input: 1 << 30}); got != (money.USD{}) {
		t.Errorf("cost %s", got)
	}
	if got := WorstCase("ollama", "claude-sonnet-4-6", 1000, 1000); got != (money.USD{}) {
		t.Errorf("worst case %s", got)
	}
	if _, ok := PriceOf("ollama", "anything"); !ok {
		t.Error("no price")
	}
}

func TestNoCallCostsMoreThanItsWorstCase(t *testing.T) {
	const sent, out = 90_000, 8192
	for _, f := range table().Families {
		for _, m := range f.Models {
			worst := WorstCase("anthropic", m, sent, out)
			for _, u := range []Usage{{Input: sent, Output: out}, {CacheWrite: sent, Output: out}, {CacheRead: sent, Output: out}, {Input: 30_000, CacheRead: 30_000, CacheWrite: 30_000, Output: 1}} {
				if got := Cost("anthropic", m, u); got.Micro > worst.Micro || worst.Unknown {
					t.Errorf("%s %+v costs %s, the worst case is %s", m, u, got, worst)
				}
			}
		}
	}
}

func TestTheWorstCaseNearATierIsTheDearerOne(t *testing.T) {
	if got, want := WorstCase("anthropic", "claude-haiku-5-5", 90_000, 0).Micro, int64(90_000*0.625); got != want {
		t.Errorf("worst case %d, want %d: an estimate of 90,000 can be 110,000", got, want)
	}
	if got, want := WorstCase("anthropic", "claude-haiku-5-5", 50_000, 0).Micro, int64(50_000*0.125); got != want {
		t.Errorf("worst case %d, want %d", got, want)
	}
}

func TestThePriceTableIsWholeAndDated(t *testing.T) {
	if _, err := time.Parse(time.DateOnly, table().Date); err != nil {
		t.Error(err)
	}
	names := map[string]bool{}
	for _, f := range table().Families {
		if f.Tokens < 1 || len(f.Models) == 0 || len(f.Rates) == 0 || f.Rates[len(f.Rates)-1].UpTo != 0 {
			t.Errorf("%v: factor %v, %d rates", f.Models, f.Tokens, len(f.Rates))
		}
		for i, r := range f.Rates {
			if r.Input <= 0 || r.Output <= r.Input || r.CacheRead > r.Input || i > 0 && r.Input < f.Rates[i-1].Input {
				t.Errorf("%v: rate %+v", f.Models, r)
			}
		}
		for _, m := range f.Models {
			if names[dashed(m)] {
				t.Errorf("%s is there twice", m)
			}
			names[dashed(m)] = true
		}
	}
}
