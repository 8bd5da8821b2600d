package brief

import (
	"regexp"
	"strings"
)

// showSteps is how many steps of a runbook stand in a brief; the page has the rest.
const showSteps = 5

var (
	stepLine    = regexp.MustCompile(`^(?:\d+[.)]|[-*+])\s+(.*)$`)
	orderedLine = regexp.MustCompile(`^\d+[.)]\s+`)
	actHeading  = regexp.MustCompile(`(?i)^#+\s.*(step|mitigat|what to do|action|procedure|fix|recover|resolution|response|runbook|remediation|first)`)
	heading     = regexp.MustCompile(`^#+\s`)
)

// Steps finds the first steps of a runbook: the items of the first list under a
// heading that speaks of acting, else the first numbered list. Commands keep
// every character, since a page's own Markdown is passed on.
func Steps(markdown string) []string {
	lines := strings.Split(markdown, "\n")
	if s := listAfter(lines, func(l string) bool { return actHeading.MatchString(l) }, stepLine); len(s) > 0 {
		return s
	}
	return listAfter(lines, nil, orderedLine)
}

// listAfter collects list items from the first heading that begins accepts (from
// the top when nil) to the next heading.
func listAfter(lines []string, begins func(string) bool, item *regexp.Regexp) []string {
	var out []string
	in, fence := begins == nil, false
	for _, l := range lines {
		if strings.HasPrefix(strings.TrimSpace(l), "```") {
			fence = !fence
			continue
		}
		switch {
		case fence:
			if in && len(out) > 0 && strings.TrimSpace(l) != "" {
				out[len(out)-1] += " `" + strings.TrimSpace(l) + "`"
			}
		case heading.MatchString(l):
			if len(out) > 0 {
				return out
			}
			in = begins == nil || begins(l)
		case in && item.MatchString(l) && len(out) < showSteps:
			out = append(out, strings.TrimSpace(stepLine.FindStringSubmatch(l)[1]))
		}
	}
	return out
}
