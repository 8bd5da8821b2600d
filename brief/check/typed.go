package check

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// addTyped indexes what the typed facts know beside their texts, which are
// shortened for the model: what a source said is true although it was not sent.
// It returns the words of it.
func (x *Index) addTyped() string {
	f := x.facts
	var all []string
	say := func(text string, names ...string) {
		text = plainDigits(text)
		x.add(text, scope{current: len(names) > 0}, names...)
		all = append(all, text)
	}
	service := strings.ToLower(f.Incident.Service.Name)
	say(f.Incident.Title+" "+f.Incident.ID+" "+f.Incident.Service.Name+" "+f.Incident.EscalationPolicy.Name, service)
	x.addIncidents()
	for _, a := range f.Alerts {
		say("- alert "+a.Summary+"\n  "+strings.ReplaceAll(a.Details, "\n", "\n  "), service)
		x.when("alert incident fir trigger start began since down open activ", a.CreatedAt)
		x.when("alert recover resolv ended over clear", a.ResolvedAt)
		x.span("alert recover resolv last outag clear "+stems(a.Summary), a.CreatedAt, a.ResolvedAt)
	}
	for _, c := range f.Changes {
		say("- " + c.Summary + "\n  " + strings.ReplaceAll(c.Details, "\n", "\n  "))
		x.when("deplo releas chang rol ship went out live", c.At)
		x.lead(c)
	}
	for _, t := range f.Tickets {
		say("- " + t.Key + " " + t.Summary + "\n  " + strings.ReplaceAll(t.Description, "\n", "\n  "))
	}
	for _, c := range f.Incident.CustomFields {
		say("- "+c.Name+"\n  "+c.Name+": "+c.Value, service)
	}
	x.addGroups()
	x.addCounts()
	for _, l := range f.Links() {
		x.put(Link, addressKey(l))
	}
	return strings.Join(all, "\n")
}

// addIncidents indexes the incident and those before and beside it.
func (x *Index) addIncidents() {
	f := x.facts
	x.past = append(append([]incident.Past{}, f.Past...), f.Related...)
	ordinal := ""
	if r, ok := f.Recurs(); ok { // its days are rounded up
		ordinal = evidence.Ordinal(r.Times)
		x.span("tim number day first last sinc recur "+ordinal, f.Incident.CreatedAt.AddDate(0, 0, -r.Days), f.Incident.CreatedAt)
	}
	for _, p := range x.past {
		x.when("incident creat open trigger start began", p.Incident.CreatedAt)
		x.when("incident resolv ended over", p.Incident.ResolvedAt)
		x.put(Link, addressKey(p.Incident.URL))
		x.put(Incident, p.Incident.ID)
		x.put(Incident, fmt.Sprintf("#%d", p.Incident.Number))
		x.add("- "+p.Incident.Title, scope{past: true}, strings.ToLower(p.Incident.Service.Name))
		x.span("resolv recover last outag incident all happen earlier on one past previou tim each took", p.Incident.CreatedAt, p.Incident.ResolvedAt).owned(p)
		x.span("tim number day first last sinc recur "+ordinal, p.Incident.CreatedAt, f.Incident.CreatedAt)
	}
	x.when("incident creat open trigger start began alert pag", f.Incident.CreatedAt)
	x.when("incident resolv ended over recover", f.Incident.ResolvedAt)
	x.when("incident updat acknowledg", f.Incident.UpdatedAt)
	for _, r := range f.Related {
		x.spanBetween("later after earlier before apart between open creat same titl", f.Incident, r.Incident)
	}
	x.put(Incident, f.Incident.ID)
	x.put(Incident, fmt.Sprintf("#%d", f.Incident.Number))
	x.put(Link, addressKey(f.Incident.URL))
	x.span("incident open last sinc outag tim servic statu urgenc prior trigger acknowledg began start pag pass old far", f.Incident.CreatedAt, f.ReadAt)
	x.span("incident resolv last outag", f.Incident.CreatedAt, f.Incident.ResolvedAt)
}

