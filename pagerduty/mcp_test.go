package pagerduty

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// session is a client of our own MCP server, in memory.
func session(t *testing.T, routes map[string]func(url.Values) answer) (*mcp.ClientSession, *fakeAPI) {
	t.Helper()
	c, f := client(t, routes)
	here, there := mcp.NewInMemoryTransports()
	server, err := NewServer(c).Connect(t.Context(), there, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), here, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Close()
		_ = server.Wait()
	})
	return s, f
}

// said calls a tool and returns its text and whether it is an error.
func said(t *testing.T, s *mcp.ClientSession, name string, args any) (string, bool) {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(r.Content) != 1 || r.StructuredContent != nil {
		t.Errorf("%s: %d contents, structured %v", name, len(r.Content), r.StructuredContent)
	}
	text := r.Content[0].(*mcp.TextContent).Text
	if len(text) > maxText+600 {
		t.Errorf("%s: %d bytes", name, len(text))
	}
	return text, r.IsError
}

func TestServerOffersTheTwelveReadsInFewTokens(t *testing.T) {
	s, _ := session(t, nil)
	list, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	required := map[string][]string{
		"get_incident": {"incident_id"}, "list_alerts_from_incident": {"incident_id"}, "list_incident_notes": {"incident_id"},
		"list_log_entries": {"incident_id"}, "get_past_incidents": {"incident_id"}, "get_related_incidents": {"incident_id"},
		"list_incident_change_events": {"incident_id"}, "list_services": nil, "get_service": {"service_id"}, "list_oncalls": nil,
		"get_escalation_policy": {"policy_id"}, "get_user_data": nil,
	}
	if len(list.Tools) != len(required) {
		t.Errorf("%d tools", len(list.Tools))
	}
	size := 0
	for _, tool := range list.Tools {
		var schema struct {
			Type     string         `json:"type"`
			Required []string       `json:"required"`
			Props    map[string]any `json:"properties"`
		}
		if err := json.Unmarshal(jsonOf(tool.InputSchema), &schema); err != nil {
			t.Fatal(err)
		}
		want, known := required[tool.Name]
		if !known || !slices.Equal(schema.Required, want) || schema.Type != "object" {
			t.Errorf("%s requires %v, want %v", tool.Name, schema.Required, want)
		}
		if tool.Annotations == nil || !tool.Annotations.ReadOnlyHint || tool.OutputSchema != nil || tool.Description == "" {
			t.Errorf("%s: %+v", tool.Name, tool)
		}
		size += len(tool.Name) + len(tool.Description) + len(jsonOf(tool.InputSchema))
	}
	if size > 3500 { // well under 1,200 tokens, of which the set may have 2,200
		t.Errorf("the tools are %d bytes", size)
	}
}

