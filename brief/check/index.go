package check

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Index is the evidence, taken apart for looking things up.
type Index struct {
	facts     evidence.Facts
	brought   []evidence.Item
	text      string // every evidence text, folded
	said      string // the same, words alone
	stems     set    // every word of it
	keys      map[Kind]set
	figures   map[Kind][]figure
	records   []*record
	moments   []time.Time            // every full time in the evidence
	today     set                    // the days that "at 14:02" may mean
	services  set                    // what is deployed, by name
	names     set                    // the same, and hosts, providers and the like
	wrote     map[string][]utterance // what was read, by who wrote it
	people    []string               // everybody whom the evidence names
	peoples   set                    // the words of their names
	tickets   map[string]incident.Ticket
	past      []incident.Past
	templates []*regexp.Regexp
	programs  set // first words of commands
	written   []written
	expiries  []time.Time // until which something holds
	windows   []window    // amounts of a stretch of time
	became    []became    // values that became others
	turns     []time.Time // at which something began or ended
	logins    set         // of accounts that shipped something
	bots      set         // of what writes by itself
}

// NewIndex indexes the facts, and what the agent's tools brought.
func NewIndex(f evidence.Facts, brought []evidence.Item) *Index {
	x := &Index{
		facts: f, brought: brought, keys: map[Kind]set{}, figures: map[Kind][]figure{}, today: set{}, names: set{},
		wrote: map[string][]utterance{}, stems: set{}, programs: set{}, tickets: map[string]incident.Ticket{}, logins: set{}, bots: set{},
	}
	for _, d := range []time.Duration{-36 * time.Hour, -24 * time.Hour, 0, 24 * time.Hour} {
		if f.ReadAt.IsZero() {
			break
		}
		x.today.add(f.ReadAt.Add(d).UTC().Format("01-02"))
	}
	items := slices.DeleteFunc(append(append([]evidence.Item{}, f.Items...), brought...), func(i evidence.Item) bool {
		if i.State == evidence.Nothing { // that there is nothing may be cited
			x.put(Citation, i.ID())
			x.put(Link, addressKey(i.URL))
		}
		return i.State == evidence.Nothing || i.State == evidence.NotSetUp
	})
	x.peopleOf(items)
	x.namesOf(items)
	var all strings.Builder
	for _, i := range items {
		x.put(Citation, i.ID())
		x.put(Link, addressKey(i.URL))
		text := plainDigits(i.Text + "\n" + i.Why)
		x.add(text, scope{cited: i.ID(), current: x.ofIncident(i), past: x.ofPast(i)}, x.implied(i)...)
		all.WriteString(text + "\n")
	}
	all.WriteString(x.addTyped())
	x.turns = x.turnsOf()
	x.becameIn()
	x.text = fold(all.String())
	x.said = letters(x.text)
	return x
}

// peopleOf collects who is named, who wrote what, and what is known of tickets.
func (x *Index) peopleOf(items []evidence.Item) {
	for _, t := range x.facts.Tickets {
		x.tickets[t.Key] = t
	}
	x.typedAuthors()
	for _, i := range items {
		text := plainDigits(i.Text)
		x.authorsIn(text)
		x.loginsIn(text)
		x.expiriesIn(text)
		x.ticketsIn(i.Text)
	}
	x.people, x.peoples = sortedKeys(x.roster()), set{}
	for _, name := range x.people {
		for _, w := range words(name) {
			x.peoples.add(w.stem)
		}
	}
}

// namesOf collects the services that have a name.
func (x *Index) namesOf(items []evidence.Item) {
	f := x.facts
	x.names.add(strings.ToLower(f.Incident.Service.Name))
	for _, p := range append(append([]incident.Past{}, f.Past...), f.Related...) {
		x.names.add(strings.ToLower(p.Incident.Service.Name))
	}
	for _, c := range f.Changes {
		for _, s := range c.Services {
			x.names.add(strings.ToLower(s.Name))
		}
	}
	for _, i := range items {
		for _, m := range versioned.FindAllStringSubmatch(i.Text, -1) {
			x.names.add(m[1])
		}
	}
	x.services = maps.Clone(x.names)
	for _, a := range f.Alerts {
		for _, m := range named.FindAllStringSubmatch(a.Summary+"\n"+a.Details, -1) {
			x.names.add(m[1] + m[2])
		}
	}
}

