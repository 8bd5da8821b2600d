package check

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/evidence"
)

// denier knows the ways to say that a source has nothing. All of them are looked
// for in folded text, in which the paged service is called itself.
type denier struct {
	source  string
	some    string         // what the source has after all
	no      *regexp.Regexp // "no" and what the source has: no, adjectives, the noun
	none    *regexp.Regexp // the noun and then nothing: "Open tickets: none"
	phrase  *regexp.Regexp // other ways to say so
	section *regexp.Regexp // under what heading a mere "None" says so
}

const (
	never   = `(?:(?:no|without|neither) [^.;:]{1,60}? n?or|no|zero|0|without(?: an?y?)?|(?:not|n't|cannot|never) (?:have|find|found|see|seen|know of|show|list)(?: been)? (?:any|an?)|(?:is|are|was|were|has|have)n't any|there isn't an?)`
	somehow = `((?:[\w-]+ ){0,3}?)`
	itself  = "pagedservice"
	nothing = `(?:there (?:is|are|was|were) )?(?:none|nothing|nobody|no one|not any|zero|0|no|n/a)`
)

func newDenier(source, some, noun, phrase, section string) denier {
	return denier{
		source: source, some: some,
		no:      regexp.MustCompile(`\b` + never + ` ` + somehow + `(?:` + noun + `)\b`),
		none:    regexp.MustCompile(`\b(?:` + noun + `)((?: [\w-]+){0,4}) ?[:|—–-] ?` + nothing + `\b`),
		phrase:  regexp.MustCompile(phrase),
		section: regexp.MustCompile(section),
	}
}

// deniers are of every source of which a brief can say that it has nothing.
var deniers = []denier{
	newDenier(evidence.Tickets, "there are open tickets",
		`tickets?|(?:jira|open|known|existing) issues?`,
		`\bnothing (?:\w+ ){0,3}in jira\b|\bjira (?:has|had|shows?|lists?|returned|found) nothing\b|\b(?:nobody|no one) (?:has )?(?:opened|filed|raised) an? ticket\b`,
		`ticket|jira`),
	newDenier(evidence.Past, "it came before",
		`(?:past|previous|earlier|prior|similar|historical|such) (?:incidents?|cases?)|occurrences?|recurrences?|precedents?|history`,
		`\bnever\b[^.;:]*\bbefore\b|(?:\bnot|n't) (?:been )?(?:seen|happened|happen|occurred|occur|come up|appeared)(?: \w+){0,2} before\b|\b(?:this|it) is the first (?:time|occurrence)\b|\bunprecedented\b`,
		beforeTitle.String()),
	newDenier(evidence.Related, "there are related incidents",
		`related incidents?`, `\bnothing related\b`, `related`),
	newDenier(evidence.Changes, "there are changes",
		`changes|change events?|change(?: (?:of|to|was|is|has|event|before|in the (?:last|past))\b|\W*$)|deploys?|deployments?|releases?|rollouts?`,
		`\bnothing (?:\w+ ){0,3}(?:changed|deployed|released|shipped|rolled out)\b|\b(?:nobody|no one) (?:has )?(?:deployed|released|shipped|changed)(?: anything)?\b`,
		`change|deploy`),
	newDenier(evidence.Runbook, "there is a runbook",
		`runbooks?|run books?|playbooks?`, `\bnothing (?:\w+ ){0,2}in confluence\b|\bconfluence (?:has|had|returned) nothing\b`, `runbook|playbook`),
	newDenier(evidence.Alerts, "there are alerts",
		`alerts?`, `\bnothing (?:\w+ ){0,2}firing\b`, `alert`),
	newDenier(evidence.Notes, "there are notes",
		`notes?`, `\b(?:nobody|no one) (?:has )?(?:left|written|wrote|added) (?:an? |any )?notes?\b`, `^notes?\b`),
	newDenier(evidence.Messages, "there are messages",
		`messages?|chatter|discussion|talk|channel messages?`,
		`\bnothing (?:\w+ ){0,3}(?:in|on) (?:the )?(?:incidents? )?(?:channel|slack|chat|#[\w-]+)|\b(?:nobody|no one) (?:has )?(?:written|wrote|writes|said|says|posted|reported|mentioned)\b[^.;:]*(?:\b(?:channel|slack)\b|#[\w-]+)|(?:\bchannel|#[\w-]+) (?:is|was|has been|stayed) (?:quiet|silent|empty)\b`,
		`channel|slack|chatter|messages`),
	newDenier(evidence.OnCall, "somebody is on call",
		`on[ -]call(?: (?:engineers?|persons?|people|responders?))?|(?:one|engineers?|persons?|people|responders?) (?:is |are |was )?(?:currently )?on[ -]call`,
		`\bnobody (?:is |was )?(?:currently )?on[ -]call\b`,
		`on[ -]call`),
}