func TestToolsAnswerWithTextAboutTheIncident(t *testing.T) {
	at := created.Format("2006-01-02T15:04:05Z")
	service := ref("PCHECK1", "service", "checkout")
	service["status"], service["description"] = "critical", "Takes money"
	policy := ref("PPOL001", "escalation_policy", "Shop on-call")
	policy["escalation_rules"] = []any{obj{"escalation_delay_in_minutes": 15, "targets": []any{ref("PANNA01", "user", "Anna Berg")}}}
	s, _ := session(t, map[string]func(url.Values) answer{
		incidentPath:                      ok(obj{"incident": restIncident(id, "Checkout answers 502", "triggered", created)}),
		fieldsPath:                        ok(obj{"custom_fields": []any{obj{"id": "PF1", "name": "env", "value": "production"}}}),
		alertsPath:                        paged("alerts", []any{restAlert(1, "502 rate", obj{"pod": "web-7"})}),
		notesPath:                         ok(obj{"notes": []any{note("Ben", "restarted\nthe pod", created)}}),
		logPath:                           paged("log_entries", []any{logOf(1, "trigger_log_entry", "Triggered through the API.", created, nil)}),
		pastPath:                          ok(obj{"past_incidents": []any{similarOne("QPAST1", "Checkout answers 502", created.Add(-days), 91)}}),
		"/incidents/QPAST1":               ok(obj{"incident": restIncident("QPAST1", "Checkout answers 502", "resolved", created.Add(-days))}),
		"/incidents/QPAST1/notes":         ok(obj{"notes": []any{note("Ben", "rolled back v2.13", created.Add(-days))}}),
		relatedPath:                       ok(obj{"related_incidents": []any{obj{"incident": restIncident("QREL1", "Cart slow", "triggered", created)}}}),
		changesPath:                       ok(obj{"change_events": []any{change("C1", "Deploy v2.14.0", created)}}),
		"/services/PCHECK1/change_events": ok(obj{"change_events": []any{}}),
		"/services":                       paged("services", []any{service}), "/services/PCHECK1": ok(obj{"service": service}),
		"/escalation_policies/PPOL001": ok(obj{"escalation_policy": policy}),
		"/oncalls":                     ok(obj{"oncalls": []any{obj{"user": ref("PANNA01", "user", "Anna Berg"), "escalation_level": 1, "end": at, "escalation_policy": ref("PPOL001", "escalation_policy", "Shop on-call")}}}),
		"/users/me":                    ok(obj{"user": ref("PANNA01", "user", "Anna Berg")}),
	})
	inc := obj{"incident_id": id}
	for name, c := range map[string]struct {
		args any
		want []string
	}{
		"get_incident":                {inc, []string{id, "#812", "status triggered", "service checkout (PCHECK1)", "Anna Berg", "env: production", "2026-05-04 09:30 UTC"}},
		"list_alerts_from_incident":   {inc, []string{"1 alert", "QALERT001 502 rate", "pod: web-7"}},
		"list_incident_notes":         {inc, []string{"1 note", "Ben: restarted\n  the pod"}},
		"list_log_entries":            {inc, []string{"UTC Triggered through the API.", "Anna Berg"}},
		"get_past_incidents":          {inc, []string{"QPAST1", "resolved 2026-05-03 09:42 UTC, after 12 min", "rolled back v2.13"}},
		"get_related_incidents":       {inc, []string{"QREL1", "Cart slow", "triggered"}},
		"list_incident_change_events": {inc, []string{"Deploy v2.14.0", "source github", "https://ci.example/1", "version: v2.14.0"}},
		"list_services":               {obj{"query": "check"}, []string{"checkout (PCHECK1): critical", "Takes money"}},
		"get_service":                 {obj{"service_id": "PCHECK1"}, []string{"service checkout (PCHECK1)", "status critical"}},
		"list_oncalls":                {obj{"escalation_policy_ids": []string{"PPOL001"}}, []string{"level 1: Anna Berg (PANNA01)", "until 2026-05-04 09:30 UTC"}},
		"get_escalation_policy":       {obj{"policy_id": "PPOL001"}, []string{"level 1: Anna Berg (PANNA01); the next level after 15 min"}},
		"get_user_data":               {nil, []string{"Anna Berg (PANNA01)"}},
	} {
		text, failed := said(t, s, name, c.args)
		for _, want := range c.want {
			if failed || !strings.Contains(text, want) {
				t.Errorf("%s does not say %q (error: %v):\n%s", name, want, failed, text)
			}
		}
	}
}

