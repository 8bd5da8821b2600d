package pagerduty

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// AlertsText writes alerts, the newest first as they are given. Alerts whose
// summaries differ in numbers only are written as one with a count: in a storm
// of sixty the single one that tells the cause must not drown.
func AlertsText(alerts []incident.Alert, cut incident.Cut) string {
	if len(alerts) == 0 && cut.Complete() {
		return "no alerts (PagerDuty was asked)"
	}
	groups := groupAlerts(alerts)
	detail := min(max(maxText/max(len(groups), 1)-250, 0), maxDetails)
	var b strings.Builder
	b.WriteString(alertCount(alerts, cut))
	written, known := 0, map[string]bool{}
	for _, g := range groups {
		text := g.text(detail, known)
		if written > 0 && b.Len()+len(text) > maxText-120 {
			fmt.Fprintf(&b, "\n%d more alerts are left out here: ask with offset, or with contains=WORDS", len(alerts)-written)
			break
		}
		b.WriteString("\n" + text)
		written += len(g)
	}
	return clip(b.String())
}

func alertCount(alerts []incident.Alert, cut incident.Cut) string {
	open := 0
	for _, a := range alerts {
		if a.Status != incident.Resolved {
			open++
		}
	}
	of := ""
	if !cut.Complete() {
		of = " of those"
	}
	cut.Shown = len(alerts)
	return fmt.Sprintf("%s; %d%s not resolved, %d resolved", count("alert", "newest first", cut), open, of, len(alerts)-open)
}

// alertGroup is alerts that say the same, the newest first.
type alertGroup []incident.Alert

func groupAlerts(alerts []incident.Alert) []alertGroup {
	var out []alertGroup
	index := map[string]int{}
	for _, a := range alerts {
		key := cmp.Or(strings.Join(sameWords(a.Summary), " "), a.Summary) + "|" + a.Severity + "|" + a.Status
		n, ok := index[key]
		if !ok {
			n, index[key] = len(out), len(out)
			out = append(out, nil)
		}
		out[n] = append(out[n], a)
	}
	return out
}

// text writes a group by its newest alert, in the words of the facts that were
// gathered, so that an agent can tell what it was given already. known holds details that were
// written already.
func (g alertGroup) text(detail int, known map[string]bool) string {
	a := g[0]
	var b strings.Builder
	fmt.Fprintf(&b, "- %s %s, %s, %s, since %s", a.ID, orNone(a.Summary), orUnknown(a.Status), orUnknown(a.Severity), stamp(a.CreatedAt))
	if !a.ResolvedAt.IsZero() {
		fmt.Fprintf(&b, ", ended %s", stamp(a.ResolvedAt))
	}
	if more := len(g) - 1; more > 0 {
		last := g[more]
		fmt.Fprintf(&b, "\n  and %d more like it, the oldest %s since %s: %s", more, last.ID, stamp(last.CreatedAt), cutRunes(last.Summary, 120))
	}
	switch {
	case a.Details == "":
	case known[a.Details]:
		b.WriteString("\n  details as above")
	case detail > 0:
		known[a.Details] = true
		b.WriteString("\n" + indent(cutRunes(a.Details, detail)))
	}
	for _, l := range a.Links[:min(len(a.Links), 5)] {
		fmt.Fprintf(&b, "\n  %s %s", l.Text, l.URL)
	}
	return b.String()
}
