package check

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

// Whose a thing is may be said without a verb: "13:58 Karl", "v1.14.0 by luis". It is
// wrong when the evidence says that it is another's, and not that it is also theirs.

// written is when somebody wrote or did something, by the minute.
type written struct {
	who string // folded
	at  time.Time
}

// wroteAt notes when somebody wrote or did something.
func (x *Index) wroteAt(who string, at time.Time) {
	if who != "" && !at.IsZero() {
		x.written = append(x.written, written{fold(who), at.UTC()})
	}
}

// typedAuthors collects who wrote the messages, notes and comments of the facts, and when.
func (x *Index) typedAuthors() {
	f := x.facts
	for _, m := range f.Messages {
		if m.Bot { // it tells what others did
			x.bots.add(fold(m.Author))
			continue
		}
		x.wroteAt(m.Author, m.At)
	}
	for _, n := range f.Notes {
		x.wroteAt(n.Author, n.At)
	}
	for _, t := range f.Tickets {
		for _, c := range t.Comments {
			x.wroteAt(c.Author, c.At)
		}
	}
}

// loginsIn collects the names of accounts that shipped something.
func (x *Index) loginsIn(text string) {
	for _, m := range shippedBy.FindAllStringSubmatch(text, -1) {
		if login := strings.ToLower(strings.TrimRight(m[1]+m[2], ".-")); !empty[login] {
			x.logins.add(login)
		}
	}
	for _, block := range recordsOf(text) { // who shipped it did so at the record's time
		r := strings.Join(block, "\n")
		at, err := time.Parse(minuteLayout, fullTime.FindString(r))
		m := shippedBy.FindStringSubmatch(r)
		if err == nil && m != nil {
			x.wroteAt(strings.TrimRight(m[1]+m[2], ".-"), at)
		}
	}
}

var shippedBy = regexp.MustCompile(`\b(?:deployed|released|merged|pushed|shipped|rolled out)\b[^\n]{0,80}? by @?([a-z][\w.-]+)|(?m)^\s*(?:author|actor|deployer|deployed by|released by|triggered by): @?([a-z][\w.-]+)\s*$`)

// called are the people whom a line names: with their whole name, with a first name
// that nobody else has, or as the account that shipped something.
func (p *pass) called(line string) []mention {
	if all, ok := p.names[line]; ok {
		return all
	}
	all := p.mentions(line)
	free := func(start, end int) bool {
		return !slices.ContainsFunc(all, func(m mention) bool { return start < m.end && m.start < end })
	}
	for _, at := range oneName.FindAllStringIndex(line, -1) {
		word := line[at[0]:at[1]]
		if !free(at[0], at[1]) || !whole(line, at[0], at[1]) {
			continue
		}
		if who := p.x.firstNamed(fold(word)); who != "" && (word != strings.ToLower(word) || byBefore.MatchString(closeBefore(line, at[0]))) {
			all = append(all, mention{who, at[0], at[1]})
		} else if p.x.logins[word] {
			all = append(all, mention{word, at[0], at[1]})
		}
	}
	slices.SortFunc(all, func(a, b mention) int { return a.start - b.start })
	p.names[line] = all
	return all
}

var oneName = regexp.MustCompile(`\p{L}[\p{L}\d]+(?:\.[\p{L}\d]+)*`)

// firstNamed is who has a first name alone.
func (x *Index) firstNamed(first string) string {
	found := ""
	for _, who := range x.people {
		if strings.HasPrefix(who, first+" ") {
			if found != "" {
				return ""
			}
			found = who
		}
	}
	return found
}

// isOne tells whether two names are of one person: an account is often the first name.
func isOne(a, b string) bool {
	firstA, _, fullA := strings.Cut(a, " ")
	firstB, _, fullB := strings.Cut(b, " ")
	return a == b || (!fullA || !fullB) && firstA == firstB
}

var (
	nameThenTime = regexp.MustCompile(`^\**,?\s+(?:at\s+|\()?$|^\**\s[^.;,()|]{0,48}\bat\s+\**$`)
	timeThenName = regexp.MustCompile(`^\**(?:[,:]|\s[–—-])?\s+(?:by\s+)?\**$`)
	wroteThen    = regexp.MustCompile(`^\s+(?:wrote|said|posted|noted|reported|asked)\s+(?:it\s+|that\s+)?(?:about\s+)?$`)
)

