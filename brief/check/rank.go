package check

import (
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// ranks are the words for a ticket's priority, Jira's own and two more.
const ranks = `highest|high|medium|low|lowest|critical|blocker`

var (
	rankAlone = regexp.MustCompile(`(?i)^(` + ranks + `)$`)
	rankSaid  = regexp.MustCompile(`(?i)\b(` + ranks + `)[ -]priority\b|\bpriority(?:\s+is|:)?\s+(` + ranks + `)\b`)
)

// wrongRank finds a priority that a text gives a ticket and that it has not: named so, or
// as a part of its own between a status and an owner.
func wrongRank(rest string, t incident.Ticket) string {
	if t.Priority == "" {
		return ""
	}
	if end := sentenceEnd.FindStringIndex(rest); end != nil {
		rest = rest[:end[0]]
	}
	for _, m := range rankSaid.FindAllStringSubmatch(rest, -1) {
		if !strings.EqualFold(m[1]+m[2], t.Priority) {
			return m[0]
		}
	}
	for _, part := range listParts.Split(plain(rest), -1) {
		if m := rankAlone.FindStringSubmatch(strings.TrimSpace(part)); m != nil && !strings.EqualFold(m[1], t.Priority) {
			return m[1]
		}
	}
	return ""
}