// span indexes how long something took, exactly: a brief may say it rounded.
func (x *Index) span(what string, from, to time.Time) *record {
	if from.IsZero() || !to.After(from) {
		return nil
	}
	r := &record{stems: wordSet(what), names: set{}, scope: scope{current: !strings.Contains(what, "past")}}
	seconds := to.Sub(from).Seconds()
	x.figure(r, figure{Atom: Atom{Kind: Duration, Value: seconds, Unit: 1}, near: r.stems, ours: true})
	return r
}

// spanBetween indexes how far apart two incidents were opened, whichever was first.
func (x *Index) spanBetween(what string, a, b incident.Incident) {
	for _, r := range []*record{x.span(what, a.CreatedAt, b.CreatedAt), x.span(what, b.CreatedAt, a.CreatedAt)} {
		if r != nil {
			r.current = false // it is of both
		}
	}
}

// owned says whose a record is.
func (r *record) owned(p incident.Past) {
	if r != nil {
		r.owner = p.Incident.ID
	}
}

// lead indexes how long before the first alert a change was.
func (x *Index) lead(c incident.Change) {
	if first := x.facts.FirstAlert(); !c.At.IsZero() && first.After(c.At) {
		x.span("chang deplo releas first alert happen earlier befor "+stems(c.Summary), c.At, first)
	}
}

// stems are the stems of a text, as wordSet takes them.
func stems(text string) string {
	var out []string
	for _, w := range words(text) {
		out = append(out, w.stem)
	}
	return strings.Join(out, " ")
}

// addCounts indexes the lengths of the lists that were read whole.
func (x *Index) addCounts() {
	f := x.facts
	count := func(n int, what string) {
		r := &record{stems: wordSet(what), names: set{}, scope: scope{current: true}}
		x.figure(r, figure{Atom: Atom{Kind: Number, Key: itoa(n), Value: float64(n), Unit: 1}, near: r.stems, counts: true})
		x.figure(r, figure{Atom: Atom{Kind: Ordinal, Key: itoa(n), Value: float64(n), Unit: 1}, near: r.stems, counts: true})
	}
	count(len(f.Past), "past earlier previous incident occurrenc")
	count(len(f.Tickets), "ticket issu")
	count(x.openTickets(), "ticket issu")
	count(len(f.OnCall), "peopl person level call")
	count(len(f.Changes), "chang deplo releas")
	count(len(f.Related), "related incident")
	count(max(len(f.Alerts), f.AlertsCut.Total), "alert")
	count(x.recovered(), "alert recover resolv")
	count(len(f.Alerts)-x.recovered(), "alert fir trigger activ open")
	if r, ok := f.Recurs(); ok {
		count(r.Times, "tim occurrenc incident")
		x.put(Ordinal, itoa(r.Times))
		x.add(fmt.Sprintf("- the %s time in %d days", evidence.Ordinal(r.Times), r.Days), scope{})
	}
}

// manyAlerts is from how many on nobody tells how far apart two of them are.
const manyAlerts = 6

// addGroups indexes how many alerts are alike, and how far apart they came.
func (x *Index) addGroups() {
	groups := map[string]int{}
	for _, a := range x.facts.Alerts {
		groups[a.Summary]++
		for _, b := range x.facts.Alerts {
			if len(x.facts.Alerts) <= manyAlerts {
				x.span("alert first later second after earlier fault", b.CreatedAt, a.CreatedAt)
			}
		}
	}
	for _, at := range x.acknowledged() {
		x.span("acknowledg fir pag trigger", x.facts.Incident.CreatedAt, at)
	}
	for summary, n := range groups {
		r := &record{stems: wordSet("alert tim " + stems(summary)), names: set{}, scope: scope{current: true}}
		x.figure(r, figure{Atom: Atom{Kind: Number, Key: itoa(n), Value: float64(n), Unit: 1}, near: r.stems, counts: true})
	}
}

