package pagerduty

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	api "github.com/PagerDuty/go-pagerduty"

	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of an incident's notes and log.
const (
	maxNotes    = 30
	maxNoteText = 1500
	maxLog      = 80
	maxLogRead  = 200
	maxLogText  = 400
)

type apiNote struct {
	ID        string  `json:"id"`
	User      wireRef `json:"user"`
	Content   string  `json:"content"`
	CreatedAt string  `json:"created_at"`
}

// Notes reads the notes of an incident, the newest first and at most 30. A
// resolution note is one of them.
func (c *Client) Notes(ctx context.Context, id string) ([]incident.Note, error) {
	if err := checkID("an incident", id); err != nil {
		return nil, err
	}
	p, err := list[apiNote](ctx, c, "notes", func(ctx context.Context) error {
		_, err := c.main.ListIncidentNotesWithContext(ctx, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("notes of %s: %w", id, err)
	}
	out := make([]incident.Note, 0, len(p.records))
	for _, n := range p.records {
		if text := longText(n.Content, maxNoteText); text != "" {
			out = append(out, incident.Note{ID: saneID(n.ID), Author: n.User.ref().Name, At: moment(n.CreatedAt), Text: text})
		}
	}
	slices.SortStableFunc(out, func(a, b incident.Note) int { return b.At.Compare(a.At) })
	return out[:min(len(out), maxNotes)], nil
}

type apiLogEntry struct {
	wireRef
	CreatedAt string     `json:"created_at"`
	Agent     wireRef    `json:"agent"`
	Channel   apiChannel `json:"channel"`
}

// apiChannel is by which means something happened: for a trigger what the
// sender sent, for a note its text, for a notification whether it arrived.
type apiChannel struct {
	Type         string          `json:"type"`
	Summary      string          `json:"summary"`
	Subject      string          `json:"subject"`
	Details      json.RawMessage `json:"details"`
	Notification struct {
		Type   string `json:"type"`
		Status string `json:"status"`
	} `json:"notification"`
}

func (e apiLogEntry) entry() logEntry {
	return logEntry{id: saneID(e.ID), LogEntry: incident.LogEntry{
		At: moment(e.CreatedAt), Type: word(e.Type), Agent: e.person(),
		Summary: shortText(e.Channel.appendTo(e.Summary), maxLogText),
	}}
}

// person is who did it. The service and the integrations that act too are named
// by the summary.
func (e apiLogEntry) person() string {
	if !strings.HasPrefix(e.Agent.Type, "user") {
		return ""
	}
	return e.Agent.ref().Name
}

// appendTo adds what the summary of an entry does not say yet.
func (ch apiChannel) appendTo(summary string) string {
	add := []string{ch.Summary, ch.Subject}
	if ch.Notification.Status != "" && ch.Notification.Status != "success" {
		add = append(add, strings.TrimSpace(ch.Notification.Type+" "+ch.Notification.Status))
	}
	if ch.Summary == "" && ch.Subject == "" {
		add = append(add, flatten(ch.Details, maxLogText))
	}
	for _, s := range add {
		if s = strings.TrimSpace(s); s != "" && !strings.Contains(summary, s) {
			summary = strings.TrimSpace(summary + " " + s)
		}
	}
	return summary
}

type logEntry struct {
	id string
	incident.LogEntry
}

// notification entries are most of a log and say least.
const notification = "notify_log_entry"

// LogEntries reads what happened to an incident, the oldest first: how it began
// is what a reader needs, and it stands last in PagerDuty's order. At most 80 are
// returned; of a longer log the beginning, the end and what is no notification
// are kept.
func (c *Client) LogEntries(ctx context.Context, id string) ([]incident.LogEntry, incident.Cut, error) {
	if err := checkID("an incident", id); err != nil {
		return nil, incident.Cut{}, err
	}
	l := listing[apiLogEntry, logEntry]{
		key: "log_entries", most: maxLogRead, convert: apiLogEntry.entry, id: func(e logEntry) string { return e.id },
		send: func(ctx context.Context, offset uint) error {
			_, err := c.main.ListIncidentLogEntriesWithContext(ctx, id, api.ListIncidentLogEntriesOptions{
				Limit: pageSize, Offset: offset, Total: true, Includes: []string{"channels"},
			})
			return err
		},
	}
	found, cut, err := l.read(ctx, c)
	if err == nil && cut.Total > len(found) { // the beginning is still missing
		found, err = l.withEnd(ctx, c, found, cut.Total)
	}
	if err != nil {
		return nil, cut, fmt.Errorf("log of %s: %w", id, err)
	}
	slices.Reverse(found) // entries of one second keep their order
	slices.SortStableFunc(found, func(a, b logEntry) int { return a.At.Compare(b.At) })
	kept := meaningful(found)
	out := make([]incident.LogEntry, 0, len(kept))
	for _, e := range kept {
		out = append(out, e.LogEntry)
	}
	if cut.Total >= 0 {
		cut.Total = max(cut.Total, len(found))
	}
	cut.Shown = len(out)
	return out, cut, nil
}

// meaningful drops notifications, then the middle, of a log that is too long.
func meaningful(log []logEntry) []logEntry {
	if len(log) <= maxLog {
		return log
	}
	log = slices.DeleteFunc(log, func(e logEntry) bool { return e.Type == notification })
	if len(log) <= maxLog {
		return log
	}
	return append(log[:maxLog/2], log[len(log)-maxLog/2:]...)
}
