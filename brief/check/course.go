package check

import (
	"regexp"
	"slices"
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
