package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// changed is an event whose data says something else of the incident.
func changed(t *testing.T, p page, data map[string]any) page {
	t.Helper()
	var body map[string]map[string]any
	if err := json.Unmarshal(p.body, &body); err != nil {
		t.Fatal(err)
	}
	has := body["event"]["data"].(map[string]any)
	for k, v := range data {
		has[k] = v
	}
	var err error
	if p.body, err = json.Marshal(body); err != nil {
		t.Fatal(err)
	}
	return p
}

// Whatever PagerDuty tells of an incident while it is reviewed stands in the brief.
func TestEveryKindOfNewsDuringAReviewStandsInTheBrief(t *testing.T) {
	for _, c := range []struct {
		name, kind, status string
		data               map[string]any
		want               []string
	}{
		{"acknowledged", "acknowledged", "acknowledged", nil, []string{"acknowledged by Ada Moreau (", "Status: Acknowledged"}},
		{"acknowledgement over", "unacknowledged", "triggered", nil, []string{"unacknowledged by Ada Moreau ("}},
		{"note", "annotated", "", nil, []string{"note added by Ada Moreau (", "“it is the log partition”"}},
		{"priority", "priority_updated", "triggered", map[string]any{"priority": map[string]any{"id": "P1ID", "summary": "P1"}}, []string{"priority set to P1 by Ada Moreau ("}},
		{"priority taken away", "priority_updated", "triggered", map[string]any{"priority": nil}, []string{"priority set to none by Ada Moreau ("}},
		{"urgency", "reassigned", "triggered", map[string]any{"urgency": "low"}, []string{"reassigned, urgency now low by Ada Moreau (", "Urgency: Low"}},
		{"service", "service_updated", "triggered", map[string]any{"service": map[string]any{"id": "PSVCNEW", "summary": "billing"}}, []string{"moved to service billing by Ada Moreau ("}},
		{"escalated", "escalated", "triggered", nil, []string{"escalated by Ada Moreau ("}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := startTwins(t, fmt.Sprintf(twin, "a", "service-0", "high", "db-1", 91))
			w.Hang(world.Anthropic)
			s := serve(t, w, t.TempDir(), "PAGERDUTY_ALLOWED_SERVICES=service-0")
			s.accepted(t, pageOf(w, "disk-a"))
			wait(t, s, "the model's call", func() bool { return hanging(w, world.Anthropic) })
			s.told(t, changed(t, later(t, w, "disk-a", c.kind, c.status), c.data))
			w.Heal(world.Anthropic)
			brief := s.outcomeOf(t, w)
			for _, want := range append(c.want, "Since the review began: ") {
				if !strings.Contains(brief, want) {
					t.Errorf("the brief lacks %q:\n%s", want, brief)
				}
			}
		})
	}
}
