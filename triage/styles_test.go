package triage_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/brief/check"
)

// aboutIncident is the incident that a file of another style is about.
var aboutIncident = regexp.MustCompile(`[Aa]bout\s+the\s+incident\s+([\w -]+?)\.`)

// TestOtherStyles holds whole briefs as another prompt or another model would
// write them against the evidence: the honest one stays as it is, and each lie, one
// fact of it changed, is marked, repaired or gone.
func TestOtherStyles(t *testing.T) {
	files, err := filepath.Glob("testdata/styles/*.txtar")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	all := map[string]*truth{}
	for _, one := range truths(t) {
		all[one.name] = one
	}
	tried := 0
	for _, file := range files {
		a := incidentFile(t, file)
		about := aboutIncident.FindStringSubmatch(strings.Join(strings.Fields(string(a.Comment)), " "))
		if about == nil || all[about[1]] == nil {
			t.Fatalf("%s does not say which incident it is about", file)
		}
		t.Run(a.name(), func(t *testing.T) { tried += a.styled(t, all[about[1]]) })
	}
	t.Logf("%d briefs, %d lies tried", len(files), tried)
}

// styled checks one file, and returns how many lies it tried.
func (a *archive) styled(t *testing.T, one *truth) int {
	x := check.NewIndex(one.facts, one.answer.Brought)
	honest := string(a.part("brief.md"))
	said := func(text string) check.Report { return check.Brief(one.addresses.Replace(text), x) }
	r := said(honest)
	for _, f := range slices.Concat(r.Marked, r.Removed, r.Repaired) {
		t.Errorf("is honest: %s %s: %s", f.Kind, f.What, f.Line)
	}
	lies := strings.Split(strings.TrimSpace(string(a.part("lies"))), "\n")
	for _, l := range lies {
		was, is, ok := strings.Cut(l, " => ")
		if !ok || strings.Count(honest, was) != 1 {
			t.Errorf("%q is no single change of the brief", l)
			continue
		}
		if said(strings.Replace(honest, was, is, 1)).Clean() {
			t.Errorf("stands: %s", l)
		}
	}
	return len(lies)
}

// TestTrueSentencesStand holds single sentences of people against the evidence of their
// incidents: a mark on what is true costs the trust in all others.
func TestTrueSentencesStand(t *testing.T) {
	a, all, n := incidentFile(t, "testdata/sentences.txtar"), map[string]*check.Index{}, 0
	for _, one := range truths(t) {
		all[one.name] = check.NewIndex(one.facts, one.answer.Brought)
	}
	for _, f := range a.Files {
		if all[f.Name] == nil {
			t.Fatalf("there is no incident %s", f.Name)
		}
		for line := range strings.Lines(string(f.Data)) {
			n++
			for _, above := range []string{"", "## What's Happening?\n"} {
				if r := check.Brief(above+line, all[f.Name]); !r.Clean() {
					t.Errorf("%s: %s", f.Name, strings.TrimPrefix(r.Markdown, above))
				}
			}
		}
	}
	if n < 290 {
		t.Errorf("%d sentences", n)
	}
}
