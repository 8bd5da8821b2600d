package budget

import (
	"context"
	"sync"
	"time"
)

// carryFor is how long a settlement waits for a reservation to carry it before it
// goes to the ledger by itself: the next turn of a review comes within it.
const carryFor = 300 * time.Millisecond

// Pending holds the settlements of one worker that are not in the ledger yet. The
// next reservation carries them, so that a turn of the model costs the ledger one
// task and not two. What a killed process held stays reserved at its worst case.
// Worker side; safe for concurrent use.
type Pending struct {
	mu     sync.Mutex
	open   []Settlement
	timers sync.WaitGroup
}

// Add keeps a settlement, and brings it to the ledger through send if no
// reservation has carried it in time. send runs in its own goroutine.
func (p *Pending) Add(s Settlement, send func(context.Context, Settlement)) {
	p.mu.Lock()
	p.open = append(p.open, s)
	p.mu.Unlock()
	p.timers.Go(func() {
		t := time.NewTimer(carryFor)
		defer t.Stop()
		<-t.C
		if p.drop(s.Key) {
			send(context.Background(), s)
		}
	})
}

// Take hands all settlements over to a reservation.
func (p *Pending) Take() []Settlement {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.open
	p.open = nil
	return taken
}

// Back returns what a reservation that failed had taken.
func (p *Pending) Back(taken []Settlement, send func(context.Context, Settlement)) {
	for _, s := range taken {
		p.Add(s, send)
	}
}

// drop takes one settlement out; it reports false when it was carried already.
func (p *Pending) drop(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, s := range p.open {
		if s.Key == key {
			p.open = append(p.open[:i:i], p.open[i+1:]...)
			return true
		}
	}
	return false
}

// Wait returns when every settlement was carried or sent.
func (p *Pending) Wait() { p.timers.Wait() }
