package check

import (
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/evidence"
)

// denials are ways to say that a source has nothing, by the source.
var denials = []struct {
	source string
	what   *regexp.Regexp
}{
	{evidence.Tickets, regexp.MustCompile(`(?i)^\W*(?:no|none|nothing|there (?:is|are) no)\b(?:[\w -]*\b(?:tickets?|issues?)\b| else)?[^.;:]{0,24}\b(?:tickets?|issues?|found|known|open|jira)\b|^\W*none\W*$`)},
	{evidence.Past, regexp.MustCompile(`(?i)^\W*(?:no|none|nothing|there (?:is|are) no)\b[^.;:]*\b(?:incidents?|occurrences?|history|similar|before)\b|\bnever\b[^.;:]*\bbefore\b|^\W*(?:never|none|not seen before|no)\W*$|\bfirst (?:time|occurrence)\b|^\W*none found\W*$`)},
	{evidence.Runbook, regexp.MustCompile(`(?i)\b(?:no|without an?)\s+(?:\w+\s+)?runbooks?\b(?:\s+(?:was|were|is|exists|found|for)\b|\W*$)`)},
	{evidence.Changes, regexp.MustCompile(`(?i)^\W*(?:there (?:is|are|were|was) )?no (?:\w+ )?(?:changes?|deploys?|deployments?|releases?)\b`)},
	{evidence.Alerts, regexp.MustCompile(`(?i)^\W*(?:there (?:is|are) )?no alerts?\b`)},
	{evidence.OnCall, regexp.MustCompile(`(?i)\b(?:nobody|no one) is on[ -]call\b`)},
}

// narrow is what limits a denial to a part: "No open ticket for the broker".
var narrow = regexp.MustCompile(`(?i)^\W*(?:\w+ ){0,2}(?:for|about|of|on|covers|that|which|with|names|says|besides|other)\b`)

// refusal doubts "there is nothing" about a source that nobody could read, and
// about one that has something.
func (p *pass) refusal(line string) {
	bare := strings.TrimSpace(plain(line))
	for _, d := range denials {
		said := d.what.FindString(bare)
		if said == "" || !p.speaksOf(d.source, said) {
			continue
		}
		switch s := p.x.facts.State(d.source); {
		case s == evidence.Unread && !p.looked(d.source):
			p.doubt(line, Host, d.source+" could not be read")
		case p.has(d.source) && !narrow.MatchString(bare[strings.Index(bare, said)+len(said):]):
			p.doubt(line, Host, d.source+" has some")
		}
	}
}

// speaksOf keeps a short "None" to the section that it stands in.
func (p *pass) speaksOf(source, said string) bool {
	switch said = fold(said); source {
	case evidence.Tickets:
		return strings.Contains(p.section, "ticket") || strings.Contains(p.section, "jira") || strings.Contains(said, "ticket")
	case evidence.Past:
		return p.before() || strings.Contains(said, "incident") || strings.Contains(said, "never")
	}
	return true
}

// lookers are the tools that look where a source of the facts does.
var lookers = map[string]string{
	evidence.Tickets: "jira_search", evidence.Past: "get_past_incidents", evidence.Runbook: "confluence_search", evidence.Changes: "change_events",
}

// looked tells whether a tool looked where the facts could not.
func (p *pass) looked(source string) bool {
	for _, i := range p.x.brought {
		if tool := lookers[source]; tool != "" && strings.Contains(i.Source, tool) && i.State == evidence.Found {
			return true
		}
	}
	return false
}

// has tells whether a source has what a line denies.
func (p *pass) has(source string) bool {
	f := p.x.facts
	switch source {
	case evidence.Tickets:
		for _, t := range p.x.tickets {
			if !done(t) {
				return true
			}
		}
	case evidence.Past:
		_, recurs := f.Recurs()
		return recurs
	case evidence.Runbook:
		return f.Runbook.ID != ""
	case evidence.Changes:
		return len(f.NearChanges()) > 0
	case evidence.Alerts:
		return len(f.Alerts) > 0
	case evidence.OnCall:
		return len(f.OnCall) > 0
	}
	return false
}
