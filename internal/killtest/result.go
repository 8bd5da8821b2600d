package killtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/money"
)

// Problem is something that must not be.
type Problem struct {
	Campaign int
	Kind     string
	Kill     int    // of the campaign: the last one that met the incident, or the last of all
	Moment   string // of that kill
	Incident string // empty when it is about none
	What     string
	Line     string // what the stand-ins saw of the incident
}

func (p Problem) String() string {
	at := fmt.Sprintf("campaign %d (%s), kill %d, %s", p.Campaign, p.Kind, p.Kill, p.Moment)
	if p.Incident != "" {
		at += ", incident " + p.Incident
	}
	return strings.TrimSpace(at + ": " + p.What + "\n" + p.Line)
}

// Moment is how often a moment was tried, and how often it was there.
type Moment struct{ Kills, Hits, Requests int }

// figures count what happened.
type figures struct {
	Kills, Terms     int // SIGKILL, SIGTERM
	Incidents        int
	Cut, Unavailable int // pages whose answer was lost, answers 503
	Repeated         int // requests that a later process made again, in flight at a kill
	Doubts, Standing int // webhook messages in doubt, and those of them that stand
	Outcomes         map[string]int
	Billed, Ledger   money.USD       // by the model's stand-in; what the ledger knows of
	Restarts, Stops  []time.Duration // start of a process to its first step; SIGTERM to the end
}

// Result is what a run saw.
type Result struct {
	figures
	Seed     uint64
	Moments  map[string]*Moment
	Problems []Problem
}

func (r *Result) add(c *campaign) {
	r.Problems = append(r.Problems, c.found...)
	f := &c.figures
	f.Restarts = c.restarts()
	for _, d := range c.deaths {
		m := r.Moments[d.moment]
		if m == nil {
			m = &Moment{}
			r.Moments[d.moment] = m
		}
		m.Kills++
		m.Requests += d.hit
		if d.hit > 0 {
			m.Hits++
		}
		if d.stop > 0 {
			f.Terms++
			f.Stops = append(f.Stops, d.stop)
		} else {
			f.Kills++
		}
	}
	r.Kills += f.Kills
	r.Terms += f.Terms
	r.Incidents += f.Incidents
	r.Cut += f.Cut
	r.Unavailable += f.Unavailable
	r.Repeated += f.Repeated
	r.Doubts += f.Doubts
	r.Standing += f.Standing
	r.Billed, r.Ledger = r.Billed.Add(f.Billed), r.Ledger.Add(f.Ledger)
	r.Restarts = append(r.Restarts, f.Restarts...)
	r.Stops = append(r.Stops, f.Stops...)
	if r.Outcomes == nil {
		r.Outcomes = map[string]int{}
	}
	for kind, n := range f.Outcomes {
		r.Outcomes[kind] += n
	}
}

// count adds an incident to the figures.
func (c *campaign) count(s seen) {
	f := &c.figures
	f.Incidents++
	f.Cut += s.delivery.cut
	f.Unavailable += s.delivery.refused
	if f.Outcomes == nil {
		f.Outcomes = map[string]int{}
	}
	for _, m := range s.outcomes() {
		f.Outcomes[outcomeOf(string(m.Blocks))]++
	}
	if s.record.report.Doubtful {
		f.Doubts++
		f.Standing += len(s.outcomes())
	}
	asked := map[string]bool{}
	for _, q := range s.requests {
		what := q.step + " " + q.what
		if asked[what] {
			f.Repeated++
		}
		asked[what] = true
	}
}

// restarts measures from the start of a process to its first step of a review
// that an earlier process had begun.
func (c *campaign) restarts() []time.Duration {
	first, began := map[int]time.Time{}, map[int]int{}
	for _, q := range c.rec.requests() {
		if q.incident == nobody {
			continue
		}
		if since, ok := began[q.incident]; ok && since < q.life && first[q.life].IsZero() {
			first[q.life] = q.at
		}
		if _, ok := began[q.incident]; !ok {
			began[q.incident] = q.life
		}
	}
	var out []time.Duration
	for n, at := range first {
		out = append(out, at.Sub(c.lives[n-1].began))
	}
	return out
}

func (f figures) String() string {
	var kinds []string
	for kind, n := range f.Outcomes {
		kinds = append(kinds, fmt.Sprintf("%d × %s", n, kind))
	}
	slices.Sort(kinds)
	return fmt.Sprintf("%d SIGKILL, %d SIGTERM; %d incidents: %s, %d in doubt of which %d stand; %d pages sent again after a lost answer, %d after a 503; %d requests in flight repeated; billed %s, in the ledger %s; restart to first step %s; SIGTERM to the end %s",
		f.Kills, f.Terms, f.Incidents, strings.Join(kinds, ", "), f.Doubts, f.Standing, f.Cut, f.Unavailable, f.Repeated, f.Billed, f.Ledger, spread(f.Restarts), spread(f.Stops))
}

// String shows the moments too, and what is wrong.
func (r Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s\n", r.Seed, r.figures)
	for _, name := range sortedKeys(r.Moments) {
		m := r.Moments[name]
		fmt.Fprintf(&b, "  %-52s %4d kills, %4d hit, %5d requests\n", name, m.Kills, m.Hits, m.Requests)
	}
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func spread(d []time.Duration) string {
	if len(d) == 0 {
		return "-"
	}
	s := slices.Sorted(slices.Values(d))
	at := func(p int) time.Duration { return s[min(len(s)-1, len(s)*p/100)].Round(time.Millisecond) }
	return fmt.Sprintf("median %s, p99 %s, max %s", at(50), at(99), s[len(s)-1].Round(time.Millisecond))
}