var (
	// shortNo is a line that says no more than that there is nothing.
	shortNo = regexp.MustCompile(`^(?:none|nothing|nobody|no one|no|never|nil|n/a|-|—|first time|not seen before)$`)
	// denying is what every denial has: a line without it is none.
	denying = regexp.MustCompile(`\b(?:no|none|nor|not|nothing|nobody|never|neither|without|cannot|zero|0|nil|n/a|first|unprecedented|quiet|silent|empty)\b|n't|^\W*$`)
	// conditional is what says that something may be so, or shall be looked for.
	conditional = regexp.MustCompile(`\b(?:if|whether|unless|until|when|once|in case|check|verify|ensure|confirm|make sure|should)\b`)
	spoken      = regexp.MustCompile(`\b(?:says?|said|writes?|wrote|according to|thinks?|reports?|reported|notes?|noted|mentions?|mentioned)\b`)
	// unable says that nobody could look.
	unable      = regexp.MustCompile(`\b(?:could|can) ?(?:not|n't) be (?:read|reached|checked|searched|loaded|fetched|queried|listed|looked)|\b(?:unavailable|unreachable|timed out|no access)\b|\b(?:not|n't) (?:read|reachable|checked|searched|available|set up|configured|answer)\b|\blooked for\b|\banswered [45]\d\d\b|\b(?:is|was) down\b`)
	clauseStops = regexp.MustCompile(`[.;:()|,—–⚠?]|\[e\d|\b(?:and|but|so|or)\b`)
	// limits is what makes a denial one of a part: "no open ticket mentions it".
	limits = regexp.MustCompile(`^(?:\w+ ){0,2}(?:for|of|on|about|in|from|by|cover\w*|mention\w*|touch\w*|track\w*|names?|explain\w*|that|which|with|was|were|is|are|has|have|found)\b`)
	// absent begins a line that says what a source has nothing of: its words need
	// not stand in the evidence.
	absent = regexp.MustCompile(`^\W*(?:no|none of the) (?:\w+ )?(?:changes?|deploys?|tickets?|incidents?|notes?|messages?|alerts?|runbooks?)\b`)
	lately = regexp.MustCompile(`\b(?:recent|recently|lately|shortly|just|before)\b`)
	// besideIt is said of what is there beside what was told.
	besideIt = regexp.MustCompile(`\b(?:else|other|more|further|new|additional)\b`)
	ofNoun   = regexp.MustCompile(`\b(?:for|of|about|on|to) (?:\w+ )?$`)
	ofIt     = regexp.MustCompile(`\b(?:` + itself + `|(?:this|the) service)\b`)
)

// neutral are words that do not make a denial one of a part.
var neutral = wordSet(itself + ` open related known existing similar past previous earlier prior recent recently recorded matching relevant linked active current currently
	jira pagerduty confluence slack channel documented associated unresolved outstanding pending change event events incident incidents alert alerts human on-call
	was were is are has have had been be there here it this that same the a an any at all so far yet now still today either right ever before after
	found known exist exists existing recorded reported listed available filed seen posted logged written place returned detected present made deployed shipped
	released happened opened open created raised left mentioned
	for about of on against to in around regarding with last past few n't
	problem issue service page error failure first team list search timeline history record records
	minute minutes hour hours day days week weeks month months h d min
	one two three four five six seven eight nine ten twelve`)

// denied is one "there is nothing" of a line.
type denied struct {
	denier
	clause string // what it is said in
	part   bool   // it is said of a part of what the source has
}

