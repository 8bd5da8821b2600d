package pagerduty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// arguments of all tools. Unknown ones are ignored: prompts written for
// PagerDuty's own server send some that have no meaning here.
type arguments struct {
	IncidentID border.Loose `json:"incident_id"`
	ServiceID  border.Loose `json:"service_id"`
	PolicyID   border.Loose `json:"policy_id"`
	Policies   looseWords   `json:"escalation_policy_ids"`
	Query      border.Loose `json:"query"`
	Contains   border.Loose `json:"contains"`
	Limit      border.Loose `json:"limit"`
	Offset     border.Loose `json:"offset"`
}

// looseWords is a list of texts, or one text with commas as weak models write it.
type looseWords []string

// UnmarshalJSON accepts both forms.
func (w *looseWords) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, (*[]string)(w)) != nil && json.Unmarshal(data, &one) == nil {
		*w = strings.FieldsFunc(one, func(r rune) bool { return r == ',' || r == ' ' })
	}
	return nil
}

type tool struct {
	name, about, schema string
	run                 func(*Client, context.Context, arguments) (string, error)
}

const (
	noArguments = `{"type":"object"}`
	incidentArg = `{"type":"object","properties":{"incident_id":{"type":"string"}},"required":["incident_id"]}`
	// listArg is of lists that may be too long to show whole.
	listArg = `{"type":"object","properties":{"incident_id":{"type":"string"},"contains":{"type":"string"}},"required":["incident_id"]}`
)

// tools keep the names and the required arguments of PagerDuty's own server, so
// that prompts and allow lists carry over. Every tool is sent with every turn:
// each word here is paid for many times.
var tools = []tool{
	{"get_incident", "One incident by id or number: status, urgency, service, assignees, body, custom fields.", incidentArg, (*Client).getIncident},
	{
		"list_alerts_from_incident", "The alerts of an incident with their details, newest first; alike ones are grouped.",
		`{"type":"object","properties":{"incident_id":{"type":"string"},"contains":{"type":"string","description":"only alerts with these words"},` +
			`"limit":{"type":"integer"},"offset":{"type":"integer"}},"required":["incident_id"]}`, (*Client).listAlerts,
	},
	{"list_incident_notes", "What people noted on an incident, e.g. how an earlier one was solved.", listArg, (*Client).listNotes},
	{"list_log_entries", "What happened to an incident: triggered, notified, acknowledged, resolved. Oldest first.", listArg, (*Client).listLog},
	{"get_past_incidents", "Earlier incidents like this one on its service, with how they ended and notes.", listArg, (*Client).getPast},
	{"get_related_incidents", "Open incidents on other services that may belong to this one.", incidentArg, (*Client).getRelated},
	{"list_incident_change_events", "Changes such as deploys near an incident and on its service.", listArg, (*Client).listChanges},
	{
		"list_services", "Services whose name contains the query.",
		`{"type":"object","properties":{"query":{"type":"string"}}}`, (*Client).listServices,
	},
	{
		"get_service", "One service.",
		`{"type":"object","properties":{"service_id":{"type":"string"}},"required":["service_id"]}`, (*Client).getService,
	},
	{
		"list_oncalls", "Who is on call now.",
		`{"type":"object","properties":{"escalation_policy_ids":{"type":"array","items":{"type":"string"}}}}`, (*Client).listOnCalls,
	},
	{
		"get_escalation_policy", "Who is paged when, level by level.",
		`{"type":"object","properties":{"policy_id":{"type":"string"}},"required":["policy_id"]}`, (*Client).getPolicy,
	},
	{"get_user_data", "The user whose API key is used.", noArguments, (*Client).getUser},
}

// NewServer offers the reads as MCP tools. All are read-only; answers are text
// of at most about 6 KB; a failure is a tool error (isError) with a reason, so
// that "could not look" never reads as "nothing there".
func NewServer(c *Client) *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "opsbuddy-pagerduty", Version: "1"}, nil)
	for _, t := range tools {
		s.AddTool(&mcp.Tool{
			Name: t.name, Description: t.about, InputSchema: json.RawMessage(t.schema),
			Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true},
		}, c.handler(t))
	}
	return s
}

