package check

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// Mark is what an unsupported claim carries at the end of its line.
const Mark = "⚠ not in evidence"

// Finding is one thing that the check did.
type Finding struct {
	Kind Kind   `json:"kind"`
	What string `json:"what"`
	Line string `json:"line"` // the claim as the model wrote it, shortened
}

// Report is a brief after the check.
type Report struct {
	Markdown string    `json:"markdown"`
	Marked   []Finding `json:"marked,omitempty"`
	Removed  []Finding `json:"removed,omitempty"`
	Repaired []Finding `json:"repaired,omitempty"`
}

// Clean reports whether every claim stood as it was.
func (r Report) Clean() bool { return len(r.Marked)+len(r.Removed)+len(r.Repaired) == 0 }

// pass is one walk through a brief.
type pass struct {
	x       *Index
	section string // the heading that the line stands under, folded
	columns []string
	fence   string            // the marks that opened a block of code
	doubts  []string          // what the line under check says without evidence
	absence bool              // the line under check says what there is not
	read    map[string][]Atom // lines that were taken apart already
	names   map[string][]mention
	tongue  *tongue   // of the brief, nil for English
	foreign bool      // the line under check is in that language
	wrote   string    // the line under check as the model wrote it
	fresh   []Finding // what was found of it
	begun   bool      // a line was checked already
	top     bool      // the line under check is the first
	heirs   []heir    // the items of a list above that are about earlier incidents
	// inherited is the earlier incident that the item above the line is about.
	inherited *incident.Past
	report    Report
}

// Brief holds a brief against the evidence.
func Brief(markdown string, x *Index) Report {
	p := &pass{x: x, read: map[string][]Atom{}, names: map[string][]mention{}, tongue: tongueOf(markdown)}
	var out []string
	lines := strings.Split(plainDigits(markdown), "\n")
	for i, line := range lines {
		below := ""
		if i+1 < len(lines) {
			below = lines[i+1]
		}
		if checked, keep := p.inEnglish(line, below); keep {
			out = append(out, checked)
		}
	}
	p.report.Markdown = strings.Join(out, "\n")
	return p.report
}

// inEnglish checks a line, in its English form when it is in another language.
func (p *pass) inEnglish(line, below string) (string, bool) {
	said := line
	if p.fence == "" { // a command has no language
		said = p.tongue.english(line)
	}
	p.foreign, p.wrote, p.fresh = said != line, line, nil
	checked, keep := p.line(said, below)
	if keep && p.foreign {
		checked = back(line, p.fresh)
	}
	return checked, keep
}

var (
	headingLine = regexp.MustCompile(`^(#{1,6})\s+(.*)$`)
	boldLine    = regexp.MustCompile(`^\*\*([^*|]{1,60})\*\*:?$`)
	tableRule   = regexp.MustCompile(`^\s*\|?[\s:|-]*-[\s:|-]*\|[\s:|-]*$`)
	listMarker  = regexp.MustCompile(`^\s*(?:[-*+]|\d{1,3}[.)])\s+`)
	// numbered is a marker, or a number that a line begins with whatever its marks.
	numbered  = regexp.MustCompile(`^\s*(?:(?:[-*+]|\d{1,3}[.)])\s+)?(?:[#>*_]+\s?\d{1,2}[.)]\s+)?`)
	fenceLine = regexp.MustCompile("^(`{3,}|~{3,})")
)

// atoms are a line's: it is asked for them by every relation.
func (p *pass) atoms(line string) []Atom {
	all, ok := p.read[line]
	if !ok {
		all = Atoms(line)
		p.read[line] = all
	}
	return all
}

// apart takes a line of the brief apart.
func (p *pass) apart(text string) *line {
	l := p.x.readAs(text, p.atoms(text))
	l.foreign = p.foreign
	return l
}

// line checks one line, with a look at the one below. It reports false when the
// line is removed.
func (p *pass) line(line, below string) (string, bool) {
	trimmed := strings.TrimSpace(line)
	if mark := fenceLine.FindString(trimmed); mark != "" && (p.fence == "" || strings.HasPrefix(mark, p.fence)) {
		if p.fence == "" {
			p.fence = mark
		} else {
			p.fence = ""
		}
		return line, true
	}
	if p.fence != "" {
		return p.command(line), true
	}
	if trimmed == "" {
		p.columns = nil
		return line, true
	}
	p.top, p.begun = !p.begun, true
	p.title(trimmed)
	if p.columns != nil || strings.Contains(line, "|") && tableRule.MatchString(below) {
		return p.row(line)
	}
	if p.opening(trimmed) {
		line = p.head(line)
	}
	return p.claim(line)
}

