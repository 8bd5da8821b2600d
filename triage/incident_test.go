package triage_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

var update = flag.Bool("update", false, "rewrite the wanted parts of the incident files")

// worldNow is when every incident file plays, so that ages and dates are fixed.
var worldNow = time.Date(2026, 3, 20, 14, 2, 0, 0, time.UTC)

// replays are the three models that an incident with truth in it is played with:
// one that says what the evidence says, one with the right ideas and wrong
// figures, names and form, and one that states false things with confidence.
var replays = []string{"honest", "sloppy", "lying"}

// withTruth are the incidents that must have all three.
var withTruth = []string{
	"recurring", "first-ever", "recovered", "two-faults", "bad-deploy", "other-deploy", "same-title", "no-runbook",
	"stale-runbook", "third-party", "flapping", "sources-down", "hostile", "non-latin", "consumer-lag", "slo-burn",
}

// An incident file is a company of one incident: prose that says what it guards,
// then company.yaml (what PagerDuty, Jira, Confluence and Slack answer, and the
// model's turns), webhook.json as PagerDuty sends it, the wanted brief.md and what
// shall stand in Slack, slack.html. An optional settings file has KEY=value lines.
//
// A file with model.honest.md, model.sloppy.md or model.lying.md is played once
// with each: company.yaml then ends where the model's last turn belongs, and that
// turn is the file. Each has its own brief.NAME.md and slack.NAME.html.
func TestIncidents(t *testing.T) {
	for _, file := range incidentFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { playFile(t, file) })
	}
}

func incidentFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/incidents/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range withTruth {
		if !slices.Contains(files, filepath.Join("testdata/incidents", name+".txtar")) {
			t.Errorf("there is no incident file %s", name)
		}
	}
	return files
}

func playFile(t *testing.T, file string) {
	a := incidentFile(t, file)
	got := map[string][]byte{}
	for _, name := range a.replays(t) {
		w := a.start(t, name)
		p := &play{world: w, settings: settings(a.part("settings"))}
		out := p.run(t, w.Webhook(""))
		standing := w.SlackStanding()
		if len(standing) == 0 {
			t.Fatal("nothing stands in Slack")
		}
		got["webhook.json"] = []byte(stable(string(indented(t, w.Webhook(""))), w))
		got[dotted("brief", name, "md")] = []byte(stable(out.brief.Markdown, w))
		got[dotted("slack", name, "html")] = []byte(stable(channelText(t, standing), w))
	}
	a.compare(t, got)
}

// archive is an incident file.
type archive struct {
	*txtar.Archive
	path string
}

func incidentFile(t *testing.T, path string) *archive {
	t.Helper()
	raw, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{raw, path}
	if len(bytes.TrimSpace(a.Comment)) == 0 {
		t.Errorf("%s does not say what it guards", path)
	}
	return a
}

// name is the incident's, without folder and ending.
func (a *archive) name() string { return strings.TrimSuffix(filepath.Base(a.path), ".txtar") }

// replays are the names of the models to play the file with; one without a name
// when company.yaml has the model's last turn itself.
func (a *archive) replays(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, name := range replays {
		if a.part(dotted("model", name, "md")) != nil {
			out = append(out, name)
		}
	}
	if slices.Contains(withTruth, a.name()) && len(out) != len(replays) {
		t.Errorf("%s has the models %v, want %v", a.path, out, replays)
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// start brings the file's company up, with the model of a replay.
func (a *archive) start(t *testing.T, replay string) *world.World {
	t.Helper()
	source := a.part("company.yaml")
	if replay != "" {
		source = append(slices.Clone(source), lastTurn(a.part(dotted("model", replay, "md")))...)
	}
	return startWorld(t, source, "")
}

// startWorld brings a company up with one of its incidents, the first one when
// no name is given.
func startWorld(t *testing.T, source []byte, scenario string) *world.World {
	t.Helper()
	company, err := world.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	if scenario == "" {
		scenario = company.Scenarios()[0].Name
	}
	w, err := world.Start(company, world.Options{Scenario: scenario, Now: worldNow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// lastTurn writes a brief as company.yaml has the last turn of a model.
func lastTurn(brief []byte) []byte {
	var b bytes.Buffer
	b.WriteString("      - brief: |\n")
	for line := range strings.SplitSeq(strings.TrimSpace(string(brief)), "\n") {
		b.WriteString("          " + line + "\n")
	}
	return b.Bytes()
}

// compare holds what came against the wanted parts, or rewrites them.
func (a *archive) compare(t *testing.T, got map[string][]byte) {
	t.Helper()
	for name, text := range got {
		text = append(bytes.TrimSpace(text), '\n')
		if *update {
			a.set(name, text)
			continue
		}
		if diff := cmp.Diff(string(a.part(name)), string(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if *update {
		a.sort()
		if err := os.WriteFile(a.path, txtar.Format(a.Archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (a *archive) part(name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func (a *archive) set(name string, data []byte) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = data
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: data})
}

// sort puts the parts in the order in which a person reads them: the facts, and
// for each model what it said, what became of it, and what the channel sees.
func (a *archive) sort() {
	order := []string{"settings", "company.yaml", "webhook.json", "true.md", "false.md"}
	for _, name := range append([]string{""}, replays...) {
		order = append(order, dotted("model", name, "md"), dotted("brief", name, "md"), dotted("slack", name, "html"))
	}
	slices.SortStableFunc(a.Files, func(x, y txtar.File) int {
		return slices.Index(order, x.Name) - slices.Index(order, y.Name)
	})
}

// dotted joins the parts of a name that are there: brief.honest.md, brief.md.
func dotted(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ".")
}

func settings(raw []byte) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if k, v, ok := strings.Cut(line, "="); ok {
			out[k] = v
		}
	}
	return out
}

// stable takes out of a text what differs from run to run: ports and time stamps
// of Slack.
func stable(s string, w *world.World) string {
	for name, url := range map[string]string{
		"https://pagerduty.example": w.PagerDutyURL(), "https://atlassian.example": w.JiraURL(),
		"https://slack.example": strings.TrimSuffix(w.SlackAPIURL(), "/api/"),
	} {
		s = strings.ReplaceAll(s, url, name)
	}
	return s
}

func indented(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", " "); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
