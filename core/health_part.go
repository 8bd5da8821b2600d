package core

import "sync"

// Health is how a part of the outside did the last time a step asked it. Worker
// side; the zero Health is well, and it is safe for concurrent use.
type Health struct {
	mu   sync.Mutex
	last string
}

// Saw notes how the last call ended; nil is well.
func (h *Health) Saw(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last = ""; err != nil {
		h.last = err.Error()
	}
}

// Reason is what is wrong, empty when nothing is, for Node.WithHealth.
func (h *Health) Reason() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}
