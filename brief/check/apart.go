package check

import (
	"math"
	"regexp"
	"slices"
	"sort"
	"time"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// nextTo are the words of how far apart two things were.
var nextTo = regexp.MustCompile(`(?i)^\**\s(?:before|after|later|earlier|apart|past)\b`)

// fromTo tells whether a duration is the one between two times: of the line itself, or
// of alerts, changes and incidents, when it says between which.
func (x *Index) fromTo(l *line, a Atom) bool {
	if a.Unit > 3600 {
		return false
	}
	if from, to, ok := bracketed(l.text, l.atoms, a); ok {
		return lasted(from.Value, to.Value, a)
	}
	if a.Value > 12*3600 || !nextTo.MatchString(l.after(a)) && !inTimeOf.MatchString(l.before(a)) { // which way round is not said
		return false
	}
	var said []float64
	for _, o := range l.atoms {
		if o.Kind == Clock && o.Value >= 0 {
			said = append(said, o.Value)
		}
	}
	known := x.turnMinutes()
	if anEvent.MatchString(l.after(a)) {
		said = append(said, known...)
	}
	until := append(slices.Clip(said), known...)
	if theFirst.MatchString(l.after(a)) {
		until = []float64{minuteOf(x.facts.FirstAlert()), minuteOf(x.facts.Incident.CreatedAt)}
	}
	for _, from := range said {
		for _, to := range until {
			if lasted(from, to, a) || lasted(to, from, a) {
				return true
			}
		}
	}
	return false
}

// lengths doubts how long something took when the two times behind it are not so far
// apart.
func (p *pass) lengths(line string) {
	atoms := p.atoms(line)
	for _, a := range atoms {
		if from, to, ok := bracketed(line, atoms, a); ok && a.Kind == Duration && !a.Ago && !lasted(from.Value, to.Value, a) {
			p.doubt(line, Duration, a.Text+" from "+from.Text+" to "+to.Text)
		}
	}
}

const minutesOfDay = 24 * 60

// lasted tells whether a duration is the one from one minute of a day to another, over
// midnight too.
func lasted(from, to float64, a Atom) bool {
	d := 60 * math.Mod(to-from+minutesOfDay, minutesOfDay)
	return d > 0 && math.Abs(d-a.Value) <= a.Unit/2
}

// beginBracket opens the two times between which a duration lies: "6 minutes (13:50 to 13:56".
var beginBracket = regexp.MustCompile(`^\**(?:\s(?:long|in all|in total))?\s?[(\[]\s?(?:from\s|between\s)?\**$`)

// bracketed are the two times that a line has in brackets behind a duration.
func bracketed(line string, atoms []Atom, a Atom) (from, to Atom, ok bool) {
	i := sort.Search(len(atoms), func(i int) bool { return atoms[i].Start >= a.End })
	if i+1 >= len(atoms) {
		return from, to, false
	}
	from, to = atoms[i], atoms[i+1]
	ok = from.Kind == Clock && to.Kind == Clock && from.Value >= 0 && to.Value >= 0 && from.End <= to.Start &&
		beginBracket.MatchString(line[a.End:from.Start]) && ends.MatchString(line[from.End:to.Start])
	return from, to, ok
}

// anEvent is what a duration is counted from.
var anEvent = regexp.MustCompile(`(?i)^\**\s(?:before|after)\s(?:it (?:opened|began|started|fired)|(?:the |our |this )?(?:first |second |other |last )?(?:alert|alarm|incident|page|deploy|release|change|one)\b)|^\**\s(?:later|earlier)\b`)

// wroteApart tells whether a duration is how long before or after an alert or an incident
// somebody in the line wrote.
func (p *pass) wroteApart(l *line, a Atom) bool {
	if a.Unit > 3600 || !anEvent.MatchString(l.after(a)) {
		return false
	}
	turns := p.x.turns
	if theFirst.MatchString(l.after(a)) {
		turns = []time.Time{p.x.facts.FirstAlert(), p.x.facts.Incident.CreatedAt}
	}
	for _, m := range p.called(l.text) {
		for _, w := range p.x.written {
			if isOne(w.who, m.name) && slices.ContainsFunc(turns, func(t time.Time) bool {
				return math.Abs(w.at.Truncate(time.Minute).Sub(t.Truncate(time.Minute)).Abs().Seconds()-a.Value) <= a.Unit/2
			}) {
				return true
			}
		}
	}
	return false
}

var theFirst = regexp.MustCompile(`(?i)^\**\s(?:before|after)\s(?:the|our|its)\sfirst\s`)

var (
	lastsFor = regexp.MustCompile(`(?i)\b(?:for|lasting|already|open|firing|after)\s+(?:already\s+|about\s+|some\s+)?\**$`)
	soFar    = regexp.MustCompile(`(?i)^\**\s(?:in\b[,. ]|so far|long|old|have passed|into)`)
)

// age tells whether a duration is how long something that goes on has lasted.
func (x *Index) age(l *line, a Atom) bool {
	if a.Ago || l.about(a) != nil || !lastsFor.MatchString(l.before(a)) && !soFar.MatchString(l.after(a)) {
		return false
	}
	return slices.ContainsFunc(x.turns, func(t time.Time) bool {
		return sameDuration(a, x.facts.ReadAt.Truncate(time.Minute).Sub(t.Truncate(time.Minute)).Seconds())
	})
}

var inTimeOf = regexp.MustCompile(`(?i)\b(?:within|in|after)\s+(?:about\s+)?\**$`)

// ofDay tells whether a duration is how long an earlier incident took whose day or
// number stands close before it: one line may name several.
func (x *Index) ofDay(l *line, a Atom) bool {
	for _, o := range l.atoms { // as in the line of one incident, it is the last that says how long it took
		if o.Start > a.Start && (o.Kind == Date || o.Kind == Incident) {
			break
		}
		if o.Start > a.Start && o.Kind == Duration {
			return false
		}
	}
	for i := len(l.atoms) - 1; i >= 0; i-- {
		o := l.atoms[i]
		if o.End > a.Start || o.Kind != Date && o.Kind != Incident {
			continue
		}
		return a.Start-o.End < closeBy && slices.ContainsFunc(x.past, func(p incident.Past) bool {
			its := o.Kind == Date && onDay(p.Incident, o.Key) || o.Key == p.Incident.ID || o.Key == "#"+itoa(p.Incident.Number)
			return its && sameDuration(a, evidence.Took(p.Incident).Seconds())
		})
	}
	return false
}

// turnsOf are the times at which an alert, a change or an incident began or ended, at
// which somebody took it, and at which a certificate or the like ran out.
func (x *Index) turnsOf() []time.Time {
	f := x.facts
	all := append(x.acknowledged(), f.Incident.CreatedAt, f.Incident.ResolvedAt)
	for _, a := range f.Alerts {
		all = append(all, a.CreatedAt, a.ResolvedAt)
	}
	for _, c := range f.Changes {
		all = append(all, c.At)
	}
	for _, r := range f.Related {
		all = append(all, r.Incident.CreatedAt)
	}
	for _, t := range x.expiries { // one of another day is none of this incident's
		if f.ReadAt.Sub(t).Abs() < 24*time.Hour {
			all = append(all, t)
		}
	}
	return slices.DeleteFunc(all, time.Time.IsZero)
}

// turnMinutes are the same as minutes of the day.
func (x *Index) turnMinutes() []float64 {
	var all []float64
	for _, t := range x.turns {
		all = append(all, minuteOf(t))
	}
	return all
}

func minuteOf(t time.Time) float64 { return float64(t.UTC().Hour()*60 + t.UTC().Minute()) }
