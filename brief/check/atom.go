package check

import (
	"math"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
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
	Share    Kind = "share"
	Duration Kind = "duration"
	Size     Kind = "size"
	Ordinal  Kind = "count"
	Version  Kind = "version"
	Phone    Kind = "telephone number"
	Path     Kind = "path"
	Host     Kind = "name"
	Person   Kind = "person"
	Number   Kind = "number"
	Priority Kind = "priority"
	Quote    Kind = "quotation"
)

// Atom is one concrete thing that a text says. Key is its normal form: equal
// keys of one kind say the same. Value is set for kinds that compare with a
// tolerance: seconds, minutes of the day, percent, KiB.
type Atom struct {
	Kind       Kind
	Text       string
	Key        string
	Value      float64
	Of         float64 // the whole that a share is of
	Unit       float64 // the smallest step that the text names: the last digit, or seconds of a duration's smallest unit
	Ago        bool    // the duration counts back from now
	Elided     bool    // its unit is that of another amount, and may be none
	Doubtful   bool    // it may be none: a name that only its place makes a person's
	Start, End int     // bytes in the text
}

// rule finds atoms of one kind, in texts that may have one: looking for a few
// letters is many times cheaper than an expression. make returns false for what
// only looks like one.
type rule struct {
	may  func(text string) bool
	find *regexp.Regexp
	kind Kind
	make func(text string, groups []string, a *Atom) bool
}

const anyDigit = "0123456789"

// char makes a condition of characters, of which one must be there.
func char(any string) func(string) bool {
	return func(text string) bool { return strings.ContainsAny(text, any) }
}

// word makes a condition of parts of words, of which one must be there.
func word(any string) func(string) bool {
	parts := strings.Fields(any)
	return func(text string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
	}
}

// twoWords is a condition of what may name a person.
func twoWords(text string) bool { return strings.ContainsAny(text, " \t") }

const months = `(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)`

// amount is a number as people write it; emphasis may stand between it and its unit.
const amount = `(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?`

const durationPart = `(?:(?:` + amount + `|\b` + inWords + `\b|\b[Hh]alf an?\b)\**\s?-?(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?)\b|` + amount + `(?:分|秒|時間|日)間?|` + amount + `\s?(?:мин(?:ут[аыу]?)?|час(?:а|ов)?|секунд[аыу]?|дн(?:я|ей)|день))`

// fileEnds make a word with a dot a file.
const fileEnds = `(?:xml|csv|json|ya?ml|log|sh|py|go|sql|conf|cfg|ini|toml|txt|pem|crt|key|gz|zip|tar|pdf|html?|service|timer|lock|so|jar)`

