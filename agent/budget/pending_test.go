package budget

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opsbuddy/opsbuddy/money"
)

func TestASettlementIsCarriedByAReservationOrSentByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pending
		var sent []string
		send := func(_ context.Context, s Settlement) { sent = append(sent, s.Key) }
		p.Add(Settlement{Key: "carried"}, send)
		if taken := p.Take(); len(taken) != 1 || taken[0].Key != "carried" {
			t.Fatalf("taken %v", taken)
		}
		p.Add(Settlement{Key: "alone"}, send)
		time.Sleep(2 * carryFor) // the bubble's clock
		p.Wait()
		if len(sent) != 1 || sent[0] != "alone" || len(p.Take()) != 0 {
			t.Errorf("sent %v", sent)
		}
		p.Back([]Settlement{{Key: "failed"}}, send)
		p.Wait()
		if len(sent) != 2 {
			t.Errorf("sent %v", sent)
		}
	})
}

func TestAReservationSettlesWhatItCarriesFirst(t *testing.T) {
	var l Ledger
	l.Reserve(start, ask("a", 0.9))
	r := ask("b", 0.8)
	if g := l.Reserve(start, r); g.Choice != -1 {
		t.Fatalf("without the settlement: %+v", g)
	}
	r.Settled = []Settlement{{Key: "a", Cost: money.Dollars(0.1)}}
	if g := l.Reserve(start, r); g.Choice != 0 || l.Spent(start, hour) != money.Dollars(0.9) {
		t.Errorf("%+v, spent %s", g, l.Spent(start, hour))
	}
}
