package budget

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/money"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ask(key string, worst ...float64) Request {
	r := Request{Key: key, Model: "m", Incident: "Q1", Limits: Limits{Hour: money.Dollars(1), Day: money.Dollars(3)}}
	for _, w := range worst {
		r.Worst = append(r.Worst, money.Dollars(w))
	}
	return r
}

func TestReserveHoldsTheWorstCaseAgainstTheHour(t *testing.T) {
	var l Ledger
	if g := l.Reserve(start, ask("a", 0.8)); g.Choice != 0 {
		t.Fatalf("first: %+v", g)
	}
	if g := l.Reserve(start, ask("b", 0.8)); g.Choice != -1 || !strings.Contains(g.Why, "$1.00 an hour") {
		t.Errorf("over the hour: %+v", g)
	}
	if g := l.Reserve(start, ask("c", 0.8, 0.4, 0.2)); g.Choice != 2 {
		t.Errorf("stepping down: %+v", g)
	}
	l.Settle(Settlement{Key: "a", Cost: money.Dollars(0.1)})
	if g := l.Reserve(start, ask("d", 0.7)); g.Choice != 0 {
		t.Errorf("after settling: %+v", g)
	}
}

func TestReserveIsIdempotentByKey(t *testing.T) {
	var l Ledger
	first, again := l.Reserve(start, ask("a", 0.8, 0.4)), l.Reserve(start, ask("a", 0.8, 0.4))
	if first != again || l.Spent(start, hour) != money.Dollars(0.8) {
		t.Errorf("%+v, %+v, spent %s", first, again, l.Spent(start, hour))
	}
}

func TestAttemptsThatDiedCountTowardTheRun(t *testing.T) {
	var l Ledger
	of := func(key string) Request {
		return Request{Key: key, Model: "m", Worst: []money.USD{money.Dollars(0.4)}, Limits: Limits{Run: money.Dollars(1)}}
	}
	for i := range 2 { // billed or not, nobody knows
		if g := l.Reserve(start, of(fmt.Sprint("run-1/12/", i))); g.Choice != 0 {
			t.Fatalf("attempt %d: %+v", i, g)
		}
	}
	if g := l.Reserve(start, of("run-1/12/3")); g.Choice != -1 || !strings.Contains(g.Why, "$1.00 a review") {
		t.Errorf("over the run: %+v", g)
	}
	if g := l.Reserve(start, of("run-10/12/1")); g.Choice != 0 {
		t.Errorf("another run: %+v", g)
	}
	l.Settle(Settlement{Key: "run-1/12/0", Cost: money.Dollars(0.1)})
	if g := l.Reserve(start, of("run-1/12/4")); g.Choice != 0 {
		t.Errorf("after settling: %+v", g)
	}
}

func TestWindowsRoll(t *testing.T) {
	var l Ledger
	for i := range 3 {
		if g := l.Reserve(start.Add(time.Duration(i)*time.Hour), ask(fmt.Sprint(i), 1)); g.Choice != 0 {
			t.Fatalf("hour %d: %+v", i, g)
		}
	}
	if g := l.Reserve(start.Add(5*time.Hour), ask("x", 0.5)); g.Choice != -1 || !strings.Contains(g.Why, "$3.00 a day") {
		t.Errorf("over the day: %+v", g)
	}
	if g := l.Reserve(start.Add(24*time.Hour), ask("y", 0.5)); g.Choice != 0 {
		t.Errorf("a day later: %+v", g)
	}
}

func TestUnknownPricesStayAtTheirWorstCase(t *testing.T) {
	var l Ledger
	l.Reserve(start, ask("a", 0.8))
	l.Settle(Settlement{Key: "a", Cost: money.Unknown})
	if got := l.Spent(start, hour); got != money.Dollars(0.8) {
		t.Errorf("spent %s", got)
	}
}