var rules = []rule{
	{char(`"“`), regexp.MustCompile(`[“"]([^“”"\n]{8,200})[”"]`), Quote, makeQuote},
	{char(":"), regexp.MustCompile(`\]\(<?([^)\s>]+)>?\)|<(https?://[^\s>|]+)(?:\|[^>]*)?>|(https?://[^\s<>"'\x60|)\\]+)`), Link, makeLink},
	{char("E"), regexp.MustCompile(`\\?\[E\d+(?:\s*[,;]\s*E\d+)*\\?\]|\bE\d+\b`), Citation, makeCitation},
	{char("`"), regexp.MustCompile("`+([^`\n]+)`+"), Code, makeCode},
	{char("@"), regexp.MustCompile(`\b[\w.+-]+@[\w-]+\.[\w.-]+\b`), Email, lower},
	{char("-"), regexp.MustCompile(`\b([A-Z][A-Z0-9_]{1,9})-\d+\b`), Ticket, makeTicket},
	{char("#PQ"), regexp.MustCompile(`#(\d+)\b|\b[PQ][A-Z0-9]{6,13}\b`), Incident, makeIncident},
	{word("ncident"), regexp.MustCompile(`\b[Ii]ncident\s(?:[Nn]o\.?\s|[Nn]umber\s)?\**(\d{2,})\b`), Incident, makeIncidentNumber},
	{char("/"), regexp.MustCompile(`(?:^|[\s(\x60"'：、（])(/[\w.*{}:@%-]+(?:/[\w.*{}:@%-]*)*)`), Path, makePath},
	{char("+"), regexp.MustCompile(`\+\d[\d ()/-]{6,}\d`), Phone, lower},
	{char("."), regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`), Host, lower},
	{word("- / Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"), regexp.MustCompile(`\b(\d{4})[-/](\d{2})[-/](\d{2})(?:T|\b)|\b(` + months + `)\.?\s(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s(\d{4})\b)?|\b(\d{1,2})(?:st|nd|rd|th)?\s(?:of\s)?(` + months + `)\b(?:,?\s(\d{4})\b)?`), Date, makeDate},
	{word("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"), regexp.MustCompile(`\b(` + months + `)\s(\d{4})\b`), Date, makeMonth},
	{word("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"), regexp.MustCompile(`\b(?i:in|since|from|of|until|last|early|late|mid)[ -](` + months + `)\b`), Date, makeMonthAlone},
	{char("月"), regexp.MustCompile(`(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日`), Date, makeKanjiDate},
	{char(":"), regexp.MustCompile(`([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?:\s?([AaPp])\.?[Mm]\b\.?)?(?:\s?([+-]\d{2}:?\d{2}|[A-Z][A-Z]{1,4}(?:[+-]\d{1,2})?|Z)\b)?`), Clock, makeClock},
	{word("AM PM am pm a.m p.m A.M P.M"), regexp.MustCompile(`\b(1[0-2]|0?[1-9])\s?([AaPp])\.?[Mm]\b\.?(?:\s?([A-Z][A-Z]{1,4}(?:[+-]\d{1,2})?)\b)?`), Clock, makeHour},
	{word("apart ago"), regexp.MustCompile(`\b([Oo]ne|[Aa]n?)\s(second|minute|hour|day|week)\**\s(?:apart|ago)\b`), Duration, makeOne},
	{word("% percent"), regexp.MustCompile(`(` + amount + `)\**\s?(?:%|percent\b)`), Percent, makeNumber},
	{word("percent"), regexp.MustCompile(`\b(` + inWords + `)\s(?:percent)\b`), Percent, makeWorded},
	{mayLast, regexp.MustCompile(durationPart + `(?:(?:\s|,\s|\sand\s)` + durationPart + `)*`), Duration, makeDuration},
	{char(anyDigit), regexp.MustCompile(`\b(` + amount + `)\**\s?([KMGT])i?[Bb]?\b`), Size, makeSize},
	{word("byte"), regexp.MustCompile(`\b(` + amount + `|` + inWords + `|[Hh]alf an?|an?)\**\s?-?([KMGTkmgt])(?:ilo|ega|iga|era)bytes?\b`), Size, makeSizeInWords},
	{word("1st 2nd 3rd th 11 12 13"), regexp.MustCompile(`\b(\d+)(?:st|nd|rd|th)\b`), Ordinal, makeNumber},
	{word("of /"), regexp.MustCompile(`\b(\d+)\s?(?:of|out of|/)\s?(?:the |all )?(\d+)\b`), Share, makeShare},
	{char("."), regexp.MustCompile(`\b[\w-]+(?:\.[\w-]+)*\.` + fileEnds + `\b`), Path, lower},
	{char("."), regexp.MustCompile(`\b[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.[a-z]{2,}\b`), Host, makeDotted},
	{char("-"), regexp.MustCompile(`\b[a-z0-9]+(?:-[a-z0-9]+)+\b`), Host, makeHost},
	{char(anyDigit), regexp.MustCompile(`\b(?:SHA256|sha256|MD5|md5):[\w+/=:-]{8,}|\b[0-9a-f]{7,40}\b`), Version, makeHash},
	{word("v0 v1 v2 v3 v4 v5 v6 v7 v8 v9 ."), regexp.MustCompile(`\bv\d+(?:\.\d+)*(?:-[\w.]+)?\b|\b\d+\.\d+\.\d+(?:-[\w.]+)?\b`), Version, lower},
	{word("P1 P2 P3 P4 P5 SEV"), regexp.MustCompile(`\b(?:P[1-5]|SEV-?[0-5])\b`), Priority, lower},
	{char("@"), regexp.MustCompile(`@[\w][\w.-]*\w`), Person, makeHandle},
	{char("."), regexp.MustCompile(`\b([a-z]{3,}\.[a-z])\b`), Person, makeLogin},
	{twoWords, regexp.MustCompile(before + `\s+\**(` + aName + `)`), Person, makePerson},
	{twoWords, regexp.MustCompile(`(?i:\b(?:by|with|says|said|to)\s+)\**(` + aName + `)`), Person, makeSomebody},
	{foreign, regexp.MustCompile(`\p{Cyrillic}[\p{Cyrillic}-]+\s(\p{Lu}\p{Cyrillic}+\s\p{Lu}\p{Cyrillic}+)`), Person, makeSomebody},
	{twoWords, regexp.MustCompile(`(` + aName + `)\**(?::|\s+` + saying + `\b)`), Person, makeSomebody},
	{char(anyDigit), regexp.MustCompile(`\b` + amount + `(k|x)?\b`), Number, makeNumber},
	{mayCount, regexp.MustCompile(`\b(` + manyInWords + `)\s(?:[a-z]+\s)?[a-z]+[a-z]s\b`), Number, makeWorded},
}

// Atoms takes a text apart. The result is in the order of the text.
func Atoms(text string) []Atom { return atoms(text, rules) }

func atoms(text string, rules []rule) []Atom {
	rest := []byte(text)
	var out []Atom
	for _, r := range rules {
		if !r.may(text) {
			continue
		}
		more := true
		for more { // an atom that took less than was found leaves something to find
			var found []Atom
			found, more = r.atoms(text, rest)
			out = append(out, found...)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Start < out[j].Start })
	return elided(text, slices.DeleteFunc(out, func(a Atom) bool { return a.Kind == Quote && inCode(a, out) }))
}

// inCode tells whether a quotation is the quoted part of a command.
func inCode(q Atom, all []Atom) bool {
	return slices.ContainsFunc(all, func(a Atom) bool { return a.Kind == Code && a.Start < q.End && q.Start < a.End })
}

// evidenceRules find what is looked up by kind. Names of people and quotations are
// looked up in the evidence's words.
var evidenceRules = slices.DeleteFunc(slices.Clone(rules), func(r rule) bool {
	return r.kind == Person && !r.may("@") || r.kind == Quote
})

// literal are the kinds that are looked up letter by letter, as whole words of which
// no earlier kind took a part.
var literal = map[Kind]bool{Phone: true, Host: true, Path: true, Version: true, Priority: true, Person: true, Email: true}

// atoms finds the atoms of one kind and takes them out of the rest. It reports
// whether one of them was shorter than what looked like it.
func (r rule) atoms(text string, rest []byte) (out []Atom, more bool) {
	for _, at := range r.find.FindAllSubmatchIndex(rest, -1) {
		groups := make([]string, len(at)/2)
		for g := range groups {
			if at[2*g] >= 0 {
				groups[g] = string(rest[at[2*g]:at[2*g+1]])
			}
		}
		a := Atom{Kind: r.kind, Text: strings.TrimSpace(text[at[0]:at[1]]), Start: at[0], End: at[1]}
		if !r.make(text, groups, &a) || literal[a.Kind] && !(whole(text, a.Start, a.End) && string(rest[a.Start:a.End]) == text[a.Start:a.End]) {
			continue
		}
		out = append(out, a)
		if r.kind == Quote { // what a quotation says is looked at as well
			continue
		}
		more = more || (r.kind == Duration || r.kind == Link) && a.End < at[1]
		for i := a.Start; i < a.End; i++ {
			rest[i] = ' '
		}
	}
	return out, more
}

func makeLink(_ string, g []string, a *Atom) bool {
	url := g[1] + g[2] + g[3]
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return false
	}
	if label, _, ok := strings.Cut(g[3], "]("); ok { // an address as the label of another
		url, a.End = label, a.Start+len(label)
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

func makeCode(_ string, _ []string, a *Atom) bool {
	a.Key = fold(strings.Trim(a.Text, "`"))
	return a.Key != ""
}

func lower(_ string, _ []string, a *Atom) bool {
	a.Key = fold(a.Text)
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

func makeIncident(text string, g []string, a *Atom) bool {
	if a.Start > 0 && text[a.Start-1] == '&' { // a character by its number, &#64;
		return false
	}
	a.Key = g[0]
	return g[1] != "" || strings.ContainsAny(g[0], "0123456789")
}

// makeIncidentNumber takes "incident 3101" for #3101.
func makeIncidentNumber(text string, g []string, a *Atom) bool {
	a.Start, a.Text, a.Key = a.End-len(g[1]), g[1], "#"+g[1]
	return text[a.End:] == "" || strings.IndexByte(":.%-/", text[a.End]) < 0 || strings.HasPrefix(text[a.End:], ". ") || text[a.End:] == "."
}

func makeNumber(text string, g []string, a *Atom) bool {
	digits, thousand := g[0], false
	if len(g) > 1 && (g[1] == "k" || g[1] == "x") { // 9.8k requests, a burn rate of 14.4x
		digits, thousand = strings.TrimSuffix(g[0], g[1]), g[1] == "k"
	} else if len(g) > 1 && g[1] != "" {
		digits = g[1]
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64)
	if err != nil || a.Start > 0 && text[a.Start-1] == '.' && a.Start > 1 && isDigit(text[a.Start-2]) {
		return false
	}
	a.Value, a.Unit = v, lastDigit(digits)
	if thousand {
		a.Value, a.Unit = 1000*v, 1000*a.Unit
	}
	a.Key = number(a.Value)
	return true
}

// lastDigit is what a step of the last digit is worth: 0.1 in "4.7".
func lastDigit(digits string) float64 {
	_, decimals, _ := strings.Cut(digits, ".")
	return math.Pow10(-len(decimals))
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

var sizes = map[string]float64{"K": 1, "M": 1 << 10, "G": 1 << 20, "T": 1 << 30}

func makeSize(text string, g []string, a *Atom) bool {
	if !makeNumber(text, []string{g[1]}, a) {
		return false
	}
	a.Value *= sizes[g[2]]
	a.Unit *= sizes[g[2]]
	a.Key = number(a.Value)
	return true
}

// counted is a size without a B as the count that it may be: 1.28M messages.
func (a Atom) counted() (Atom, bool) {
	letter := strings.IndexAny(a.Text, "KMGT")
	if a.Kind != Size || letter < 0 || letter != len(a.Text)-1 {
		return a, false
	}
	n, one := a, sizes[a.Text[letter:]]
	thousands := math.Pow(1000, 1+float64(strings.IndexByte("KMGT", a.Text[letter])))
	n.Kind, n.Value, n.Unit = Number, a.Value/one*thousands, a.Unit/one*thousands
	n.Key = number(n.Value)
	return n, true
}

// makeSizeInWords takes "half a gigabyte", and "two megabytes".
func makeSizeInWords(text string, g []string, a *Atom) bool {
	digits := strings.ToLower(g[1])
	if n, ok := inFigures(digits); ok {
		digits = number(n)
	}
	switch {
	case strings.HasPrefix(digits, "half"):
		digits = "0.5"
	case strings.HasPrefix(digits, "a"):
		digits = "1"
	}
	return makeSize(text, []string{g[0], digits, strings.ToUpper(g[2])}, a)
}

func makeShare(text string, g []string, a *Atom) bool {
	n, err := strconv.Atoi(g[1])
	of, errOf := strconv.Atoi(g[2])
	if err != nil || errOf != nil || n > of || g[0] == "24/7" || a.Start > 0 && strings.IndexByte("./-:,", text[a.Start-1]) >= 0 {
		return false
	}
	a.Value, a.Of, a.Unit, a.Key = float64(n), float64(of), 1, g[1]+"/"+g[2]
	return true
}

// makeHash takes a fingerprint or a commit, which has letters and digits.
func makeHash(_ string, g []string, a *Atom) bool {
	a.Key = fold(g[0])
	return strings.ContainsAny(g[0], anyDigit) && strings.ContainsFunc(g[0], unicode.IsLetter)
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
var hostEnds = wordSet(`service svc api gateway worker db database proxy cache queue prod production staging server cluster node pod web
	frontend backend consumer producer scheduler controller engine hub export exporter import importer inventory control portal relay
	runner sender sync edge store registry broker agent operator job cron function stream search auth login billing payments checkout
	ledger router balancer mesh sidecar vpn dns cdn mq bus collector pipeline primary replica`)

// places and directions name where something runs: prod-west.
var (
	places     = wordSet("prod production staging stage dev test eu us ap")
	directions = wordSet("west east north south central northeast northwest southeast southwest")
)

// english are first parts of compounds that only look like such a name.
var english = wordSet(`self single multi in cross pre non on off full per sub inter intra customer front back read write dead out re un co
	high low long short well top phase tier level sev step part day week late early first last next one two three follow end high`)

func makeHost(_ string, g []string, a *Atom) bool {
	first, _, _ := strings.Cut(g[0], "-")
	last := g[0][strings.LastIndexByte(g[0], '-')+1:]
	a.Key = g[0]
	digits := strings.IndexFunc(g[0], func(r rune) bool { return r >= '0' && r <= '9' })
	return !english[first] && (hostEnds[last] || digits > 0 || places[first] && directions[last])
}

// makeDotted takes a name of a host with dots, but not "e.g" or a sentence that
// goes on without a blank.
func makeDotted(_ string, g []string, a *Atom) bool {
	a.Key = g[0]
	return len(g[0]) > 4 && strings.IndexFunc(g[0][:2], func(r rune) bool { return r == '.' }) < 0
}

func makeHandle(_ string, g []string, a *Atom) bool {
	a.Key = strings.ToLower(strings.TrimPrefix(g[0], "@"))
	return true
}

// How a person is named, and the words around that make a name a person's.
const (
	aName  = `\p{Lu}[\p{L}'’.-]+(?:\s\p{Lu}[\p{L}'’.-]+){1,2}|[\p{Han}\p{Hiragana}\p{Katakana}]{1,4}\s[\p{Han}\p{Hiragana}\p{Katakana}]{1,4}|\p{Arabic}+\s\p{Arabic}+`
	before = `(?i:\b(?:assigned to|owned by|on call:?|on-call:?|escalate to|contact|page|ask|call|ping|tell|notify|reported by|fixed by|resolved by|note by|deployed by|owner:?|assignee:?))`
	saying = `(?:says|said|writes|wrote|reports|reported|notes|noted|confirms|confirmed|thinks|guesses|suspects|tells|told|mentions|mentioned|warns|warned|deployed|released|shipped|merged|resolved|fixed|acknowledged|closed|restarted|owns|already|asked|suggests|suggested|recommends|recommended|saw|took over|backs|comes (?:after|next|before)|is (?:on call|next))`
)

// makeLogin takes the name of an account: anna.k.
func makeLogin(text string, g []string, a *Atom) bool {
	a.Key, a.Doubtful = g[1], true
	return a.End == len(text) || text[a.End] != '.'
}

func makePerson(_ string, g []string, a *Atom) bool {
	name := strings.TrimRight(oneSentence(g[1]), ".,;:")
	a.Start += strings.LastIndex(g[0], g[1])
	a.End = a.Start + len(name)
	a.Text, a.Key = name, fold(name)
	return true
}

// oneSentence is a name without the first word of the next sentence: "Karl Brandt.
// People" is Karl Brandt, "J. Doe" is whole.
func oneSentence(name string) string {
	for from := 0; ; {
		at := strings.Index(name[from:], ". ")
		if at < 0 {
			return name
		}
		at += from
		if word := name[strings.LastIndexByte(name[:at], ' ')+1 : at]; len([]rune(word)) > 2 {
			return name[:at]
		}
		from = at + 2
	}
}

// titles are words in capitals that begin a line and are nobody's name.
var titles = wordSet(`root cause likely probable possible blast radius next steps step action actions impact status current known issue issues
	ruled fault summary timeline note important warning on call open ticket tickets what has runbook alert alerts incident service`)

// makeSomebody takes two words in capitals for a person because of where they
// stand. It may be wrong, so nobody is removed for it.
func makeSomebody(text string, g []string, a *Atom) bool {
	for w := range strings.FieldsSeq(fold(g[1])) {
		if titles[strings.Trim(w, ".,:")] {
			return false
		}
	}
	a.Doubtful = true
	return makePerson(text, g, a)
}

// makeQuote takes what is said to be said letter by letter: three words and more.
func makeQuote(_ string, g []string, a *Atom) bool {
	a.Key = letters(g[1])
	return a.Key != "" && len(strings.Fields(g[1])) >= 3
}

// letters are a text's words alone: a quotation may change its marks.
func letters(s string) string {
	return strings.Join(strings.FieldsFunc(fold(s), func(r rune) bool { return !letter(r) }), " ")
}
