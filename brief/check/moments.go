package check

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/incident"
)

// What a line says of a time of day, or of a day, is judged against the moments that the
// evidence has: which end of a thing it is, whose zone it is in, how long ago it was.

// minuteLayout is how our tools write a moment, in UTC.
const minuteLayout = "2006-01-02 15:04"

// moments checks the times and days of a line.
func (p *pass) moments(line string) {
	p.bothZones(line)
	p.untilThen(line)
	p.day(line)
	p.opened(line)
	p.ageOf(line)
	p.dayOfVersion(line)
	p.daysAgo(line)
	p.expired(line)
	p.lengths(line)
	p.inOrder(line)
}

var orderOf = regexp.MustCompile(`(?i)^\**\)?,?\s(?:just\s|right\s|shortly\s)?(before|after)\s[^.;]{0,48}\bat\s\**$`)

// inOrder doubts "at 13:56, after the alert came in at 13:58".
func (p *pass) inOrder(line string) {
	atoms := p.atoms(line)
	for i := 0; i+1 < len(atoms); i++ {
		a, b := atoms[i], atoms[i+1]
		if a.Kind != Clock || b.Kind != Clock || a.Value < 0 || b.Value < 0 || a.End > b.Start || math.Abs(a.Value-b.Value) > minutesOfDay/2 {
			continue
		}
		m := orderOf.FindStringSubmatch(line[a.End:b.Start])
		if m != nil && (strings.EqualFold(m[1], "before") && a.Value > b.Value || strings.EqualFold(m[1], "after") && a.Value < b.Value) {
			p.doubt(line, Clock, a.Text+" "+strings.ToLower(m[1])+" "+b.Text)
		}
	}
}

var sameInstant = regexp.MustCompile(`^\**\s*(?:\(|=|/|,|–|-)?\s*(?:(?:that is|that's|i\.e\.|which is|or)[:,]?\s*)?\**$`)

// bothZones doubts a time that is said in two zones which do not agree.
func (p *pass) bothZones(line string) {
	atoms := p.atoms(line)
	for i := 0; i+1 < len(atoms); i++ {
		a, b := atoms[i], atoms[i+1]
		joint := line[a.End:max(a.End, b.Start)]
		if a.Kind != Clock || b.Kind != Clock || a.Value < 0 || b.Value < 0 || joint == "" || !sameInstant.MatchString(joint) || !strings.ContainsAny(joint, "(=/i") {
			continue
		}
		if zoneIn(a.Text) != zoneIn(b.Text) && math.Abs(a.Value-b.Value) > 1 {
			p.doubt(line, Clock, a.Text+" is not "+b.Text)
		}
	}
}

var zoneName = regexp.MustCompile(`[A-Z]{1,5}(?:[+-]\d+)?$|[+-]\d{2}:?\d{2}$`)

func zoneIn(clock string) string { return zoneName.FindString(strings.TrimSpace(clock)) }

var untilBefore = regexp.MustCompile(`(?i)\b(?:until|'?till?|through)\s+(?:about\s+)?\**$`)

// untilThen doubts an end that is the beginning of what is under review: the incident,
// an alert that still fires.
func (p *pass) untilThen(line string) {
	for _, a := range p.atoms(line) {
		if a.Kind != Clock || a.Value < 0 || !untilBefore.MatchString(closeBefore(line, a.Start)) {
			continue
		}
		if p.x.beginsAt(a) && !p.x.endsAt(a) {
			p.doubt(line, Clock, "until "+a.Text)
		}
	}
}

// closeBefore is what stands close before a place in a line: a line without end must
// not be read once an atom.
func closeBefore(line string, at int) string { return line[max(0, at-closeBy):at] }

func atMinute(t time.Time, a Atom) bool {
	t = t.UTC()
	return !t.IsZero() && math.Abs(float64(t.Hour()*60+t.Minute())-a.Value) <= a.Unit
}

func (x *Index) beginsAt(a Atom) bool {
	return atMinute(x.facts.Incident.CreatedAt, a) ||
		slices.ContainsFunc(x.facts.Alerts, func(al incident.Alert) bool { return atMinute(al.CreatedAt, a) })
}

