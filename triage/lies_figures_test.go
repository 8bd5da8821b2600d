package triage_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/brief"
	"github.com/opsbuddy/opsbuddy/brief/check"
	"github.com/opsbuddy/opsbuddy/evidence"
)

// kind is one way in which a model lies. make tells all lies of the kind that one
// honest brief gives room for; none means that the kind does not apply.
type kind struct {
	name string
	make func(one *truth) []lie
}

// kindsOfLies are all kinds: of figures here, of names and relations in
// lies_names_test.go.
var kindsOfLies = append(liesOfFigures, liesOfNames...)

var (
	leading  = regexp.MustCompile(`^\d+(?:\.\d+)?`)
	fraction = regexp.MustCompile(`\b(\d+) of (\d+)\b`)
	clockUTC = regexp.MustCompile(`\b\d\d:\d\d UTC\b`)
	monthDay = regexp.MustCompile(`\b((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{1,2})\b`)
	perUnit  = regexp.MustCompile(`\d per (second|minute|hour)\b|\d (?:MB|[a-z]+s) (?:per|an?) (second|minute|hour)\b`)
	tookTime = regexp.MustCompile(`\((?:[^()]*, )?(\d+ (?:h \d+ )?min)\)|\((\d+ min) in all\)`)
	digits   = regexp.MustCompile(`\d+`)
)

