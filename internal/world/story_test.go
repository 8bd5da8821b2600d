package world

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tools are the names that the product offers, with the argument each needs.
var tools = map[string]string{
	"mcp__pagerduty__get_incident": "incident_id", "mcp__pagerduty__list_alerts_from_incident": "incident_id",
	"mcp__pagerduty__list_incident_notes": "incident_id", "mcp__pagerduty__list_log_entries": "incident_id",
	"mcp__pagerduty__get_past_incidents": "incident_id", "mcp__pagerduty__get_related_incidents": "incident_id",
	"mcp__pagerduty__list_incident_change_events": "incident_id", "mcp__pagerduty__list_services": "", "mcp__pagerduty__get_service": "service_id",
	"mcp__pagerduty__list_oncalls": "", "mcp__pagerduty__get_escalation_policy": "policy_id", "mcp__pagerduty__get_user_data": "",
	"mcp__atlassian__jira_search": "jql", "mcp__atlassian__jira_get_issue": "issue_key",
	"mcp__atlassian__confluence_search": "query", "mcp__atlassian__confluence_get_page": "page_id",
	"mcp__slack__slack_list_channels": "", "mcp__slack__slack_get_channel_history": "channel_id",
	"mcp__slack__slack_get_thread_replies": "channel_id", "mcp__slack__slack_get_users": "",
}

func TestTheCompanyHasTheScenariosOfTheDemo(t *testing.T) {
	var names []string
	for _, s := range load(t).Scenarios() {
		names = append(names, s.Name)
		if len(s.Summary) < 20 || len(s.Summary) > 160 || strings.Contains(s.Summary, "\n") {
			t.Errorf("%s: the summary is %q", s.Name, s.Summary)
		}
	}
	for _, want := range []string{"recurring-502", "tls-expiry", "jira-down", "bad-deploy", "recovered", "no-runbook", "hostile-text", "already-over"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// eachScenario runs a check on every scenario, started alone.
func eachScenario(t *testing.T, check func(t *testing.T, w *World, s scenario)) {
	for _, sc := range load(t).Scenarios() {
		t.Run(sc.Name, func(t *testing.T) {
			w := start(t, sc.Name)
			check(t, w, w.h.Scenarios[0])
		})
	}
}

func TestTheModelCallsToolsThatThereAreWithThingsThatThereAre(t *testing.T) {
	eachScenario(t, func(t *testing.T, w *World, s scenario) {
		for i, turn := range s.Model {
			if len(turn.Calls) > 0 && turn.Says == "" {
				t.Errorf("turn %d says nothing", i)
			}
			for _, c := range turn.Calls {
				need, ok := tools[c.Tool]
				if !ok {
					t.Errorf("turn %d: %s is no tool of the product", i, c.Tool)
				}
				if need != "" && c.With[need] == nil {
					t.Errorf("turn %d: %s wants %s", i, c.Tool, need)
				}
				for name, v := range c.With {
					if why := w.unknown(name, fmt.Sprint(v)); why != "" {
						t.Errorf("turn %d: %s: %s", i, c.Tool, why)
					}
				}
			}
		}
	})
}

// unknown says what is wrong with an argument of a tool.
func (w *World) unknown(name, v string) string {
	a := &atlassian{w: w}
	ok := true
	switch name {
	case "incident_id":
		_, ok = w.incident(v)
	case "issue_key":
		_, ok = a.ticket(v)
	case "page_id":
		_, ok = a.pageByID(v)
	case "channel_id":
		_, ok = w.slack.find(v)
	case "service_id":
		ok = slices.ContainsFunc(w.h.Services, func(s service) bool { return serviceID(s.Name) == v })
	case "jql":
		if _, err := a.jql(v); err != nil {
			return err.Error()
		}
	case "thread_ts":
		ok = false
		for _, ch := range w.h.Channels {
			for _, m := range ch.Messages {
				ok = ok || m.ts(w.now) == v && len(m.Replies) > 0
			}
		}
	case "query":
	default:
		return "an argument " + name + " that no tool takes"
	}
	if !ok {
		return fmt.Sprintf("there is no %s %s", name, v)
	}
	return ""
}

var (
	incidentRef = regexp.MustCompile(`\bQ[A-Z0-9]{13}\b`)
	numberRef   = regexp.MustCompile(`#(\d{4})\b`)
	ticketRef   = regexp.MustCompile(`\b(?:FER|PLAT|[A-Z]{2,5})-\d+\b`)
	linkRef     = regexp.MustCompile(`\]\((http[^)\s]*)\)`)
	codeRef     = regexp.MustCompile("`([^`]+)`")
	figureRef   = regexp.MustCompile(`\d+(?:\.\d+)*`)
)

func TestABriefNamesOnlyWhatExists(t *testing.T) {
	eachScenario(t, func(t *testing.T, w *World, s scenario) {
		text := s.Model[len(s.Model)-1].Brief
		for _, id := range incidentRef.FindAllString(text, -1) {
			if _, ok := w.incident(id); !ok {
				t.Errorf("there is no incident %s", id)
			}
		}
		for _, m := range numberRef.FindAllStringSubmatch(text, -1) {
			if _, ok := w.incident(m[1]); !ok {
				t.Errorf("there is no incident #%s", m[1])
			}
		}
		for _, key := range ticketRef.FindAllString(text, -1) {
			if _, ok := (&atlassian{w: w}).ticket(key); !ok {
				t.Errorf("there is no ticket %s", key)
			}
		}
		for _, m := range linkRef.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[1], w.PagerDutyURL()+"/incidents/Q") && !strings.HasPrefix(m[1], w.JiraURL()+"/browse/") &&
				!strings.HasPrefix(m[1], w.ConfluenceURL()+"/spaces/") {
				t.Errorf("a link leads to %s", m[1])
			}
		}
		if !strings.Contains(text, w.IncidentID("")) {
			t.Error("its own incident is not named")
		}
	})
}

