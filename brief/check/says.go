package check

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/opsbuddy/opsbuddy/evidence"
)

// relations checks what a line says together: of one incident, of one ticket, of
// a person, of a list that was read whole, of a source that was read or not. Two
// of them can repair it.
func (p *pass) relations(line string) string {
	line = p.linkLabels(p.pastIncident(line))
	if (judged.MatchString(p.section) || p.section == "") && !p.before() && !earlier.MatchString(quoted.ReplaceAllString(line, "")) {
		p.elsewhere(line)
	}
	p.itself(line)
	p.median(line)
	p.oneIncident(line)
	p.daysOfPast(line)
	p.ticketsSaid(line)
	p.persons(line)
	p.levels(line)
	p.stamps(line)
	p.threads(line)
	if !p.allPast(line) {
		p.moments(line)
		p.course(line)
		p.urgency(line)
		p.recovery(line)
	}
	p.count(line)
	p.refusal(line)
	p.state(line)
	p.oneAlert(line)
	if p.top {
		p.titleState(line)
	}
	p.changes(line)
	p.byWhom(line)
	p.prose(line)
	return line
}

// earlier tells that a line speaks of the past, too.
var earlier = regexp.MustCompile(`(?i)\b(?:earlier|before|last time|previous\w*|then|back then|in the past|again|recur\w*|once|last (?:week|month|year)|in ` + months + `|ago)\b`)

var (
	counting  = regexp.MustCompile(`(?i)\b(` + numeral + `)(?:st|nd|rd|th)?\s+((?:open|firing|recovered|critical|warning|error|more|new|active|related|similar)\s+)?(alerts?|tickets?|times?|occurrences?)\b([^.;:,]{0,24})`)
	happening = regexp.MustCompile(`(?i)\b(?:happen|occur|recur|seen|came)\w*\b[^.;]{0,30}$|\b(?:this is|it is|it's|the)\s+$`)
	// ofMany is what counts one of them: "the first alert", "one alert of many".
	ofMany = regexp.MustCompile(`(?i)^(?:\d+(?:st|nd|rd|th)|one|first|second|third|\w+th)\s`)
	// oneIs counts after all: "one alert has recovered".
	oneIs = regexp.MustCompile(`(?i)^one\s(?:\w+\s)?alert\s(?:has|is)\s(?:recovered|resolved|cleared|still|firing|over)\b`)
)

// ofAlerts is the whole that alerts are counted of: "one alert of 60".
var ofAlerts = regexp.MustCompile(`(?i)\balerts?\s(?:out\s)?of\s(?:all\s)?(\d+)\b`)

// ofThem counts some of the alerts named before: "two of which have recovered".
var ofThem = regexp.MustCompile(`(?i)\b(` + numeral + `) of (?:which|them|these)\b([^.;,]{0,24})`)

// seenBefore counts the times before this one.
var seenBefore = regexp.MustCompile(`(?i)\b(?:seen|happened|occurred|came|been)\s(once|twice)\sbefore\b`)

// isNumber counts this time, too.
var isNumber = regexp.MustCompile(`(?i)\bnumber (` + numeral + `) (?:in|within|since)\b`)

// ticketsAre counts the tickets without a word for their state.
var ticketsAre = regexp.MustCompile(`(?i)\bthere (?:is|are) (` + numeral + `) (?:related |other )?tickets?\b`)