// versioned is what is deployed.
var versioned = regexp.MustCompile(`\b([a-z][a-z0-9]*(?:-[a-z0-9]+)+) v\d`)

// named is what an alert names: before the colon of its summary, and under a
// label that says so.
var named = regexp.MustCompile(`(?m)^([a-z0-9]+(?:-[a-z0-9]+)+):\s|(?i:host|pod|node|service|instance|provider|upstream|replica|cluster|broker|peer|server|database|tunnel|target)\w*:\s+([a-z0-9]+(?:-[a-z0-9]+)+)$`)

// implied is what an item is about without saying so: the paged service.
func (x *Index) implied(i evidence.Item) []string {
	switch i.Source {
	case evidence.Incident, evidence.Alerts, evidence.Notes, evidence.Log:
		return []string{strings.ToLower(x.facts.Incident.Service.Name)}
	}
	return nil
}

// ofIncident tells whether an item is about the incident under review itself.
func (x *Index) ofIncident(i evidence.Item) bool {
	if len(x.implied(i)) > 0 || i.Derived {
		return true
	}
	for _, a := range x.facts.Alerts {
		if a.ID != "" && strings.Contains(i.Text, a.ID) {
			return true
		}
	}
	return false
}

// ofPast tells whether an item is about earlier incidents alone.
func (x *Index) ofPast(i evidence.Item) bool {
	if i.Source == evidence.Past {
		return true
	}
	for _, p := range x.facts.Past {
		for _, n := range p.Notes {
			if strings.Contains(i.Source, "notes") && strings.Contains(i.Text, n.Text) {
				return true
			}
		}
	}
	return false
}

// scope is what a text of the evidence is about, and where it stands.
type scope struct {
	cited   string // "E2"
	current bool   // the incident under review itself
	past    bool   // earlier incidents
}

// add indexes a text of the evidence, record by record.
func (x *Index) add(text string, of scope, names ...string) {
	head := set{} // what the first row of a table says, each row says
	for _, block := range recordsOf(text) {
		r := &record{text: fold(strings.Join(block, "\n")), stems: set{}, names: set{}, scope: of}
		if strings.HasPrefix(block[0], "Earlier ones") { // what code derived of the past
			r.current = false
		}
		r.names.add(names...)
		x.records = append(x.records, r)
		for _, line := range block {
			x.line(r, line)
		}
		if !strings.HasPrefix(block[0], "|") {
			head = set{}
		} else if len(head) == 0 {
			head = maps.Clone(r.stems)
		}
		r.stems.add(sortedKeys(head)...)
	}
	for _, m := range moment.FindAllString(text, -1) {
		x.moment(m)
	}
	x.templatesIn(text)
}

// recordsOf splits a text into records: a line, with the indented ones below it.
func recordsOf(text string) [][]string {
	var out [][]string
	for line := range strings.SplitSeq(text, "\n") {
		indented := strings.HasPrefix(line, " ") && strings.TrimSpace(line) != ""
		if !indented || len(out) == 0 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], line)
	}
	return out
}

// stamped is a line that begins with when it was written, and by whom.
var stamped = regexp.MustCompile(`^\s*\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? UTC(?: \[[^\]]*\])?,? ([^:\n]{2,60}?)(?: \([^)]*\))?: `)