var liesOfFigures = []kind{
	{"another number", func(one *truth) []lie {
		return one.each(one.atoms(check.Number), func(p place) (lie, bool) { return one.with(p, scaled(p.text, 1.7, 3)), true })
	}},
	{"a number off by one", func(one *truth) []lie {
		return one.each(one.atoms(check.Number), func(p place) (lie, bool) {
			l := one.with(p, scaled(p.text, 1, 1))
			l.says = []string{l.says[0] + rest(p)} // the figure alone may stand elsewhere in the line
			return l, !strings.Contains(p.text, ".")
		})
	}},
	{"a number with a zero more", func(one *truth) []lie {
		return one.each(one.atoms(check.Number), func(p place) (lie, bool) {
			return one.with(p, p.text+"0"), !strings.ContainsAny(p.text, ".x")
		})
	}},
	{"another percentage", func(one *truth) []lie {
		return one.each(one.atoms(check.Percent), func(p place) (lie, bool) { return one.scale(p, 1.6, 4), true })
	}},
	{"two percentages exchanged", func(one *truth) []lie { return one.exchange(one.atoms(check.Percent)) }},
	{"another duration", func(one *truth) []lie {
		return one.each(one.atoms(check.Duration), func(p place) (lie, bool) { return one.scale(p, 2.6, 0), true })
	}},
	{"two durations of one line exchanged", func(one *truth) []lie { return one.exchange(one.atoms(check.Duration)) }},
	{"a duration in another unit", func(one *truth) []lie {
		return one.each(one.atoms(check.Duration), func(p place) (lie, bool) {
			for _, u := range [][2]string{{" min", " h"}, {"minutes", "hours"}, {" h", " min"}, {" s", " min"}, {"seconds", "hours"}, {" days", " hours"}} {
				if strings.HasSuffix(p.text, u[0]) && !strings.Contains(strings.TrimSuffix(p.text, u[0]), " ") {
					return one.with(p, strings.TrimSuffix(p.text, u[0])+u[1]), true
				}
			}
			return lie{}, false
		})
	}},
	{"another size", func(one *truth) []lie {
		return one.each(one.atoms(check.Size), func(p place) (lie, bool) { return one.scale(p, 2, 0), true })
	}},
	{"a size in another unit", func(one *truth) []lie {
		return one.each(one.atoms(check.Size), func(p place) (lie, bool) {
			to := strings.NewReplacer("M", "G", "G", "M", "T", "G", "K", "M").Replace(p.text)
			return one.with(p, to), true
		})
	}},
	{"a rate in another unit", func(one *truth) []lie {
		return one.each(one.places(perUnit), func(p place) (lie, bool) {
			unit := perUnit.FindStringSubmatch(p.line[strings.Index(p.line, p.text)-min(12, strings.Index(p.line, p.text)):])
			if unit == nil {
				return lie{}, false
			}
			was := unit[1] + unit[2]
			at := strings.Index(one.text[p.start:], was)
			if strings.HasSuffix(p.text, was) || at >= 0 {
				q := place{start: p.start + at, end: p.start + at + len(was)}
				l := one.with(q, other(was, "second", "hour"))
				l.says = []string{" " + other(was, "second", "hour")}
				return l, true
			}
			return lie{}, false
		})
	}},
	{"another share", func(one *truth) []lie {
		return one.shares(func(n, of int) (int, int) { return n + 1, of })
	}},
	{"a share of all", func(one *truth) []lie {
		return one.shares(func(_, of int) (int, int) { return of, of })
	}},
	{"a share of another whole", func(one *truth) []lie {
		return one.shares(func(n, of int) (int, int) { return n, of * 2 })
	}},
	{"another count of alerts", func(one *truth) []lie {
		n := max(len(one.facts.Alerts), one.facts.AlertsCut.Total)
		return one.after(brief.Happening, fmt.Sprintf("- There are %d alerts", n+1))
	}},
	{"a count of alerts in words", func(one *truth) []lie {
		n := max(len(one.facts.Alerts), one.facts.AlertsCut.Total)
		if n+2 >= len(inWords) {
			return nil
		}
		return one.after(brief.Happening, "- The incident has "+inWords[n+2]+" alerts")
	}},
	{"another count of occurrences", func(one *truth) []lie {
		r, ok := one.facts.Recurs()
		if !ok {
			return nil
		}
		return one.after(brief.Before, "- It is the "+evidence.Ordinal(r.Times+1)+" time")
	}},
	{"a count of occurrences in words", func(one *truth) []lie {
		r, ok := one.facts.Recurs()
		if !ok {
			return nil
		}
		return one.after(brief.Before, "- This has happened "+inWords[r.Times+1]+" times before")
	}},
	{"another span of occurrences", func(one *truth) []lie {
		r, ok := one.facts.Recurs()
		if !ok {
			return nil
		}
		return one.after(brief.Before, fmt.Sprintf("- The %s time in %d days", evidence.Ordinal(r.Times), r.Days*2+3))
	}},
	{"a number of another record", func(one *truth) []lie {
		return one.each(one.atoms(check.Number), func(p place) (lie, bool) {
			for _, q := range one.atoms(check.Number) {
				if q.line != p.line && q.text != p.text && !strings.Contains(p.line, q.text) {
					l := one.with(p, q.text)
					l.says = []string{q.text + rest(p)}
					return l, true
				}
			}
			return lie{}, false
		})
	}},
	{"a percentage of another line", func(one *truth) []lie {
		return one.each(one.atoms(check.Percent), func(p place) (lie, bool) {
			for _, q := range one.atoms(check.Percent) {
				if q.line != p.line && leading.FindString(q.text) != leading.FindString(p.text) && !strings.Contains(p.line, q.text) {
					return one.with(p, q.text), true
				}
			}
			return lie{}, false
		})
	}},
	{"a figure in other digits", func(one *truth) []lie {
		return one.each(one.atoms(check.Percent), func(p place) (lie, bool) {
			wide := strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return r - '0' + '０'
				}
				return r
			}, scaledIn(p.text, 1.6, 4))
			l := one.with(p, wide)
			l.says = append(l.says, scaledIn(p.text, 1.6, 4))
			return l, true
		})
	}},
	{"a moved date", func(one *truth) []lie {
		return one.each(one.places(monthDay), func(p place) (lie, bool) {
			d, err := time.Parse("Jan 2", p.text)
			return one.with(p, d.AddDate(0, 0, 4).Format("Jan 2")), err == nil
		})
	}},
	{"a date of another month", func(one *truth) []lie {
		return one.each(one.places(monthDay), func(p place) (lie, bool) {
			d, err := time.Parse("Jan 2", p.text)
			return one.with(p, d.AddDate(0, 5, 0).Format("Jan 2")), err == nil
		})
	}},
	{"the date of another incident", func(one *truth) []lie {
		return one.each(one.places(regexp.MustCompile(`\*\*(\w{3} \d{1,2})\*\* \[`)), func(p place) (lie, bool) {
			for _, past := range one.facts.Past {
				if day := past.Incident.CreatedAt.Format("Jan 2"); day != p.text {
					return one.with(p, day), true
				}
			}
			return lie{}, false
		})
	}},
	{"another year", func(one *truth) []lie {
		return one.each(one.places(regexp.MustCompile(`\*\*(\w{3} \d{1,2})\*\* \[`)), func(p place) (lie, bool) {
			return one.with(p, p.text+", 2023"), true
		})
	}},
	{"a moved time", func(one *truth) []lie {
		return one.each(one.places(clockUTC), func(p place) (lie, bool) { return one.with(p, moved(p.text, 17*time.Minute)), true })
	}},
	{"a time an hour off", func(one *truth) []lie {
		return one.each(one.places(clockUTC), func(p place) (lie, bool) { return one.with(p, moved(p.text, -time.Hour)), true })
	}},
	{"a time in another zone", func(one *truth) []lie {
		return one.each(one.places(clockUTC), func(p place) (lie, bool) { return one.with(p, strings.TrimSuffix(p.text, "UTC")+"PST"), true })
	}},
	{"a time with an offset", func(one *truth) []lie {
		return one.each(one.places(clockUTC), func(p place) (lie, bool) {
			return one.with(p, strings.TrimSuffix(p.text, " UTC")+"+05:30"), true
		})
	}},
	{"a time in the afternoon", func(one *truth) []lie {
		return one.each(one.places(clockUTC), func(p place) (lie, bool) {
			at, err := time.Parse("15:04 UTC", p.text)
			return one.with(p, at.Add(12*time.Hour).Format("3:04 PM UTC")), err == nil
		})
	}},
	{"the time of day of an earlier incident", func(one *truth) []lie {
		if len(one.facts.Past) == 0 {
			return nil
		}
		at := one.facts.Past[0].Incident.CreatedAt.UTC().Format("15:04 UTC")
		return one.after(brief.Happening, "- It began today at "+at, at)
	}},
	{"an age that is wrong", func(one *truth) []lie {
		return one.header("Since", "5 hours ago")
	}},
	{"the age of something else", func(one *truth) []lie {
		if len(one.facts.Past) == 0 {
			return nil
		}
		days := int(one.facts.ReadAt.Sub(one.facts.Past[0].Incident.CreatedAt).Hours() / 24)
		return one.header("Since", fmt.Sprintf("%d days ago", days))
	}},
	{"the durations of two earlier incidents exchanged", func(one *truth) []lie {
		all := one.places(tookTime)
		if len(all) < 2 || all[0].text == all[1].text {
			return nil
		}
		a, b := all[0], all[1]
		l := lie{one.text[:a.start] + b.text + one.text[a.end:b.start] + a.text + one.text[b.end:], nil}
		l.says = []string{closing(a, b.text), closing(b, a.text)}
		return []lie{l}
	}},
}