// A list that is cut says so, and how to ask for the rest; asked so, it answers.
func TestWhatAListLeavesOutIsReachedByItsWords(t *testing.T) {
	var notes, log, past, changes []any
	for n := range 60 {
		at := created.Add(-time.Duration(n) * time.Minute)
		what := fmt.Sprintf("round %d ", n) + strings.Repeat("nothing to see ", 30)
		if n == 25 {
			what = "the Broker was full"
		}
		notes = append(notes, note("Ben", what, at))
		log = append(log, logOf(n, "annotate_log_entry", what, at, nil))
		changes = append(changes, change(fmt.Sprintf("C%d", n), what, at))
		if n < 50 {
			past = append(past, similarOne(fmt.Sprintf("QPAST%d", n), what, at, 50))
		}
	}
	handlers := map[string]func(url.Values) answer{
		incidentPath: ok(obj{"incident": restIncident(id, "Checkout answers 502", "triggered", created)}),
		fieldsPath:   ok(obj{"custom_fields": []any{}}),
		notesPath:    ok(obj{"notes": notes}), logPath: paged("log_entries", log), pastPath: ok(obj{"past_incidents": past}),
		changesPath: ok(obj{"change_events": changes}), "/services/PCHECK1/change_events": ok(obj{"change_events": []any{}}),
	}
	for n := range 5 { // of these more is asked
		handlers[fmt.Sprintf("/incidents/QPAST%d", n)] = refuse(404)
		handlers[fmt.Sprintf("/incidents/QPAST%d/notes", n)] = refuse(404)
	}
	s, _ := session(t, handlers)
	for _, name := range []string{"list_incident_notes", "list_log_entries", "get_past_incidents", "list_incident_change_events"} {
		text, failed := said(t, s, name, obj{"incident_id": id})
		if failed || !strings.Contains(text, "for the others ask with contains=WORDS") || strings.Contains(text, "Broker") ||
			name == "list_incident_notes" && !strings.Contains(text, "older ones are not read") {
			t.Errorf("%s: error %v: %.300s", name, failed, text)
		}
		text, failed = said(t, s, name, obj{"incident_id": id, "contains": "broker FULL"})
		if failed || !strings.Contains(text, "the Broker was full") || strings.Contains(text, "round 2 ") || !strings.Contains(text, "looked through: ") {
			t.Errorf("%s with words: error %v: %.300s", name, failed, text)
		}
		text, _ = said(t, s, name, obj{"incident_id": id, "contains": "no such thing"})
		if !strings.Contains(text, "contains these words (looked through: ") || strings.Contains(text, "no such thing") {
			t.Errorf("%s with other words: %.300s", name, text)
		}
	}
}

func TestToolsTakeArgumentsAsWeakModelsWriteThem(t *testing.T) {
	s, f := session(t, map[string]func(url.Values) answer{
		"/incidents/4711": ok(obj{"incident": restIncident(id, "x", "triggered", created)}), "/incidents/4711/custom_fields/values": refuse(404),
		alertsPath: paged("alerts", []any{restAlert(1, "one", nil), restAlert(2, "two", nil)}),
		"/oncalls": ok(obj{"oncalls": []any{}}),
	})
	for _, c := range []struct {
		name string
		args any
		want string
	}{
		{"get_incident", obj{"incident_id": 4711, "query_model": obj{"include": []any{}}}, id},
		{"list_alerts_from_incident", obj{"incident_id": " " + id + " ", "limit": "1"}, "showing 1 of 2 alerts"},
		{"list_alerts_from_incident", obj{"incident_id": id, "limit": 1, "offset": 1}, "QALERT001 one"},
		{"list_alerts_from_incident", obj{"incident_id": id, "offset": 9e9, "limit": -4}, "showing 0 of 2 alerts"},
		{"list_oncalls", obj{"escalation_policy_ids": "PPOL001, PPOL002"}, "nobody is on call"},
	} {
		if text, failed := said(t, s, c.name, c.args); failed || !strings.Contains(text, c.want) {
			t.Errorf("%s %v: error %v: %s", c.name, c.args, failed, text)
		}
	}
	if q := f.called("/oncalls")[0]["escalation_policy_ids[]"]; !slices.Equal(q, []string{"PPOL001", "PPOL002"}) {
		t.Errorf("asked for %v", q)
	}
}