func (c *Client) handler(t tool) mcp.ToolHandler {
	return func(ctx context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		text, err := c.runTool(ctx, t, req.Params.Arguments)
		if err != nil {
			text = c.redact.Redact(err.Error())
		}
		return &mcp.CallToolResult{IsError: err != nil, Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil
	}
}

func (c *Client) runTool(ctx context.Context, t tool, raw json.RawMessage) (string, error) {
	var args arguments
	if len(raw) > 0 {
		if err := border.DecodeJSON(raw, &args); err != nil {
			return "", fmt.Errorf("arguments of %s: %w; the schema is %s", t.name, err, t.schema)
		}
	}
	text, err := t.run(c, ctx, args)
	if err != nil {
		return "", err
	}
	return c.redact.Redact(text), nil
}

func (c *Client) getIncident(ctx context.Context, in arguments) (string, error) {
	i, err := c.Incident(ctx, string(in.IncidentID))
	if err != nil {
		return "", err
	}
	return IncidentText(i), nil
}

func (c *Client) listAlerts(ctx context.Context, in arguments) (string, error) {
	all, cut, err := c.alerts(ctx, string(in.IncidentID))
	if err != nil {
		return "", err
	}
	total := len(all)
	if in.Contains != "" {
		return alertsWith(string(in.Contains), all, cut), nil
	}
	from, to := min(in.Offset.Count(), total), total
	if limit := in.Limit.Count(); limit > 0 {
		to = from + min(limit, total-from)
	}
	if from > 0 || to < total {
		cut.Shown = to - from
	}
	return AlertsText(all[from:to], cut), nil
}

// alertsWith writes the alerts that contain the words, and out of how many. The words
// themselves are not said again: what a tool answers is evidence, and they are the model's.
func alertsWith(wanted string, all []incident.Alert, cut incident.Cut) string {
	looked := count("alert", "newest first", cut)
	all = slices.DeleteFunc(all, func(a incident.Alert) bool { return !holds(a, wanted) })
	if len(all) == 0 {
		return fmt.Sprintf("no alert contains these words (looked through: %s; of longer details the first %d characters)", looked, maxDetails)
	}
	return clip(fmt.Sprintf("alerts that contain these words (looked through: %s)\n", looked) +
		AlertsText(all, incident.Cut{Shown: len(all), Total: len(all)}))
}

// narrowed writes those of a list that say the wanted words, and out of how many; all
// of it when no words are wanted.
func narrowed[T any](in arguments, what string, all []T, said func(T) string, write func([]T) string) string {
	if in.Contains == "" {
		return write(all)
	}
	wanted := shortText(string(in.Contains), 80)
	kept := slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !says(said(v), wanted) })
	if len(kept) == 0 {
		return fmt.Sprintf("no %s contains these words (looked through: %s)", what, plural(len(all), what))
	}
	return clip(fmt.Sprintf("those that contain these words (looked through: %s)\n", plural(len(all), what)) + write(kept))
}

// holds reports whether every word stands in the alert.
func holds(a incident.Alert, wanted string) bool {
	return says(a.ID+" "+a.Summary+" "+a.Key+" "+a.Details, wanted)
}

// says reports whether every word stands in a text.
func says(text, wanted string) bool {
	text = strings.ToLower(text)
	for w := range strings.FieldsSeq(strings.ToLower(wanted)) {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

func (c *Client) listNotes(ctx context.Context, in arguments) (string, error) {
	notes, err := c.Notes(ctx, string(in.IncidentID))
	if err != nil {
		return "", err
	}
	return narrowed(in, "note", notes, noteLine, NotesText), nil
}

func (c *Client) listLog(ctx context.Context, in arguments) (string, error) {
	log, cut, err := c.LogEntries(ctx, string(in.IncidentID))
	if err != nil {
		return "", err
	}
	said := func(e incident.LogEntry) string { return e.Type + " " + e.Summary + " " + e.Agent }
	return narrowed(in, "log entry", log, said, func(kept []incident.LogEntry) string {
		if len(kept) < len(log) {
			cut = incident.Cut{Shown: len(kept), Total: len(kept)}
		}
		return LogText(kept, cut)
	}), nil
}

func (c *Client) getPast(ctx context.Context, in arguments) (string, error) {
	past, err := c.PastIncidents(ctx, string(in.IncidentID))
	if errors.Is(err, ErrNotInPlan) {
		var i incident.Incident
		if i, err = c.incident(ctx, string(in.IncidentID)); err == nil {
			past, err = c.similar(ctx, i)
		}
	}
	if err != nil {
		return "", err
	}
	return narrowed(in, "incident", past, pastLine, PastText), nil
}

func (c *Client) getRelated(ctx context.Context, in arguments) (string, error) {
	related, err := c.RelatedIncidents(ctx, string(in.IncidentID))
	if err != nil {
		return "", err
	}
	return PastText(related), nil
}

func (c *Client) listChanges(ctx context.Context, in arguments) (string, error) {
	i, err := c.incident(ctx, string(in.IncidentID))
	if err != nil {
		return "", err
	}
	all, err := c.Changes(ctx, i)
	if err != nil {
		return "", err
	}
	return narrowed(in, "change", all, changeLine, ChangesText), nil
}

func (c *Client) listServices(ctx context.Context, in arguments) (string, error) {
	all, cut, err := c.Services(ctx, string(in.Query))
	if err != nil {
		return "", err
	}
	return ServicesText(all, cut), nil
}

func (c *Client) getService(ctx context.Context, in arguments) (string, error) {
	s, err := c.Service(ctx, string(in.ServiceID))
	if err != nil {
		return "", err
	}
	return ServiceText(s), nil
}

func (c *Client) listOnCalls(ctx context.Context, in arguments) (string, error) {
	all, cut, err := c.onCalls(ctx, in.Policies...)
	if err != nil {
		return "", err
	}
	return OnCallText(all, cut), nil
}

func (c *Client) getPolicy(ctx context.Context, in arguments) (string, error) {
	p, err := c.EscalationPolicy(ctx, string(in.PolicyID))
	if err != nil {
		return "", err
	}
	return PolicyText(p), nil
}

func (c *Client) getUser(ctx context.Context, _ arguments) (string, error) {
	u, err := c.Me(ctx)
	if err != nil {
		return "", err
	}
	return UserText(u), nil
}
