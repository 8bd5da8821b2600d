package check

import (
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// nextTo are the words of how far apart two things were.
var nextTo = regexp.MustCompile(`(?i)^\**\s(?:before|after|later|earlier|apart|past)\b`)

// fromTo tells whether a duration is the one between two times: of the line itself, or
// of alerts, changes and incidents, when it says between which.
func (x *Index) fromTo(l *line, a Atom) bool {
	if a.Unit > 3600 || !nextTo.MatchString(l.after(a)) && !inTimeOf.MatchString(l.before(a)) {
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
	for _, from := range said {
		for _, to := range append(slices.Clip(said), known...) {
			d := math.Abs(from - to)
			d = 60 * min(d, minutesOfDay-d) // the shorter way round, over midnight too
			if d > 0 && math.Abs(d-a.Value) <= a.Unit/2 {
				return true
			}
		}
	}
	return false
}

const minutesOfDay = 24 * 60

// anEvent is what a duration is counted from.
var anEvent = regexp.MustCompile(`(?i)^\**\s(?:before|after)\s(?:it (?:opened|began|started|fired)|(?:the |our |this )?(?:first |second |other |last )?(?:alert|alarm|incident|page|deploy|release|change|one)\b)|^\**\s(?:later|earlier)\b`)

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

// turnsOf are the times at which an alert, a change or an incident began or ended, and
// at which somebody took it.
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
	return slices.DeleteFunc(all, time.Time.IsZero)
}

// turnMinutes are the same as minutes of the day.
func (x *Index) turnMinutes() []float64 {
	var all []float64
	for _, t := range x.turns {
		all = append(all, float64(t.UTC().Hour()*60+t.UTC().Minute()))
	}
	return all
}
