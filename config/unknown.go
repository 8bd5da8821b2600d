package config

import (
	"regexp"
	"slices"
	"strings"
)

// injected are names that Kubernetes sets in every pod next to a Service whose
// name begins with opsbuddy, and that build agents set; none is a misspelling.
var injected = regexp.MustCompile(`^(?:` +
	`OPSBUDDY(?:_[A-Z0-9]+)*_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)` +
	`|OPSBUDDY_PORT` +
	`|AGENT_(?:ID|NAME|OS|OSARCHITECTURE|VERSION|MACHINENAME|JOBNAME|JOBSTATUS|HOMEDIRECTORY|ROOTDIRECTORY|BUILDDIRECTORY|SERVEROMDIRECTORY` +
	`|WORKFOLDER|TEMPDIRECTORY|TOOLSDIRECTORY|ACCEPTTEEEULA|DISABLELOGPLUGIN_[A-Z0-9_]+|READONLYVARIABLES|RETAINDEFAULTENCODING|WORKDIR))$`)

// families are prefixes of names that other programs use as well: there only a
// close miss is worth a word.
var families = []string{"PAGERDUTY_", "JIRA_", "CONFLUENCE_", "SLACK_", "WORKER_", "ANTHROPIC_", "OTEL_"}

// unknown warns about names that look like ours and are not. It never refuses:
// who shares the environment is not ours to decide.
func (l *loader) unknown(settings []setting) {
	var known []string
	for _, s := range settings {
		known = append(known, s.name)
		if s.secret() {
			known = append(known, s.name+"_FILE")
		}
	}
	names := make([]string, 0, len(l.environ))
	for name := range l.environ {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.Contains(known, name) || injected.MatchString(name) {
			continue
		}
		near := nearest(name, known)
		ours := strings.HasPrefix(name, "OPSBUDDY_") || strings.HasPrefix(name, "AGENT_")
		if ours || inFamily(name) && distance(name, near) <= 2 {
			l.warn(name, "is no setting of Ops Buddy and is ignored; the nearest is %s", near)
		}
	}
}

func inFamily(name string) bool {
	return slices.ContainsFunc(families, func(f string) bool { return strings.HasPrefix(name, f) })
}

// nearest returns the word with the smallest distance, the first of equals.
func nearest(text string, words []string) string {
	return slices.MinFunc(words, func(a, b string) int { return distance(text, a) - distance(text, b) })
}

// distance counts the letters to insert, drop, replace or swap with their
// neighbour to make a into b (optimal string alignment).
func distance(a, b string) int {
	before, last := []int(nil), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