func TestABriefHasTheSeedsForm(t *testing.T) {
	sections := []string{"# ", "> **", "## What Do I Do Right Now?\n1. ", "## What's Happening?\n- ", "## Has This Happened Before?\n- ", "## Open Tickets\n", "## Follow-Up\n- "}
	eachScenario(t, func(t *testing.T, _ *World, s scenario) {
		text := s.Model[len(s.Model)-1].Brief
		from := 0
		for _, want := range sections {
			i := strings.Index(text[from:], want)
			if i < 0 {
				t.Fatalf("%q is missing, or out of order", want)
			}
			from += i + len(want)
		}
		if down := len(s.Down) > 0; down != strings.Contains(text, "## What we could not check") {
			t.Error("what could not be checked stands in the brief exactly when an API is down")
		}
	})
}

// told is everything that the stand-ins of a world tell, as text.
func (w *World) told(t *testing.T) string {
	t.Helper()
	h := *w.h
	h.Scenarios = nil
	raw, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		default:
			fmt.Fprintln(&b, v)
		}
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	walk(v)
	return b.String()
}

func TestTheCommandsOfABriefStandInTheEvidenceLetterByLetter(t *testing.T) {
	eachScenario(t, func(t *testing.T, w *World, s scenario) {
		told := w.told(t)
		for _, m := range codeRef.FindAllStringSubmatch(s.Model[len(s.Model)-1].Brief, -1) {
			command := strings.NewReplacer("fare-engine", "<service>", "v2.30.3", "<version>").Replace(m[1])
			if !strings.Contains(told, m[1]) && !strings.Contains(told, command) {
				t.Errorf("nobody wrote %s", m[1])
			}
		}
	})
}

// computed are figures that a brief may say although nobody wrote them, since
// they are counted or taken from times.
var computed = map[string][]string{
	"recurring-502": {"4", "2", "3"}, "tls-expiry": {"60"}, "jira-down": {"503"}, "bad-deploy": {"6"}, "recovered": {"7"},
	"already-over": {"9"}, "hostile-text": {"1", "4"},
}

func TestTheFiguresOfABriefStandInTheEvidence(t *testing.T) {
	eachScenario(t, func(t *testing.T, w *World, s scenario) {
		told := w.told(t)
		_, text, _ := strings.Cut(s.Model[len(s.Model)-1].Brief, "## What Do I Do")
		text = linkRef.ReplaceAllString(text, "]")
		text = regexp.MustCompile(`(?m)^\d\. `).ReplaceAllString(text, "")
		text = regexp.MustCompile(`\*\*[A-Z][a-z]{2} \d+\*\*|(since|on|,) [A-Z][a-z]{2} \d+|#\d{4}`).ReplaceAllString(text, "")
		for _, f := range figureRef.FindAllString(text, -1) {
			if !strings.Contains(told, f) && !slices.Contains(computed[s.Slug], f) {
				t.Errorf("nobody wrote %s", f)
			}
		}
	})
}

func TestTheHostileTextIsHostile(t *testing.T) {
	w := start(t, "hostile-text")
	told := w.told(t)
	for _, want := range []string{"<!channel>", "\a", "\x1b[31m", "\u202e", "\x00", "<|endoftext|>", "</tool_result>", "sudo bash", "<!here>", "AKIA"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if body := string(w.Webhook("")); !strings.Contains(body, `<!channel> \u0007\u001b[31mURGENT`) {
		t.Errorf("the title came as %s", body)
	}
}

func TestTimesFollowTheStart(t *testing.T) {
	w := start(t, "recurring-502")
	text := w.h.Scenarios[0].Model[2].Brief
	for _, want := range []string{"**Mar 8**", "**Feb 23**", "**Feb 9**", "deployed on Mar 12", "2 minutes ago", "the 4th time since Feb 9"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	later := startWith(t, load(t), Options{Scenario: "recurring-502", Now: day.AddDate(0, 0, 1)})
	if text := later.h.Scenarios[0].Model[2].Brief; !strings.Contains(text, "**Mar 9**") {
		t.Errorf("a day later:\n%s", text)
	}
}