// endsAt tells whether something ended at a time, or the evidence says "until" before it.
func (x *Index) endsAt(a Atom) bool {
	f := x.facts
	if atMinute(f.Incident.ResolvedAt, a) || slices.ContainsFunc(f.Alerts, func(al incident.Alert) bool { return atMinute(al.ResolvedAt, a) }) ||
		slices.ContainsFunc(f.OnCall, func(o incident.OnCall) bool { return atMinute(o.Until, a) }) {
		return true
	}
	for _, m := range untilTime.FindAllStringSubmatch(x.text, -1) {
		for _, o := range Atoms(strings.ToUpper(m[1])) {
			if o.Kind == Clock && math.Abs(o.Value-a.Value) <= 1 {
				return true
			}
		}
	}
	return false
}

// dutyEnds is before the end of a shift that is told to whoever has it.
var dutyEnds = regexp.MustCompile(`(?i)\byour?\b[^.;]{0,24}\b(?:shift|duty|rota|on[- ]call|pager)\b[^.;]{0,16}\b(?:until|till|ends?(?:\sat)?)\s+\**$`)

// endsDuty tells whether a time is until when somebody in the line is on call, or who is
// spoken to.
func (p *pass) endsDuty(line string, a Atom) bool {
	before := closeBefore(line, a.Start)
	return slices.ContainsFunc(p.x.facts.OnCall, func(o incident.OnCall) bool {
		return atMinute(o.Until, a) && (o.Level == 1 && dutyEnds.MatchString(before) || untilBefore.MatchString(before) &&
			slices.ContainsFunc(p.called(line), func(m mention) bool { return fold(o.Person.Name) == m.name }))
	})
}

// untilTime is an end in the evidence.
var untilTime = regexp.MustCompile(`(?:(?:until|till|bis|hasta)\s[^.\n]{0,24}?|\d{1,2}:\d{2}(?:\s?[a-z]{1,4})?\s?(?:to|and|–|-)\s?)(\d{1,2}:\d{2}(?:\s?[a-z]{1,4})?)`)

var (
	relativeDay = regexp.MustCompile(`(?i)\b(today|yesterday|tomorrow)(?:\s+at)?\s+\**$`)
	itsDay      = regexp.MustCompile(`(?i)^\**\s(today|yesterday|tomorrow)\b`)
)

// day doubts a time of today that was one of yesterday, or will be one of tomorrow.
func (p *pass) day(line string) {
	for _, a := range p.atoms(line) {
		if a.Kind != Clock || a.Value < 0 {
			continue
		}
		m := relativeDay.FindStringSubmatch(closeBefore(line, a.Start))
		if m == nil {
			m = itsDay.FindStringSubmatch(line[a.End:])
		}
		if m == nil {
			continue
		}
		now := p.x.facts.ReadAt.UTC()
		days := map[string]string{"today": now.Format("01-02"), "yesterday": now.AddDate(0, 0, -1).Format("01-02"), "tomorrow": now.AddDate(0, 0, 1).Format("01-02")}
		said := strings.ToLower(m[1])
		right, other := false, false
		for _, t := range p.x.moments {
			if atMinute(t, a) {
				day := t.Format("01-02")
				right = right || day == days[said]
				other = other || day != days[said] && (day == days["today"] || day == days["yesterday"] || day == days["tomorrow"])
			}
		}
		if other && !right {
			p.doubt(line, Clock, m[1]+" "+a.Text)
		}
	}
}

var ackedAt = regexp.MustCompile(`(?i)\back(?:ed|nowledged)\b[^.;,]{0,40}?\bat\s+\**$`)

// acked tells whether somebody acknowledged the incident at a time, as far as the log
// tells when anybody did.
func (x *Index) acked(a Atom) bool {
	all := x.acknowledged()
	return len(all) == 0 || slices.ContainsFunc(all, func(t time.Time) bool { return atMinute(t, a) })
}

var itOpened = regexp.MustCompile(`(?i)^(?:Z|UTC)?[\s|:*–—-]*(?:the\s+)?incident\s+(?:was\s+)?(?:opened|created|triggered)\b`)

// opened doubts a time at which the incident is said to have been opened, or taken.
func (p *pass) opened(line string) {
	created := p.x.facts.Incident.CreatedAt
	for _, a := range p.atoms(line) {
		if a.Kind == Clock && a.Value >= 0 && !created.IsZero() && itOpened.MatchString(line[a.End:]) && !atMinute(created, a) {
			p.doubt(line, Clock, a.Text+" for the opening")
		}
		if a.Kind == Clock && a.Value >= 0 && ackedAt.MatchString(closeBefore(line, a.Start)) && !p.x.acked(a) {
			p.doubt(line, Clock, "acknowledged at "+a.Text)
		}
	}
}

