package model

import (
	_ "embed"
	"math"
	"regexp"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"github.com/opsbuddy/opsbuddy/money"
)

//go:embed prices.yaml
var pricesFile []byte

// Price is what a family of models costs. The zero Price is free.
type Price struct {
	Family string // the name that was found in the table; "" when free
	Date   string // of the table, as 2006-01-02
	Rates  []Rate // by prompt size, the smallest first
}

// Rate is in US dollars per million tokens, which is millionths a token.
type Rate struct {
	UpTo         int     `yaml:"up_to"` // input tokens, cached ones too; 0 = no limit
	Input        float64 `yaml:"input"`
	Output       float64 `yaml:"output"`
	CacheWrite5m float64 `yaml:"cache_write_5m"`
	CacheWrite1h float64 `yaml:"cache_write_1h"`
	CacheRead    float64 `yaml:"cache_read"`
}

// At is the rate of a request with so many input tokens.
func (p Price) At(prompt int) Rate {
	for _, r := range p.Rates {
		if r.UpTo == 0 || prompt <= r.UpTo {
			return r
		}
	}
	return Rate{}
}

// ollama runs on the user's own machine: it is free by definition.
const ollama = "ollama"

// PriceOf finds the price of a model as a provider names it. A name with a date,
// a vendor's prefix or a deployment's suffix is priced as its family; another
// version or variant never is. It reports false for a price that is not known.
func PriceOf(provider, model string) (Price, bool) {
	if provider == ollama {
		return Price{}, true
	}
	f, ok := familyOf(model)
	if !ok {
		return Price{}, false
	}
	return Price{Family: f.Models[0], Date: table().Date, Rates: f.Rates}, true
}

// Cost is what a call cost. It is unknown when the price is; ceilings then count
// it at the dearest price of the table.
func Cost(provider, model string, u Usage) money.USD {
	p, ok := PriceOf(provider, model)
	r := p.At(u.Sent())
	if !ok {
		r = dearest()
	}
	return micro(!ok, float64(u.Input)*r.Input+float64(u.Output)*r.Output+
		float64(u.CacheWrite)*or(r.CacheWrite5m, r.Input)+float64(u.CacheRead)*or(r.CacheRead, r.Input))
}

// tierMargin is how far an estimated prompt may be off before a dearer tier is
// assumed.
const tierMargin = 1.25

// WorstCase is the most that a call can cost: nothing comes from the cache, all
// of the prompt is written to it, the answer is as long as it may be.
func WorstCase(provider, model string, inputTokens, maxTokens int) money.USD {
	p, ok := PriceOf(provider, model)
	r := p.At(int(float64(inputTokens) * tierMargin))
	if !ok {
		r = dearest()
	}
	return micro(!ok, float64(inputTokens)*max(r.Input, r.CacheWrite5m)+float64(maxTokens)*r.Output)
}

func or(rate, otherwise float64) float64 {
	if rate == 0 {
		return otherwise
	}
	return rate
}

// dearest is what a model is held to whose price nobody wrote down: a ceiling
// that counts it as free stops nothing.
func dearest() Rate {
	var d Rate
	for _, f := range table().Families {
		for _, r := range f.Rates {
			if r.Output > d.Output {
				d = r
			}
		}
	}
	return d
}

// micro rounds up, but not for the noise of binary fractions.
func micro(unknown bool, millionths float64) money.USD {
	return money.USD{Micro: int64(math.Ceil(millionths - 1e-6)), Unknown: unknown}
}

type family struct {
	Models []string `yaml:"models"`
	Tokens float64  `yaml:"tokens"`
	Rates  []Rate   `yaml:"rates"`
}

type priceTable struct {
	Date          string   `yaml:"date"`
	UnknownTokens float64  `yaml:"unknown_tokens"`
	Families      []family `yaml:"families"`

	byName map[string]family
}

var table = sync.OnceValue(func() *priceTable {
	t := &priceTable{byName: map[string]family{}}
	if err := yaml.Unmarshal(pricesFile, t); err != nil {
		panic("model: prices.yaml is compiled in: " + err.Error())
	}
	for _, f := range t.Families {
		for _, m := range f.Models {
			t.byName[dashed(m)] = f
		}
	}
	return t
})

// What may stand around the name of a family.
var (
	// us.anthropic.claude-… and anthropic.claude-… (Bedrock).
	regionPrefix = regexp.MustCompile(`^(?:[a-z-]+\.)?anthropic\.`)
	// -v1:0 (Bedrock), @20250929 and @default (Vertex), -latest.
	deploySuffix = regexp.MustCompile(`(?:-v\d+(?::\d+)?|@default|-latest|:latest)$`)
	// -20251001, @20250929, -2026-04-23.
	dateSuffix = regexp.MustCompile(`[-@](?:20\d{6}|20\d\d-\d\d-\d\d)$`)
)

// familyOf finds the family of a model's name. Only decoration is taken away;
// what is left must be equal, so that claude-sonnet-4 is never priced as
// claude-sonnet-4-6, nor claude-sonnet-5-5 as claude-sonnet-5.
func familyOf(model string) (family, bool) {
	name := strings.ToLower(strings.TrimSpace(model))
	name = name[strings.LastIndex(name, "/")+1:]
	name = regionPrefix.ReplaceAllString(name, "")
	name = deploySuffix.ReplaceAllString(name, "")
	name = dateSuffix.ReplaceAllString(name, "")
	f, ok := table().byName[dashed(name)]
	return f, ok
}

// dashed writes 4.6 as 4-6: gateways name versions either way.
func dashed(name string) string { return strings.ReplaceAll(name, ".", "-") }
