package triage_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/brief"
	"github.com/opsbuddy/opsbuddy/brief/check"
	"github.com/opsbuddy/opsbuddy/evidence"
)

// derivedForms are the facts that code computes, as a brief may say them.
var derivedForms = []struct{ name, form string }{
	{"how often it came", `This is the \d+(?:st|nd|rd|th) time in \d+ days\.`},
	{"how it usually ends", `Earlier ones were resolved in [\w ]+ \(median\) by a \w+ \(from their notes\)\.`},
	{"how long it is open", `The incident was opened [\w ]+ ago\.`},
	{"a change before it", `Change ".+" happened [\w ]+ before the first alert\.`},
	{"alerts that have recovered", `Every alert has recovered while the incident is still open\.`},
	{"another service", `Incident #\d+ on [\w-]+ has the same title\.`},
}

// TestWhatCodeComputesIsNumberedEvidence looks for every derived fact in the
// incidents: it has a number, a brief may say it and cite that number, and with
// another figure in it the sentence is marked.
func TestWhatCodeComputesIsNumberedEvidence(t *testing.T) {
	seen := map[string]int{}
	for _, one := range truths(t) {
		item, ok := one.facts.Item(evidence.Derived)
		if !ok || item.Number == 0 || !item.Derived || item.URL == "" {
			t.Fatalf("%s: derived facts are %+v", one.name, item)
		}
		x := check.NewIndex(one.facts, nil)
		for _, d := range derivedForms {
			said := regexp.MustCompile(d.form).FindString(item.Text)
			if said == "" {
				continue
			}
			seen[d.name]++
			line := "## " + brief.Happening + "\n- " + said + " [" + item.ID() + "]"
			if r := check.Brief(line, x); !r.Clean() {
				t.Errorf("%s: %s", one.name, r.Markdown)
			}
			wrong := figureIn.ReplaceAllStringFunc(line, func(n string) string { return manyDigits.ReplaceAllString(n, "${0}7") })
			if wrong != line && check.Brief(wrong, x).Clean() {
				t.Errorf("%s: stands: %s", one.name, wrong)
			}
		}
		if r, recurs := one.facts.Recurs(); recurs {
			want := evidence.Ordinal(r.Times) + " time in"
			cited := "[" + item.ID() + "]"
			for line := range strings.SplitSeq(brief.FactsOnly(one.facts), "\n") {
				if strings.HasPrefix(line, "- Pattern: ") && (!strings.Contains(line, want) || !strings.Contains(line, cited)) {
					t.Errorf("%s: the facts alone say %q", one.name, line)
				}
			}
		}
	}
	for _, d := range derivedForms {
		if seen[d.name] == 0 {
			t.Errorf("no incident has %s", d.name)
		}
	}
	t.Logf("seen in incidents: %v", seen)
}

// figureIn is a figure of a derived fact: the whole number of an amount, an ordinal
// or an incident.
var figureIn = regexp.MustCompile(`#\d+|\b\d+ (?:min|h|days|s)\b`)

var manyDigits = regexp.MustCompile(`\d+`)
