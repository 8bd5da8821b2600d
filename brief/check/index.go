package check

import (
	"regexp"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Index is the evidence, taken apart for looking things up.
type Index struct {
	facts     evidence.Facts
	text      string // every evidence text, folded
	keys      map[Kind]map[string]bool
	durations []float64
	minutes   []float64
	moments   []time.Time // every full time in the evidence
	tickets   map[string]incident.Ticket
	past      []incident.Past
	changed   bool // a change of the paged service is in the evidence
	templates []*regexp.Regexp
}

// NewIndex indexes the facts, and what the agent's tools brought.
func NewIndex(f evidence.Facts, brought []evidence.Item) *Index {
	x := &Index{facts: f, keys: map[Kind]map[string]bool{}, tickets: map[string]incident.Ticket{}}
	var all strings.Builder
	for _, i := range append(append([]evidence.Item{}, f.Items...), brought...) {
		if i.State == evidence.Nothing || i.State == evidence.NotSetUp {
			continue
		}
		x.add(i)
		all.WriteString(i.Text + "\n" + i.Why + "\n")
	}
	x.addTyped()
	for _, v := range []string{f.Incident.Title, f.Incident.Service.Name, f.Incident.EscalationPolicy.Name, f.Incident.ID} {
		all.WriteString(v + "\n")
		x.atoms(v)
	}
	x.text = fold(all.String())
	for _, i := range brought {
		x.ticketsIn(i.Text)
		x.changed = x.changed || strings.Contains(i.Source, "change_events") && len(Atoms(i.Text)) > 0
	}
	return x
}

func (x *Index) add(i evidence.Item) {
	x.put(Citation, i.ID())
	x.put(Link, addressKey(i.URL))
	for line := range strings.SplitSeq(i.Text+"\n"+i.Why, "\n") {
		x.atoms(line)
	}
	for _, m := range moment.FindAllString(i.Text, -1) {
		x.moment(m)
	}
	x.templatesIn(i.Text)
}

func (x *Index) atoms(text string) {
	for _, a := range Atoms(text) {
		x.put(a.Kind, a.Key)
		switch a.Kind {
		case Duration:
			x.durations = append(x.durations, a.Value)
		case Clock:
			x.minutes = append(x.minutes, a.Value)
		case Date:
			x.put(Date, withoutYear(a.Key))
		case Code: // what stands in a code span is said as well
			x.atoms(strings.ReplaceAll(a.Text, "`", " "))
		}
	}
}

func withoutYear(key string) string {
	if len(key) > 5 {
		return key[len(key)-5:]
	}
	return key
}

func (x *Index) put(k Kind, key string) {
	if x.keys[k] == nil {
		x.keys[k] = map[string]bool{}
	}
	x.keys[k][key] = true
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

// addTyped indexes what the typed facts know beside their texts.
func (x *Index) addTyped() {
	f := x.facts
	for _, t := range f.Tickets {
		x.tickets[t.Key] = t
	}
	x.past = append(append([]incident.Past{}, f.Past...), f.Related...)
	for _, p := range x.past {
		x.when(p.Incident.CreatedAt, p.Incident.ResolvedAt)
		x.put(Link, addressKey(p.Incident.URL))
		x.atoms(number(p.Incident))
		if d := evidence.Took(p.Incident); d > 0 {
			x.durations = append(x.durations, d.Seconds())
		}
	}
	x.when(f.Incident.CreatedAt, f.Incident.ResolvedAt, f.Incident.UpdatedAt, f.ReadAt)
	x.atoms(number(f.Incident))
	x.put(Link, addressKey(f.Incident.URL))
	for _, l := range f.Links() {
		x.put(Link, addressKey(l))
	}
	for _, a := range f.Alerts {
		x.when(a.CreatedAt, a.ResolvedAt)
		if !a.CreatedAt.IsZero() && a.ResolvedAt.After(a.CreatedAt) {
			x.durations = append(x.durations, a.ResolvedAt.Sub(a.CreatedAt).Seconds())
		}
	}
	for _, c := range f.Changes {
		x.when(c.At)
		x.changed = x.changed || touches(c, f.Incident.Service)
	}
}

// touches tells whether a change is one of the paged service.
func touches(c incident.Change, s incident.Ref) bool {
	for _, r := range c.Services {
		if r.ID != "" && r.ID == s.ID || r.Name != "" && strings.EqualFold(r.Name, s.Name) {
			return true
		}
	}
	return len(c.Services) == 0
}

func (x *Index) when(times ...time.Time) {
	for _, t := range times {
		if t.IsZero() {
			continue
		}
		t = t.UTC()
		x.moments = append(x.moments, t)
		x.minutes = append(x.minutes, float64(t.Hour()*60+t.Minute()))
		x.put(Date, t.Format("2006-01-02"))
		x.put(Date, t.Format("01-02"))
	}
}

// The two shapes in which our own tools show a ticket.
var (
	ticketInList = regexp.MustCompile(`- ([A-Z][A-Z0-9_]+-\d+) \[([^,\]]+), [^,\]]+, ([^,\]]+), updated`)
	ticketAlone  = regexp.MustCompile(`(?m)^([A-Z][A-Z0-9_]+-\d+): .*\n(?:\S+\n)?Status: ([^;\n]+); priority: [^;\n]+; assignee: ([^\n]+)`)
)

func (x *Index) ticketsIn(text string) {
	for _, re := range []*regexp.Regexp{ticketInList, ticketAlone} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			who := strings.TrimSpace(m[3])
			if who == "unassigned" {
				who = ""
			}
			x.tickets[m[1]] = incident.Ticket{Key: m[1], Status: strings.TrimSpace(m[2]), Assignee: who}
		}
	}
}

// number names an incident in all the ways a text may.
func number(i incident.Incident) string {
	s := i.ID
	if i.Number > 0 {
		s += " #" + itoa(i.Number)
	}
	return s
}