// count holds counted things against the lists that were read whole.
func (p *pass) count(line string) {
	f := p.x.facts
	if m := ofThem.FindStringSubmatch(line); m != nil && strings.Contains(fold(line), "alert") {
		if n, right := counted(m[1]), p.alerts(m[2]); (areFiring.MatchString(m[2]) || areRecovered.MatchString(m[2])) && len(right) > 0 && !slices.Contains(right, n) {
			p.doubt(line, Ordinal, strings.TrimSpace(m[0]))
		}
	}
	if m := partOfAll.FindStringSubmatch(line); m != nil {
		if right := p.alerts(m[2]); len(right) == 1 && f.AlertsCut.Complete() && counted(m[1]) != right[0] {
			p.doubt(line, Ordinal, strings.TrimSuffix(m[0], m[2]))
		}
	}
	if m := ofAlerts.FindStringSubmatch(line); m != nil && f.State(evidence.Alerts) == evidence.Found && f.AlertsCut.Total >= 0 && m[1] != itoa(max(len(f.Alerts), f.AlertsCut.Total)) {
		p.doubt(line, Ordinal, m[0])
	}
	if m := seenBefore.FindStringSubmatch(line); m != nil {
		n := map[string]int{"once": 1, "twice": 2}[strings.ToLower(m[1])]
		if r, recurs := f.Recurs(); recurs && n != r.Times-1 || !recurs && p.x.lookedBack() {
			p.doubt(line, Ordinal, m[0])
		}
	}
	if m := isNumber.FindStringSubmatch(line); m != nil && p.x.lookedBack() {
		if r, recurs := f.Recurs(); recurs && counted(m[1]) != r.Times {
			p.doubt(line, Ordinal, m[0])
		}
	}
	if m := ticketsAre.FindStringSubmatch(line); m != nil && f.State(evidence.Tickets) == evidence.Found && f.TicketsCut.Complete() {
		if n := counted(m[1]); n != len(f.Tickets) && n != p.x.openTickets() {
			p.doubt(line, Ordinal, m[0])
		}
	}
	for _, at := range counting.FindAllStringSubmatchIndex(line, -1) {
		m := groups(line, at)
		if at[0] > 0 && strings.IndexByte(":.,", line[at[0]-1]) >= 0 { // the 54 of "13:54 alert"
			continue
		}
		if isCode(m[1]) && !strings.HasSuffix(m[3], "s") { // "the 502 alert" names one
			continue
		}
		n := counted(m[1])
		if ofAll.MatchString(closeBefore(line, at[0])) { // "none of the four alerts has recovered" counts all
			m[2], m[4] = "", ""
		}
		var right []int
		switch noun := strings.ToLower(m[3]); {
		case strings.HasPrefix(noun, "alert") && (!ofMany.MatchString(m[0]) || oneIs.MatchString(m[0])):
			right = p.alerts(m[2] + m[4])
		case strings.HasPrefix(noun, "time"), strings.HasPrefix(noun, "occurrence"):
			alone := p.before() && strings.Trim(line[:at[0]], " -*") == ""
			right = p.times(line, noun == "times" && !alone && !happening.MatchString(line[:at[0]]))
		case m[2] != "" && f.State(evidence.Tickets) == evidence.Found && f.TicketsCut.Complete() && !p.x.saysWords(m[0]):
			right = []int{p.x.openTickets()}
		}
		if len(right) > 0 && !slices.Contains(right, n) {
			p.doubt(line, Ordinal, strings.TrimSuffix(m[0], m[4]))
		}
	}
}

var ofAll = regexp.MustCompile(`(?i)\b(?:none|neither|any|most|some|` + numeral + `) of (?:the |these |those |all )?$`)

// partOfAll counts some of all the alerts: "five of the six alerts have recovered".
var partOfAll = regexp.MustCompile(`(?i)\b(` + numeral + `) of (?:the |these |those |all )?(?:` + numeral + `) (?:[\w-]+ )?alerts?\b([^.;,]{0,24})`)

// counted is a number in digits or words.
func counted(text string) int {
	if n, ok := numerals[strings.ToLower(text)]; ok {
		return n
	}
	n, _ := strconv.Atoi(text)
	return n
}

func groups(text string, at []int) []string {
	out := make([]string, len(at)/2)
	for g := range out {
		if at[2*g] >= 0 {
			out[g] = text[at[2*g]:at[2*g+1]]
		}
	}
	return out
}

var (
	areFiring    = regexp.MustCompile(`(?i)\b(?:firing|fires?|active|open|triggered)\b`)
	areRecovered = regexp.MustCompile(`(?i)\b(?:recovered|resolved|cleared|ended|over)\b`)
)

// alerts are the counts of alerts that are right to say: all, or those in the
// state that is named with them.
func (p *pass) alerts(state string) []int {
	f := p.x.facts
	all := max(len(f.Alerts), f.AlertsCut.Total)
	recovered := p.x.recovered()
	switch {
	case f.State(evidence.Alerts) != evidence.Found || f.AlertsCut.Total < 0:
		return nil
	case !f.AlertsCut.Complete():
		return []int{all}
	case areFiring.MatchString(state):
		return []int{all - recovered}
	case areRecovered.MatchString(state):
		return []int{recovered}
	}
	return []int{all, recovered, all - recovered}
}

