package pagerduty

import (
	"fmt"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// OnCallText writes who is on call.
func OnCallText(all []incident.OnCall, cut incident.Cut) string {
	if len(all) == 0 && cut.Complete() {
		return "nobody is on call (PagerDuty was asked)"
	}
	lines := make([]string, 0, len(all))
	for _, o := range all {
		line := fmt.Sprintf("- level %d: %s, policy %s", o.Level, named(o.Person), named(o.Policy))
		if o.Schedule != (incident.Ref{}) {
			line += ", schedule " + named(o.Schedule)
		}
		if o.Until.IsZero() {
			line += ", always"
		} else {
			line += ", until " + stamp(o.Until)
		}
		lines = append(lines, line)
	}
	return fit("on-call entry", "level 1 is paged first", lines, cut)
}

// ServicesText writes a list of services.
func ServicesText(all []incident.Service, cut incident.Cut) string {
	if len(all) == 0 && cut.Complete() {
		return "no service matches (PagerDuty was asked)"
	}
	lines := make([]string, 0, len(all))
	for _, s := range all {
		line := fmt.Sprintf("- %s: %s, escalation policy %s", named(s.Ref), orUnknown(s.Status), named(s.EscalationPolicy))
		if s.Description != "" {
			line += ": " + cutRunes(strings.ReplaceAll(s.Description, "\n", " "), 120)
		}
		lines = append(lines, line)
	}
	return fit("service", "by name", lines, cut)
}

// ServiceText writes one service.
func ServiceText(s incident.Service) string {
	text := fmt.Sprintf("service %s\nstatus %s\nescalation policy %s\nteams %s", named(s.Ref), orUnknown(s.Status), named(s.EscalationPolicy), names(s.Teams))
	if s.URL != "" {
		text += "\n" + s.URL
	}
	if s.Description != "" {
		text += "\ndescription:\n" + indent(s.Description)
	}
	return clip(text)
}

// PolicyText writes an escalation policy, level by level.
func PolicyText(p Policy) string {
	var b strings.Builder
	fmt.Fprintf(&b, "escalation policy %s", named(p.Ref))
	if p.Description != "" {
		fmt.Fprintf(&b, "\n%s", p.Description)
	}
	for n, r := range p.Rules {
		fmt.Fprintf(&b, "\nlevel %d: %s; the next level after %d min", n+1, names(r.Targets), r.DelayMinutes)
	}
	fmt.Fprintf(&b, "\nstarts over %s", plural(p.Loops, "time"))
	if len(p.Services) > 0 {
		fmt.Fprintf(&b, "\nused by %s", names(p.Services))
	}
	if len(p.Teams) > 0 {
		fmt.Fprintf(&b, "\nteams %s", names(p.Teams))
	}
	if p.URL != "" {
		fmt.Fprintf(&b, "\n%s", p.URL)
	}
	return clip(b.String())
}

// UserText writes whom the key belongs to.
func UserText(u User) string {
	return fmt.Sprintf("user %s\nrole %s\ntime zone %s\njob title %s\nteams %s\n%s", named(u.Ref), orUnknown(u.Role), orUnknown(u.TimeZone),
		orNone(u.JobTitle), names(u.Teams), u.URL)
}
