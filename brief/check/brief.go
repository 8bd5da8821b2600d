package check

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
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
	section string // the heading of second level that the line stands under
	columns []string
	fence   bool
	report  Report
}

// Brief holds a brief against the evidence.
func Brief(markdown string, x *Index) Report {
	p := &pass{x: x}
	var out []string
	for line := range strings.SplitSeq(markdown, "\n") {
		if checked, keep := p.line(line); keep {
			out = append(out, checked)
		}
	}
	p.report.Markdown = strings.Join(out, "\n")
	return p.report
}

var (
	headingLine = regexp.MustCompile(`^(#{1,6})\s+(.*)$`)
	tableRule   = regexp.MustCompile(`^\s*\|?[\s:|-]+\|[\s:|-]*$`)
	listMarker  = regexp.MustCompile(`^\s*(?:[-*+]|\d{1,3}[.)])\s+`)
)

// line checks one line. It reports false when the line is removed.
func (p *pass) line(line string) (string, bool) {
	trimmed := strings.TrimSpace(line)
	switch {
	case strings.HasPrefix(trimmed, "```"):
		p.fence = !p.fence
		return line, true
	case p.fence:
		return p.command(line), true
	case trimmed == "":
		p.columns = nil
		return line, true
	}
	if m := headingLine.FindStringSubmatch(line); m != nil {
		p.columns = nil
		if len(m[1]) > 1 {
			p.section = fold(m[2])
		}
	}
	if strings.HasPrefix(trimmed, "|") {
		return p.row(line)
	}
	p.columns = nil
	if strings.HasPrefix(trimmed, ">") || p.section == "" {
		line = p.head(line)
	}
	return p.claim(line)
}

// command checks a line of a code block: it must stand in the evidence.
func (p *pass) command(line string) string {
	key := fold(line)
	if key == "" || p.x.says(key) || p.x.fills(key) {
		return line
	}
	p.found(&p.report.Marked, Code, line, line)
	return line + "  # " + Mark
}

// claim checks a line of prose, a list item or a heading.
func (p *pass) claim(line string) (string, bool) {
	skip := len(listMarker.FindString(line))
	line = p.relations(line)
	var weak []Atom
	atoms := Atoms(line[skip:])
	for i := len(atoms) - 1; i >= 0; i-- { // from the end, so that cuts keep the offsets before them
		a := atoms[i]
		switch v := p.verdict(a); {
		case v == supported:
		case v == invented && p.cuts(a):
			line = cutOut(line, skip+a.Start, skip+a.End)
			p.found(&p.report.Removed, a.Kind, a.Text, line)
		case v == invented:
			p.found(&p.report.Removed, a.Kind, a.Text, line)
			return "", false
		default:
			weak = append(weak, a)
		}
	}
	return p.marked(line, weak), true
}

// cuts tells which invented atoms are taken out of their line rather than taking
// the line with them: a wrong link has a label, a wrong citation leaves a claim
// that is judged by its other atoms.
func (p *pass) cuts(a Atom) bool { return a.Kind == Citation || a.Kind == Link }

// cutOut takes an atom out of its line. Of a link its label stays, without the
// brackets.
func cutOut(line string, start, end int) string {
	open := strings.LastIndexByte(line[:start], '[')
	if !strings.HasPrefix(line[start:end], "](") || open < 0 {
		return line[:start] + line[end:]
	}
	return line[:open] + line[open+1:start] + line[end:]
}

func (p *pass) verdict(a Atom) verdict {
	v := p.x.judge(a)
	if v == unproven && p.proposal() {
		return supported
	}
	return v
}

// proposal is a place for what should be done later: its numbers are ideas, its
// identifiers are not.
func (p *pass) proposal() bool { return strings.HasPrefix(p.section, "follow") }

func (p *pass) marked(line string, weak []Atom) string {
	if len(weak) == 0 || strings.Contains(line, Mark) {
		return line
	}
	sort.Slice(weak, func(i, j int) bool { return weak[i].Start < weak[j].Start })
	var words []string
	for _, a := range weak {
		words = append(words, strings.Trim(a.Text, "`"))
		p.found(&p.report.Marked, a.Kind, a.Text, line)
	}
	return strings.TrimRight(line, " ") + fmt.Sprintf(" %s: %s", Mark, strings.Join(words, ", "))
}

// found files a finding.
func (p *pass) found(list *[]Finding, k Kind, what, line string) {
	r := []rune(strings.TrimSpace(line))
	if len(r) > 160 {
		r = append(r[:159], '…')
	}
	*list = append(*list, Finding{Kind: k, What: what, Line: string(r)})
}
