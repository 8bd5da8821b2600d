package evidence

import (
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// remedies are what notes say ended an incident. A note in other words, or in
// another language, tells none: no remedy is better than a wrong one.
var remedies = []struct {
	name string
	said *regexp.Regexp
}{
	{"a restart", regexp.MustCompile(`(?i)\b(?:restart(?:ed|ing|s)?|reboot(?:ed|ing)?|rollout restart)\b`)},
	{"a rollback", regexp.MustCompile(`(?i)\b(?:roll(?:ed|ing)?[ -]?back|rollback|revert(?:ed|ing)?)\b`)},
	{"a failover", regexp.MustCompile(`(?i)\b(?:fail(?:ed|ing)?[ -]?over|switched over)\b`)},
	{"scaling", regexp.MustCompile(`(?i)\bscal(?:ed|ing)\b`)},
}

// notDone is a clause in which a remedy was not used, or did not help.
var notDone = regexp.MustCompile(`(?i)\b(?:not|no|never|without|instead|fail\w* to|tried|will|would|should|shall|must|could|can|may|might|if|whether|plan\w*|next|todo|tomorrow|by itself|itself)\b|n['’]t\b`)

// cameOf is what stands before a remedy that is no remedy: "502s since the restart".
var cameOf = regexp.MustCompile(`(?i)\b(?:after|since|because|caus\w+|during|by)\b`)

var clauses = regexp.MustCompile(`[.;,!?\n]\s|\s(?:but|and|then)\s|$`)

// remedy is what ended at least two thirds of the incidents that have notes.
func remedy(past []incident.Past) string {
	noted, said := 0, map[string]int{}
	for _, p := range past {
		if len(p.Notes) == 0 {
			continue
		}
		noted++
		for _, r := range remedies {
			if usedIn(p.Notes, r.said) {
				said[r.name]++
			}
		}
	}
	for _, r := range remedies {
		if n := said[r.name]; n > 0 && 3*n >= 2*noted {
			return r.name
		}
	}
	return ""
}

func usedIn(notes []incident.Note, said *regexp.Regexp) bool {
	for _, n := range notes {
		last := 0
		text := strings.TrimSpace(n.Text)
		for _, at := range clauses.FindAllStringIndex(text, -1) {
			clause := text[last:at[0]]
			last = at[1]
			if in := said.FindStringIndex(clause); in != nil && !notDone.MatchString(clause) && !cameOf.MatchString(clause[:in[0]]) {
				return true
			}
		}
	}
	return false
}
