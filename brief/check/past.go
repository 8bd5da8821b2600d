package check

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// pastIncident checks the line of one earlier incident: its date, how long it
// took, what fixed it, and whether the rest of it was ever said of it.
func (p *pass) pastIncident(line string) string {
	past, ok := p.pastIn(line)
	if !ok {
		return line
	}
	if p.inherited != nil { // what took so long there, or was on that day, is for the figures to say
		p.fix(line, past)
		p.stranger(line, past)
		return line
	}
	line = p.pastSpan(p.pastDay(line, past), past)
	if p.before() || strings.Contains(line, "#") || ofBefore.MatchString(line) {
		p.fix(line, past)
		p.stranger(line, past)
		p.unheard(line, past)
		p.elsewhere(line)
	}
	return line
}

// pastDay repairs a date that is not the incident's.
func (p *pass) pastDay(line string, past incident.Past) string {
	atoms := p.atoms(line)
	_, to := p.pastStretch(line)
	for i := len(atoms) - 1; i >= 0; i-- {
		if a := atoms[i]; a.Kind == Date && a.Start < to && !onDay(past.Incident, a.Key) && !p.inNotes(past, a.Text) {
			line = p.repair(line, a, past.Incident.CreatedAt.UTC().Format("Jan 2"))
		}
	}
	return line
}

// pastSpan repairs how long the incident is said to have taken: the last duration
// of its line, unless the notes have it. One before it is a figure like others.
func (p *pass) pastSpan(line string, past incident.Past) string {
	took := evidence.Took(past.Incident)
	atoms := p.atoms(line)
	_, to := p.pastStretch(line)
	for i := len(atoms) - 1; i >= 0 && took > 0; i-- {
		a := atoms[i]
		if a.Start >= to || a.Kind != Duration || a.Ago || a.Value >= 86400 {
			continue
		}
		if sameDuration(a, took.Seconds()) || p.saidOf(past, a) {
			return line
		}
		return p.repair(line, a, evidence.Span(took))
	}
	return line
}

// saidOf tells whether the notes of an earlier incident have this duration.
func (p *pass) saidOf(past incident.Past, a Atom) bool {
	for _, n := range past.Notes {
		for _, o := range Atoms(plainDigits(n.Text)) {
			if o.Kind == Duration && sameDuration(a, o.Value) {
				return true
			}
		}
	}
	return false
}

// dateFirst is how far into its line a date may stand to say what the line is
// about: behind "- **On ", not behind "the 4th time since".
const dateFirst = 9

// pastIn finds the one earlier incident that a line is about: by its number, its
// id or its link, else by a date that only one of them has.
func (p *pass) pastIn(line string) (incident.Past, bool) {
	var byName, byDay []incident.Past
	atoms := p.atoms(line)
	label := ""
	if len(p.x.past) > 0 && strings.Contains(line, ":") {
		label = ofBefore.FindString(line)
	}
	for _, past := range p.x.past {
		named, dated := false, false
		for _, a := range atoms {
			named = named || a.Kind == Incident && (a.Key == past.Incident.ID || a.Key == "#"+strconv.Itoa(past.Incident.Number)) ||
				a.Kind == Link && a.Key == addressKey(past.Incident.URL)
			dated = dated || a.Kind == Date && a.Start <= dateFirst+len(label) && onDay(past.Incident, a.Key)
		}
		if named {
			byName = append(byName, past)
		}
		if dated {
			byDay = append(byDay, past)
		}
	}
	switch {
	case len(byName) == 1:
		return byName[0], true
	case len(byName) == 0 && len(byDay) == 1 && p.andAnother(line, byDay[0]):
		return incident.Past{}, false // each is judged by its day
	case len(byName) == 0 && len(byDay) == 1 && (label != "" || p.before()):
		return byDay[0], true
	case len(byName) == 0 && p.inherited != nil:
		return *p.inherited, true
	}
	return incident.Past{}, false
}

// ofBefore labels a line that is about what was before: "seen_before: 2026-02-21".
var ofBefore = regexp.MustCompile(`(?i)^\s*(?:[-*+]\s+)?\**(?:seen[ _]before|previous(?:ly)?|earlier|last[ _](?:time|seen)|before|past)\b[^:.]{0,16}:\**\s*`)

var andOn = regexp.MustCompile(`(?i)\band\s(?:on\s)?\**$`)

// andAnother tells whether a line goes on to another earlier incident by its day.
func (p *pass) andAnother(line string, first incident.Past) bool {
	return slices.ContainsFunc(p.atoms(line), func(a Atom) bool {
		past, is := p.x.onlyOn(a)
		return is && past.Incident.ID != first.Incident.ID && andOn.MatchString(closeBefore(line, a.Start))
	})
}

var beforeTitle = regexp.MustCompile(`before|history|past|previous|earlier|recurr|similar`)

// before tells whether the section is the one of earlier incidents.
func (p *pass) before() bool { return beforeTitle.MatchString(p.section) }

func onDay(i incident.Incident, key string) bool {
	for _, t := range []string{i.CreatedAt.UTC().Format("2006-01-02"), i.ResolvedAt.UTC().Format("2006-01-02")} {
		if key == t || key == t[5:] {
			return true
		}
	}
	return false
}

