package check

import (
	"regexp"
	"slices"
	"strings"
)

// aLevel is a level of an escalation policy, in the words of several languages.
const aLevel = `(?:level|nivel|niveau|stufe|l)[\s-]?(\d)|(\d)(?:st|nd|rd|th)[\s-]level|(first|second|third|fourth)[\s-](?:level|on[- ]call)`

// onDuty are the words for who has the pager.
const onDuty = `on[- ]call|on duty|(?:has|have|carries|holds) the pager|is (?:the |our )?back-?up|backs (?:him|her|them) up`

var (
	ownLevel     = regexp.MustCompile(`(?i)^\**\s+(?:is\s+)?\(?(?:` + aLevel + `)\b`)
	theNth       = regexp.MustCompile(`(?i)\bthe (first|second|third|fourth) (?:one )?is\s+\**$`)
	isNth        = regexp.MustCompile(`(?i)^\**\s(?:is|comes|as)\s(?:the\s)?(first|second|third|fourth|primary|secondary|tertiary)\b`)
	labelledNth  = regexp.MustCompile(`(?i)\b(primary|secondary|tertiary)(?:\son[- ]call)?(?:\sis|:)\**\s+\**$`)
	ofDuty       = regexp.MustCompile(`(?i)\b(?:` + onDuty + `|pager|escalat\w*)\b`)
	afterOnCall  = regexp.MustCompile(`(?i)^[^.;]{0,48}?\b(?:` + onDuty + `|` + aLevel + `)\b`)
	beforeOnCall = regexp.MustCompile(`(?i)\b(?:on[- ]call|` + aLevel + `)(?:,?\s(?:` + aLevel + `))?(?::\**|\s+is|,)?\s+\**$`)
	levelOfNext  = regexp.MustCompile(`(?i),?\s(?:` + aLevel + `)(?:\s(?:is|are)|:)?\s+\**$`)
	levelSaid    = regexp.MustCompile(`(?i)\b(?:` + aLevel + `)\b`)
)

// levels checks who is said to be on call, and at which level.
func (p *pass) levels(line string) {
	all := p.called(line)
	for n, m := range all {
		before, after := around(line, all, n)
		if n+1 < len(all) { // that is said of the next one
			after = levelOfNext.ReplaceAllString(after, "")
		}
		if !p.onCall(line, m.name, before, after) {
			p.doubt(line, Person, line[m.start:m.end]+" on call")
		}
		if s, is := p.dutyUntil(line, m); is && p.x.othersDuty(m.name, s) {
			p.doubt(line, Clock, line[m.start:m.end]+" until "+s.until.Text)
		}
	}
}

// saidLevel tells whether somebody is said to be on call, and at which level if one is
// named.
func saidLevel(line, before, after string) (level string, is bool) {
	nth := func(m []string) (string, bool) {
		word := strings.ToLower(strings.Join(m[1:], ""))
		if at := slices.Index([]string{"primary", "secondary", "tertiary"}, word); at >= 0 {
			return itoa(1 + at), true
		}
		return itoa(counted(word)), true
	}
	a, b := afterOnCall.FindString(after), beforeOnCall.FindString(before)
	if m := theNth.FindStringSubmatch(before); m != nil && a == "" && b == "" && strings.Contains(strings.ToLower(line), "level") {
		return nth(m)
	}
	if m := isNth.FindStringSubmatch(after); m != nil && ofDuty.MatchString(line) {
		return nth(m)
	}
	if m := labelledNth.FindStringSubmatch(before); m != nil {
		return nth(m)
	}
	if a == "" && b == "" {
		return "", false
	}
	if m := ownLevel.FindStringSubmatch(after); m != nil {
		return nth(m)
	}
	if m := levelSaid.FindStringSubmatch(b + firstClause(after)); m != nil {
		return nth(m)
	}
	return "", true
}

// onCall tells whether somebody who is said to be on call, or to be of a level,
// is.
func (p *pass) onCall(line, name, before, after string) bool {
	level, is := saidLevel(line, before, after)
	if !is {
		return true
	}
	for _, o := range p.x.facts.OnCall {
		if fold(o.Person.Name) == name && (level == "" || level == itoa(o.Level)) {
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

var thenUntil = regexp.MustCompile(`(?i)^\**,?\s+(?:(?:is )?(?:on call|(?:first|second|third|primary|secondary|tertiary)(?: on call)?)\s+)?(?:until|'?till?|through)\s+\**$`)

// shift is until when somebody is said to be on call.
type shift struct {
	until Atom   // the time
	day   string // its key; empty when none is named
}

// dutyUntil is until when a line says that somebody is on call.
func (p *pass) dutyUntil(line string, m mention) (shift, bool) {
	var s shift
	said, from := "", m.end // what stands between, without the day
	for _, a := range p.closeTo(line, m) {
		if a.Start < from {
			continue
		}
		said += line[from:a.Start]
		from = a.End
		if a.Kind != Date {
			s.until = a
			for ahead, when := range []string{"today", "tomorrow"} {
				if b := strings.TrimSuffix(said, when+" "); b != said || strings.HasPrefix(line[a.End:], " "+when) {
					said, s.day = b, p.x.facts.ReadAt.UTC().AddDate(0, 0, ahead).Format("01-02")
				}
			}
			return s, a.Kind == Clock && a.Value >= 0 && thenUntil.MatchString(said)
		}
		s.day = withoutYear(a.Key)
	}
	return s, false
}

// othersDuty tells whether a shift of somebody ends then, and none of this one's does.
func (x *Index) othersDuty(name string, s shift) bool {
	others := false
	for _, o := range x.facts.OnCall {
		if !atMinute(o.Until, s.until) || s.day != "" && o.Until.UTC().Format("01-02") != s.day {
			continue
		}
		if fold(o.Person.Name) == name {
			return false
		}
		others = true
	}
	return others
}
