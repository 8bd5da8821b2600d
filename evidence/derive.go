package evidence

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/incident"
)

// recurrenceWindow is how far back the same problem counts as "again".
const recurrenceWindow = 180 * 24 * time.Hour

// changeWindow is how long before the first alert a change is worth naming.
const changeWindow = 2 * time.Hour

// Recurrence is how often the same problem came before, as counted by code.
type Recurrence struct {
	Times  int           // this incident included: 3 is the third time
	Days   int           // since the first of them, rounded up
	Median time.Duration // time to resolve of the earlier ones; 0 when unknown
	Last   incident.Past // the most recent earlier one
	Remedy string        // what ended most of them by their notes, "a restart"; empty when the notes do not agree
}

// Recurs counts the earlier incidents in f that are the same problem. It
// reports false when there was none, or nobody could look.
func (f Facts) Recurs() (Recurrence, bool) {
	past := f.recent()
	if len(past) == 0 {
		return Recurrence{}, false
	}
	first := past[len(past)-1].Incident.CreatedAt
	days := int((f.opened().Sub(first) + 24*time.Hour - time.Second) / (24 * time.Hour))
	return Recurrence{Times: len(past) + 1, Days: days, Median: median(past), Last: past[0], Remedy: remedy(past)}, true
}

// recent are the earlier incidents within the window, the latest first.
func (f Facts) recent() []incident.Past {
	var out []incident.Past
	for _, p := range f.Past {
		at := p.Incident.CreatedAt
		if p.Incident.ID == f.Incident.ID || at.IsZero() || !at.Before(f.opened()) || f.opened().Sub(at) > recurrenceWindow {
			continue
		}
		out = append(out, p)
	}
	sort.SliceStable(out, func(a, b int) bool { return out[a].Incident.CreatedAt.After(out[b].Incident.CreatedAt) })
	return out
}

func (f Facts) opened() time.Time {
	if f.Incident.CreatedAt.IsZero() {
		return f.ReadAt
	}
	return f.Incident.CreatedAt
}

func median(past []incident.Past) time.Duration {
	var took []time.Duration
	for _, p := range past {
		if d := Took(p.Incident); d > 0 {
			took = append(took, d)
		}
	}
	if len(took) == 0 {
		return 0
	}
	sort.Slice(took, func(a, b int) bool { return took[a] < took[b] })
	return took[len(took)/2]
}

// Took is how long an incident was open, 0 when it is not known to have ended.
func Took(i incident.Incident) time.Duration {
	if i.ResolvedAt.IsZero() || i.CreatedAt.IsZero() {
		return 0
	}
	return i.ResolvedAt.Sub(i.CreatedAt)
}

// NearChanges are the changes shortly before the first alert, the latest first,
// with their lead.
func (f Facts) NearChanges() []incident.Change {
	first := f.FirstAlert()
	var out []incident.Change
	for _, c := range f.Changes {
		if lead := first.Sub(c.At); !c.At.IsZero() && lead >= 0 && lead <= changeWindow {
			out = append(out, c)
		}
	}
	sort.SliceStable(out, func(a, b int) bool { return out[a].At.After(out[b].At) })
	return out
}

// FirstAlert is when the first alert fired, or when the incident was opened.
func (f Facts) FirstAlert() time.Time {
	first := f.opened()
	for _, a := range f.Alerts {
		if !a.CreatedAt.IsZero() && a.CreatedAt.Before(first) {
			first = a.CreatedAt
		}
	}
	return first
}

// Recovered reports whether every alert has ended although the incident is open.
func (f Facts) Recovered() bool {
	if len(f.Alerts) == 0 || !f.AlertsCut.Complete() || f.Incident.Status == incident.Resolved {
		return false
	}
	for _, a := range f.Alerts {
		if a.Status != incident.Resolved {
			return false
		}
	}
	return true
}

// derived is what code computes from the facts, one sentence each.
func derived(f Facts) []string {
	var out []string
	if !f.Incident.CreatedAt.IsZero() {
		out = append(out, fmt.Sprintf("The incident was opened %s ago.", Span(f.ReadAt.Sub(f.Incident.CreatedAt))))
	}
	if !f.Incident.ResolvedAt.IsZero() {
		out = append(out, fmt.Sprintf("The incident was resolved %s ago, after %s.", Span(f.ReadAt.Sub(f.Incident.ResolvedAt)), Span(Took(f.Incident))))
	}
	if r, ok := f.Recurs(); ok {
		out = append(out, fmt.Sprintf("This is the %s time in %d days.", Ordinal(r.Times), r.Days))
		if r.Median > 0 {
			out = append(out, "Earlier ones were resolved in "+r.Usually("(median)")+".")
		}
	}
	for _, o := range f.SameTitle() {
		out = append(out, fmt.Sprintf("Incident #%d on %s has the same title.", o.Incident.Number, o.Incident.Service.Name))
	}
	for _, c := range f.NearChanges() {
		out = append(out, fmt.Sprintf("Change %q happened %s before the first alert.", c.Summary, Span(f.FirstAlert().Sub(c.At))))
	}
	if f.Recovered() {
		out = append(out, "Every alert has recovered while the incident is still open.")
	}
	return out
}

// Usually says how the earlier ones ended: "12 min (median) by a restart (from their
// notes)".
func (r Recurrence) Usually(median string) string {
	text := strings.TrimSpace(Span(r.Median) + " " + median)
	switch {
	case r.Remedy == "":
		return text
	case r.Times == 2:
		return text + " by " + r.Remedy + " (from its note)"
	default:
		return text + " by " + r.Remedy + " (from their notes)"
	}
}

// SameTitle are the incidents on other services that have this one's title.
func (f Facts) SameTitle() []incident.Past {
	var out []incident.Past
	for _, o := range append(append([]incident.Past{}, f.Related...), f.Past...) {
		service := o.Incident.Service
		if service.Name != "" && service.Name != f.Incident.Service.Name && titleOf(o.Incident) == titleOf(f.Incident) {
			out = append(out, o)
		}
	}
	return out
}

// titleOf is a title without the name of its service, which is all that differs
// where one alert is set up for many.
func titleOf(i incident.Incident) string {
	title := strings.ToLower(i.Title)
	if i.Service.Name != "" {
		title = strings.ReplaceAll(title, strings.ToLower(i.Service.Name), "")
	}
	return strings.Trim(strings.Join(strings.Fields(title), " "), " :-")
}

// Span writes a duration as people say it: "2 min", "1 h 5 min", "3 days".
func Span(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		d = d.Round(time.Minute)
		if m := int(d.Minutes()) % 60; m != 0 {
			return fmt.Sprintf("%d h %d min", int(d.Hours()), m)
		}
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}

// Ordinal writes 3 as "3rd".
func Ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
