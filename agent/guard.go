package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// sameCallLimit is how often the same call may bring the same answer. Twice is
// a second look; three times is a loop.
const sameCallLimit = 3

// guard notices a model that goes in circles. Workflow side. Its memory is not
// part of the conversation, so that compaction cannot erase it.
type guard struct {
	seen map[string]int // call and answer, hashed → how often
}

// saw records a call with its answer and reports whether the limit is reached.
func (g *guard) saw(name string, args json.RawMessage, answer string) bool {
	if g.seen == nil {
		g.seen = map[string]int{}
	}
	h := sha256.New()
	for _, part := range []string{name, canonical(args), answer} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	key := hex.EncodeToString(h.Sum(nil)[:12])
	g.seen[key]++
	return g.seen[key] >= sameCallLimit
}

// canonical makes arguments comparable whatever the order of their keys.
func canonical(args json.RawMessage) string {
	var v any
	if json.Unmarshal(args, &v) != nil {
		return string(args)
	}
	out, err := json.Marshal(v) // sorts the keys of maps
	if err != nil {
		return string(args)
	}
	return string(out)
}