func TestOldEntriesAreJoinedAndForgotten(t *testing.T) {
	var l Ledger
	for i := range 500 {
		l.Reserve(start.Add(time.Duration(i)*time.Minute), Request{Key: fmt.Sprint(i), Model: "m", Worst: []money.USD{money.Dollars(0.01)}})
	}
	before := l.Spent(start.Add(500*time.Minute), keep)
	l.forget(start.Add(3 * day))
	if len(l.Entries) > 10 || l.Spent(start.Add(3*day), keep) != before {
		t.Errorf("%d entries, spent %s, was %s", len(l.Entries), l.Spent(start.Add(3*day), keep), before)
	}
	if l.forget(start.Add(30 * day)); len(l.Entries) != 0 {
		t.Errorf("%d entries after a month", len(l.Entries))
	}
}

// Whatever the order of reservations, settlements and lost calls, no window of
// an hour or a day ever holds more than its ceiling.
func TestNoWindowEverPassesItsCeiling(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var l Ledger
	now, open := start, []string{}
	for i := range 5000 {
		now = now.Add(time.Duration(rnd.IntN(120)) * time.Second)
		key := fmt.Sprint(i)
		worst := 0.05 + rnd.Float64()/2
		if g := l.Reserve(now, ask(key, worst, worst/2)); g.Choice >= 0 {
			open = append(open, key)
		}
		if len(open) > 0 && rnd.IntN(3) > 0 { // a third of the calls never report back
			l.Settle(Settlement{Key: open[0], Cost: money.Dollars(rnd.Float64() * 0.025)})
			open = open[1:]
		}
		if h, d := l.Spent(now, hour), l.Spent(now, day); h.Micro > 1_000_000 || d.Micro > 3_000_000 {
			t.Fatalf("step %d: %s an hour, %s a day", i, h, d)
		}
	}
}

// A vendor that bills far more than we count passes a ceiling once, with the call
// that shows it.
func TestWhatIsReservedFollowsAVendorThatBillsMore(t *testing.T) {
	var l Ledger
	calls := 0
	for ; calls < 100; calls++ {
		a := ask(fmt.Sprint("call-", calls), 0.01)
		if l.Reserve(start, a).Choice < 0 {
			break
		}
		l.Settle(Settlement{Key: a.Key, Cost: money.Dollars(0.3)})
	}
	if spent := l.Spent(start, time.Hour); calls != 3 || spent != money.Dollars(0.9) {
		t.Errorf("%d calls for %s, want 3 for $0.90 under the ceiling of $1", calls, spent)
	}
	other := ask("other", 0.05)
	if other.Model = "another"; l.Reserve(start, other).Choice != 0 {
		t.Error("another model is held to what this one costs")
	}
	l.Entries = nil
	for n := range 40 {
		a := ask(fmt.Sprint("later-", n), 0.01)
		l.Reserve(start, a)
		l.Settle(Settlement{Key: a.Key, Cost: money.Dollars(0.002)})
	}
	if again := ask("again", 0.01); l.Reserve(start, again).Choice != 0 || l.find("again").Micro != again.Worst[0].Micro {
		t.Errorf("it is not forgotten: %v", l.Dearer)
	}
}

func TestAGrantSaysWhichCeilingMadeItCheaper(t *testing.T) {
	var l Ledger
	inPlace := ask("c", 0.1)
	inPlace.InPlace = money.Dollars(0.5)
	for _, c := range []struct {
		ask    Request
		choice int
		why    string
	}{
		{ask("a", 0.6), 0, ""},
		{ask("b", 0.8, 0.2), 1, "the ceiling of $1.00 an hour"},
		{inPlace, 0, "the ceiling of $1.00 an hour"}, // the model in whose place it is asked is too dear
		{ask("d", 0.1), 0, ""},
	} {
		if g := l.Reserve(start, c.ask); g.Choice != c.choice || g.Why != c.why {
			t.Errorf("%s: %+v, want choice %d for %q", c.ask.Key, g, c.choice, c.why)
		}
	}
}