func TestAFailingToolSaysWhyAndIsMarkedAsAnError(t *testing.T) {
	s, _ := session(t, map[string]func(url.Values) answer{
		incidentPath: refuse(404), fieldsPath: refuse(404), notesPath: refuse(500), relatedPath: refuse(402), "/users/me": refuse(400),
		alertsPath: ok([]byte("<html>Sign in</html>")),
	})
	for _, c := range []struct {
		name string
		args any
		want string
	}{
		{"get_incident", obj{"incident_id": id}, "not there, or not visible"},
		{"get_incident", obj{}, "is not the id of an incident"},
		{"get_incident", obj{"incident_id": "the one from before"}, "is not the id of an incident"},
		{"get_incident", obj{"incident_id": []any{id}}, "is not the id of an incident"},
		{"list_incident_notes", obj{"incident_id": id}, "500"},
		{"get_related_incidents", obj{"incident_id": id}, "not offered by PagerDuty"},
		{"list_alerts_from_incident", obj{"incident_id": id}, "HTML"},
		{"get_user_data", nil, "belongs to the account"},
	} {
		text, failed := said(t, s, c.name, c.args)
		if !failed || !strings.Contains(text, c.want) || strings.Contains(text, testKey) || strings.Contains(text, "http://") {
			t.Errorf("%s %v: error %v: %s", c.name, c.args, failed, text)
		}
	}
}

func TestPastIncidentsToolFallsBackToTitles(t *testing.T) {
	s, f := session(t, map[string]func(url.Values) answer{
		pastPath: refuse(403), incidentPath: ok(obj{"incident": restIncident(id, "Checkout answers 502", "triggered", created)}),
		"/incidents": paged("incidents", []any{
			restIncident(id, "Checkout answers 502", "triggered", created),
			restIncident("QPAST1", "Checkout answers 502", "resolved", created.Add(-days)),
		}),
		notesPath: ok(obj{"notes": []any{}}), "/incidents/QPAST1/notes": ok(obj{"notes": []any{note("Ben", "rolled back", created)}}),
	})
	text, failed := said(t, s, "get_past_incidents", obj{"incident_id": id})
	if failed || !strings.Contains(text, "1 incident") || !strings.Contains(text, "QPAST1") || !strings.Contains(text, "found by its title") || !strings.Contains(text, "rolled back") {
		t.Errorf("error %v: %s", failed, text)
	}
	if n := len(f.called(pastPath)); n != 1 {
		t.Errorf("asked %d times for a feature that is not there", n)
	}
}

func TestAlertsToolFindsTheOneThatTells(t *testing.T) {
	var all []any
	for n := range 60 {
		details := obj{"log": fmt.Sprintf("request %d timed out", n)}
		if n == 57 {
			details = obj{"log": strings.Repeat("noise ", 100) + "x509: certificate expired"}
		}
		all = append(all, restAlert(n, "Checkout answers 502", details))
	}
	s, _ := session(t, map[string]func(url.Values) answer{alertsPath: paged("alerts", reversed(all))})
	text, failed := said(t, s, "list_alerts_from_incident", obj{"incident_id": id, "contains": "certificate EXPIRED"})
	if failed || !strings.Contains(text, "QALERT057") || !strings.Contains(text, "x509: certificate expired") || !strings.Contains(text, "60 alerts") {
		t.Errorf("error %v: %s", failed, text)
	}
	text, failed = said(t, s, "list_alerts_from_incident", obj{"incident_id": id, "contains": "disk"})
	if failed || !strings.Contains(text, "no alert contains these words") || strings.Contains(text, "disk") || !strings.Contains(text, "60 alerts") {
		t.Errorf("error %v: %s", failed, text)
	}
}

func TestToolsRedactOurKeyWhereverItStands(t *testing.T) {
	s, _ := session(t, map[string]func(url.Values) answer{notesPath: ok(obj{"notes": []any{note("Ben", "the bot uses "+testKey+" here", created)}})})
	if text, failed := said(t, s, "list_incident_notes", obj{"incident_id": id}); failed || strings.Contains(text, testKey) || !strings.Contains(text, "the bot uses") {
		t.Errorf("error %v: %s", failed, text)
	}
	if text, failed := said(t, s, "get_incident", obj{"incident_id": testKey}); !failed || strings.Contains(text, testKey) {
		t.Errorf("error %v: %s", failed, text)
	}
}
