package triage_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/brief/check"
)

// TestSingleClaims holds the lines of true.md and false.md of the incident files,
// and of the files in testdata/claims for the demo's incidents of their names,
// against the evidence: what is true stays as it is, in whatever words, and what is
// false is marked, repaired or gone.
func TestSingleClaims(t *testing.T) {
	kept, caught := 0, 0
	for _, one := range truths(t) {
		file := "testdata/incidents/" + one.name + ".txtar"
		if name, ok := strings.CutPrefix(one.name, "demo "); ok {
			file = "testdata/claims/" + name + ".txtar"
			if !slices.Contains(claimed, name) {
				continue
			}
		}
		a := incidentFile(t, file)
		t.Run(one.name, func(t *testing.T) {
			x := check.NewIndex(one.facts, one.answer.Brought)
			for claim, r := range a.claims(t, "true.md", x) {
				if r.Clean() {
					kept++
				} else {
					t.Errorf("is true: %s\n  now: %s", claim.line, strings.TrimPrefix(r.Markdown, claim.above))
				}
			}
			for claim, r := range a.claims(t, "false.md", x) {
				if r.Clean() {
					t.Errorf("is false and stands: %s", claim.line)
				} else {
					caught++
				}
			}
		})
	}
	t.Logf("%d true claims left alone, %d false ones caught", kept, caught)
}

// claimed are the demo's incidents with a file of claims.
var claimed = []string{"bad-deploy", "jira-down", "recurring-502", "tls-expiry"}

// claim is a line under its heading, with the lines of a table above it.
type claim struct{ above, line string }

// claims checks each line of a part of the file by itself, and returns what
// becomes of it.
func (a *archive) claims(t *testing.T, part string, x *check.Index) map[claim]check.Report {
	t.Helper()
	if a.part(part) == nil {
		t.Fatalf("%s has no %s", a.path, part)
	}
	out := map[claim]check.Report{}
	section, table := "", ""
	for line := range strings.SplitSeq(string(a.part(part)), "\n") {
		switch {
		case strings.HasPrefix(line, "## "):
			section, table = line, ""
		case strings.TrimSpace(line) == "":
		case strings.Count(table, "\n") < 2 && strings.HasPrefix(line, "|"):
			table += line + "\n"
		default:
			above := section + "\n" + table
			out[claim{above, line}] = check.Brief(above+line, x)
		}
	}
	return out
}
