package budget

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/money"
)

// The two windows, both rolling.
const (
	hour = time.Hour
	day  = 24 * time.Hour
	// keep is how long spending can be read back.
	keep = 8 * day
)

// Limits are the ceilings; zero is none.
type Limits struct {
	Run  money.USD `json:"run,omitzero"` // of all the attempts of one run, those that died too
	Hour money.USD `json:"hour"`
	Day  money.USD `json:"day"`
}

// Request asks for money before a call. Key names one attempt of one call, and
// begins with its run and a slash: asking twice with one key reserves once.
type Request struct {
	Key      string      `json:"key"`
	Model    string      `json:"model"`
	Incident string      `json:"incident,omitempty"`
	Worst    []money.USD `json:"worst"` // worst cases from the dearest to the cheapest form of the call
	Limits   Limits      `json:"limits"`
	// InPlace is the cheapest form of the call to the model in whose place this one
	// is asked: the grant says whether money is why.
	InPlace money.USD `json:"in_place,omitzero"`
}

// Grant answers a Request.
type Grant struct {
	Choice int `json:"choice"` // index into Worst; -1 when nothing fits
	// Why names the ceiling that the form before, or InPlace, would pass.
	Why string `json:"why,omitempty"`
}

// Settlement says what a call cost in the end.
type Settlement struct {
	Key  string    `json:"key"`
	Cost money.USD `json:"cost"`
}

// Entry is one call in the ledger. Until it is settled, Micro is its worst case.
type Entry struct {
	Key      string    `json:"key"`
	At       time.Time `json:"at"`
	Micro    int64     `json:"micro"`
	Model    string    `json:"model"`
	Incident string    `json:"incident,omitempty"`
	Settled  bool      `json:"settled,omitempty"`
	Unknown  bool      `json:"unknown,omitempty"` // no known price
	Times    float64   `json:"times,omitempty"`   // its worst case was reserved so many times; once when 0
}

// Ledger is every call of the last days, the oldest first. Workflow side: plain
// values; now is always given.
type Ledger struct {
	Entries []Entry `json:"entries"`
	// Dearer is by model how many times its worst case a call has cost, for those
	// whose vendor bills more than we count.
	Dearer map[string]float64 `json:"dearer,omitempty"`
}

// fade is what a settled call leaves of what the ones before it taught.
const fade = 0.9

// times is how many times its worst case a call to a model is held to cost.
func (l *Ledger) times(model string) float64 { return max(1, l.Dearer[model]) }

// learn notes what a call cost of what was reserved for it.
func (l *Ledger) learn(e *Entry, cost money.USD) {
	if e.Micro <= 0 {
		return
	}
	seen := max(1, e.Times) * float64(cost.Micro) / float64(e.Micro)
	if now := max(seen, fade*l.Dearer[e.Model]); now > 1 {
		if l.Dearer == nil {
			l.Dearer = map[string]float64{}
		}
		l.Dearer[e.Model] = now
		return
	}
	delete(l.Dearer, e.Model)
}

func (r Request) scaled(times float64) Request {
	worst := make([]money.USD, len(r.Worst))
	for i, w := range r.Worst {
		worst[i] = money.USD{Micro: int64(float64(w.Micro) * times), Unknown: w.Unknown}
	}
	r.Worst = worst
	return r
}

// Reserve grants the dearest form of the call that both ceilings allow.
func (l *Ledger) Reserve(now time.Time, r Request) Grant {
	l.forget(now)
	if e := l.find(r.Key); e != nil {
		r = r.scaled(max(1, e.Times))
		for i, w := range r.Worst {
			if w.Micro == e.Micro {
				return Grant{Choice: i}
			}
		}
		return Grant{Choice: len(r.Worst) - 1}
	}
	times := l.times(r.Model)
	r = r.scaled(times)
	why := l.over(now, r.InPlace, r)
	for i, w := range r.Worst {
		over := l.over(now, w, r)
		if over == "" {
			e := Entry{Key: r.Key, At: now, Micro: w.Micro, Model: r.Model, Incident: r.Incident}
			if times > 1 {
				e.Times = times
			}
			l.Entries = append(l.Entries, e)
			return Grant{Choice: i, Why: why}
		}
		why = over
	}
	if len(r.Worst) == 0 {
		return Grant{Choice: -1, Why: "nothing was asked for"}
	}
	return Grant{Choice: -1, Why: why}
}

// over names the ceiling that another amount would pass.
func (l *Ledger) over(now time.Time, more money.USD, r Request) string {
	for _, c := range []struct {
		spent, ceiling money.USD
		name           string
	}{
		{l.ofRun(r.Key), r.Limits.Run, "a review"},
		{l.Spent(now, hour), r.Limits.Hour, "an hour"},
		{l.Spent(now, day), r.Limits.Day, "a day"},
	} {
		if c.ceiling.Micro > 0 && c.spent.Micro+more.Micro > c.ceiling.Micro {
			return fmt.Sprintf("the ceiling of %s %s", c.ceiling, c.name)
		}
	}
	return ""
}

// ofRun sums the run that a key belongs to. The run itself knows of the calls
// that were answered; an attempt whose process died may have been billed as well.
func (l *Ledger) ofRun(key string) money.USD {
	run, _, _ := strings.Cut(key, "/")
	var sum int64
	for _, e := range l.Entries {
		if strings.HasPrefix(e.Key, run+"/") {
			sum += e.Micro
		}
	}
	return money.USD{Micro: sum}
}

// Settle replaces a reservation by what the call cost. A call whose price is not
// known counts what ceilings hold it to, or its worst case when that is nothing.
func (l *Ledger) Settle(s Settlement) {
	e := l.find(s.Key)
	if e == nil || e.Settled {
		return
	}
	e.Settled = true
	e.Unknown = s.Cost.Unknown
	if !e.Unknown || s.Cost.Micro > 0 {
		l.learn(e, s.Cost)
		e.Micro = s.Cost.Micro
	}
}

// Spent sums a window that ends now: what was paid and what may have been.
func (l *Ledger) Spent(now time.Time, window time.Duration) money.USD {
	var sum int64
	for _, e := range l.Entries {
		if now.Sub(e.At) < window {
			sum += e.Micro
		}
	}
	return money.USD{Micro: sum}
}

func (l *Ledger) find(key string) *Entry {
	for i := len(l.Entries) - 1; i >= 0; i-- {
		if l.Entries[i].Key == key {
			return &l.Entries[i]
		}
	}
	return nil
}

// forget drops what is older than can be read back, and joins what is older
// than a day by hour, incident and model, so that a busy week stays small.
func (l *Ledger) forget(now time.Time) {
	old := sort.Search(len(l.Entries), func(i int) bool { return now.Sub(l.Entries[i].At) <= day })
	if old == 0 {
		return
	}
	var joined []Entry
	at := map[string]int{}
	for _, e := range l.Entries[:old] {
		if now.Sub(e.At) > keep {
			continue
		}
		e.At, e.Settled = e.At.Truncate(hour), true
		e.Key = fmt.Sprintf("%d/%s/%s/%t", e.At.Unix(), e.Incident, e.Model, e.Unknown)
		if i, ok := at[e.Key]; ok {
			joined[i].Micro += e.Micro
			continue
		}
		at[e.Key] = len(joined)
		joined = append(joined, e)
	}
	l.Entries = append(joined, l.Entries[old:]...)
}
