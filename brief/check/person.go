package check

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/incident"
)

// utterance is what somebody wrote, in a note, a message or a comment.
type utterance struct {
	stems   set
	foreign bool
}

// The shapes in which notes, messages and comments name who wrote them, with the
// words that follow.
var wrote = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^\s*- (?P<at>\d{4}-\d\d-\d\d \d\d:\d\d)(?::\d\d)? UTC(?: \[[^\]]*\])?,? (?P<who>[^:\n]{2,60}?)(?: \([^)]*\))?: (?P<words>.*(?:\n {2,}.*)*)`),
	regexp.MustCompile(`(?m)^\s*note(?: by)?:? (?:\d{4}-\d\d-\d\d \d\d:\d\d UTC, )?(?P<who>[^:\n]{2,60}): (?P<words>.*)`),
	regexp.MustCompile(`(?m)^(?P<who>[^,\n]{2,60}), \d{4}-\d\d-\d\d \d\d:\d\d UTC:\n(?P<words>(?:.+\n?)*)`),
}

// authorsIn collects who wrote what a text has, and when.
func (x *Index) authorsIn(text string) {
	for _, re := range wrote {
		who, said, when := re.SubexpIndex("who"), re.SubexpIndex("words"), re.SubexpIndex("at")
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[who], ". ") { // a log's sentence, not a name
				continue
			}
			u := utterance{stems: set{}}
			for _, w := range words(m[said]) {
				u.stems.add(w.stem)
				u.foreign = u.foreign || w.stem != "" && w.stem[0] >= 0x80
			}
			name := fold(m[who])
			x.wrote[name] = append(x.wrote[name], u)
			if when < 0 {
				continue
			}
			if at, err := time.Parse(minuteLayout, m[when]); err == nil {
				x.wroteAt(name, at)
			}
		}
	}
}

// roster are the people whom the evidence names, folded.
func (x *Index) roster() set {
	f := x.facts
	all := set{}
	for _, o := range f.OnCall {
		all.add(fold(o.Person.Name))
	}
	for _, a := range f.Incident.Assignees {
		all.add(fold(a.Name))
	}
	for _, t := range x.tickets {
		all.add(fold(t.Assignee))
		for _, c := range t.Comments {
			all.add(fold(c.Author))
		}
	}
	for _, p := range x.past {
		for _, n := range p.Notes {
			all.add(fold(n.Author))
		}
	}
	for _, m := range f.Messages {
		all.add(fold(m.Author))
	}
	for name := range x.wrote {
		all.add(name)
	}
	return all
}

// mention is a person of the evidence in a line.
type mention struct {
	name       string // as the evidence has it, folded
	start, end int
}

// mentions are the people of the evidence in a line.
func (p *pass) mentions(line string) []mention {
	folded, at := foldedAt(line)
	var out []mention
	for _, name := range p.x.people {
		for from := 0; ; {
			i := strings.Index(folded[from:], name)
			if i < 0 {
				break
			}
			i += from
			from = i + len(name)
			if whole(folded, i, from) {
				out = append(out, mention{name, at[i], at[from]})
			}
		}
	}
	slices.SortFunc(out, func(a, b mention) int { return a.start - b.start })
	return out
}

// foldedAt folds a line, and says for each byte where it stood.
func foldedAt(line string) (folded string, at []int) {
	var b strings.Builder
	for i, r := range line {
		one := unaccented(strings.ToLower(string(r)))
		b.WriteString(one)
		for range len(one) {
			at = append(at, i)
		}
	}
	return b.String(), append(at, len(line))
}

var (
	afterSaying  = regexp.MustCompile(`^\**(?:\s*\([^)]*\))?\s+(?:(?:says|said|confirms|confirmed|thinks|guesses|suspects|tells|told|warns|warned|would|suggests|suggested|recommends|recommended|proposes|proposed|wants|describes|described)\b|(?:writes|wrote|reports|reported|notes|noted|mentions|mentioned|asks|asked)\b(?:\s+(?:that|in|at|on|whether|if)\b|[:,]|\s+[“"]))`)
	afterColon   = regexp.MustCompile(`^\**:\s`)
	inChannel    = regexp.MustCompile(`^\**\s+in\s+#`)
	beforeSaying = regexp.MustCompile(`(?i)(?:\bsays|\bsaid)\s+\**$`)
	accordingTo  = regexp.MustCompile(`(?i)(?:\baccording to|\bper|\bnote by|\bmessage from)\s+\**$`)
	asSaid       = regexp.MustCompile(`(?i)\bas\s+\**$`)
	startOfLine  = regexp.MustCompile(`^\s*(?:[-*+]\s+|\d+[.)]\s+|>\s*)?\**$`)
	acting       = regexp.MustCompile(`(?i)^\s+(?:already\s+)?(resolved|acknowledged|acked|closed|fixed|restarted|deployed|released|shipped|merged|rolled back|reverted)\b`)
	actedBy      = regexp.MustCompile(`(?i)\b(resolved|acknowledged|acked|closed|fixed|solved|handled|restarted|reverted|rolled back|renewed)\s+by\s+\**$`)
)

// persons checks what a line says that somebody did: spoke, is on call, ended or
// deployed something.
func (p *pass) persons(line string) {
	all := slices.DeleteFunc(slices.Clone(p.called(line)), func(m mention) bool { return !slices.Contains(p.x.people, m.name) })
	for n, m := range all {
		before, after := around(line, all, n)
		name := line[m.start:m.end]
		if words, speaks := said(before, after); speaks {
			p.spoke(line, m, words, before)
		}
		if (isAssigned.MatchString(after) || assignedTo.MatchString(before) || greeted.MatchString(before) && yours.MatchString(after)) && !p.assigned(line, m.name) {
			p.doubt(line, Person, name+" is not assigned")
		}
		if asSaid.MatchString(before) && likewise.MatchString(after) && p.x.content(lastClause(before), p.x.peoples).common(p.x.deeds(m.name)) == 0 {
			p.doubt(line, Person, name+" did so")
		}
		if verb := acted(before, after); verb != "" && !p.did(line, m.name, verb) {
			p.doubt(line, Person, name+" "+verb)
		}
	}
}

// spoke doubts words that somebody is said to have said.
func (p *pass) spoke(line string, m mention, words, before string) {
	name, right := line[m.start:m.end], true
	switch {
	case p.foreign:
		if a := p.notTheirs(line, m.name); a != "" {
			p.doubt(line, Person, name+" did not say "+a)
		}
	case onlyWhen.MatchString(words):
	case pointsBack.MatchString(words):
		right = p.x.mentioned(m.name, before)
	default:
		right = p.x.uttered(m.name, words, p.x.peoples)
	}
	if !right {
		p.doubt(line, Person, name+" said no such thing")
	}
}

// around is what a line says beside one of its people: what stands between two is said
// of one of them.
func around(line string, all []mention, n int) (before, after string) {
	before, after = line[:all[n].start], line[all[n].end:]
	if n > 0 {
		before = line[all[n-1].end:all[n].start]
	}
	if n+1 < len(all) {
		after = line[all[n].end:all[n+1].start]
	}
	return before, after
}

// isAssigned says that the incident is somebody's.
var isAssigned = regexp.MustCompile(`(?i)^\**\s+(?:is|was|has been)\s+assigned\b(?:[.,;)]|\s+to (?:it|this|the incident)\b|$)`)

// greeted and yours tell somebody that the incident is theirs.
var (
	greeted = regexp.MustCompile(`(?i)^\W*(?:hi|hey|hello|dear|good (?:morning|evening))\W+$`)
	yours   = regexp.MustCompile(`(?i)^[^.;]*\b(?:is|are) yours\b|^[^.;]*\bassigned to you\b`)
)

var assignedTo = regexp.MustCompile(`(?i)\bassigned to\s+\**$`)

// assigned tells whether the incident is somebody's, as far as that is known. In the
// line of a ticket it is said of the ticket.
func (p *pass) assigned(line, name string) bool {
	all := p.x.facts.Incident.Assignees
	return len(all) == 0 || slices.ContainsFunc(p.atoms(line), func(a Atom) bool { return a.Kind == Ticket }) ||
		slices.ContainsFunc(all, func(r incident.Ref) bool { return fold(r.Name) == name })
}

// stranger doubts somebody who is said to have ended an earlier incident, or to
// have noted it, and whom nothing that was read of it names.
func (p *pass) stranger(line string, past incident.Past) {
	if len(past.Notes) == 0 {
		return
	}
	name := incidentName(past.Incident)
	for _, m := range p.called(line) {
		before, after := line[:m.start], line[m.end:]
		alone := strings.HasSuffix(before, "(") && strings.HasPrefix(after, ")")
		if !alone && !doerBefore.MatchString(before) && !doerAfter.MatchString(after) || p.x.namedWith(m.name, name, past) {
			continue
		}
		p.doubt(line, Person, line[m.start:m.end]+" in "+name)
	}
}

var (
	doerBefore = regexp.MustCompile(`(?i)\b(?:by|note by|according to)\s+\**$`)
	doerAfter  = regexp.MustCompile(`(?i)^\**(?:,? note\b|\s+(?:routed|switched|purged|restarted|paused|drained|moved|disabled|raised|replaced|renewed|fixed|resolved|rolled|reverted|scaled|cleared|deleted|stopped)\b)`)
)

// namedWith tells whether an earlier incident's notes, or a record that names the
// incident, name somebody.
func (x *Index) namedWith(who, name string, past incident.Past) bool {
	for _, n := range past.Notes {
		if fold(n.Author) == who || says(fold(n.Text), who) {
			return true
		}
	}
	return slices.ContainsFunc(x.records, func(r *record) bool { return !r.past && says(r.text, name) && says(r.text, who) })
}

// said tells whether a line has somebody say something, and what.
func said(before, after string) (words string, ok bool) {
	switch {
	case beforeSaying.MatchString(before):
		return lastClause(before), true
	case accordingTo.MatchString(before) && strings.Trim(firstClause(after), " |*.)") == "":
		return lastPart(accordingTo.ReplaceAllString(lastClause(before), "")), true
	case accordingTo.MatchString(before):
		return firstClause(after), true
	case asSaid.MatchString(before) && afterSaying.MatchString(after):
		return lastClause(before), true
	case afterSaying.MatchString(after):
		return firstClause(afterSaying.ReplaceAllString(after, "")), true
	case inChannel.MatchString(after):
		return before, true
	case afterColon.MatchString(after) && startOfLine.MatchString(before):
		return firstClause(after[2:]), true
	}
	return "", false
}

var clauseEnd = regexp.MustCompile(`[.;]\s|\[E\d`)

func firstClause(s string) string {
	if at := clauseEnd.FindStringIndex(s); at != nil {
		return s[:at[0]]
	}
	return s
}

func lastSentence(s string) string {
	if all := sentenceEnd.FindAllStringIndex(s, -1); len(all) > 0 {
		return s[all[len(all)-1][1]:]
	}
	return s
}

func lastClause(s string) string {
	all := clauseEnd.FindAllStringIndex(s, -1)
	if len(all) == 0 {
		return s
	}
	return s[all[len(all)-1][1]:]
}

// lastPart is what stands behind the last colon: what stands before it announces that.
func lastPart(s string) string {
	if at := strings.LastIndex(s, ": "); at >= 0 && len(words(s[at:])) >= 2 {
		return s[at+2:]
	}
	return s
}

// notTheirs finds a number or a name in a line of another language that records of
// others have, and none of this person's: its words cannot be compared.
func (p *pass) notTheirs(line, who string) string {
	for _, a := range p.atoms(line) {
		if a.Kind != Host && a.Kind != Code && a.Kind != Ticket && (a.Kind != Number || len(a.Key) < len("1000")) {
			continue
		}
		others, theirs := false, false
		for _, r := range p.x.records {
			if says(r.text, fold(a.Key)) {
				theirs = theirs || r.namesPerson(p.x, who)
				others = others || !r.namesPerson(p.x, who)
			}
		}
		if others && !theirs {
			return a.Text
		}
	}
	return ""
}

var channelName = regexp.MustCompile(`#[\w-]+|\bchannel\b`)

// onlyWhen is when somebody said what is not said: "wrote at 13:58 UTC, before it opened".
var onlyWhen = regexp.MustCompile(`(?i)^[\s\d:.,]*(?:[ap]m\b|utc\b|[a-z]{3,4}\b)?,?\s(?:(?:just|shortly|right|about|some)\s)?(?:[\w-]+\s(?:seconds?|minutes?|min|hours?|days?)\s)?(?:before|after|while|when|during)\b`)

// pointsBack begins what somebody is said to have said with what was told before:
// "Jonas suggested it at 13:56".
var pointsBack = regexp.MustCompile(`(?i)^\s+(?:it|that|this|so|the same|as much)\b(?:\s*$|[.,;:)]|\s+(?:at|in|on|to|too|earlier|before|already|again)\b)`)

// mentioned tells whether somebody wrote two of the words of what is told before.
func (x *Index) mentioned(name, before string) bool {
	all := x.content(before, x.peoples)
	return slices.ContainsFunc(x.wrote[name], func(u utterance) bool { return u.foreign || all.common(u.stems) >= 2 })
}

var likewise = regexp.MustCompile(`(?i)^\**\sdid\b`)

// deeds are the words of everything that somebody wrote.
func (x *Index) deeds(name string) set {
	all := set{}
	for _, u := range x.wrote[name] {
		all.add(sortedKeys(u.stems)...)
	}
	return all
}

// content are the words of a text but for people and channels.
func (x *Index) content(text string, people set) set {
	all := set{}
	text = itsNote.ReplaceAllString(channelName.ReplaceAllString(plain(text), ""), "")
	dates := slices.DeleteFunc(Atoms(text), func(a Atom) bool { return a.Kind != Date && a.Kind != Clock })
	for _, w := range words(text) {
		ofDate := slices.ContainsFunc(dates, func(d Atom) bool { return d.Start < w.end && w.start < d.End })
		if w.stem != "" && !people[w.stem] && !somebody[w.stem] && !ofDate {
			all.add(w.stem)
		}
	}
	return all
}

// somebody are words for people without a name.
var somebody = wordSet("nobod nobody anybod anybody somebod somebody everybod everybody anyon someon everyon peopl")

// light are verbs that say little of what somebody said.
var light = stemSet("begins starts comes happens works runs helps shows means needs lasts")

// itsNote leads to what somebody wrote: "per Noor's note of".
var itsNote = regexp.MustCompile(`(?i)^\**['’]s\s(?:note|message|comment|post|reply)s?\s(?:of|from|on)?`)

// uttered tells whether somebody wrote something like it: two of five words are
// theirs. What is written in another script is not compared.
func (x *Index) uttered(name, text string, people set) bool {
	all := x.content(text, people)
	ask := 2 * len(all)
	if len(all) == 2 { // a word that nobody wrote weighs more in so few
		for w := range all {
			if !x.stems[w] && !light[w] {
				ask += 2
			}
		}
	}
	for _, u := range x.wrote[name] {
		if u.foreign || 5*all.common(u.stems) >= ask {
			return true
		}
	}
	return false
}

// acted is what somebody is said to have done, if anything.
func acted(before, after string) string {
	if m := actedBy.FindStringSubmatch(before); m != nil {
		return strings.ToLower(m[1])
	}
	if m := acting.FindStringSubmatch(after); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

// did tells whether somebody did what a line says. Of an earlier incident its
// notes tell who ended it.
func (p *pass) did(line, name, verb string) bool {
	past, ok := p.pastIn(line)
	if !ok || len(past.Notes) == 0 {
		return p.x.did(name, verb)
	}
	return slices.ContainsFunc(past.Notes, func(n incident.Note) bool { return fold(n.Author) == name })
}

// did tells whether a record of somebody has the word for what they are said to
// have done. Who noted the restart that ended it has resolved it.
func (x *Index) did(name, verb string) bool {
	s := stem(strings.Fields(verb)[0])
	for _, r := range x.records {
		if !r.namesPerson(x, name) {
			continue
		}
		if r.foreign && r.past { // its words cannot be compared
			return true
		}
		for have := range r.stems {
			if strings.HasPrefix(have, s) || s == "resolv" && strings.HasPrefix(have, "restart") {
				return true
			}
		}
	}
	return false
}

// namesPerson tells whether a record names a person, by name, by handle, or by a
// first name that nobody else has.
func (r *record) namesPerson(x *Index, who string) bool {
	who = fold(who)
	first, _, _ := strings.Cut(who, " ")
	return says(r.text, who) || says(r.text, first) && !x.sharedFirst(first)
}

// sharedFirst tells whether two people of the evidence have this first name.
func (x *Index) sharedFirst(first string) bool {
	n := 0
	for _, p := range x.people {
		if strings.HasPrefix(p, first+" ") {
			n++
		}
	}
	return n > 1
}