var (
	nowBefore = regexp.MustCompile(`(?i)\b(?:as of|now,?|written at|stand:?)\s+\**$`)
	// nowOpens is behind the time with which a brief begins: "14:02 UTC, 26 min in".
	nowOpens = regexp.MustCompile(`^\**(?:,\s[^.;,]{0,16}\b(?:in|old|open|later)\b|:?\**\s*$)`)
	nowAfter = regexp.MustCompile(`(?i)^\**[\s|:*–—-]*(?:this (?:summary|brief|update)|summary|brief|now)\b`)
)

// isNow tells whether a time is that of the brief itself.
func (x *Index) isNow(l *line, a Atom) bool {
	opens := strings.Trim(l.text[:a.Start], " *>#-") == "" && nowOpens.MatchString(l.after(a))
	return a.Value >= 0 && atMinute(x.facts.ReadAt, a) && (opens || nowBefore.MatchString(l.before(a)) || nowAfter.MatchString(l.after(a)))
}

var fullTime = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d`)

// ageOf doubts how long ago a version is said to have been shipped when every time
// beside it in the evidence is another.
func (p *pass) ageOf(line string) {
	all := p.atoms(line)
	for i, a := range all {
		if a.Kind != Duration || !a.Ago {
			continue
		}
		for _, o := range all[max(0, i-3):i] {
			near := a.Start-o.End < closeBy && o.End <= a.Start && !strings.ContainsAny(line[o.End:a.Start], ".;(")
			if o.Kind == Version && near && p.x.shippedAnotherTime(o.Key, func(at time.Time) bool { return sameAge(a, p.x.facts.ReadAt.Sub(at).Seconds()) }) {
				p.doubt(line, Duration, a.Text+" ago")
			}
		}
	}
}

var shippedOn = regexp.MustCompile(`(?i)^\**\s(?:was\s)?(?:went out|went live|shipped|deployed|released|rolled out)\b[^.;,(]{0,32}?\son\s\**$`)

// dayOfVersion doubts a day on which a version is said to have been shipped when it was
// on another.
func (p *pass) dayOfVersion(line string) {
	all := p.atoms(line)
	for i := 0; i+1 < len(all); i++ {
		v, d := all[i], all[i+1]
		if v.Kind != Version || d.Kind != Date || d.Start < v.End || !shippedOn.MatchString(line[v.End:d.Start]) {
			continue
		}
		if p.x.shippedAnotherTime(v.Key, func(at time.Time) bool { return at.Format("01-02") == withoutYear(d.Key) || at.Format("01") == d.Key }) {
			p.doubt(line, Date, v.Text+" on "+d.Text)
		}
	}
}

// shippedAnotherTime tells whether records of a version's change have times, and none
// of them is then.
func (x *Index) shippedAnotherTime(version string, then func(time.Time) bool) bool {
	other := false
	for _, r := range x.records {
		if !r.isChange() || !says(r.text, version) {
			continue
		}
		for _, m := range fullTime.FindAllString(r.text, -1) {
			at, err := time.Parse(minuteLayout, m)
			if err == nil && then(at) {
				return false
			}
			other = other || err == nil
		}
	}
	return other
}

var onThatDay = regexp.MustCompile(`^\s?ago,?\s(?:\(|on\s)?\**$`)

// daysAgo doubts "two days ago, on 18 March" where the day is another.
func (p *pass) daysAgo(line string) {
	all := p.atoms(line)
	for i := 0; i+1 < len(all); i++ {
		a, d := all[i], all[i+1]
		if a.Kind != Duration || !a.Ago || a.Unit < 86400 || d.Kind != Date || d.Start < a.End || !onThatDay.MatchString(line[a.End:d.Start]) {
			continue
		}
		if !p.x.daysBack(d.Key, a) {
			p.doubt(line, Duration, a.Text+" ago")
		}
	}
}

// daysBack tells whether a day lies so long back, rounded to the next unit or down.
func (x *Index) daysBack(key string, a Atom) bool {
	today := x.facts.ReadAt.UTC().Truncate(24 * time.Hour)
	for back := a.Value - a.Unit/2; back < a.Value+a.Unit; back += 86400 {
		if today.Add(-time.Duration(math.Ceil(back/86400))*24*time.Hour).Format("01-02") == withoutYear(key) {
			return true
		}
	}
	return false
}
