package triage_test

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opsbuddy/opsbuddy/brief"
	"github.com/opsbuddy/opsbuddy/brief/check"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/slack"
	"github.com/opsbuddy/opsbuddy/triage"
)

// truth is one incident with what was gathered about it and an honest brief.
type truth struct {
	name   string
	text   string // the model's brief
	facts  evidence.Facts
	answer brief.Answer
	shown  map[string]bool // the lines of the honest brief in Slack

	addresses *strings.Replacer // the addresses of the files become those of this run
}

// lie is an honest brief with one false claim in it.
type lie struct {
	text string
	says []string // the false words, as a reader would see them
}

// truths are the incidents whose honest brief is lied about: those of the files,
// and those of the fictional company that the demo plays.
func truths(t *testing.T) []*truth {
	t.Helper()
	var out []*truth
	for _, file := range incidentFiles(t) {
		if a := incidentFile(t, file); slices.Contains(withTruth, a.name()) {
			out = append(out, told(t, a.name(), a.start(t, "honest")))
		}
	}
	company, err := os.ReadFile("../internal/world/company.yaml")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := world.Parse(company)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range parsed.Scenarios() {
		if one := told(t, "demo "+s.Name, startWorld(t, company, s.Name)); one.text != "" {
			out = append(out, one)
		}
	}
	return out
}

// told plays an incident through the flow and keeps what the model answered.
func told(t *testing.T, name string, w *world.World) *truth {
	t.Helper()
	out := (&play{world: w}).run(t, w.Webhook(""))
	one := &truth{name: name, text: out.review.Response, facts: out.facts.Facts, answer: triage.Answer(out.review)}
	one.addresses = strings.NewReplacer("https://pagerduty.example", w.PagerDutyURL(), "https://atlassian.example", w.JiraURL())
	one.shown = map[string]bool{}
	for _, l := range one.lines(t, one.text) {
		one.shown[l] = true
	}
	posted := plainLines(channelText(t, w.SlackStanding()))
	for n, l := range one.lines(t, one.text) { // what is composed here is what the flow posts, but for the title
		if one.text != "" && n > 0 && !slices.Contains(posted, l) {
			t.Fatalf("%s: the flow did not post %q", name, l)
		}
	}
	return one
}

// compose makes the brief of a model's text.
func (one *truth) compose(text string) brief.Brief {
	a := one.answer
	a.Text = text
	return brief.Compose(a, one.facts)
}

// lines are the lines of the Slack message that the model's text ends in.
func (one *truth) lines(t *testing.T, text string) []string {
	t.Helper()
	b := one.compose(text)
	allowed := func(url string) bool { return slices.Contains(b.Links, url) }
	var out []string
	for _, m := range slack.Render(b.Markdown, slack.Options{LinkAllowed: allowed}) {
		raw, err := json.Marshal(m.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, plainLines(blocksText(t, raw))...)
	}
	return out
}

var (
	mdMark   = regexp.MustCompile(`^\s*(?:\d+\.|-) `)
	listMark = regexp.MustCompile(`(?m)^(?:\s*(?:\d+\.|•) )`)
	styleTag = regexp.MustCompile(`</?(?:b|i|s|code|p|li|blockquote|pre|header|footer)>`)
	linkTag  = regexp.MustCompile(`<a href="([^"]*)">(.*?)</a>`)
)

// plainLines are the lines of a message as a reader sees them, with the address
// behind each link and without the numbers of a list.
func plainLines(text string) []string {
	text = styleTag.ReplaceAllString(text, "")
	text = linkTag.ReplaceAllString(text, "$2 ($1)")
	return strings.Split(html.UnescapeString(listMark.ReplaceAllString(text, "")), "\n")
}

// stands returns the line in which a lie stands in Slack as a fact: a line that
// the honest brief does not have, with the false words and without the mark.
func (one *truth) stands(t *testing.T, l lie) string {
	t.Helper()
	for _, line := range one.lines(t, l.text) {
		if one.shown[line] || strings.Contains(line, check.Mark) || strings.Contains(line, "Removed from the model's text") {
			continue
		}
		for _, words := range l.says {
			if strings.Contains(line, words) {
				return line
			}
		}
	}
	return ""
}

// TestNoKindOfLieReachesSlackUnmarked makes every kind of single lie out of every
// honest brief to which it applies, and looks for it in the final message. With
// the race detector, which has nothing to find in pure functions and makes them
// thirty times slower, two briefs are enough.
func TestNoKindOfLieReachesSlackUnmarked(t *testing.T) {
	if len(kindsOfLies) < 100 {
		t.Fatalf("%d kinds of lies, want at least 100", len(kindsOfLies))
	}
	all := truths(t)
	if raceDetector {
		all = all[:2]
	}
	var pairs, tried, caught atomic.Int32
	t.Run("kinds", func(t *testing.T) {
		for _, kind := range kindsOfLies {
			t.Run(kind.name, func(t *testing.T) {
				t.Parallel()
				applies := false
				for _, one := range all {
					lies := kind.make(one)
					if len(lies) > 0 {
						applies = true
						pairs.Add(1)
					}
					tried.Add(int32(len(lies)))
					caught.Add(int32(one.caught(t, lies)))
				}
				if !applies && !raceDetector {
					t.Error("the kind applies to no incident")
				}
			})
		}
	})
	t.Logf("%d kinds over %d incidents: of %d pairs %d apply; %d lies tried, %d caught",
		len(kindsOfLies), len(all), len(kindsOfLies)*len(all), pairs.Load(), tried.Load(), caught.Load())
}

