package core

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/worker"
)

// slots bounds how many expensive steps run at once. A step that is overdue counts
// apart from the others, so that one peer that never answers does not hold them
// up: as many may be overdue as may run. Beyond that an overdue step keeps its
// slot, because a peer that is slow for everybody must not be given ever more to
// do. Worker side.
type slots struct {
	running chan struct{} // holds one for each step that counts
	overdue chan struct{} // and one for each that counts apart
	after   time.Duration
}

func newSlots(n int, after time.Duration) *slots {
	return &slots{running: make(chan struct{}, n), overdue: make(chan struct{}, n), after: after}
}

// slot is one permit's: where it counts.
type slot struct {
	mu    sync.Mutex
	in    chan struct{}
	timer *time.Timer // nil until a step uses it
}

// ReserveSlot waits for a slot.
func (s *slots) ReserveSlot(ctx context.Context, _ worker.SlotReservationInfo) (*worker.SlotPermit, error) {
	select {
	case s.running <- struct{}{}:
		return &worker.SlotPermit{UserData: &slot{in: s.running}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TryReserveSlot returns nil when there is none.
func (s *slots) TryReserveSlot(worker.SlotReservationInfo) *worker.SlotPermit {
	select {
	case s.running <- struct{}{}:
		return &worker.SlotPermit{UserData: &slot{in: s.running}}
	default:
		return nil
	}
}

// MarkSlotUsed begins a step's time.
func (s *slots) MarkSlotUsed(info worker.SlotMarkUsedInfo) {
	held := info.Permit().UserData.(*slot)
	held.mu.Lock()
	defer held.mu.Unlock()
	held.timer = time.AfterFunc(s.after, func() { s.setApart(held) })
}

func (s *slots) setApart(held *slot) {
	held.mu.Lock()
	defer held.mu.Unlock()
	if held.in != s.running {
		return
	}
	select {
	case s.overdue <- struct{}{}:
		held.in = s.overdue
		<-s.running
	default:
	}
}

// ReleaseSlot ends a step.
func (s *slots) ReleaseSlot(info worker.SlotReleaseInfo) {
	held := info.Permit().UserData.(*slot)
	held.mu.Lock()
	defer held.mu.Unlock()
	if held.timer != nil {
		held.timer.Stop()
	}
	<-held.in
	held.in = nil
}

// MaxSlots is 0, which is no fixed number.
func (s *slots) MaxSlots() int { return 0 }

// idleSlots are for what a worker of expensive steps never does, such as local
// activities; the SDK wants a number all the same.
const idleSlots = 1

// tuner gives the slots to a worker.
func (s *slots) tuner() worker.WorkerTuner {
	other := func() worker.SlotSupplier {
		fixed, _ := worker.NewFixedSizeSlotSupplier(idleSlots) // fails for numbers below 1 alone
		return fixed
	}
	t, _ := worker.NewCompositeTuner(worker.CompositeTunerOptions{ // never fails
		ActivitySlotSupplier: s, WorkflowSlotSupplier: other(), LocalActivitySlotSupplier: other(),
		NexusSlotSupplier: other(), SessionActivitySlotSupplier: other(),
	})
	return t
}
