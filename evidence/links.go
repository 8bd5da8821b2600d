package evidence

import (
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

var address = regexp.MustCompile(`https?://[^\s<>"'\x60|\\]+`)

// Addresses finds the web addresses in a text, without the punctuation that
// only follows them.
func Addresses(text string) []string {
	var out []string
	for _, a := range address.FindAllString(text, -1) {
		out = append(out, trimAddress(a))
	}
	return out
}

// trimAddress takes off what belongs to the sentence and not to the address: a
// closing bracket only when none was opened inside.
func trimAddress(a string) string {
	for {
		switch last := a[len(a)-1]; {
		case strings.IndexByte(".,;:!?*_", last) >= 0:
		case last == ')' && strings.Count(a, "(") < strings.Count(a, ")"):
		case last == ']' && strings.Count(a, "[") < strings.Count(a, "]"):
		case last == '}' && strings.Count(a, "{") < strings.Count(a, "}"):
		default:
			return a
		}
		a = a[:len(a)-1]
	}
}

// Links are the addresses that stand in the evidence: no other may be clickable
// in a brief.
func (f Facts) Links() []string {
	seen := map[string]bool{}
	var out []string
	add := func(url string) {
		if url != "" && !seen[url] {
			seen[url] = true
			out = append(out, url)
		}
	}
	add(f.Incident.URL)
	add(f.Incident.Service.URL)
	for _, p := range append(append([]incident.Past{}, f.Past...), f.Related...) {
		add(p.Incident.URL)
	}
	for _, t := range f.Tickets {
		add(t.URL)
	}
	for _, a := range f.Alerts {
		add(a.URL)
	}
	for _, o := range f.OnCall {
		add(o.Person.URL)
	}
	for _, m := range f.Messages {
		add(m.URL)
	}
	for _, i := range f.Items {
		add(i.URL)
		for _, a := range Addresses(i.Text) {
			add(a)
		}
	}
	return out
}

var runbookWord = regexp.MustCompile(`(?i)run\s?book|playbook|\bsop\b|wiki|confluence`)

// RunbookLink finds the runbook that the service, the incident or an alert
// names: a custom field or a link whose name says so, else an address in the
// details that does. Empty when nobody names one.
func RunbookLink(f Facts) string {
	for _, c := range f.Incident.CustomFields {
		if a := Addresses(c.Value); runbookWord.MatchString(c.Name) && len(a) > 0 {
			return a[0]
		}
	}
	for _, a := range f.Alerts {
		if link := alertRunbook(a); link != "" {
			return link
		}
	}
	for _, a := range Addresses(f.Incident.Body) {
		if runbookWord.MatchString(a) {
			return a
		}
	}
	return ""
}

func alertRunbook(a incident.Alert) string {
	for _, l := range a.Links {
		if runbookWord.MatchString(l.Text) || runbookWord.MatchString(l.URL) {
			return l.URL
		}
	}
	for line := range strings.SplitSeq(a.Details, "\n") {
		if found := Addresses(line); runbookWord.MatchString(line) && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}
