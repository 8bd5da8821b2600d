package check

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// makeDate gives a day the key "03-01", with the year in front when it is named.
func makeDate(_ string, g []string, a *Atom) bool {
	var year, month, day string
	switch {
	case g[1] != "":
		year, month, day = g[1], g[2], g[3]
		a.Text = strings.TrimSuffix(a.Text, "T")
	case g[4] != "":
		month, day, year = monthNumber(g[4]), g[5], g[6]
	default:
		day, month, year = g[7], monthNumber(g[8]), g[9]
	}
	d, err := strconv.Atoi(day)
	if err != nil || d < 1 || d > 31 {
		return false
	}
	a.Key = fmt.Sprintf("%s-%02d", month, d)
	if year != "" {
		a.Key = year + "-" + a.Key
	}
	a.End = a.Start + len(strings.TrimSuffix(g[0], "T"))
	return true
}

// makeMonth takes "July 2024" for 2024-07.
func makeMonth(_ string, g []string, a *Atom) bool {
	a.Key = g[2] + "-" + monthNumber(g[1])
	return true
}

// makeMonthAlone takes the July of "since July".
func makeMonthAlone(_ string, g []string, a *Atom) bool {
	a.Key = monthNumber(g[1])
	a.Start, a.Text = a.End-len(g[1]), g[1]
	return true
}

func makeKanjiDate(_ string, g []string, a *Atom) bool {
	a.Key = fmt.Sprintf("%02s-%02s", g[2], g[3])
	if g[1] != "" {
		a.Key = g[1] + "-" + a.Key
	}
	return true
}

func monthNumber(name string) string {
	t, err := time.Parse("Jan", strings.ToUpper(name[:1])+strings.ToLower(name[1:3]))
	if err != nil {
		return "00"
	}
	return fmt.Sprintf("%02d", int(t.Month()))
}

// zones are the offsets of zone names from UTC, in minutes. A name with two
// meanings, such as IST or CST, is none of them.
var zones = map[string]int{
	"": 0, "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180,
	"EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660,
}

// makeClock gives a time of day its minute in UTC. A time in a zone that nobody
// knows has no minute that the evidence could have.
func makeClock(text string, g []string, a *Atom) bool {
	if a.Start > 0 && (isDigit(text[a.Start-1]) || text[a.Start-1] == ':') {
		return false
	}
	h, _ := strconv.Atoi(g[1])
	m, _ := strconv.Atoi(g[2])
	switch strings.ToLower(g[3]) {
	case "p":
		h = h%12 + 12
	case "a":
		h %= 12
	}
	offset, known := zoneOffset(g[4])
	minute := (h*60 + m - offset + 2*24*60) % (24 * 60)
	a.Value, a.Unit, a.Key = float64(minute), 1, strconv.Itoa(minute)
	if !known {
		a.Value, a.Key = -1, fold(g[0])
	}
	return true
}

// makeHour takes "2 PM UTC" for 2:00 PM UTC.
func makeHour(text string, g []string, a *Atom) bool {
	return makeClock(text, []string{g[0], g[1], "00", g[2], g[3]}, a)
}

// zoneOffset is the offset in minutes that a zone's name, "+05:30" or "UTC+2" says.
func zoneOffset(zone string) (int, bool) {
	if offset, ok := zones[zone]; ok {
		return offset, true
	}
	at := strings.IndexAny(zone, "+-")
	if at < 0 {
		return 0, false
	}
	base, ok := zones[zone[:at]]
	digits := strings.ReplaceAll(zone[at+1:], ":", "")
	n, err := strconv.Atoi(digits)
	if err != nil || !ok {
		return 0, false
	}
	if len(digits) <= 2 {
		n *= 100
	}
	offset := n/100*60 + n%100
	if zone[at] == '-' {
		offset = -offset
	}
	return base + offset, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// mayLast is a condition of texts that may hold a duration: a number before a letter that
// begins a unit, or a unit in full. Looking for it is many times cheaper than the
// expression, which begins in a dozen ways.
func mayLast(text string) bool {
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) {
			continue
		}
		after := strings.TrimLeft(text[i+1:min(len(text), i+8)], "* -\t")
		if after != "" && (strings.IndexByte("smhdw", after[0]) >= 0 || after[0] >= utf8.RuneSelf) {
			return true
		}
	}
	return slices.ContainsFunc([]string{"minute", "hour", "second", "day", "week", "min", "sec", "hrs"}, func(unit string) bool { return strings.Contains(text, unit) })
}

var onePart = regexp.MustCompile(`(` + amount + `|` + inWords + `|[Hh]alf an?)\**\s?-?(\p{L}+)`)

// makeDuration gives a duration its seconds. "1 hour and 5 minutes" is one; "90
// seconds and 6 minutes" are two, of which the second is found by itself.
func makeDuration(text string, g []string, a *Atom) bool {
	if a.Start > 0 && partOfWord(text[a.Start-1]) {
		return false
	}
	a.Unit = math.Inf(1)
	for _, at := range onePart.FindAllStringSubmatchIndex(g[0], -1) {
		digits, unit := g[0][at[2]:at[3]], unitSeconds(g[0][at[4]:at[5]])
		n, err := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64)
		if said, ok := inFigures(digits); ok {
			n, err = said, nil
		} else if strings.HasPrefix(strings.ToLower(digits), "half") { // a quarter more or less is half, too
			digits, n, err = "0.5", 0.5, nil
		}
		if err != nil || unit == 0 {
			return false
		}
		if unit >= a.Unit {
			a.Text = strings.TrimRight(strings.TrimSuffix(strings.TrimSpace(g[0][:at[0]]), " and"), ", ")
			break
		}
		a.Value += n * unit
		a.Unit = min(a.Unit, unit*lastDigit(digits))
	}
	a.End = a.Start + len(a.Text)
	if next, _ := utf8.DecodeRuneInString(text[a.End:]); next >= utf8.RuneSelf && unicode.IsLetter(next) && !dense(next) {
		return false // the h of "hängt" is no hour
	}
	a.Key = number(a.Value)
	after := strings.TrimLeft(text[a.End:], " *")
	a.Ago = strings.HasPrefix(after, "ago") || strings.HasPrefix(after, "前") || strings.HasPrefix(after, "назад")
	return true
}

// makeOne takes "one minute apart" and "an hour ago".
func makeOne(text string, g []string, a *Atom) bool {
	unit := unitSeconds(g[2])
	a.End = a.Start + strings.Index(g[0], g[2]) + len(g[2])
	a.Text = text[a.Start:a.End]
	a.Value, a.Unit, a.Key = unit, unit, number(unit)
	a.Ago = strings.HasSuffix(g[0], "ago")
	return true
}

func partOfWord(c byte) bool {
	return c == '.' || c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func unitSeconds(u string) float64 {
	switch first, _ := utf8.DecodeRuneInString(u); {
	case first >= utf8.RuneSelf:
		return foreignUnits[first]
	case u == "ms" || strings.HasPrefix(u, "milli"):
		return 0.001
	case strings.HasPrefix(u, "s"):
		return 1
	case strings.HasPrefix(u, "m"):
		return 60
	case strings.HasPrefix(u, "h"):
		return 3600
	case strings.HasPrefix(u, "d"):
		return 86400
	case strings.HasPrefix(u, "w"):
		return 7 * 86400
	}
	return 0
}

// foreignUnits are the seconds of units in other scripts, by their first letter.
var foreignUnits = map[rune]float64{'秒': 1, '分': 60, '時': 3600, '日': 86400, 'с': 1, 'м': 60, 'ч': 3600, 'д': 86400}