// line indexes one line of a record.
func (x *Index) line(r *record, text string) {
	text = listMarker.ReplaceAllString(text, strings.Repeat(" ", len(text)-len(strings.TrimLeft(text, " "))))
	l := x.read(text)
	for s := range l.stems {
		r.stems.add(s)
		x.stems.add(s)
		r.foreign = r.foreign || s[0] >= 0x80
	}
	for n := range l.names {
		r.names.add(n)
		r.stems.add(n)
	}
	if at := stamped.FindStringSubmatchIndex(text); at != nil && !strings.Contains(text[at[2]:at[3]], ". ") {
		l.stamp = at[2] // the time before is when it was written, whatever it says
	}
	name := &line{}
	if strings.ContainsAny(l.label, anyDigit) { // the 6 h of burn_6h
		name = x.read(strings.ReplaceAll(l.label, "_", " "))
	}
	for _, a := range name.atoms {
		x.atom(r, name, a)
	}
	x.windowsIn(l, name)
	for i, a := range l.atoms {
		x.atom(r, l, a)
		if f := &r.figures; a.Kind == Clock && len(*f) > 0 && i > 0 && l.atoms[i-1].Kind == Date && a.Start-l.atoms[i-1].End <= 2 {
			(*f)[len(*f)-1].day = l.atoms[i-1].Key
			all := x.figures[Clock]
			all[len(all)-1].day = l.atoms[i-1].Key
		}
	}
}

func (x *Index) atom(r *record, l *line, a Atom) {
	x.put(a.Kind, a.Key)
	switch a.Kind {
	case Date:
		x.put(Date, withoutYear(a.Key))
		x.put(Date, monthOf(a.Key))
		if len(a.Key) == len("2006-01-02") {
			x.put(Date, a.Key[:len("2006-01")])
		}
	case Path: // "/v2/bookings" is of bookings
		for _, w := range words(strings.ReplaceAll(a.Text, "/", " ")) {
			r.stems.add(w.stem)
		}
	case Code: // what stands in a code span is said as well
		if first, _, ok := strings.Cut(a.Key, " "); ok {
			x.programs.add(first)
		}
		inside := x.read(strings.ReplaceAll(a.Text, "`", " "))
		for _, o := range inside.atoms {
			x.atom(r, inside, o)
		}
	case Share: // "14 of 48 gates" says 14 and 48
		near := l.near(a)
		for _, v := range []float64{a.Value, a.Of} {
			x.figure(r, figure{Atom: Atom{Kind: Number, Text: number(v), Key: number(v), Value: v, Unit: 1}, near: near, bound: l.bound(a), sides: l.sides(a)})
		}
	case Size:
		if n, ok := a.counted(); ok {
			x.figure(r, figure{Atom: n, near: l.near(a), rate: l.rate(a), bound: l.bound(a)})
		}
	case Number:
		for _, o := range byLabel(a, l.label) {
			x.figure(r, figure{Atom: o, near: l.near(a), rate: l.rate(a), bound: l.bound(a)})
		}
	}
	if figures[a.Kind] {
		f := figure{Atom: a, near: l.near(a), rate: l.rate(a), bound: l.bound(a), sides: l.sides(a)}
		if status(a) {
			f.tight = l.tight(a)
		}
		x.figure(r, f)
	}
}

func (x *Index) figure(r *record, f figure) {
	f.rec = r
	r.figures = append(r.figures, f)
	x.figures[f.Kind] = append(x.figures[f.Kind], f)
}

func (x *Index) put(k Kind, key string) {
	if x.keys[k] == nil {
		x.keys[k] = set{}
	}
	x.keys[k].add(key)
}

func (x *Index) has(k Kind, key string) bool { return x.keys[k][key] }

var moment = regexp.MustCompile(`\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:\s?(?:Z|UTC|[+-]\d{2}:\d{2}))?`)

func (x *Index) moment(text string) {
	text = strings.Replace(strings.TrimSuffix(strings.TrimSuffix(text, " UTC"), "Z"), " ", "T", 1)
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			x.moments = append(x.moments, t.UTC())
			return
		}
	}
}