// caught counts the lies that do not stand in Slack as facts.
func (one *truth) caught(t *testing.T, lies []lie) int {
	t.Helper()
	n := 0
	for _, l := range lies {
		if l.text == one.text || len(l.says) == 0 {
			t.Fatalf("%s: no lie in %q", one.name, l.says)
		}
		if line := one.stands(t, l); line != "" {
			t.Errorf("%s: %q stands unmarked: %s", one.name, l.says, line)
			continue
		}
		n++
	}
	return n
}

// TestHonestBriefsAreNeverMarked counts what the check does to honest briefs.
func TestHonestBriefsAreNeverMarked(t *testing.T) {
	n := 0
	for _, one := range truths(t) {
		n += strings.Count(one.text, "\n") + 1
		r := check.Brief(one.text, check.NewIndex(one.facts, one.answer.Brought))
		for what, found := range map[string][]check.Finding{"marked": r.Marked, "removed": r.Removed, "repaired": r.Repaired} {
			for _, f := range found {
				t.Errorf("%s: %s %s %s: %s", one.name, what, f.Kind, f.What, f.Line)
			}
		}
	}
	t.Logf("%d lines", n)
}

// place is a part of a brief, with the line and the section it stands in.
type place struct {
	start, end int
	text       string
	line       string
	section    string
	row        bool // in a table
}

// with puts other words in the place of some.
func (one *truth) with(p place, words string) lie {
	return lie{one.text[:p.start] + words + one.text[p.end:], []string{words}}
}

// eachLine calls f with every line of the brief and its section.
func (one *truth) eachLine(f func(start int, line, section string)) {
	at, section := 0, ""
	for line := range strings.SplitSeq(one.text, "\n") {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = title
		}
		f(at, line, section)
		at += len(line) + 1
	}
}

// places are the matches of an expression in the claims of a brief: its headings
// are none, and neither is what it proposes for later.
func (one *truth) places(re *regexp.Regexp) []place {
	var out []place
	one.eachLine(func(at int, line, section string) {
		if strings.HasPrefix(line, "#") || section == brief.FollowUp {
			return
		}
		for _, m := range re.FindAllStringSubmatchIndex(line, -1) {
			from, to := m[0], m[1]
			if len(m) > 2 && m[2] >= 0 {
				from, to = m[2], m[3]
			}
			out = append(out, place{at + from, at + to, line[from:to], line, section, strings.HasPrefix(line, "|")})
		}
	})
	return out
}

// atoms are the claims of the brief that are of one kind.
func (one *truth) atoms(kinds ...check.Kind) []place {
	var out []place
	one.eachLine(func(at int, line, section string) {
		if strings.HasPrefix(line, "#") || section == brief.FollowUp {
			return
		}
		for _, a := range check.Atoms(line) {
			if slices.Contains(kinds, a.Kind) && leading.MatchString(a.Text) && a.Start >= len(mdMark.FindString(line)) {
				out = append(out, place{at + a.Start, at + a.End, line[a.Start:a.End], line, section, strings.HasPrefix(line, "|")})
			}
		}
	})
	return out
}

// each makes one lie of each place, at most two of a brief: more of the same tell
// no more.
func (one *truth) each(places []place, make func(p place) (lie, bool)) []lie {
	var out []lie
	for _, p := range places {
		if l, ok := make(p); ok && len(out) < 2 {
			out = append(out, l)
		}
	}
	return out
}

// after adds a line to a section.
func (one *truth) after(section, line string, says ...string) []lie {
	heading := "## " + section + "\n"
	i := strings.Index(one.text, heading)
	if i < 0 {
		return nil
	}
	if len(says) == 0 {
		says = []string{strings.TrimLeft(line, "-*0123456789. ")}
	}
	i += len(heading)
	return []lie{{one.text[:i] + line + "\n" + one.text[i:], says}}
}

// header replaces the value of a field of the status line.
func (one *truth) header(field, value string) []lie {
	re := regexp.MustCompile(`\*\*` + field + `\*\*: ([^|\n]*[^|\s])`)
	for _, p := range one.places(re) {
		if !strings.EqualFold(p.text, value) {
			l := one.with(p, value)
			l.says = []string{field + ": " + value}
			return []lie{l}
		}
	}
	return nil
}

func other(value string, all ...string) string {
	for _, o := range all {
		if !strings.EqualFold(o, value) {
			return o
		}
	}
	panic(fmt.Sprintf("nothing but %q", value))
}
