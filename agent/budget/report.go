package budget

import (
	"sort"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/money"
)

// Window is what a rolling window holds against its ceiling.
type Window struct {
	Name    string
	Spent   money.USD
	Ceiling float64 // in dollars
}

// Windows are the last hour and the last day.
func (r Report) Windows(perHour, perDay float64) []Window {
	l := Ledger{Entries: r.Entries}
	return []Window{
		{Name: "Last hour", Spent: l.Spent(r.Now, hour), Ceiling: perHour},
		{Name: "Last day", Spent: l.Spent(r.Now, day), Ceiling: perDay},
	}
}

// Sum is what was spent under one key.
type Sum struct {
	Key   string
	Spent money.USD
	Calls int
}

// Sum adds entries up by a key, the latest or dearest first as the key sorts:
// times descend, names go by money.
func (r Report) Sum(key func(Entry) string) []Sum {
	at := map[string]int{}
	var sums []Sum
	for _, e := range r.Entries {
		k := strings.TrimSuffix(key(e), "/review")
		if k == "" {
			k = "unknown"
		}
		i, ok := at[k]
		if !ok {
			i = len(sums)
			at[k] = i
			sums = append(sums, Sum{Key: k})
		}
		sums[i].Spent = sums[i].Spent.Add(money.USD{Micro: e.Micro})
		sums[i].Calls++
	}
	sort.SliceStable(sums, func(a, b int) bool {
		if _, err := time.Parse("2006-01-02", sums[a].Key[:min(10, len(sums[a].Key))]); err == nil {
			return sums[a].Key > sums[b].Key
		}
		return sums[a].Spent.Micro > sums[b].Spent.Micro
	})
	return sums
}
