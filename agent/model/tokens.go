package model

import (
	"math"
	"sync"

	"github.com/tiktoken-go/tokenizer"
)

// Tokens that a vendor adds around what is sent, about.
const (
	perMessage = 4
	perTool    = 8
	perCall    = 8
)

// Bounds of a factor: a report outside says something about the server (a cut
// prompt, say), not about its tokenizer.
const (
	leastFactor = 0.6
	mostFactor  = 2.5
)

// Calibration says how many tokens a model makes of text for which cl100k makes
// one. It is a value, to be kept by a workflow and corrected from each reply.
type Calibration struct {
	Factor float64 `json:"factor"`
}

// CalibrationOf is what is known of a model before it has answered. Unknown
// models are counted high, since guards decide by it.
func CalibrationOf(model string) Calibration {
	if f, ok := familyOf(model); ok && f.Tokens > 0 {
		return Calibration{Factor: f.Tokens}
	}
	return Calibration{Factor: table().UnknownTokens}
}

// Correct moves the factor by a third of the distance to what the vendor
// reported (input tokens with the cached ones) for what this calibration had
// estimated.
func (c Calibration) Correct(reported, estimated int) Calibration {
	if reported <= 0 || estimated <= 0 || c.Factor <= 0 {
		return c
	}
	seen := c.Factor * float64(reported) / float64(estimated)
	if seen < leastFactor || seen > mostFactor {
		return c
	}
	return Calibration{Factor: 0.7*c.Factor + 0.3*seen}
}

// Counter estimates tokens without asking a vendor: cl100k times a factor,
// rounded up. The same text has the same count everywhere.
type Counter struct{ Calibration }

// NewCounter makes the counter of a model.
func NewCounter(model string) Counter { return Counter{CalibrationOf(model)} }

// Text counts a text. What looks like a tokenizer's control token is counted as
// the plain text it is.
func (c Counter) Text(s string) int { return c.scale(rawTokens(s)) }

// Request counts all that a request sends.
func (c Counter) Request(req Request) int { return c.scale(measure(req, rawTokens)) }

// measure sums the texts of a request by size, and what vendors add around them.
func measure(req Request, size func(string) int) int {
	n := size(req.System)
	for _, t := range req.Tools {
		n += size(t.Name) + size(t.Description) + size(string(t.Schema)) + perTool
	}
	for _, m := range req.Messages {
		n += size(m.Text) + size(string(m.Opaque)) + perMessage
		for _, call := range m.Calls {
			n += size(call.Name) + size(string(call.Arguments)) + perCall
		}
		for _, res := range m.Results {
			n += size(res.Text) + perCall
		}
	}
	return n
}

// RequestBytes is the most input tokens that any tokenizer can make of a request.
func RequestBytes(req Request) int { return measure(req, func(s string) int { return len(s) }) }

// CountRequest estimates the input tokens of a request to a model.
func CountRequest(model string, req Request) int { return NewCounter(model).Request(req) }

func (c Counter) scale(raw int) int { return int(math.Ceil(float64(raw) * c.Factor)) }

// codec is made once: it takes 10 ms and 3 MB.
var codec = sync.OnceValue(func() tokenizer.Codec {
	c, err := tokenizer.Get(tokenizer.Cl100kBase)
	if err != nil {
		panic("model: cl100k is compiled in: " + err.Error())
	}
	return c
})

func rawTokens(s string) int {
	if s == "" {
		return 0
	}
	n, err := codec().Count(s)
	if err != nil {
		return len(s) // never less than the truth: a token has a byte
	}
	return n
}