// stamps doubts a person beside a time at which another wrote, and they did not.
func (p *pass) stamps(line string) {
	for _, m := range p.called(line) {
		for _, a := range p.closeTo(line, m) {
			switch {
			case timed(line, m, a) && !p.x.stampOf(m.name, a) && p.x.anothers(m.name, p.x.atToday(a)):
				p.doubt(line, Person, line[m.start:m.end]+" at "+a.Text)
			case p.citedAt(line, m, a), p.datedStamp(line, m, a):
				p.doubt(line, Person, line[m.start:m.end]+" at "+a.Text)
			case a.Ago && a.Start >= m.end && wroteThen.MatchString(line[m.end:a.Start]) && p.x.anothers(m.name, p.x.soLongAgo(a)):
				p.doubt(line, Person, line[m.start:m.end]+" "+a.Text+" ago")
			}
		}
	}
}

// citedAt tells whether brackets say that somebody wrote at a time at which they did not:
// "(Karl Brandt, 13:46 UTC)".
func (p *pass) citedAt(line string, m mention, a Atom) bool {
	if a.Kind != Clock || a.Value < 0 || a.Start < m.end || !strings.HasSuffix(line[:m.start], "(") || !strings.HasPrefix(line[a.End:], ")") ||
		strings.TrimLeft(line[m.end:a.Start], ", ") != "" || p.x.stampOf(m.name, a) {
		return false
	}
	wrote := slices.ContainsFunc(p.x.written, func(w written) bool { return isOne(w.who, m.name) })
	return wrote && !slices.ContainsFunc(p.x.written, func(w written) bool { return isOne(w.who, m.name) && atMinute(w.at, a) })
}

// datedStamp tells whether a person stands before a day and a time at which another wrote,
// and they did not: "(Hana, 1 February, 11:54 UTC)".
func (p *pass) datedStamp(line string, m mention, a Atom) bool {
	if a.Kind != Clock || a.Value < 0 || a.Start < m.end {
		return false
	}
	for _, d := range p.closeTo(line, m) {
		if d.Kind == Date && d.Start >= m.end && d.End <= a.Start && nameThenTime.MatchString(line[m.end:d.Start]) && nameThenTime.MatchString(line[d.End:a.Start]) {
			return p.x.anothers(m.name, func(w written) bool { return atMinute(w.at, a) && w.at.Format("01-02") == withoutYear(d.Key) })
		}
	}
	return false
}

// timed tells whether a person and a time of day stand side by side.
func timed(line string, m mention, a Atom) bool {
	if a.Kind != Clock || a.Value < 0 {
		return false
	}
	return a.Start >= m.end && nameThenTime.MatchString(line[m.end:a.Start]) || a.End <= m.start && timeThenName.MatchString(line[a.End:m.start])
}

func (x *Index) atToday(a Atom) func(written) bool {
	return func(w written) bool { return atMinute(w.at, a) && x.today[w.at.Format("01-02")] }
}

func (x *Index) soLongAgo(a Atom) func(written) bool {
	return func(w written) bool { return sameAge(a, x.facts.ReadAt.Sub(w.at).Seconds()) }
}

// closeTo are the atoms close to a person in a line.
func (p *pass) closeTo(line string, m mention) []Atom {
	all := p.atoms(line)
	from := sort.Search(len(all), func(i int) bool { return all[i].Start >= m.start-closeBy })
	to := sort.Search(len(all), func(i int) bool { return all[i].Start > m.end+closeBy })
	return all[from:to]
}

// anothers tells whether others wrote then, and this person did not.
func (x *Index) anothers(who string, then func(written) bool) bool {
	others := false
	for _, w := range x.written {
		if then(w) {
			if isOne(w.who, who) {
				return false
			}
			others = others || (slices.Contains(x.people, w.who) || x.logins[w.who]) && !x.bots[w.who]
		}
	}
	return others
}

