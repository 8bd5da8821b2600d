package check

import (
	"regexp"
	"strings"
)

// People leave out what the next word says: the first unit of "7 and 5 minutes", the PM of
// "between 1:46 and 1:53 PM", the minutes of "waited 14 minutes; we alert at 10".

// elided gives atoms the units that their text leaves out.
func elided(text string, all []Atom) []Atom {
	for i := len(all) - 2; i >= 0; i-- { // from the end: "12, 25 and 18 minutes"
		a, b := &all[i], all[i+1]
		if b.Start < a.End { // a quotation, and what stands in it
			continue
		}
		switch joint := between.FindString(text[a.End:b.Start]); {
		case joint == "":
		case a.Kind == Number && !(strings.Contains(joint, "to") && a.Value*max(b.Unit, 1) > b.Value): // "503 to 62%"
			a.takeUnit(b)
		case a.Kind == Clock && b.Kind == Clock:
			a.takeZone(b)
		}
	}
	for i := 1; i < len(all); i++ {
		a := &all[i]
		if a.Kind == Number && limitOf.MatchString(text[max(0, a.Start-closeBy):a.Start]) && noUnit.MatchString(text[a.End:]) && a.Start-all[i-1].End < closeBy {
			a.takeUnit(all[i-1])
			a.Elided = a.Kind != Number
		}
	}
	return all
}

var (
	between = regexp.MustCompile(`^\s?(?:and|to|or|of|out of|–|-|,)\s?$`)
	limitOf = regexp.MustCompile(`(?i)\b(?:(?:alerts|fires|pages|triggers|(?:we|they) (?:fire|alert|page)) (?:at|from|above|over)|(?:threshold|limit) (?:is|of|at)|(?:threshold|limit):)\s+\**$`)
	noUnit  = regexp.MustCompile(`^\**(?:[.,;)]|\s*$)`)
)

// takeUnit makes a number one of what another amount is of.
func (a *Atom) takeUnit(b Atom) {
	switch b.Kind {
	case Percent:
		a.Kind = Percent
	case Duration, Size:
		a.Kind, a.Value, a.Unit = b.Kind, a.Value*b.Unit, a.Unit*b.Unit
		a.Key = number(a.Value)
	}
}

var (
	bareClock = regexp.MustCompile(`^(\d{1,2}):(\d\d)$`)
	clockTail = regexp.MustCompile(`(?:\s?([AaPp])\.?[Mm]\b\.?)?(?:\s?([+-]\d{2}:?\d{2}|[A-Z][A-Z]{1,4}(?:[+-]\d{1,2})?|Z))?$`)
)

// takeZone gives a time of day the half of the day and the zone of the one behind it.
func (a *Atom) takeZone(b Atom) {
	at, tail := bareClock.FindStringSubmatch(a.Text), clockTail.FindStringSubmatch(b.Text)
	if at != nil && tail != nil && tail[0] != "" {
		own := Atom{Text: a.Text}
		if makeClock(a.Text, []string{a.Text, at[1], at[2], tail[1], tail[2]}, &own) {
			a.Value, a.Key = own.Value, own.Key
		}
	}
}
