package triage_test

import (
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/brief"
	"github.com/opsbuddy/opsbuddy/brief/check"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/evidence/evidencetest"
)

// TestTheFactsAloneAreEvidence holds the brief that needs no model against its own
// evidence, with each source in each state in turn: nothing of it is marked, and
// least of all is a source said to be empty that nobody could read.
func TestTheFactsAloneAreEvidence(t *testing.T) {
	n := 0
	all := truths(t)
	if raceDetector {
		all = all[:2]
	}
	for _, one := range all {
		if one.name == "hostile" { // the evidence has its text without the marks that keep it from being Markdown
			continue
		}
		for _, source := range []string{"", evidence.Tickets, evidence.Past, evidence.Related, evidence.Changes, evidence.Runbook, evidence.Alerts, evidence.Notes, evidence.Messages, evidence.OnCall} {
			for _, state := range []evidence.State{evidence.Unread, evidence.NotSetUp, evidence.Nothing} {
				if source == "" && state != evidence.Nothing {
					continue
				}
				f := evidencetest.Without(one.facts, source, state)
				text := brief.FactsOnly(f)
				n += strings.Count(text, "\n")
				r := check.Brief(text, check.NewIndex(f, nil))
				for what, found := range map[string][]check.Finding{"marked": r.Marked, "removed": r.Removed, "repaired": r.Repaired} {
					for _, f := range found {
						if source != "" && !strings.HasSuffix(f.What, "could not be read") && !strings.HasPrefix(f.What, "there ") {
							continue // a runbook's step to roll back stays one when the changes are gone
						}
						t.Errorf("%s, %s %s: %s %s %s: %s", one.name, source, state, what, f.Kind, f.What, f.Line)
					}
				}
			}
		}
	}
	t.Logf("%d lines", n)
}