// refusal doubts "there is nothing" about a source that nobody could read, and
// about one that has something.
func (p *pass) refusal(line string) {
	p.absence = absent.MatchString(strings.ToLower(plain(line)))
	bare := fold(quoted.ReplaceAllString(plain(listMarker.ReplaceAllString(line, "")), ""))
	bare = strings.NewReplacer("’", "'", "…", "").Replace(bare)
	if s := fold(p.x.facts.Incident.Service.Name); s != "" {
		bare = strings.ReplaceAll(bare, s, itself)
	}
	if !denying.MatchString(bare) {
		return
	}
	_, past := p.pastIn(line)
	for _, d := range deniers {
		if (past || p.before()) && d.source != evidence.Past {
			continue // of that incident nobody looked
		}
		for _, said := range p.denials(d, bare) {
			p.absence = true
			s := p.x.facts.State(d.source)
			switch {
			case s != evidence.Found && s != evidence.Nothing && !p.looked(d.source):
				if !unable.MatchString(bare) {
					p.doubt(line, Host, d.source+" could not be read")
				}
			case !said.part && p.holds(said):
				p.doubt(line, Host, d.some)
			}
		}
	}
}

// denials are what a line says that a source does not have.
func (p *pass) denials(d denier, bare string) []denied {
	var out []denied
	short := strings.TrimRight(clauseStops.Split(bare+".", 2)[0], " !")
	if d.section.MatchString(p.section) && (shortNo.MatchString(short) || shortNo.MatchString(strings.TrimSuffix(short, " found"))) {
		out = append(out, denied{denier: d})
	}
	add := func(start, end int, adjectives string) {
		before, after := bare[:start], clauseStops.Split(bare[end:]+".", 2)[0]
		if at := clauseStops.FindAllStringIndex(before, -1); len(at) > 0 {
			before = before[at[len(at)-1][0]:]
		}
		if strings.HasPrefix(bare[end:], "?") || conditional.MatchString(before) || opinion.MatchString(strings.ReplaceAll(before+bare[start:end]+after, "could not", "")) || spoken.MatchString(before) && len(p.mentions(bare)) > 0 {
			return
		}
		limited := !p.plainly(after)
		if limited && !limits.MatchString(strings.TrimSpace(after)) {
			return // nobody knows what it is said of: "no alert storm"
		}
		out = append(out, denied{
			denier: d, clause: before + bare[start:end] + after,
			part: limited || !p.plainly(adjectives) || p.another(before) || besideIt.MatchString(bare[start:end]),
		})
	}
	for _, at := range d.no.FindAllStringSubmatchIndex(bare, -1) {
		add(at[0], at[1], bare[at[2]:at[3]])
	}
	for _, at := range d.none.FindAllStringSubmatchIndex(bare, -1) {
		if ofNoun.MatchString(bare[:at[0]]) {
			continue // "a runbook for this alert: none"
		}
		add(at[0], at[1], bare[at[2]:at[3]])
	}
	for _, at := range d.phrase.FindAllStringIndex(bare, -1) {
		add(at[0], at[1], "")
	}
	return out
}

// plainly tells whether words limit nothing.
func (p *pass) plainly(text string) bool {
	for w := range strings.FieldsSeq(text) {
		w = strings.Trim(w, "\"'!")
		if w != "" && !neutral[w] && !allDigits(w) && !areFiring.MatchString(w) && !areRecovered.MatchString(w) && !strings.HasPrefix(w, "#") {
			return false
		}
	}
	return true
}

// another tells whether a text names what runs and is not the paged service.
func (p *pass) another(text string) bool {
	return slices.ContainsFunc(sortedKeys(p.x.names), func(n string) bool { return says(text, n) })
}

// window is how far back a denial goes: "in the last 24 hours"; 0 when it does not
// say.
func (d denied) window() time.Duration {
	for _, a := range Atoms(d.clause) {
		if a.Kind == Duration {
			return time.Duration(a.Value * float64(time.Second))
		}
	}
	for word, w := range map[string]time.Duration{"last hour": time.Hour, "past hour": time.Hour, "last day": 24 * time.Hour, "today": 24 * time.Hour} {
		if strings.Contains(d.clause, word) {
			return w
		}
	}
	return 0
}
