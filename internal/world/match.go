package world

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// refusal is what a vendor says about a query, in its own sentence.
type refusal string

func (r refusal) Error() string { return string(r) }

func refusalf(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// holds evaluates a clause; test decides one field.
func (c *clause) holds(test func(*clause) (bool, error)) (bool, error) {
	switch {
	case c == nil:
		return true, nil
	case c.join == "":
		return test(c)
	case c.join == "not":
		ok, err := c.of[0].holds(test)
		return !ok, err
	}
	// Every part is evaluated, so that a mistake in one is always reported.
	result := c.join == "and"
	for _, part := range c.of {
		ok, err := part.holds(test)
		if err != nil {
			return false, err
		}
		if c.join == "and" {
			result = result && ok
		} else {
			result = result || ok
		}
	}
	return result, nil
}

// sameAs tests a field that has one of a list of names, or none.
func (c *clause) sameAs(have ...string) (bool, error) {
	hit := false
	for _, v := range c.values {
		for _, h := range have {
			hit = hit || h != "" && strings.EqualFold(v.text, h)
		}
	}
	empty := len(have) == 0 || strings.Join(have, "") == ""
	if len(c.values) == 1 && strings.EqualFold(c.values[0].text, "empty") && (c.op == "=" || c.op == "!=") {
		return empty == (c.op == "="), nil
	}
	switch c.op {
	case "=", "in":
		return hit, nil
	case "!=", "not in":
		return !hit && !empty, nil // an empty field is found by neither
	case "is", "is not":
		if !slices.Contains([]string{"empty", "null"}, strings.ToLower(c.values[0].text)) {
			return false, refusalf("The operator '%s' can only be followed by EMPTY or NULL.", strings.ToUpper(c.op))
		}
		return empty == (c.op == "is"), nil
	}
	return false, c.noOperator()
}

func (c *clause) noOperator() error {
	return refusalf("The operator '%s' is not supported by the '%s' field.", c.op, c.field)
}

// contains tests a text: every word, phrases in inner quotes as they stand.
func (c *clause) contains(text string) (bool, error) {
	if c.op == "=" || c.op == "!=" || c.op == "is" || c.op == "is not" {
		return c.sameAs(text)
	}
	if c.op != "~" && c.op != "!~" {
		return false, c.noOperator()
	}
	hit, err := textMatch(text, c.values[0].text)
	return hit == (c.op == "~"), err
}

var (
	phraseForm = regexp.MustCompile(`"([^"]*)"`)
	luceneForm = regexp.MustCompile(`[+\-&|!(){}\[\]^:?]`)
)

// textMatch searches as the vendors' text index does.
func textMatch(text, wanted string) (bool, error) {
	if strings.Count(wanted, `"`)%2 == 1 || strings.Count(wanted, "(") != strings.Count(wanted, ")") ||
		strings.Count(wanted, "[") != strings.Count(wanted, "]") || strings.HasPrefix(wanted, "*") || strings.HasPrefix(wanted, "?") {
		return false, refusalf("Unable to parse the text '%s'.", wanted)
	}
	have := textWords(text)
	for _, m := range phraseForm.FindAllStringSubmatch(wanted, -1) {
		if !inOrder(have, textWords(m[1])) {
			return false, nil
		}
	}
	rest := luceneForm.ReplaceAllString(phraseForm.ReplaceAllString(wanted, " "), " ")
	for _, w := range strings.Fields(strings.ToLower(rest)) {
		stem, prefix := strings.CutSuffix(w, "*")
		for _, word := range textWords(stem) {
			if !slices.ContainsFunc(have, func(h string) bool { return h == word || prefix && strings.HasPrefix(h, word) }) {
				return false, nil
			}
		}
	}
	return true, nil
}

func textWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
}

func inOrder(have, phrase []string) bool {
	if len(phrase) == 0 {
		return true
	}
	for i := 0; i+len(phrase) <= len(have); i++ {
		if slices.Equal(have[i:i+len(phrase)], phrase) {
			return true
		}
	}
	return false
}

// compares tests a date. A zero one is empty.
func (c *clause) compares(t, now time.Time) (bool, error) {
	if c.op == "is" || c.op == "is not" {
		have := ""
		if !t.IsZero() {
			have = "set"
		}
		return c.sameAs(have)
	}
	v, err := c.values[0].time(now)
	if err != nil {
		return false, refusalf("Date value '%s' for field '%s' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.", c.values[0].text, c.field)
	}
	if t.IsZero() {
		return false, nil
	}
	switch c.op {
	case "<":
		return t.Before(v), nil
	case "<=":
		return !t.After(v), nil
	case ">":
		return t.After(v), nil
	case ">=":
		return !t.Before(v), nil
	case "=", "!=":
		return t.Format(time.DateOnly) == v.Format(time.DateOnly) == (c.op == "="), nil
	}
	return false, c.noOperator()
}

var periodForm = regexp.MustCompile(`^([+-]?)(\d+)([wdhm]|mo|y)$`)

// time reads "-30d", "2026-01-02", now(), now("-4w"), startOfDay(-1d) and the like.
func (v value) time(now time.Time) (time.Time, error) {
	if v.call {
		return v.callTime(now)
	}
	if m := periodForm.FindStringSubmatch(strings.ToLower(v.text)); m != nil {
		n := number(m[2])
		if m[1] == "-" {
			n = -n
		}
		switch m[3] {
		case "w":
			return now.AddDate(0, 0, 7*n), nil
		case "d":
			return now.AddDate(0, 0, n), nil
		case "mo":
			return now.AddDate(0, n, 0), nil
		case "y":
			return now.AddDate(n, 0, 0), nil
		case "h":
			return now.Add(time.Duration(n) * time.Hour), nil
		}
		return now.Add(time.Duration(n) * time.Minute), nil
	}
	var t time.Time
	var err error
	for _, layout := range []string{"2006-01-02 15:04", "2006/01/02 15:04", "2006-01-02", "2006/01/02", time.RFC3339} {
		if t, err = time.Parse(layout, v.text); err == nil {
			return t, nil
		}
	}
	return t, err
}

func (v value) callTime(now time.Time) (time.Time, error) {
	var shift time.Duration
	if len(v.args) > 0 {
		t, err := value{text: v.args[0]}.time(now)
		if err != nil {
			return t, err
		}
		shift = t.Sub(now)
	}
	day := now.Truncate(24 * time.Hour)
	switch strings.ToLower(v.text) {
	case "now", "currentlogin", "lastlogin":
		return now.Add(shift), nil
	case "startofday":
		return day.Add(shift), nil
	case "endofday":
		return day.Add(24*time.Hour - time.Second + shift), nil
	case "startofweek":
		return day.AddDate(0, 0, -int(now.Weekday())).Add(shift), nil
	case "startofmonth":
		return day.AddDate(0, 0, 1-now.Day()).Add(shift), nil
	case "startofyear":
		return day.AddDate(0, 0, 1-now.YearDay()).Add(shift), nil
	}
	return now, fmt.Errorf("unable to find function %q", v.text)
}
