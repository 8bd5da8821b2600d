package triage

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/atlassian"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
)

// Sources are the clients of the outside, nil where nobody set one up. They
// serve the facts, which are read before the model, and the built-in tools,
// which the model may ask further.
type Sources struct {
	PagerDuty *pagerduty.Client
	Atlassian *atlassian.Client
	Slack     *slack.Client
	Channel   string // where briefs go, by id or name, and talk is read
	Now       func() time.Time
}

// Tools are the built-in read-only MCP servers of the sources.
func (s Sources) Tools() []agent.Tool {
	var tools []agent.Tool
	if s.PagerDuty != nil {
		tools = append(tools, agent.BuiltinTool("pagerduty", pagerduty.NewServer(s.PagerDuty)))
	}
	if s.Atlassian != nil {
		tools = append(tools, agent.BuiltinTool("atlassian", atlassian.NewServer(s.Atlassian)))
	}
	if s.Slack != nil {
		tools = append(tools, agent.BuiltinTool("slack", slack.NewServer(s.Slack)))
	}
	return tools
}

// Readers are the sources as the facts read them.
func (s Sources) Readers() evidence.Readers {
	r := evidence.Readers{Now: s.Now}
	if p := s.PagerDuty; p != nil {
		r.Incident, r.Alerts, r.Notes = p.Incident, p.Alerts, p.Notes
		r.Past, r.Changes, r.OnCall = p.Past, p.Changes, p.OnCalls
		r.Log = func(ctx context.Context, id string) ([]incident.LogEntry, error) {
			log, _, err := p.LogEntries(ctx, id)
			return log, err
		}
		r.Related = func(ctx context.Context, id string) ([]incident.Past, error) {
			related, err := p.RelatedIncidents(ctx, id)
			if errors.Is(err, pagerduty.ErrNotInPlan) {
				err = evidence.ErrNotOffered
			}
			return related, err
		}
	}
	if a := s.Atlassian; a != nil && a.HasJira() {
		r.Tickets = func(ctx context.Context, i incident.Incident) ([]incident.Ticket, incident.Cut, error) {
			return a.TicketsAbout(ctx, i.Service.Name, strings.Fields(i.Title))
		}
	}
	if a := s.Atlassian; a != nil && a.HasConfluence() {
		r.Runbook = func(ctx context.Context, link string, i incident.Incident) (incident.Page, string, error) {
			page, match, err := a.FindRunbook(ctx, link, i.Service.Name, i.Title)
			if errors.Is(err, atlassian.ErrNothing) {
				err = evidence.ErrNothing
			}
			return page, match, err
		}
	}
	if s.Slack != nil && s.Channel != "" {
		r.Messages = s.talk
	}
	return r
}

// talkBefore is how far back the channel is read.
const talkBefore = 6 * time.Hour

// talk reads the channel's recent messages.
func (s Sources) talk(ctx context.Context, i incident.Incident) (incident.Channel, []incident.ChatMessage, error) {
	began := i.CreatedAt
	if began.IsZero() {
		began = time.Now()
	}
	return s.Slack.Talk(ctx, s.Channel, began.Add(-talkBefore))
}
