package check

import (
	"regexp"
	"slices"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

var (
	incidentIs = regexp.MustCompile(`(?i)\bincident (?:is|was|has been|remains|got)\s+(?:\w+ )?(resolved|closed|acknowledged|triggered)\b`)
	alertsAre  = regexp.MustCompile(`(?i)\b(?:(?:all|both|the|each of the)\s+(?:\w+ )?alerts|(?:the|every|each)\s+alert)\s+(?:(?:have|has|are|is)\s+)?(?:\w+ )?(recovered|cleared|resolved|ended|over|firing|active|open|triggered)\b`)
	allClear   = regexp.MustCompile(`(?i)^\W*all (?:is )?(?:clear|well|good)\b`)
)

// aStatus is the status of an incident as one part of a line of its own: "P1, open for 9
// minutes, not acknowledged yet".
var aStatus = regexp.MustCompile(`^(not\s|un)?(triggered|acknowledged|acked|resolved|closed)(?:\syet)?(?:\sby\s.*)?$`)

// titleState doubts a status, and an urgency, in the line that says which incident it is about.
func (p *pass) titleState(line string) {
	is := p.x.facts.Incident.Status
	for _, part := range listParts.Split(plain(line), -1) {
		part = fold(part)
		if u := p.x.facts.Incident.Urgency; u != "" && (part == "high" || part == "low") && part != fold(u) {
			p.doubt(line, Host, "the urgency is "+u)
		}
		m := aStatus.FindStringSubmatch(part)
		if m == nil || is == "" {
			continue
		}
		said := strings.NewReplacer("closed", incident.Resolved, "acked", incident.Acknowledged).Replace(m[2])
		if (said == is) == (m[1] != "") {
			p.doubt(line, Host, "the incident is "+is)
		}
	}
}

var oneAlertIs = regexp.MustCompile(`(?i)\b(?:the|that|this)\s((?:[\p{L}\d'’-]+\s){1,5})alert\s+(?:still\s+)?(?:(?:has|is|was)\s+)?(not\s+|never\s+)?(?:\w+\s+)?(recovered|cleared|resolved|ended|over|fires|firing|active|open|triggered)\b`)

var isFiring = wordSet("fires firing active open triggered")

// oneAlert doubts the state of an alert that its words tell from the others; when they
// tell nothing, the state that all of them have.
func (p *pass) oneAlert(line string) {
	if !p.x.facts.AlertsCut.Complete() || noAlert.MatchString(line) {
		return
	}
	for _, m := range oneAlertIs.FindAllStringSubmatch(quoted.ReplaceAllString(line, ""), -1) {
		firing, over := p.x.statesOf(p.x.content(m[1], nil))
		saysFiring := isFiring[strings.ToLower(m[3])] == (m[2] == "")
		if saysFiring && firing == 0 && over > 0 || !saysFiring && over == 0 && firing > 0 {
			p.doubt(line, Host, strings.TrimSpace(m[0]))
		}
	}
}

// statesOf counts the alerts with one of these words that fire, and that are over; all of
// them when none has such a word.
func (x *Index) statesOf(named set) (firing, over int) {
	with := slices.DeleteFunc(slices.Clone(x.facts.Alerts), func(a incident.Alert) bool { return !named.meets(wordSet(stems(a.Summary))) })
	if len(with) == 0 {
		with = x.facts.Alerts
	}
	for _, a := range with {
		if a.Status == incident.Resolved {
			over++
		} else {
			firing++
		}
	}
	return firing, over
}

var quoted = regexp.MustCompile(`[“"][^“”"]*[”"]`)

// state holds what a line says of the incident's and the alerts' state against
// what it is.
func (p *pass) state(line string) {
	f := p.x.facts
	line = quoted.ReplaceAllString(line, "") // what somebody said is not said here
	if m := incidentIs.FindStringSubmatch(line); m != nil {
		said := strings.Replace(strings.ToLower(m[1]), "closed", incident.Resolved, 1)
		if _, past := p.pastIn(line); !past && said != f.Incident.Status && f.Incident.Status != "" {
			p.doubt(line, Host, "the incident is "+f.Incident.Status)
		}
	}
	if m := alertsAre.FindStringSubmatch(line); m != nil && !partOfAll.MatchString(line) && !strings.Contains(strings.ToLower(m[0]), " not ") && !noAlert.MatchString(line) && len(f.Alerts) > 0 && f.AlertsCut.Complete() {
		firing := strings.Contains("firing active open triggered", strings.ToLower(m[1]))
		if firing && p.x.recovered() > 0 || !firing && p.x.recovered() < len(f.Alerts) {
			p.doubt(line, Host, itoa(p.x.recovered())+" of "+itoa(len(f.Alerts))+" alerts have recovered")
		}
	}
	if allClear.MatchString(line) && f.Incident.Status != incident.Resolved && !f.Recovered() {
		p.doubt(line, Host, "the incident is "+f.Incident.Status)
	}
}

var (
	urgencySaid = regexp.MustCompile(`(?i)\b(high|low)[ -]urgency\b|\burgency\s(?:is|remains)\s(high|low)\b`)
	ofThis      = regexp.MustCompile(`(?i)\b(?:if|when|would|should|rule|policy|priority changes|raise|lower|for)\b`)
)

// urgency doubts an urgency that is not the incident's, in prose as in the status line.
func (p *pass) urgency(line string) {
	is := p.x.facts.Incident.Urgency
	for _, m := range urgencySaid.FindAllStringSubmatch(line, -1) {
		if is != "" && !strings.EqualFold(m[1]+m[2], is) && !ofThis.MatchString(line) && !p.x.says(fold(m[0])) {
			p.doubt(line, Host, "the urgency is "+is)
		}
	}
}

var hasRecovered = regexp.MustCompile(`(?i)\b(?:it|alert\b[^.;]{0,80}?)\s+(?:has|is)\s+(not\s+|never\s+)?(?:\w+\s+)?(?:recovered|cleared)\b`)

var noAlert = regexp.MustCompile(`(?i)\b(?:no|none|neither|nothing)\b`)

// recovery holds what a line says of the alert's end against the alerts.
func (p *pass) recovery(line string) {
	f := p.x.facts
	if noAlert.MatchString(line) {
		return
	}
	m := hasRecovered.FindStringSubmatch(quoted.ReplaceAllString(line, ""))
	if m == nil || len(f.Alerts) == 0 || !f.AlertsCut.Complete() || opinion.MatchString(line) {
		return
	}
	if n := p.x.recovered(); m[1] == "" && n == 0 || m[1] != "" && n == len(f.Alerts) {
		p.doubt(line, Host, itoa(n)+" of "+itoa(len(f.Alerts))+" alerts have recovered")
	}
}