var theMedian = regexp.MustCompile(`(?i)\bmedian\b[^.;\d]{0,32}$`)

var usually = regexp.MustCompile(`(?i)\b(?:usually|typically|normally|median)\b[^.;\d]{0,32}$`)

// asUsual tells whether a duration is how long the earlier incidents took in the middle.
func (x *Index) asUsual(l *line, a Atom) bool {
	r, recurs := x.facts.Recurs()
	return recurs && r.Median > 0 && usually.MatchString(l.before(a)) && sameDuration(a, r.Median.Seconds())
}

// median doubts how long the earlier incidents took in the middle.
func (p *pass) median(line string) {
	if !strings.Contains(line, "edian") {
		return
	}
	r, recurs := p.x.facts.Recurs()
	for _, a := range p.atoms(line) {
		if a.Kind == Duration && recurs && r.Median > 0 && theMedian.MatchString(strings.ReplaceAll(closeBefore(line, a.Start), "_", " ")) && !sameDuration(a, r.Median.Seconds()) {
			p.doubt(line, Duration, "the median is "+evidence.Span(r.Median))
		}
	}
}

func (p *pass) inNotes(past incident.Past, text string) bool {
	return strings.Contains(fold(told(past)), fold(text))
}

// told is everything that is known of an earlier incident in words.
func told(past incident.Past) string {
	text := past.Incident.Title + " " + past.Incident.Service.Name
	for _, n := range past.Notes {
		text += "\n" + n.Text
	}
	return text
}

func (p *pass) repair(line string, a Atom, right string) string {
	p.found(&p.report.Repaired, a.Kind, a.Text+" → "+right, line)
	return line[:a.Start] + right + line[a.End:]
}

// remedies are ways to end an incident, each with the words for it by their
// beginnings.
var remedies = [][]string{
	{"restart", "reboot", "bounc", "recycl", "再起動", "重启", "перезапу", "перезагру", "neustart", "neu gestartet", "redemarr", "reinici"},
	{"rollback", "roll back", "rolled back", "rolling back", "revert", "undo", "undid", "undone", "ロールバック", "切り戻", "回滚", "откат", "zuruckgeroll", "retour arriere"},
	{"scal", "increas", "rais", "grow", "enlarg", "bump", "増や", "引き上げ", "扩容", "увелич", "масштаб", "erhoh", "augment", "aument"},
	{"failover", "fail over", "failed over", "switch", "rout", "redirect", "mov", "フェイルオーバー", "切り替", "切换", "переключ", "umgeschalt", "bascul", "conmut"},
	{"drain", "cordon", "detach", "切り離"},
	{"redeploy", "re-deploy", "再デプロイ"},
	{"renew", "rotat", "reissu", "replac", "更新", "交換", "续期", "обнов", "продл", "замен", "erneuer", "ausgetausch", "renouvel", "renov"},
	{"purg", "flush", "clear", "vacuum", "delet", "clean", "prun", "remov", "削除", "清理", "удал", "очист", "geloscht", "bereinig", "vacia", "supprim"},
	{"disabl", "paus", "stop", "block", "switch off", "無効", "停止", "禁用", "отключ", "останов", "deaktivier", "gestoppt", "desactiv", "detuv"},
}

// fix doubts a remedy that the notes of this incident do not have.
func (p *pass) fix(line string, past incident.Past) {
	if len(past.Notes) == 0 {
		return
	}
	said, notes := " "+fold(plain(line)), " "+fold(told(past))
	wrong := ""
	for _, remedy := range remedies {
		switch word := begins(said, remedy); {
		case word == "":
		case begins(notes, remedy) == "":
			wrong = cmp.Or(wrong, word)
		case p.foreign: // one that fits is enough where a word has several meanings
			return
		}
	}
	if wrong != "" {
		p.doubt(line, Code, wrong)
	}
}

// begins finds a word that begins as one of these do.
func begins(text string, heads []string) string {
	for _, h := range heads {
		opens := []string{" ", "(", "“", "\"", "\n", "-"}
		if first, _ := utf8.DecodeRuneInString(h); dense(first) {
			opens = []string{""}
		}
		for _, open := range opens {
			if i := strings.Index(text, open+h); i >= 0 {
				word := text[i+len(open):]
				if end := strings.IndexAny(word[len(h):], " .,;:()|\n"); end >= 0 {
					word = word[:len(h)+end]
				}
				return word
			}
		}
	}
	return ""
}

// unheard doubts a line about an earlier incident of which more than half of the
// words were never said of it. What follows in another sentence may be of
// something else.
func (p *pass) unheard(line string, past incident.Past) {
	if len(past.Notes) == 0 || p.foreign || foreign(told(past)) && !foreign(withoutPeople(plain(line), p.mentions(plain(line)))) {
		return
	}
	known := p.x.read(plainDigits(told(past))).stems
	missing, all := 0, 0
	said := firstClause(plain(line))
	atoms := p.atoms(said)
	for _, w := range words(said) {
		if slices.ContainsFunc(atoms, func(a Atom) bool { return ownWords[a.Kind] && a.Start < w.end && w.start < a.End }) {
			continue // the unit of a figure
		}
		if w.stem == "" || pastWords[w.stem] || p.x.peoples[w.stem] || p.x.names[w.stem] || isCode(w.stem) {
			continue
		}
		all++
		if !known[w.stem] {
			missing++
		}
	}
	if missing >= 2 && 2*missing > all {
		p.doubt(line, Quote, "not said of "+incidentName(past.Incident))
	}
}

