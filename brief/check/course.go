package check

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/incident"
)

// Which way a thing went is judged where the evidence says it the other way round, or
// has the moments from which code can tell.

// course checks the directions that a line gives.
func (p *pass) course(line string) {
	if _, past := p.pastIn(line); past {
		if _, to := p.pastStretch(line); to == len(line) {
			return
		}
	}
	p.bothZones(line)
	p.untilThen(line)
	p.order(line)
	p.opposites(line)
	p.absolutes(line)
	p.day(line)
	p.opened(line)
	p.urgency(line)
	p.recovery(line)
	p.partOf(line)
	p.ageOf(line)
	p.daysAgo(line)
}

var sameInstant = regexp.MustCompile(`^\**\s*(?:\(|=|/|,|–|-)?\s*(?:(?:that is|that's|i\.e\.|which is|or|das ist|es decir)[:,]?\s*)?\**$`)

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

var untilBefore = regexp.MustCompile(`(?i)\b(?:until|till)\s+(?:about\s+)?\**$`)

// untilThen doubts an end that is the beginning of what is under review: the incident,
// an alert that still fires.
func (p *pass) untilThen(line string) {
	for _, a := range p.atoms(line) {
		if a.Kind != Clock || a.Value < 0 || !untilBefore.MatchString(closeBefore(line, a.Start)) {
			continue
		}
		if p.x.begins(a) && !p.x.ends(a) {
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

func (x *Index) begins(a Atom) bool {
	return atMinute(x.facts.Incident.CreatedAt, a) ||
		slices.ContainsFunc(x.facts.Alerts, func(al incident.Alert) bool { return atMinute(al.CreatedAt, a) })
}

// ends tells whether something ended at a time, or the evidence says "until" before it.
func (x *Index) ends(a Atom) bool {
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

// untilTime is an end in the evidence.
var untilTime = regexp.MustCompile(`(?:(?:until|till|bis|hasta)\s[^.\n]{0,24}?|\d{1,2}:\d{2}(?:\s?[a-z]{1,4})?\s?(?:to|and|–|-)\s?)(\d{1,2}:\d{2}(?:\s?[a-z]{1,4})?)`)

// relative is how far before or after an event another is said to be.
var relative = regexp.MustCompile(`(?i)^\**\s+(before|after)\s+(?:the\s+)?(?:first\s+|second\s+|last\s+)?\**(alerts?|incident|page|deploy\w*|release|change|rollout)\b|^\**\s+(earlier|later)\b`)

// order doubts "after" where all that lies so far from the event lies before it, and
// the other way round.
func (p *pass) order(line string) {
	for _, a := range p.atoms(line) {
		if a.Kind != Duration {
			continue
		}
		m := relative.FindStringSubmatch(line[a.End:])
		if m == nil {
			continue
		}
		way := strings.ToLower(m[1] + m[3])
		before, after := p.x.apartFrom(strings.ToLower(m[2]), a)
		switch {
		case (way == "after" || way == "later") && before && !after, (way == "before" || way == "earlier") && after && !before:
			p.doubt(line, Duration, a.Text+" "+way)
		}
	}
}

// apartFrom tells whether something is known to have happened so long before, and so
// long after, an event of a kind: of any kind when none is named, where what is
// earlier than a change or an alert is a change.
func (x *Index) apartFrom(kind string, a Atom) (before, after bool) {
	f := x.facts
	var changes, alerts []time.Time
	for _, c := range f.Changes {
		changes = append(changes, c.At)
	}
	for _, al := range f.Alerts {
		alerts = append(alerts, al.CreatedAt)
	}
	start := append(slices.Clone(alerts), f.Incident.CreatedAt)
	from, to := append(slices.Clone(start), changes...), start
	if strings.HasPrefix(kind, "deploy") || kind == "release" || kind == "change" || kind == "rollout" {
		from, to = start, changes
	} else if kind == "" {
		from = changes
	}
	for _, other := range from {
		for _, event := range to {
			if other.IsZero() || event.IsZero() {
				continue
			}
			d := event.Sub(other).Seconds()
			before = before || d > 0 && sameAge(a, d)
			after = after || d < 0 && sameAge(a, -d)
		}
	}
	return before, after
}

// opposite are words of which one is said of a thing. Those of thresholds and advice,
// such as above and below, up and down, are none: both are said of one thing.
var opposite = map[string]string{
	"more": "less", "higher": "lower", "increase": "decrease", "increased": "decreased", "rose": "fell",
	"grew": "shrank", "faster": "slower", "raised": "lowered", "refused": "accepted", "opened": "closed", "enabled": "disabled", "started": "stopped",
	"connected": "disconnected", "online": "offline", "allowed": "denied", "added": "removed", "succeeded": "failed",
}

func opposites() map[string]string {
	both := map[string]string{}
	for a, b := range opposite {
		both[a], both[b] = b, a
	}
	return both
}

var opposed = opposites()

// nextWords is how many words beside an opposite must be the evidence's.
const nextWords = 2

// opposites doubts a word where the evidence has its opposite between the same words,
// and the word itself nowhere.
func (p *pass) opposites(line string) {
	said := strings.Fields(letters(plain(line)))
	for i, w := range said {
		other, ok := opposed[w]
		if !ok || says(p.x.said, w) || i+1 < len(said) && said[i+1] == "than" {
			continue
		}
		for _, at := range [][2]int{{i - nextWords, i}, {i - 1, i + 1}, {i, i + nextWords}} {
			if at[0] < 0 || at[1] >= len(said) {
				continue
			}
			theirs := slices.Clone(said[at[0] : at[1]+1])
			theirs[i-at[0]] = other
			if says(p.x.said, strings.Join(theirs, " ")) {
				p.doubt(line, Quote, w)
				break
			}
		}
	}
}

var absolute = regexp.MustCompile(`(?i)\b(never|always)\s+(\p{L}+)`)

// absolutes doubts an "always" where the evidence has "never" before the same word.
func (p *pass) absolutes(line string) {
	for _, m := range absolute.FindAllStringSubmatch(plain(line), -1) {
		said, of := fold(m[1]), fold(m[2])
		other := map[string]string{"never": "always", "always": "never"}[said]
		if says(p.x.said, other+" "+of) && !says(p.x.said, said+" "+of) {
			p.doubt(line, Quote, m[0])
		}
	}
}

var relativeDay = regexp.MustCompile(`(?i)\b(today|yesterday)(?:\s+at)?\s+\**$`)

// day doubts a time of today that was one of yesterday.
func (p *pass) day(line string) {
	for _, a := range p.atoms(line) {
		if a.Kind != Clock || a.Value < 0 {
			continue
		}
		m := relativeDay.FindStringSubmatch(closeBefore(line, a.Start))
		if m == nil {
			continue
		}
		now := p.x.facts.ReadAt.UTC()
		days := map[string]string{"today": now.Format("01-02"), "yesterday": now.AddDate(0, 0, -1).Format("01-02")}
		said := strings.ToLower(m[1])
		right, other := false, false
		for _, t := range p.x.moments {
			if atMinute(t, a) {
				day := t.Format("01-02")
				right = right || day == days[said]
				other = other || day != days[said] && (day == days["today"] || day == days["yesterday"])
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
	known := false
	for _, l := range x.facts.Log {
		if strings.Contains(l.Type, "acknowledge") {
			known = true
			if atMinute(l.At, a) {
				return true
			}
		}
	}
	return !known
}

var itOpened = regexp.MustCompile(`(?i)^(?:Z|UTC)?[\s|:*–—-]*(?:the\s+)?incident\s+(?:was\s+)?(?:opened|created|triggered)\b`)

// opened doubts a time at which the incident is said to have been opened.
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
	nowAfter  = regexp.MustCompile(`(?i)^\**[\s|:*–—-]*(?:this (?:summary|brief|update)|summary|brief|now)\b`)
)

// isNow tells whether a time is that of the brief itself.
func (x *Index) isNow(l *line, a Atom) bool {
	return a.Value >= 0 && atMinute(x.facts.ReadAt, a) && (nowBefore.MatchString(l.before(a)) || nowAfter.MatchString(l.after(a)))
}

var (
	urgencySaid = regexp.MustCompile(`(?i)\b(high|low)[ -]urgency\b|\burgency\s(?:is|remains)\s(high|low)\b`)
	ofThis      = regexp.MustCompile(`(?i)\b(?:if|when|would|should|rule|policy|priority changes|raise|lower|for)\b`)
)

// urgency doubts an urgency that is not the incident's, in prose as in the status line.
func (p *pass) urgency(line string) {
	is := p.x.facts.Incident.Urgency
	for _, m := range urgencySaid.FindAllStringSubmatch(line, -1) {
		if is != "" && !strings.EqualFold(m[1]+m[2], is) && !ofThis.MatchString(line) && !p.x.says(fold(m[0])) {
			p.doubt(line, Host, "the urgency is "+is)
		}
	}
}

var recovery = regexp.MustCompile(`(?i)\b(?:it|alert\b[^.;]{0,80}?)\s+(?:has|is)\s+(not\s+|never\s+)?(?:\w+\s+)?(?:recovered|cleared)\b`)

var noAlert = regexp.MustCompile(`(?i)\b(?:no|none|neither|nothing)\b`)

// recovery holds what a line says of the alert's end against the alerts.
func (p *pass) recovery(line string) {
	f := p.x.facts
	if noAlert.MatchString(line) {
		return
	}
	m := recovery.FindStringSubmatch(quoted.ReplaceAllString(line, ""))
	if m == nil || len(f.Alerts) == 0 || !f.AlertsCut.Complete() || opinion.MatchString(line) {
		return
	}
	if n := p.x.recovered(); m[1] == "" && n == 0 || m[1] != "" && n == len(f.Alerts) {
		p.doubt(line, Host, itoa(n)+" of "+itoa(len(f.Alerts))+" alerts have recovered")
	}
}

// ofWhole is a part of a whole with a unit: "311 of 402 MB".
var ofWhole = regexp.MustCompile(`(?i)\b(\d[\d.,]*)\s(?:out )?of\s(?:the\s)?(\d[\d.,]*)\s?([kmgt]i?b?|s|min(?:utes)?|seconds|gb|mb)\b`)

// partOf doubts a part where the evidence has another one of the same whole.
func (p *pass) partOf(line string) {
	for _, m := range ofWhole.FindAllStringSubmatch(plain(line), -1) {
		right, other := false, false
		for _, o := range ofWhole.FindAllStringSubmatch(p.x.text, -1) {
			if o[2] == m[2] && strings.EqualFold(o[3], m[3]) {
				right, other = right || o[1] == m[1], other || o[1] != m[1]
			}
		}
		if other && !right {
			p.doubt(line, Share, m[0])
		}
	}
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
		version := ""
		for _, o := range all[max(0, i-3):i] {
			if o.Kind == Version && a.Start-o.End < closeBy && !strings.ContainsAny(line[o.End:a.Start], ".;(") {
				version = o.Key
			}
		}
		if version == "" {
			continue
		}
		right, other := false, false
		for _, r := range p.x.records {
			if !r.isChange() || !says(r.text, version) {
				continue
			}
			for _, m := range fullTime.FindAllString(r.text, -1) {
				if at, err := time.Parse("2006-01-02 15:04", m); err == nil {
					ok := sameAge(a, p.x.facts.ReadAt.Sub(at).Seconds())
					right, other = right || ok, other || !ok
				}
			}
		}
		if other && !right {
			p.doubt(line, Duration, a.Text+" ago")
		}
	}
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
	return today.Add(-time.Duration((a.Value+a.Unit)/86400)*24*time.Hour).Format("01-02") == withoutYear(key)
}