// stampOf tells whether a record has both this person and this time of day.
func (x *Index) stampOf(who string, a Atom) bool {
	minute := int(a.Value)
	at := fmt.Sprintf("%02d:%02d", minute/60, minute%60)
	return slices.ContainsFunc(x.records, func(r *record) bool { return strings.Contains(r.text, at) && r.namesPerson(x, who) })
}

var (
	byBefore  = regexp.MustCompile(`(?i)\b(?:by|author:?)\s+[*@]*$`)
	lastBreak = regexp.MustCompile(`[;.]\s|\)\s|\s[-–—]\s`)
)

// byWhom doubts somebody by whom a version, a ticket, an incident or a size is said to
// be, when every record of it that names somebody names others.
func (p *pass) byWhom(line string) {
	if _, past := p.pastIn(line); past {
		return // stranger knows its notes
	}
	for _, m := range p.called(line) {
		if !byBefore.MatchString(closeBefore(line, m.start)) {
			continue
		}
		from := max(0, m.start-2*closeBy)
		if breaks := lastBreak.FindAllStringIndex(line[from:m.start], -1); len(breaks) > 0 {
			from += breaks[len(breaks)-1][1]
		}
		if things := p.things(line, from, m.start); len(things) > 0 && p.x.byOthers(m.name, things) {
			name := line[m.start:m.end]
			if !slices.ContainsFunc(p.doubts, func(d string) bool { return strings.Contains(d, name) }) { // said already
				p.doubt(line, Person, "by "+name)
			}
		}
	}
}

// things are what a stretch of a line names by a word that is its alone: its versions,
// else its tickets and incidents, else its sizes.
func (p *pass) things(line string, from, to int) []string {
	for _, kinds := range [][]Kind{{Version}, {Ticket, Incident}, {Size}} {
		var keys []string
		for _, a := range p.atoms(line) {
			if a.Start >= from && a.End <= to && slices.Contains(kinds, a.Kind) {
				keys = append(keys, fold(strings.Trim(a.Text, "* ")))
			}
		}
		if len(keys) > 0 {
			return keys
		}
	}
	return nil
}

// byOthers tells whether records of these things name people, and never this one.
func (x *Index) byOthers(who string, things []string) bool {
	others := false
	for _, r := range x.records {
		if !r.saysOne(things) {
			continue
		}
		if r.namesPerson(x, who) {
			return false
		}
		others = others || slices.ContainsFunc(x.people, func(o string) bool { return says(r.text, o) }) ||
			slices.ContainsFunc(sortedKeys(x.logins), func(o string) bool { return says(r.text, o) })
	}
	return others
}

var itsThread = regexp.MustCompile(`^['’]s\s+(?:\w+\s)?(?:thread|message|post|note|comment|reply)s?\b\**(?:\s+(?:of|from|on)\s+\**$)?`)

// threads doubts a day on which somebody is said to have written, and another did.
func (p *pass) threads(line string) {
	for _, m := range p.called(line) {
		for _, a := range p.closeTo(line, m) {
			if a.Kind != Date || a.Start < m.end || !strings.HasSuffix(line[m.end:a.Start], " ") || itsThread.FindString(line[m.end:a.Start]) != line[m.end:a.Start] {
				continue
			}
			if wrote := p.x.daysOf(m.name); len(wrote) > 0 && !wrote[a.Key] {
				p.doubt(line, Date, line[m.start:m.end]+" on "+a.Text)
			}
		}
	}
}

// daysOf are the days on which somebody wrote, with and without the year.
func (x *Index) daysOf(who string) set {
	days := set{}
	for _, w := range x.written {
		if isOne(w.who, who) {
			days.add(w.at.Format("2006-01-02"), w.at.Format("01-02"))
		}
	}
	for _, past := range x.past {
		for _, n := range past.Notes {
			if fold(n.Author) == who {
				for _, t := range []time.Time{n.At, past.Incident.CreatedAt, past.Incident.ResolvedAt} {
					days.add(t.UTC().Format("2006-01-02"), t.UTC().Format("01-02"))
				}
			}
		}
	}
	return days
}
