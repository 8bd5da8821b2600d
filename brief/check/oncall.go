package check

import (
	"regexp"
	"strings"
)

// aLevel is a level of an escalation policy, in the words of several languages.
const aLevel = `(?:level|nivel|niveau|stufe|l)[\s-]?(\d)|(\d)(?:st|nd|rd|th)[\s-]level|(first|second|third|fourth)[\s-]level`

var (
	ownLevel     = regexp.MustCompile(`(?i)^\**\s+(?:is\s+)?\(?(?:` + aLevel + `)\b`)
	theNth       = regexp.MustCompile(`(?i)\bthe (first|second|third|fourth) (?:one )?is\s+\**$`)
	afterOnCall  = regexp.MustCompile(`(?i)^[^.;]{0,30}?\b(?:on[- ]call|` + aLevel + `)\b`)
	beforeOnCall = regexp.MustCompile(`(?i)\b(?:on[- ]call|` + aLevel + `)(?:,?\s(?:` + aLevel + `))?(?::\**|\s+is|,)?\s+\**$`)
	levelSaid    = regexp.MustCompile(`(?i)\b(?:` + aLevel + `)\b`)
)

// levels checks who is said to be on call, and at which level.
func (p *pass) levels(line string) {
	all := p.called(line)
	for n, m := range all {
		before, after := around(line, all, n)
		if !p.onCall(line, m.name, before, after) {
			p.doubt(line, Person, line[m.start:m.end]+" on call")
		}
	}
}

// onCall tells whether somebody who is said to be on call, or to be of a level,
// is.
func (p *pass) onCall(line, name, before, after string) bool {
	a, b := afterOnCall.FindString(after), beforeOnCall.FindString(before)
	said := ""
	if m := theNth.FindStringSubmatch(before); m != nil && a == "" && b == "" && strings.Contains(strings.ToLower(line), "level") {
		a, said = m[0], itoa(counted(m[1]))
	}
	if a == "" && b == "" {
		return true
	}
	if m := ownLevel.FindStringSubmatch(after); m != nil {
		said = itoa(counted(m[1] + m[2] + m[3]))
	} else if m := levelSaid.FindStringSubmatch(b + firstClause(after)); m != nil {
		said = itoa(counted(m[1] + m[2] + m[3]))
	}
	for _, o := range p.x.facts.OnCall {
		if fold(o.Person.Name) == name && (said == "" || said == itoa(o.Level)) {
			return true
		}
	}
	for _, i := range p.x.brought {
		if (strings.Contains(i.Source, "oncalls") || strings.Contains(i.Source, "escalation_policy")) && strings.Contains(fold(i.Text), name) {
			return true
		}
	}
	return false
}
