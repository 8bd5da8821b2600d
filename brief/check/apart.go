package check

import (
	"math"
	"regexp"
	"slices"
	"strings"
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
	if anEvent.MatchString(l.after(a)) {
		said = append(said, x.starts...)
	}
	for _, from := range said {
		for _, to := range append(slices.Clip(said), x.starts...) {
			if d := 60 * math.Abs(from-to); d > 0 && math.Abs(d-a.Value) <= a.Unit/2 {
				return true
			}
		}
	}
	return false
}

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
	now := x.facts.ReadAt.UTC()
	for _, at := range x.starts {
		if sameDuration(a, 60*(float64(now.Hour()*60+now.Minute())-at)) {
			return true
		}
	}
	return false
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

// begun are the minutes of the day at which an alert, a change or the incident began or
// ended.
func (x *Index) begun() []float64 {
	f := x.facts
	at := []time.Time{f.Incident.CreatedAt, f.Incident.ResolvedAt}
	for _, a := range f.Alerts {
		at = append(at, a.CreatedAt, a.ResolvedAt)
	}
	for _, c := range f.Changes {
		at = append(at, c.At)
	}
	for _, r := range f.Related {
		at = append(at, r.Incident.CreatedAt)
	}
	for _, l := range f.Log {
		if strings.Contains(l.Type, "acknowledge") {
			at = append(at, l.At)
		}
	}
	var minutes []float64
	for _, t := range at {
		if !t.IsZero() {
			minutes = append(minutes, float64(t.UTC().Hour()*60+t.UTC().Minute()))
		}
	}
	return minutes
}
