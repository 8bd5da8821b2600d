package check

import (
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

// Which way a thing went is judged where the evidence says it the other way round, or
// has the moments from which code can tell.

// course checks the directions that a line gives.
func (p *pass) course(line string) {
	p.order(line)
	p.opposites(line)
	p.absolutes(line)
	p.partOf(line)
	p.slope(line)
	p.windowed(line)
}

var (
	wentUp   = regexp.MustCompile(`(?i)\b(?:raised|increased|rose|risen|grew|grown|climbed|jumped|went up|turn(?:ed|ing) up|scaled up|doubled)\b(?:[^.;]|\.\S){0,48}?\s(?:from\s)?\**$`)
	wentDown = regexp.MustCompile(`(?i)\b(?:lowered|reduced|decreased|fell|fallen|dropped|shrank|went down|turn(?:ed|ing) down|scaled down|cut)\b(?:[^.;]|\.\S){0,48}?\s(?:from\s)?\**$`)
	fromHere = regexp.MustCompile(`(?i)^\**\s?(?:to|→|->)\s?\**$`)
)

// turned is before two values of which the second is the newer.
var turned = regexp.MustCompile(`(?i)\b(?:went|changed|moved|was set|were set|updated)\b(?:[^.;]|\.\S){0,48}?\s(?:from\s)?\**$`)

var twoValues = regexp.MustCompile(`(\d[\d.,]*)[%x]?\s?(?:->|→|to)\s?(\d[\d.,]*)`)

// aRegion is a region of a cloud: eu-central-1.
var aRegion = regexp.MustCompile(`\b[a-z]{2}-[a-z]+-\d\b`)

// region doubts where a value became another, when the evidence has that elsewhere.
func (p *pass) region(line string, from, to Atom) {
	for _, said := range aRegion.FindAllString(line, -1) {
		right, other := false, false
		for _, t := range p.x.turned {
			if t.from == from.Key && t.to == to.Key && aRegion.MatchString(t.rec.text) {
				is := says(t.rec.text, said)
				right, other = right || is, other || !is
			}
		}
		if other && !right {
			p.doubt(line, Host, said)
		}
	}
}

// turn is a change of one value to another in the evidence.
type turn struct {
	from, to string // their keys
	rec      *record
}

// turnsIn collects the changes that the records tell.
func (x *Index) turnsIn() {
	key := func(s string) string { return strings.ReplaceAll(strings.TrimRight(s, ".,"), ",", "") }
	for _, r := range x.records {
		if !strings.Contains(r.text, " to ") && !strings.Contains(r.text, "->") && !strings.Contains(r.text, "→") {
			continue
		}
		for _, m := range twoValues.FindAllStringSubmatch(r.text, -1) {
			x.turned = append(x.turned, turn{key(m[1]), key(m[2]), r})
		}
	}
}

// changedTo tells whether the evidence has one value changed to another.
func (x *Index) changedTo(from, to Atom) bool {
	return slices.ContainsFunc(x.turned, func(t turn) bool { return t.from == from.Key && t.to == to.Key })
}

// inTurn tells whether an atom is an end of a change that the evidence has of the same
// thing: "fell from 93% to 41%".
func (x *Index) inTurn(l *line, a Atom) bool {
	i := sort.Search(len(l.atoms), func(i int) bool { return l.atoms[i].Start >= a.Start })
	for _, n := range []int{i - 1, i} {
		if n < 0 || n+1 >= len(l.atoms) || l.atoms[n].End > l.atoms[n+1].Start {
			continue
		}
		from, to := l.atoms[n], l.atoms[n+1]
		if fromHere.MatchString(l.text[from.End:to.Start]) && slices.ContainsFunc(x.turned, func(t turn) bool {
			return t.from == from.Key && t.to == to.Key && t.rec.stems.common(l.stems) >= 2 && (len(l.names) == 0 || len(t.rec.names) == 0 || sameName(l.names, t.rec.names))
		}) {
			return true
		}
	}
	return false
}

// slope doubts "changed from 2000 to 500" where it was the other way round, and "lowered from 500 to 2000".
func (p *pass) slope(line string) {
	all := p.atoms(line)
	for i := 0; i+1 < len(all); i++ {
		a, b := all[i], all[i+1]
		if a.Kind != b.Kind || a.Unit == 0 || a.Kind == Clock || a.End > b.Start || !fromHere.MatchString(line[a.End:b.Start]) {
			continue
		}
		p.region(line, a, b)
		before := closeBefore(line, a.Start)
		if turned.MatchString(before) && !strings.Contains(before, "back") && p.x.changedTo(b, a) && !p.x.changedTo(a, b) {
			p.doubt(line, a.Kind, "from "+a.Text+" to "+b.Text)
		}
		if wentUp.MatchString(before) && a.Value > b.Value || wentDown.MatchString(before) && a.Value < b.Value {
			p.doubt(line, a.Kind, "from "+a.Text+" to "+b.Text)
		}
	}
}

// relative is how far before or after an event another is said to be.
var relative = regexp.MustCompile(`(?i)^\**\s+(before|after)\s+(?:the\s+)?(?:first\s+|second\s+|last\s+)?\**(alerts?|incident|page|deploy\w*|release|change|rollout)\b|^\**\s+(earlier|later)\b|^\**\s+(before|after)\**\s*(?:[|.,;)]|$)`)

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
		way := strings.ToLower(m[1] + m[3] + m[4])
		kind := strings.ToLower(m[2])
		if kind == "" && subject(line[:a.Start]) == "alert" {
			kind = "change" // it came after, or before, what it is compared with
		}
		before, after := p.x.apartFrom(kind, a)
		switch {
		case (way == "after" || way == "later") && before && !after, (way == "before" || way == "earlier") && after && !before:
			p.doubt(line, Duration, a.Text+" "+way)
		}
	}
}

var subjects = regexp.MustCompile(`(?i)\b(?:(alerts?|alarms?|incident|page)|(deploy\w*|release|change|rollout)|v\d[\w.]*)\b`)

// subject is what was named last: an alert, or a change.
func subject(text string) string {
	all := subjects.FindAllStringSubmatch(text, -1)
	if len(all) > 0 && all[len(all)-1][1] != "" {
		return "alert"
	}
	return "change"
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

func bothWays() map[string]string {
	both := map[string]string{}
	for a, b := range opposite {
		both[a], both[b] = b, a
	}
	return both
}

var opposed = bothWays()

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
