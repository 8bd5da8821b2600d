package check

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// What somebody is said to have said is held against what they wrote.

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

var (
	afterSaying  = regexp.MustCompile(`^\**(?:\s*\([^)]*\))?\s+(?:(?:says|said|confirms|confirmed|thinks|guesses|suspects|tells|told|warns|warned|would|suggests|suggested|recommends|recommended|proposes|proposed|wants|describes|described)\b|(?:writes|wrote|reports|reported|notes|noted|mentions|mentioned|asks|asked)\b(?:\s+(?:that|in|at|on|whether|if)\b|[:,]|\s+[“"]))`)
	afterColon   = regexp.MustCompile(`^\**:\s`)
	inChannel    = regexp.MustCompile(`^\**\s+in\s+#`)
	beforeSaying = regexp.MustCompile(`(?i)(?:\bsays|\bsaid)\s+\**$`)
	accordingTo  = regexp.MustCompile(`(?i)(?:\baccording to|\bper|\bnote by|\bmessage from)\s+\**$`)
	asSaid       = regexp.MustCompile(`(?i)\bas\s+\**$`)
	startOfLine  = regexp.MustCompile(`^\s*(?:[-*+]\s+|\d+[.)]\s+|>\s*)?\**$`)
)

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
var somebody = stemSet("nobody anybody somebody everybody anyone someone everyone people")

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