// times are the counts of occurrences that are right to say. This one is among
// them, unless it is told how many there were before. "restarted 6 times" counts
// something else.
func (p *pass) times(line string, other bool) []int {
	r, recurs := p.x.facts.Recurs()
	switch {
	case other:
		return nil
	case recurs && strings.Contains(fold(line), " times"):
		return []int{r.Times, r.Times - 1}
	case recurs:
		return []int{r.Times}
	case p.x.lookedBack() && !opinion.MatchString(line):
		return []int{1}
	}
	return nil
}

var (
	undo    = regexp.MustCompile(`(?i)\b(?:roll(?:ed|ing)?[ -]?back|roll(?:ed|ing)?\s(?:\w+\s)?\S+\sback\b|revert(?:ed|ing)?|rollout undo|undo (?:the )?(?:\w+ ){0,2}(?:deploy|release|change)|(?:back|go back|return|downgrade) to (?:the )?(?:previous|last|earlier|old)\s(?:\w+ )?(?:version|release|deploy|build))\b`)
	forbids = regexp.MustCompile(`(?i)\b(?:do not|don't|never|no need to|instead of)\s+(?:\w+\s+){0,3}(?:roll|revert|undo|go back)`)
	// wouldUndo is somebody's wish: that they said so is asked elsewhere.
	wouldUndo = regexp.MustCompile(`(?i)^\**\s+(?:would|wants? to|wanted to|suggest\w*|propos\w+|recommend\w*)\s[^.;]{0,40}?(?:roll|revert|undo)`)
	authored  = regexp.MustCompile(`(?i:\b(?:deployed|released|shipped|rolled out|merged|pushed|changed)\b[^.;|]{0,60}?\bby\s+@?)([\p{L}][\p{L}'’-]*(?:\s\p{Lu}[\p{L}'’-]+)?)`)
)

// changes doubts the advice to undo a change when none of the service was found:
// responders trusted such a summary and rolled back the wrong deploy. And it
// doubts an author whom no change names.
func (p *pass) changes(line string) {
	l := p.apart(line)
	if who := authored.FindStringSubmatch(line); who != nil && !p.x.changedBy(who[1], l) {
		p.doubt(line, Person, who[1]+" as the author")
	}
	_, past := p.pastIn(line)
	if p.before() || past || !undo.MatchString(line) || forbids.MatchString(line) {
		return
	}
	if len(p.mentions(line)) > 0 && judged.MatchString(p.section) ||
		slices.ContainsFunc(p.called(line), func(m mention) bool { return wouldUndo.MatchString(line[m.end:]) }) {
		return // what somebody would do is theirs to say
	}
	paged := p.x.facts.Incident.Service.Name
	for _, name := range sortedKeys(l.names) {
		switch {
		case partOf(name, fold(paged)) || !p.x.services[name] && p.x.says(name):
		case !p.x.changed(name):
			p.doubt(line, Code, "no change of "+name+" was found")
			return
		default:
			p.doubt(line, Code, name+" is not "+paged)
			return
		}
	}
	if !p.x.changed("") {
		p.doubt(line, Code, "no change of "+paged+" was found")
	}
}

// changedBy tells whether a text about a change of this version or service names
// this person.
func (x *Index) changedBy(who string, l *line) bool {
	var of []string
	for _, a := range l.atoms {
		if a.Kind == Version {
			of = append(of, a.Key)
		}
	}
	if len(of) == 0 {
		of = sortedKeys(l.names)
	}
	for _, r := range x.records {
		if r.namesPerson(x, who) && r.isChange() && (len(of) == 0 || r.saysOne(of)) {
			return true
		}
	}
	return false
}

// deploys are the beginnings of words for a change.
var deploys = []string{"deplo", "releas", "ship", "rollout", "merg", "chang", "author"}

func (r *record) isChange() bool {
	if strings.Contains(r.text, "rolled out") {
		return true
	}
	for s := range r.stems {
		for _, d := range deploys {
			if strings.HasPrefix(s, d) {
				return true
			}
		}
	}
	return false
}

func (r *record) saysOne(of []string) bool {
	return slices.ContainsFunc(of, func(v string) bool { return says(r.text, v) })
}