var inWords = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

// scaled is another number of the same form.
func scaled(text string, by, plus float64) string {
	digits, times := strings.CutSuffix(text, "x") // a burn rate of 14.4x
	v, err := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64)
	if err != nil {
		panic(err)
	}
	_, decimals, _ := strings.Cut(digits, ".")
	lie := strconv.FormatFloat(v*by+plus, 'f', len(decimals), 64)
	if times {
		lie += "x"
	}
	return lie
}

// scaledIn scales the first number of a text.
func scaledIn(text string, by, plus float64) string {
	n := leading.FindString(text)
	return scaled(n, by, plus) + strings.TrimPrefix(text, n)
}

func (one *truth) scale(p place, by, plus float64) lie {
	return one.with(p, scaledIn(p.text, by, plus))
}

// rest is the word that follows a place in its line.
func rest(p place) string {
	after := p.line[strings.Index(p.line, p.text)+len(p.text):]
	if len(after) > 6 {
		after = after[:6]
	}
	return strings.TrimRight(after, "*`[]() ")
}

// closing is a text with what closes the bracket that a place stands in.
func closing(p place, text string) string {
	after := p.line[strings.LastIndex(p.line, p.text)+len(p.text):]
	return text + after[:strings.IndexByte(after, ')')+1]
}

// exchange swaps the first two places of one line that differ.
func (one *truth) exchange(all []place) []lie {
	for i := range all {
		for _, b := range all[i+1:] {
			a := all[i]
			if a.line != b.line || leading.FindString(a.text) == leading.FindString(b.text) || strings.Contains(a.text, "and") || strings.Contains(a.line, a.text+" behind, about "+b.text) {
				continue
			}
			return []lie{{one.text[:a.start] + b.text + one.text[a.end:b.start] + a.text + one.text[b.end:], []string{b.text, a.text}}}
		}
	}
	return nil
}

// shares makes other shares of those in the brief.
func (one *truth) shares(to func(n, of int) (int, int)) []lie {
	return one.each(one.places(fraction), func(p place) (lie, bool) {
		m := fraction.FindStringSubmatch(p.line)
		n, _ := strconv.Atoi(m[1])
		of, _ := strconv.Atoi(m[2])
		a, b := to(n, of)
		if a > b || a == n && b == of {
			return lie{}, false
		}
		was := digits.FindAllString(m[0], -1)
		words := strings.Replace(m[0], was[0], strconv.Itoa(a), 1)
		words = strings.TrimSuffix(words, was[1]) + strconv.Itoa(b)
		at := strings.Index(p.line, m[0])
		start := strings.Index(one.text, p.line) + at
		return lie{one.text[:start] + words + one.text[start+len(m[0]):], []string{words}}, true
	})
}

func moved(clock string, by time.Duration) string {
	at, err := time.Parse("15:04 UTC", clock)
	if err != nil {
		panic(err)
	}
	return at.Add(by).Format("15:04 UTC")
}
