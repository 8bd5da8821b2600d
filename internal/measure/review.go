package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model/modeltest"
	"github.com/opsbuddy/opsbuddy/internal/world"
)

const (
	reviewRuns   = 20
	reviewRounds = 10 // processes at most
	reviewWithin = time.Minute
)

// incidentID is how the company's incidents are named.
var incidentID = regexp.MustCompile(`\bQ[A-Z2-9]{13}\b`)

// toolTurns are the calls of the scripted model, turn by turn; the turn after the
// last is the brief. They are the reads that a reviewer makes, none twice.
func toolTurns(incident string) [][]modeltest.Call {
	about := map[string]any{"incident_id": incident}
	return [][]modeltest.Call{
		{
			{Tool: "mcp__pagerduty__list_alerts_from_incident", Args: about},
			{Tool: "mcp__pagerduty__list_incident_change_events", Args: about},
			{Tool: "mcp__atlassian__confluence_search", Args: map[string]any{"query": "runbook 5xx"}},
		}, {
			{Tool: "mcp__atlassian__confluence_get_page", Args: map[string]any{"page_id": "65601"}},
			{Tool: "mcp__atlassian__jira_search", Args: map[string]any{"jql": `text ~ "memory" AND statusCategory != Done ORDER BY updated DESC`}},
			{Tool: "mcp__pagerduty__list_incident_notes", Args: about},
		}, {
			{Tool: "mcp__atlassian__jira_get_issue", Args: map[string]any{"issue_key": "FER-412"}},
			{Tool: "mcp__pagerduty__list_log_entries", Args: about},
			{Tool: "mcp__slack__slack_list_channels"},
		}, {
			{Tool: "mcp__pagerduty__get_past_incidents", Args: about},
			{Tool: "mcp__pagerduty__list_services"},
			{Tool: "mcp__slack__slack_get_users"},
		},
	}
}

const scriptedBrief = `# Reviewed

## What Do I Do Right Now?
1. Follow the runbook

## What's Happening?
- The alerts of the incident are firing

## Has This Happened Before?
- See the earlier incidents
`

// reviewer is a model that answers at once and by the conversation alone.
func reviewer(ask modeltest.Ask) modeltest.Turn {
	turns := toolTurns(incidentID.FindString(ask.First))
	if ask.Final || ask.Turn >= len(turns) {
		return modeltest.Turn{Text: scriptedBrief}
	}
	return modeltest.Turn{Text: "I read on.", Calls: turns[ask.Turn]}
}

// modelServer serves a model's vendor on loopback.
func modelServer(h http.Handler) (env []string, end func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }() // its end is Close
	return []string{"ANTHROPIC_BASE_URL=http://" + l.Addr().String()}, func() { _ = srv.Close() }, nil
}

// timing is one review, from the webhook's first byte.
type timing struct{ first, final, cpu time.Duration }

// review measures the program's own share of a review: every stand-in and the
// model answer at once.
func review(ctx context.Context, b *bench) ([]row, error) {
	company, err := world.Load()
	if err != nil {
		return nil, err
	}
	var seen []timing
	for i := 0; len(seen) < reviewRuns && i < reviewRounds; i++ {
		round, err := reviewRound(ctx, b, company, 0)
		if err != nil {
			return nil, err
		}
		seen = append(seen, round...)
		b.say("review: %d of %d", len(seen), reviewRuns)
	}
	if len(seen) < reviewRuns {
		return nil, fmt.Errorf("only %d reviews took %d turns", len(seen), len(toolTurns(""))+1)
	}
	var first, final []time.Duration
	var cpu time.Duration
	for _, t := range seen[:reviewRuns] {
		first, final, cpu = append(first, t.first), append(final, t.final), cpu+t.cpu
	}
	how := fmt.Sprintf("%d reviews one after the other over the incidents of the fictional company, the first of each process does not count; model and APIs answer at once; MCP sessions are opened in each", reviewRuns)
	return []row{
		{"webhook → first Slack post (facts)", spread(first), how},
		{"webhook → final Slack post, 4 turns × 3 tool calls + the answer", spread(final), how + "; 5 model calls and 12 tool calls each"},
		{"processor time of that review", ms(cpu / reviewRuns), "mean of the same reviews, whole process with its Temporal server; steadier than the clock on a shared machine"},
	}, nil
}

// slowAPI is what a call to PagerDuty, Jira, Confluence or Slack takes where the
// facts have to be there within two seconds.
const slowAPI = 300 * time.Millisecond

// slow measures when the facts are in the channel while every API takes its time.
func slow(ctx context.Context, b *bench) ([]row, error) {
	company, err := world.Load()
	if err != nil {
		return nil, err
	}
	b.say("slow: %s a call", slowAPI)
	seen, err := reviewRound(ctx, b, company, slowAPI)
	if err != nil {
		return nil, err
	}
	var first []time.Duration
	for _, t := range seen {
		first = append(first, t.first)
	}
	return []row{{fmt.Sprintf("webhook → first Slack post (facts), %d ms a call to each API", slowAPI.Milliseconds()), spread(first),
		fmt.Sprintf("%d reviews over the incidents of the fictional company; the post to Slack takes its %d ms too", len(seen), slowAPI.Milliseconds())}}, nil
}

// reviewRound reviews every incident of the company in one process. The first
// one warms up; those that need no model, or not all its turns, do not count.
func reviewRound(ctx context.Context, b *bench, company *world.Company, latency time.Duration, env ...string) ([]timing, error) {
	w, err := world.Start(company, world.Options{Latency: latency})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	rec := modeltest.Record(reviewer)
	model, end, err := modelServer(rec)
	if err != nil {
		return nil, err
	}
	defer end()
	c, err := b.serve(ctx, b.folder(), append(append(w.Env(), model...), env...)...)
	if err != nil {
		return nil, err
	}
	defer c.kill()
	var out []timing
	for i, s := range company.Scenarios() {
		before := rec.Requests()
		t, err := reviewOne(ctx, c, w, s.Name)
		if err != nil {
			return nil, err
		}
		if i > 0 && rec.Requests()-before == len(toolTurns(""))+1 {
			out = append(out, t)
		}
	}
	if refused := rec.Refused(); len(refused) > 0 {
		return nil, fmt.Errorf("the model's server refused a request: %s", refused[0])
	}
	return out, nil
}

// reviewOne pages and waits for the outcome. The times are those at which the
// stand-in for Slack took the messages.
func reviewOne(ctx context.Context, c *child, w *world.World, scenario string) (timing, error) {
	ctx, cancel := context.WithTimeout(ctx, reviewWithin)
	defer cancel()
	before, err := c.cpu()
	if err != nil {
		return timing{}, err
	}
	began := time.Now()
	if _, err := page(ctx, c, w, scenario); err != nil {
		return timing{}, err
	}
	var t timing
	err = c.until(ctx, 20*time.Millisecond, func() bool {
		first, final, done := posts(w, w.IncidentID(scenario))
		t = timing{first: first.At.Sub(began), final: final.At.Sub(began)}
		return done
	})
	if err != nil {
		return t, fmt.Errorf("the outcome of %s: %w", scenario, err)
	}
	after, err := c.cpu()
	t.cpu = after - before
	return t, err
}