func withoutPeople(text string, all []mention) string {
	for i := len(all) - 1; i >= 0; i-- {
		text = text[:all[i].start] + text[all[i].end:]
	}
	return text
}

// foreign tells whether a text has words without Latin letters: what is said in
// another language cannot be compared word by word.
func foreign(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) })
}

// itself doubts the incident under review among those before it.
func (p *pass) itself(line string) {
	i := p.x.facts.Incident
	for _, a := range p.atoms(line) {
		if a.Kind == Incident && p.before() && (a.Key == i.ID || a.Key == "#"+strconv.Itoa(i.Number)) {
			p.doubt(line, Incident, a.Text+" is this incident")
		}
	}
}

var itsNumber = regexp.MustCompile(`^[\s*\x60]*[(,/|][\s*]*$`)

// oneIncident doubts an id beside the number of another incident: "Q9HGPNSFAJEXKD (#3102)".
func (p *pass) oneIncident(line string) {
	atoms := p.atoms(line)
	for i := 0; i+1 < len(atoms); i++ {
		a, b := atoms[i], atoms[i+1]
		if a.Kind != Incident || b.Kind != Incident || a.End > b.Start || !itsNumber.MatchString(line[a.End:b.Start]) || strings.HasPrefix(a.Key, "#") == strings.HasPrefix(b.Key, "#") {
			continue
		}
		same := func(i incident.Incident) bool {
			return (a.Key == i.ID || b.Key == i.ID) && (a.Key == "#"+itoa(i.Number) || b.Key == "#"+itoa(i.Number))
		}
		if !same(p.x.facts.Incident) && !slices.ContainsFunc(p.x.past, func(o incident.Past) bool { return same(o.Incident) }) && p.x.has(Incident, a.Key) && p.x.has(Incident, b.Key) {
			p.doubt(line, Incident, a.Text+" is not "+b.Text)
		}
	}
}

// elsewhere doubts what runs when it is named in the line of an earlier incident
// and only the incident under review has it, or the other way round.
func (p *pass) elsewhere(line string) {
	_, past := p.pastIn(line)
	from := 0
	if past {
		from = p.pastFrom(line)
	}
	for _, a := range p.atoms(line) {
		if a.Kind != Host || a.Start < from || !strings.ContainsAny(a.Key, "0123456789") {
			continue
		}
		now, then, both := false, false, false
		for _, r := range p.x.records {
			if says(r.text, a.Key) {
				now, then = now || r.current, then || r.past
				both = both || !r.current && !r.past
			}
		}
		if !both && past && now && !then {
			p.doubt(line, Host, a.Text+" is of this incident")
		}
		if !both && !past && then && !now {
			p.doubt(line, Host, a.Text+" is of an earlier incident")
		}
	}
}

// lookedBack tells whether somebody looked for earlier incidents.
func (x *Index) lookedBack() bool {
	s := x.facts.State(evidence.Past)
	return s == evidence.Found || s == evidence.Nothing
}

// allPast tells whether a line is about an earlier incident to its end.
func (p *pass) allPast(line string) bool {
	if _, past := p.pastIn(line); !past {
		return false
	}
	_, to := p.pastStretch(line)
	return to == len(line)
}

// pastFrom is where the sentence begins that names an earlier incident: a paragraph
// may speak of the one under review before.
func (p *pass) pastFrom(line string) int {
	from, _ := p.pastStretch(line)
	return from
}

// pastStretch is the sentence that names an earlier incident. An item of a list, and a
// line under the heading of what was before, is about it to its end.
func (p *pass) pastStretch(line string) (from, to int) {
	for _, a := range p.atoms(line) {
		if a.Kind != Incident && a.Kind != Date && a.Kind != Link {
			continue
		}
		if ends := clauseEnd.FindAllStringIndex(line[:a.Start], -1); len(ends) > 0 {
			from = ends[len(ends)-1][1]
		}
		to = len(line)
		if end := sentenceEnd.FindStringIndex(line[a.End:]); end != nil && !p.before() && !listMarker.MatchString(line) {
			to = a.End + end[0]
		}
		return from, to
	}
	return 0, len(line)
}

var sentenceEnd = regexp.MustCompile(`[.!?]\**\s`)

// pastWords are words about any earlier incident.
var pastWords = wordSet(`incident resolv recover record month january february march april may jun jul june july august september october
	november december jan feb mar apr aug sep oct nov dec tim happen occur once twice ago again earlier
	someth els different thing per accord
	yes onc twic cas singl half well not`)

func incidentName(i incident.Incident) string {
	if i.Number > 0 {
		return "#" + strconv.Itoa(i.Number)
	}
	return i.ID
}