// title notes the section that begins with this line.
func (p *pass) title(line string) {
	if m := headingLine.FindStringSubmatch(line); m != nil && len(m[1]) > 1 {
		p.section, p.columns = fold(m[2]), nil
	} else if m := boldLine.FindStringSubmatch(line); m != nil && !tagged.MatchString(line) {
		p.section = fold(m[1])
	}
}

// opening tells whether a line may be of the status lines: a quote, or one before
// the first section. What is said of a ticket is not said of the incident.
func (p *pass) opening(line string) bool {
	if !strings.HasPrefix(line, ">") && p.section != "" {
		return false
	}
	for _, a := range p.atoms(line) {
		if a.Kind == Ticket {
			return false
		}
	}
	return !strings.HasPrefix(line, "#")
}

// command checks a line of a code block: it must stand in the evidence.
func (p *pass) command(line string) string {
	key := fold(line)
	if key == "" || p.x.says(key) || p.x.fills(key) {
		return line
	}
	if strings.HasPrefix(key, "|") && !p.doubtfulRow(line) || p.givesFact(line) {
		return line
	}
	p.found(&p.report.Marked, Code, line, line)
	return line + "  # " + Mark
}

// labelledValue is a line of a block that gives a fact rather than a command.
var labelledValue = regexp.MustCompile(`^\s*[\p{L}_]{2,24}(?:\s{2,}|:\s+)(.+)$`)

// plainValue are the kinds that no program takes for what it should act on.
var plainValue = map[Kind]bool{Incident: true, Ticket: true, Date: true, Clock: true, Percent: true, Share: true, Duration: true, Size: true, Number: true, Priority: true}

// givesFact tells whether a line of a block is a label with a value that the evidence has, and
// nothing else.
func (p *pass) givesFact(line string) bool {
	m := labelledValue.FindStringSubmatchIndex(line)
	if m == nil {
		return false
	}
	l, next := p.apart(line), m[2]
	for _, a := range l.atoms {
		if !plainValue[a.Kind] || a.Start < next || strings.Trim(line[next:a.Start], " ,()") != "" || p.verdict(l, a) != supported {
			return false
		}
		next = a.End
	}
	return next > m[2] && strings.Trim(line[next:], " ,()") == ""
}

// doubtfulRow tells whether a row of a table in a code block says what is not in
// evidence. A table is no command: its cells need not stand side by side there.
func (p *pass) doubtfulRow(line string) bool {
	if tableRule.MatchString(line) {
		return false
	}
	l := p.apart(line)
	return slices.ContainsFunc(l.atoms, func(a Atom) bool { return p.verdict(l, a) != supported })
}

// claim checks a line of prose, a list item or a heading.
func (p *pass) claim(line string) (string, bool) {
	p.doubts = nil
	p.inherit(line)
	line = p.relations(line)
	skip := len(numbered.FindString(line))
	l := p.apart(line[skip:])
	for _, w := range words(p.section) { // what the heading says, each line says
		l.stems.add(w.stem)
	}
	if past, ok := p.pastIn(line); ok {
		l.past = &past
		_, l.pastTo = p.pastStretch(line)
		l.pastTo -= skip
		l.days.add(past.Incident.CreatedAt.UTC().Format("01-02"), past.Incident.ResolvedAt.UTC().Format("01-02"))
	}
	var weak []Atom
	var cuts []stretch
	for i := len(l.atoms) - 1; i >= 0; i-- { // from the end: the order in which findings are told
		a := l.atoms[i]
		switch v := p.verdict(l, a); {
		case v == supported:
		case v == invented && p.cuts(a):
			cuts = append(cuts, partsOf(line, skip+a.Start, skip+a.End)...)
			p.found(&p.report.Removed, a.Kind, a.Text, line)
		case v == invented:
			p.found(&p.report.Removed, a.Kind, a.Text, line)
			return "", false
		default:
			weak = append(weak, a)
		}
	}
	line = without(line, cuts)
	p.bare(line)
	return p.marked(line, weak), true
}

// lastTime speaks of the last of the earlier incidents.
var lastTime = regexp.MustCompile(`(?i)\b(?:last time|back then|previous(?:ly| one| time))\b`)

// ofLast tells whether a time is when the last one began or ended.
func (p *pass) ofLast(line string, a Atom) bool {
	r, recurs := p.x.facts.Recurs()
	return recurs && lastTime.MatchString(line) && (atMinute(r.Last.Incident.CreatedAt, a) || atMinute(r.Last.Incident.ResolvedAt, a))
}

// cuts tells which invented atoms are taken out of their line rather than taking
// the line with them: a wrong link has a label, a wrong citation leaves a claim
// that is judged by its other atoms.
func (p *pass) cuts(a Atom) bool { return a.Kind == Citation || a.Kind == Link }

// stretch is a part of a line, in bytes.
type stretch struct{ start, end int }

