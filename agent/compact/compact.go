// Package compact shortens a conversation without losing evidence: the older
// part becomes a summary, beside which code keeps the ids, links, numbers and
// times that a summary tends to drop. Workflow side: pure functions on values.
package compact

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

// MaxTokens bounds the model's summary.
const MaxTokens = 1500

// Bounds of what code keeps, in bytes.
const (
	maxDigest     = 12 << 10
	maxPerResult  = 700
	maxCallInLine = 160
)

// Ask is what the model is asked for.
const Ask = `Summarise the work so far for yourself, in at most 400 words: what was asked of which tool, what was found (with its evidence number E…), what was ruled out and why, and what is still open. Keep every id, ticket key, link, number, time and name exactly as it stands. Do not call a tool and do not write the final answer.`

// GoOn is what the model is told behind its summary.
const GoOn = "Go on from there."

// Split cuts a conversation into an older part and the recent messages that
// stay as they are. The recent part begins with a turn of the model, so that a
// call is never separated from its result.
func Split(history []model.Message, keep int) (old, recent []model.Message) {
	at := max(0, len(history)-max(1, keep))
	for at > 0 && at < len(history) && history[at].Role != model.Assistant {
		at--
	}
	return history[:at], history[at:]
}

// Join writes what takes the place of the older part.
func Join(words, kept string) string {
	var b strings.Builder
	b.WriteString("Earlier work, summarised:")
	if w := strings.TrimSpace(words); w != "" {
		b.WriteString("\n" + w)
	}
	b.WriteString(kept)
	return b.String()
}

// keptHeading begins the part that code keeps.
const keptHeading = "\nKept word for word:\n"

// Digest lists, for each result in old, what must survive. before is the
// summary of an earlier compaction, whose kept part is carried on.
func Digest(before string, old []model.Message) string {
	var b strings.Builder
	b.WriteString(keptHeading)
	if _, kept, ok := strings.Cut(before, keptHeading); ok {
		b.WriteString(strings.TrimRight(kept, "\n") + "\n")
	}
	calls := map[string]model.Call{}
	for _, m := range old {
		for _, c := range m.Calls {
			calls[c.ID] = c
		}
		for _, r := range m.Results {
			b.WriteString(line(calls[r.CallID], r) + "\n")
		}
	}
	return clip(b.String(), maxDigest)
}

func line(c model.Call, r model.Result) string {
	call := clip(r.Name+" "+string(c.Arguments), maxCallInLine)
	return fmt.Sprintf("- %s: %s %s", number(r.Text), call, clip(strings.Join(atoms(r.Text), " | "), maxPerResult))
}

var numbered = regexp.MustCompile(`^<<<(E\d+) `)

func number(text string) string {
	if m := numbered.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return "result"
}

// atom finds what a reader would look up again: links, ids, ticket keys, times,
// paths, numbers with a unit.
var atom = regexp.MustCompile(`https?://[^\s<>"'\x60)\]]+` +
	`|\b[PQ][A-Z0-9]{6,13}\b` +
	`|\b[A-Z][A-Z0-9_]+-\d+\b` +
	`|\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?` +
	`|\b\d+(?:\.\d+)?\s?%` +
	`|\b\d+(?:\.\d+)?\s?(?:ms|s|m|h|min|sec|hours?|minutes?|days?|GB|MB|KB|GiB|MiB|req/s|rps)\b` +
	`|(?:^|\s)/[A-Za-z0-9._/-]{3,}` +
	`|\b[a-z0-9]+(?:-[a-z0-9]+)+\b`)

func atoms(text string) []string {
	var found []string
	seen := map[string]bool{}
	for _, a := range atom.FindAllString(text, -1) {
		if a = strings.TrimSpace(a); a != "" && !seen[a] {
			seen[a] = true
			found = append(found, a)
		}
	}
	return found
}

// clip cuts at a character's border.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
