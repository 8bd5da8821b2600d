package agent

import (
	"math"
	"sync"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// newText is how far the tokens of text that a vendor has not seen may be off from
// those of the text before it.
const newText = 1.25

// counts is how many times our own count of a request's tokens its vendor counted, at
// most, by model. Worker side, and of this process: the zero value has seen none.
type counts struct {
	mu    sync.Mutex
	times map[string]float64
}

func (c *counts) saw(name string, reported, estimated int) {
	if reported <= 0 || estimated <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.times == nil {
		c.times = map[string]float64{}
	}
	c.times[name] = max(c.times[name], float64(reported)/float64(estimated))
}

// most bounds the input tokens of a request: by what the vendor made of the calls
// before it, and until there was one by the bytes, since no token has less than one.
// Calls that begin together pass no ceiling so, whatever the tokenizer.
func (c *counts) most(name string, req model.Request) int {
	c.mu.Lock()
	times := c.times[name]
	c.mu.Unlock()
	most := model.RequestBytes(req)
	if times == 0 {
		return most
	}
	counted := float64(model.CountRequest(name, req)) * max(1, times) * newText
	return min(most, int(math.Ceil(counted)))
}