// partsOf is what goes with an atom. Of a link its label stays, without the
// brackets; a label may hold brackets of its own.
func partsOf(line string, start, end int) []stretch {
	all := []stretch{{start, end}}
	if !strings.HasPrefix(line[start:end], "](") {
		return all
	}
	depth := 1
	for open := start - 1; open >= 0; open-- {
		switch line[open] {
		case ']':
			depth++
		case '[':
			depth--
		}
		if depth == 0 {
			before := strings.TrimSuffix(line[:open], "!")
			return append(all, stretch{len(before), open + 1})
		}
	}
	return all
}

// without is a line without some parts.
func without(line string, cuts []stretch) string {
	slices.SortFunc(cuts, func(a, b stretch) int { return b.start - a.start })
	for _, c := range cuts { // from the end, so that the places before stay
		line = line[:c.start] + line[c.end:]
	}
	return line
}

func (p *pass) verdict(l *line, a Atom) verdict {
	v := p.x.judge(l, a)
	if v == unproven && a.Elided { // "29% of the gates, the threshold is 4"
		n := Atom{Kind: Number, Text: a.Text, Start: a.Start, End: a.End}
		thousand := ""
		if strings.HasSuffix(a.Text, "k") {
			thousand = "k"
		}
		if makeNumber(l.text, []string{a.Text, thousand}, &n) {
			v = p.x.judge(l, n)
		}
	}
	if n, ok := a.counted(); ok && v == unproven {
		v = p.x.judge(l, n)
	}
	if v == unproven && a.Kind == Duration && p.wroteApart(l, a) {
		return supported
	}
	if v == unproven && (p.proposal(l.text) && idea(a) || p.absence && a.Kind == Duration && lookBack.MatchString(l.before(a))) {
		return supported
	}
	if v == unproven && a.Kind == Date && len(a.Key) == len("01") && p.proposal(l.text) {
		return supported
	}
	if v == unproven && a.Kind == Clock && (p.endsDuty(l.text, a) || p.ofLast(l.text, a)) {
		return supported
	}
	return v
}

// proposal is a place for what should be done later: its amounts are ideas, what
// it names is not, and neither is what it says happened.
func (p *pass) proposal(line string) bool {
	return strings.HasPrefix(p.section, "follow") && !happened.MatchString(line)
}

// lookBack is before how far back somebody looked.
var lookBack = regexp.MustCompile(`(?i)\b(?:in|over|within|during|for) the (?:last|past|previous)\s\**$`)

var happened = regexp.MustCompile(`(?i)\b(?:was|were|has been|have been|had|did|confirmed|ordered|offered|failed|broke|cost)\b`)

func idea(a Atom) bool {
	switch a.Kind {
	case Number, Percent, Size, Duration, Share, Ordinal, Quote:
		return true
	case Code:
		return !strings.Contains(a.Key, " ")
	}
	return false
}

// marked puts the mark at the end of a line, with what is not in evidence: its
// atoms in their order, then what it says together.
func (p *pass) marked(line string, weak []Atom) string {
	sort.Slice(weak, func(i, j int) bool { return weak[i].Start < weak[j].Start })
	var words []string
	for _, a := range weak {
		said := Address(strings.Trim(a.Text, "`"))
		if !slices.ContainsFunc(append(words, p.doubts...), func(w string) bool { return says(w, said) }) {
			words = append(words, said)
		}
		p.found(&p.report.Marked, a.Kind, a.Text, line)
	}
	words = append(words, p.doubts...)
	p.doubts = nil
	if len(words) == 0 || strings.Contains(line, Mark) {
		return line
	}
	return strings.TrimRight(line, " ") + fmt.Sprintf(" %s: %s", Mark, strings.Join(words, ", "))
}

// Address shortens an address that nobody vouches for to where it leads: what
// follows the path may be what somebody wants carried out.
func Address(s string) string {
	if at := strings.Index(s, "://"); at >= 0 {
		if q := strings.IndexAny(s[at:], "?#"); q >= 0 {
			return s[:at+q] + "…"
		}
	}
	return s
}

// doubt notes that a line says something together that the evidence does not.
func (p *pass) doubt(line string, k Kind, what string) {
	if !slices.Contains(p.doubts, what) {
		p.doubts = append(p.doubts, what)
		p.found(&p.report.Marked, k, what, line)
	}
}

// found files a finding.
func (p *pass) found(list *[]Finding, k Kind, what, line string) {
	if p.foreign {
		line = p.wrote
	}
	r := []rune(strings.TrimSpace(line))
	if len(r) > 160 {
		r = append(r[:159], '…')
	}
	f := Finding{Kind: k, What: what, Line: string(r)}
	p.fresh = append(p.fresh, f)
	if !slices.Contains(*list, f) {
		*list = append(*list, f)
	}
}
