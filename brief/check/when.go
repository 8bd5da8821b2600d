package check

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
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

func monthNumber(name string) string {
	t, err := time.Parse("Jan", strings.ToUpper(name[:1])+strings.ToLower(name[1:3]))
	if err != nil {
		return "00"
	}
	return fmt.Sprintf("%02d", int(t.Month()))
}

// makeClock gives a time of day its minute, in UTC when the zone is named.
func makeClock(text string, g []string, a *Atom) bool {
	if a.Start > 0 && (isDigit(text[a.Start-1]) || text[a.Start-1] == ':') {
		return false
	}
	h, _ := strconv.Atoi(g[1])
	m, _ := strconv.Atoi(g[2])
	minute := h*60 + m
	if z := g[3]; len(z) >= 5 {
		oh, _ := strconv.Atoi(z[1:3])
		om, _ := strconv.Atoi(z[len(z)-2:])
		offset := oh*60 + om
		if z[0] == '+' {
			offset = -offset
		}
		minute = (minute + offset + 2*24*60) % (24 * 60)
	}
	a.Value, a.Key = float64(minute), strconv.Itoa(minute)
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

var onePart = regexp.MustCompile(`(\d+(?:\.\d+)?)\s?([a-z]+)`)

// makeDuration gives a duration its seconds.
func makeDuration(text string, g []string, a *Atom) bool {
	if a.Start > 0 && (text[a.Start-1] == '.' || isDigit(text[a.Start-1])) {
		return false
	}
	a.Unit = math.Inf(1)
	for _, p := range onePart.FindAllStringSubmatch(g[0], -1) {
		n, err := strconv.ParseFloat(p[1], 64)
		unit := unitSeconds(p[2])
		if err != nil || unit == 0 {
			return false
		}
		a.Value += n * unit
		a.Unit = math.Min(a.Unit, unit)
	}
	a.Key = strconv.FormatFloat(a.Value, 'f', -1, 64)
	after := strings.ToLower(text[a.End:min(len(text), a.End+6)])
	a.Ago = strings.HasPrefix(strings.TrimSpace(after), "ago")
	return true
}

func unitSeconds(u string) float64 {
	switch {
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

// sameDuration compares within half of the smallest unit that was named, or 5 %,
// whichever is more: "12 min" is 11 min 31 s to 12 min 36 s.
func sameDuration(said Atom, real float64) bool {
	return math.Abs(said.Value-real) <= math.Max(said.Unit/2+0.5, 0.05*real)
}

// sameAge compares an "ago" within one of its units, or 10 %: it was true when
// the facts were read and is read a little later.
func sameAge(said Atom, real float64) bool {
	return math.Abs(said.Value-real) <= math.Max(said.Unit, 0.1*real)
}