// acknowledged are the times at which somebody took the incident.
func (x *Index) acknowledged() []time.Time {
	var at []time.Time
	for _, l := range x.facts.Log {
		if strings.Contains(l.Type, "acknowledge") {
			at = append(at, l.At)
		}
	}
	return at
}

// recovered counts the alerts that ended.
func (x *Index) recovered() int {
	n := 0
	for _, a := range x.facts.Alerts {
		if a.Status == incident.Resolved {
			n++
		}
	}
	return n
}

func (x *Index) openTickets() int {
	n := 0
	for _, t := range x.facts.Tickets {
		if !done(t) {
			n++
		}
	}
	return n
}

// when indexes a moment of the typed facts with what it is of.
func (x *Index) when(what string, t time.Time) {
	if t.IsZero() {
		return
	}
	t = t.UTC()
	x.moments = append(x.moments, t)
	x.put(Date, t.Format("2006-01-02"))
	x.put(Date, t.Format("01-02"))
	x.put(Date, t.Format("2006-01"))
	x.put(Date, t.Format("01"))
	r := &record{stems: wordSet(what), names: set{}}
	at := Atom{Kind: Clock, Value: float64(t.Hour()*60 + t.Minute()), Unit: 1}
	x.figure(r, figure{Atom: at, near: r.stems, ours: true, day: t.Format("2006-01-02")})
}

// The two shapes in which our own tools show a ticket.
var (
	ticketInList = regexp.MustCompile(`- ([A-Z][A-Z0-9_]+-\d+) \[(?P<status>[^,\]]+), (?P<rank>[^,\]]+), (?P<who>[^,\]]+), updated [^\]]*\] (?P<summary>.*?)(?: https?://\S+)?(?:\n|$)`)
	ticketAlone  = regexp.MustCompile(`(?m)^([A-Z][A-Z0-9_]+-\d+): (?P<summary>.*)\n(?:\S+\n)?Status: (?P<status>[^;\n]+); priority: (?P<rank>[^;\n]+); assignee: (?P<who>[^\n]+)`)
)

func (x *Index) ticketsIn(text string) {
	for _, re := range []*regexp.Regexp{ticketInList, ticketAlone} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			part := func(name string) string { return strings.TrimSpace(m[re.SubexpIndex(name)]) }
			t := x.tickets[m[1]]
			t.Key, t.Status, t.Priority, t.Assignee = m[1], part("status"), part("rank"), part("who")
			if t.Assignee == "unassigned" {
				t.Assignee = ""
			}
			if t.Summary == "" {
				t.Summary = part("summary")
			}
			x.tickets[m[1]] = t
		}
	}
}

// done tells whether a ticket is at its end.
func done(t incident.Ticket) bool {
	return t.StatusCategory == "done" || !t.Resolved.IsZero() || t.StatusCategory == "" && doneWords[fold(t.Status)]
}

var doneWords = set{"done": true, "closed": true, "resolved": true, "won't do": true, "cancelled": true, "canceled": true, "fixed": true}

// changed tells whether a change of a service is in the evidence; of the paged
// one when no name is given.
func (x *Index) changed(name string) bool {
	paged := x.facts.Incident.Service
	if name == "" {
		name = paged.Name
	}
	for _, c := range x.facts.Changes {
		if len(c.Services) == 0 && strings.EqualFold(name, paged.Name) {
			return true
		}
		for _, s := range c.Services {
			if strings.EqualFold(s.Name, name) || s.ID != "" && s.ID == paged.ID && strings.EqualFold(name, paged.Name) {
				return true
			}
		}
	}
	for _, i := range x.brought {
		if strings.Contains(i.Source, "change_events") && i.State == evidence.Found && strings.Contains(fold(i.Text), "service "+fold(name)) {
			return true
		}
	}
	return false
}
