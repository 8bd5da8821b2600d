package incident

import "time"

// Ref names something that lives elsewhere: a service, a person, a policy.
type Ref struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
}

// Link is an address that somebody attached to an alert, a change or a page.
type Link struct {
	Text string `json:"text,omitempty"`
	URL  string `json:"url"`
}

// Field is one custom field of an incident.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Status of an incident or an alert, in PagerDuty's words.
const (
	Triggered    = "triggered"
	Acknowledged = "acknowledged"
	Resolved     = "resolved"
)

// Incident is a PagerDuty incident as its API or its webhook describes it.
type Incident struct {
	ID               string    `json:"id"`
	Number           int       `json:"number,omitempty"`
	Title            string    `json:"title"`
	URL              string    `json:"url,omitempty"`
	Status           string    `json:"status,omitempty"`  // triggered, acknowledged or resolved
	Urgency          string    `json:"urgency,omitempty"` // high or low
	Priority         string    `json:"priority,omitempty"`
	Service          Ref       `json:"service"`
	EscalationPolicy Ref       `json:"escalation_policy,omitzero"`
	Teams            []Ref     `json:"teams,omitempty"`
	Assignees        []Ref     `json:"assignees,omitempty"`
	Key              string    `json:"key,omitempty"` // incident_key; null for Events API incidents
	Body             string    `json:"body,omitempty"`
	AlertCount       int       `json:"alert_count,omitempty"`
	CustomFields     []Field   `json:"custom_fields,omitempty"`
	CreatedAt        time.Time `json:"created_at,omitzero"`
	UpdatedAt        time.Time `json:"updated_at,omitzero"`
	ResolvedAt       time.Time `json:"resolved_at,omitzero"`
	StatusChangedBy  string    `json:"status_changed_by,omitempty"`
}

// Alert is one alert of an incident.
type Alert struct {
	ID         string    `json:"id"`
	Summary    string    `json:"summary"`
	Status     string    `json:"status,omitempty"` // triggered or resolved
	Severity   string    `json:"severity,omitempty"`
	Key        string    `json:"key,omitempty"` // the dedup key of the Events API
	URL        string    `json:"url,omitempty"`
	Service    Ref       `json:"service,omitzero"`
	CreatedAt  time.Time `json:"created_at,omitzero"`
	ResolvedAt time.Time `json:"resolved_at,omitzero"`
	Details    string    `json:"details,omitempty"` // body.details as "path: value" lines, capped
	Links      []Link    `json:"links,omitempty"`
}

// Note is a note on an incident or a comment on a ticket.
type Note struct {
	ID     string    `json:"id,omitempty"`
	Author string    `json:"author,omitempty"`
	At     time.Time `json:"at,omitzero"`
	Text   string    `json:"text"`
}

// LogEntry is one line of an incident's log.
type LogEntry struct {
	At      time.Time `json:"at,omitzero"`
	Type    string    `json:"type"` // e.g. trigger_log_entry, notify_log_entry
	Agent   string    `json:"agent,omitempty"`
	Summary string    `json:"summary"`
}

// Past is an earlier or related incident with what is known of its end.
type Past struct {
	Incident Incident `json:"incident"`
	Notes    []Note   `json:"notes,omitempty"`
	Score    float64  `json:"score,omitempty"` // similarity in percent, when PagerDuty gives one
	// How says where the likeness comes from: "pagerduty" for its Past
	// Incidents feature, "title" when found by listing similar titles.
	How string `json:"how,omitempty"`
}

// Change is a change event, for example a deploy.
type Change struct {
	ID       string    `json:"id"`
	Summary  string    `json:"summary"`
	Source   string    `json:"source,omitempty"`
	At       time.Time `json:"at,omitzero"`
	Services []Ref     `json:"services,omitempty"`
	Links    []Link    `json:"links,omitempty"`
	Details  string    `json:"details,omitempty"`
}

// OnCall is one person who is on call now.
type OnCall struct {
	Person   Ref       `json:"person"`
	Level    int       `json:"level"` // 1 is paged first
	Policy   Ref       `json:"policy,omitzero"`
	Schedule Ref       `json:"schedule,omitzero"`
	Until    time.Time `json:"until,omitzero"`
}

// Service is a PagerDuty service.
type Service struct {
	Ref
	Description      string `json:"description,omitempty"`
	Status           string `json:"status,omitempty"`
	EscalationPolicy Ref    `json:"escalation_policy,omitzero"`
	Teams            []Ref  `json:"teams,omitempty"`
}

// Ticket is a Jira issue.
type Ticket struct {
	Key            string    `json:"key"`
	URL            string    `json:"url,omitempty"`
	Summary        string    `json:"summary"`
	Status         string    `json:"status,omitempty"`
	StatusCategory string    `json:"status_category,omitempty"` // new, indeterminate or done
	Assignee       string    `json:"assignee,omitempty"`        // empty: unassigned
	Priority       string    `json:"priority,omitempty"`
	Labels         []string  `json:"labels,omitempty"`
	Created        time.Time `json:"created,omitzero"`
	Updated        time.Time `json:"updated,omitzero"`
	Resolved       time.Time `json:"resolved,omitzero"`
	Description    string    `json:"description,omitempty"`
	Comments       []Note    `json:"comments,omitempty"`
}

// Page is a Confluence page, for example a runbook.
type Page struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	URL      string    `json:"url,omitempty"`
	Space    string    `json:"space,omitempty"`
	Updated  time.Time `json:"updated,omitzero"`
	Markdown string    `json:"markdown,omitempty"` // commands letter by letter, in code spans or fences
	Excerpt  string    `json:"excerpt,omitempty"`
}

// Channel is a Slack channel.
type Channel struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Topic   string `json:"topic,omitempty"`
	Members int    `json:"members,omitempty"`
}

// ChatMessage is one Slack message, unescaped.
type ChatMessage struct {
	TS       string    `json:"ts"`
	ThreadTS string    `json:"thread_ts,omitempty"`
	Author   string    `json:"author,omitempty"`
	Bot      bool      `json:"bot,omitempty"`
	At       time.Time `json:"at,omitzero"`
	Text     string    `json:"text"`
	Replies  int       `json:"replies,omitempty"`
	URL      string    `json:"url,omitempty"`
}

// Cut says how much of a list was read. Total is -1 when there is more but
// nobody knows how much.
type Cut struct {
	Shown int `json:"shown"`
	Total int `json:"total"`
}

// Complete reports whether nothing was left out.
func (c Cut) Complete() bool { return c.Total >= 0 && c.Total <= c.Shown }
