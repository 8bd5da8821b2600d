package check

import (
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Kind types an atom.
type Kind string

// The kinds, in the order in which they are looked for: what an earlier kind
// took, a later one does not see.
const (
	Link     Kind = "link"
	Citation Kind = "citation"
	Code     Kind = "code"
	Email    Kind = "e-mail address"
	Ticket   Kind = "ticket"
	Incident Kind = "incident"
	Date     Kind = "date"
	Clock    Kind = "time"
	Percent  Kind = "percentage"
	Duration Kind = "duration"
	Size     Kind = "size"
	Ordinal  Kind = "count"
	Path     Kind = "path"
	Host     Kind = "name"
	Person   Kind = "person"
	Number   Kind = "number"
)

// Atom is one concrete thing that a text says. Key is its normal form: equal
// keys of one kind say the same. Value is set for kinds that compare with a
// tolerance: seconds, minutes of the day, percent.
type Atom struct {
	Kind       Kind
	Text       string
	Key        string
	Value      float64
	Unit       float64 // seconds of the smallest unit that a duration names
	Ago        bool    // the duration counts back from now
	Start, End int     // bytes in the text
}

// rule finds atoms of one kind. make returns false for what only looks like one.
type rule struct {
	find *regexp.Regexp
	kind Kind
	make func(text string, groups []string, a *Atom) bool
}

const months = `(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)`

const durationPart = `\d+(?:\.\d+)?\s?(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?)\b`

var rules = []rule{
	{regexp.MustCompile(`\]\(<?([^)\s>]+)>?\)|<(https?://[^\s>|]+)(?:\|[^>]*)?>|(https?://[^\s<>"'\x60|)\\]+)`), Link, makeLink},
	{regexp.MustCompile(`\\?\[E\d+(?:\s*[,;]\s*E\d+)*\\?\]|\bE\d+\b`), Citation, makeCitation},
	{regexp.MustCompile("`+([^`\n]+)`+"), Code, makeCode},
	{regexp.MustCompile(`\b[\w.+-]+@[\w-]+\.[\w.-]+\b`), Email, lower},
	{regexp.MustCompile(`\b([A-Z][A-Z0-9_]{1,9})-\d+\b`), Ticket, makeTicket},
	{regexp.MustCompile(`#(\d+)\b|\b[PQ][A-Z0-9]{6,13}\b`), Incident, makeIncident},
	{regexp.MustCompile(`\b(\d{4})[-/](\d{2})[-/](\d{2})(?:T|\b)|\b(` + months + `)\.?\s(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s(\d{4})\b)?|\b(\d{1,2})(?:st|nd|rd|th)?\s(` + months + `)\b(?:,?\s(\d{4})\b)?`), Date, makeDate},
	{regexp.MustCompile(`([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?:\s?(Z|UTC|GMT|[+-]\d{2}:?\d{2})\b)?`), Clock, makeClock},
	{regexp.MustCompile(`(\d+(?:\.\d+)?)\s?(?:%|percent\b)`), Percent, makeNumber},
	{regexp.MustCompile(durationPart + `(?:(?:\s|,\s|\sand\s)` + durationPart + `)*`), Duration, makeDuration},
	{regexp.MustCompile(`\b(\d+(?:\.\d+)?)\s?([KMGT])i?B?\b`), Size, makeSize},
	{regexp.MustCompile(`\b(\d+)(?:st|nd|rd|th)\b`), Ordinal, makeNumber},
	{regexp.MustCompile(`(?:^|[\s(\x60"'])(/[\w.*{}:@-]+(?:/[\w.*{}:@-]*)*)`), Path, makePath},
	{regexp.MustCompile(`\b[a-z0-9]+(?:-[a-z0-9]+)+\b`), Host, makeHost},
	{regexp.MustCompile(`@[\w][\w.-]*\w`), Person, makeHandle},
	{regexp.MustCompile(`(?i:\b(?:assigned to|owned by|on call:?|on-call:?|escalate to|contact|page|ask|ping|reported by|fixed by|resolved by|note by)\s+\**)([A-Z][\w'’.-]+(?:\s[A-Z][\w'’.-]+){1,2})`), Person, makePerson},
	{regexp.MustCompile(`\b\d{1,3}(?:,\d{3})+(?:\.\d+)?\b|\b\d+(?:\.\d+)?\b`), Number, makeNumber},
}

// Atoms takes a text apart. The result is in the order of the text.
func Atoms(text string) []Atom {
	rest := []byte(text)
	var out []Atom
	for _, r := range rules {
		for _, at := range r.find.FindAllSubmatchIndex(rest, -1) {
			groups := make([]string, len(at)/2)
			for g := range groups {
				if at[2*g] >= 0 {
					groups[g] = string(rest[at[2*g]:at[2*g+1]])
				}
			}
			a := Atom{Kind: r.kind, Text: strings.TrimSpace(groups[0]), Start: at[0], End: at[1]}
			if !r.make(text, groups, &a) {
				continue
			}
			out = append(out, a)
			for i := a.Start; i < a.End; i++ {
				rest[i] = ' '
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Start < out[j].Start })
	return out
}

func makeLink(_ string, g []string, a *Atom) bool {
	url := g[1] + g[2] + g[3]
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return false
	}
	a.Key = addressKey(url)
	a.Text = strings.TrimRight(url, ".,;:!?")
	return true
}

// addressKey makes addresses that lead to one place equal.
func addressKey(url string) string {
	return strings.TrimRight(strings.TrimRight(url, ".,;:!?"), "/")
}

func makeCitation(_ string, g []string, a *Atom) bool {
	a.Key = strings.Trim(g[0], `\[]`)
	return true
}

func makeCode(_ string, g []string, a *Atom) bool {
	a.Key = fold(g[1])
	return a.Key != ""
}

func lower(_ string, g []string, a *Atom) bool {
	a.Key = strings.ToLower(g[0])
	return true
}

// notTickets are prefixes that look like a Jira project and are none.
var notTickets = map[string]bool{
	"UTF": true, "SHA": true, "ISO": true, "RFC": true, "CVE": true, "HTTP": true, "HTTPS": true, "TLS": true,
	"SSL": true, "AES": true, "RSA": true, "UTC": true, "GMT": true, "SEV": true, "IPV": true, "TCP": true, "UDP": true,
}

func makeTicket(_ string, g []string, a *Atom) bool {
	a.Key = g[0]
	return !notTickets[g[1]]
}

func makeIncident(_ string, g []string, a *Atom) bool {
	a.Key = g[0]
	return g[1] != "" || strings.ContainsAny(g[0], "0123456789")
}

func makeNumber(_ string, g []string, a *Atom) bool {
	text := g[0]
	if len(g) > 1 {
		text = g[1]
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	if err != nil {
		return false
	}
	a.Value, a.Key = v, strconv.FormatFloat(v, 'f', -1, 64)
	return true
}

var sizes = map[string]float64{"K": 1, "M": 1 << 10, "G": 1 << 20, "T": 1 << 30}

func makeSize(text string, g []string, a *Atom) bool {
	if !makeNumber(text, []string{g[1]}, a) {
		return false
	}
	a.Value *= sizes[g[2]]
	a.Key = strconv.FormatFloat(a.Value, 'f', -1, 64)
	return true
}

func makePath(_ string, g []string, a *Atom) bool {
	path := strings.TrimRight(g[1], ".:,;")
	a.Start += strings.Index(g[0], "/")
	a.End = a.Start + len(path)
	a.Text, a.Key = path, fold(path)
	return len(path) > 2
}

// hostEnds are last parts that make a hyphenated word a name of something that
// runs. Other words with a hyphen are English.
var hostEnds = map[string]bool{
	"service": true, "svc": true, "api": true, "gateway": true, "worker": true, "db": true, "database": true, "proxy": true,
	"cache": true, "queue": true, "prod": true, "production": true, "staging": true, "server": true, "cluster": true, "node": true,
	"pod": true, "web": true, "frontend": true, "backend": true, "consumer": true, "producer": true, "scheduler": true, "controller": true,
}

func makeHost(_ string, g []string, a *Atom) bool {
	last := g[0][strings.LastIndexByte(g[0], '-')+1:]
	a.Key = g[0]
	digits := strings.IndexFunc(g[0], func(r rune) bool { return r >= '0' && r <= '9' })
	return hostEnds[last] || digits > 0
}

func makeHandle(_ string, g []string, a *Atom) bool {
	a.Key = strings.ToLower(strings.TrimPrefix(g[0], "@"))
	return true
}

func makePerson(_ string, g []string, a *Atom) bool {
	name := strings.TrimRight(g[1], ".,;:")
	a.Start += strings.Index(g[0], g[1])
	a.End = a.Start + len(name)
	a.Text, a.Key = name, fold(name)
	return true
}

// fold makes texts comparable whatever their case and white space.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
