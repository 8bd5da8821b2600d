package triage

import (
	_ "embed"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/pagerduty"
)

// SystemPrompt is what the model is told unless AGENT_SYSTEM_PROMPT_FILE says
// otherwise.
//
//go:embed prompt.md
var SystemPrompt string

// FlowConfig is what the flow needs. Worker side: it holds secrets, and none of
// it crosses into Temporal.
type FlowConfig struct {
	WebhookSecret   string // several, comma-separated, while one is rotated
	AllowedServices []string
	AllowUnsigned   bool
	Events          []string // webhook event types that start a review

	Readers evidence.Readers // where facts are read

	LLM          agent.LLMConfig
	SystemPrompt string // SystemPrompt when empty
	MaxTurns     int
	CostLimits   agent.CostLimits
	Tools        []agent.Tool
	BaseEnv      []string      // what child processes may inherit
	SoftDeadline time.Duration // the model is told to conclude
	Deadline     time.Duration // what is known is posted
	// SameProblemWindow is how long a review speaks for further incidents of its
	// problem. 0 reviews each by itself.
	SameProblemWindow time.Duration
	// DeliverFor is how long a brief is brought to a Slack that refuses it, after
	// the review has ended. 0 gives up with the review.
	DeliverFor time.Duration

	Slack  SlackConfig
	NoteBy *pagerduty.Client // writes the brief as a note too; nil writes none

	HTTP    *http.Client     // to Slack
	Now     func() time.Time // time.Now when nil
	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

// SlackConfig says where the brief goes.
type SlackConfig struct {
	WebhookURL string
	BotToken   string
	Channel    string
	APIURL     string

	SigningSecret string // takes replies and buttons over HTTP
	AppToken      string // takes them over Socket Mode
}

// AnswersPeople reports whether replies and buttons can reach us, and an answer
// can be posted.
func (c SlackConfig) AnswersPeople() bool {
	return c.BotToken != "" && c.Channel != "" && (c.SigningSecret != "" || c.AppToken != "")
}

// share is the part of a short deadline that silent sources may take, and a silent
// Slack: the model needs the rest.
const share = 4

// maxPosting is enough for one message to a slow Slack, and for its repetition.
const maxPosting = 10 * time.Second

// posting is the time for a message, at the end of a review that took all of its own.
func (c FlowConfig) posting() time.Duration { return min(maxPosting, c.Deadline/share) }

// thinking is the time for the model, which leaves that for the message.
func (c FlowConfig) thinking() time.Duration { return c.Deadline - c.posting() }

func (c FlowConfig) withDefaults() FlowConfig {
	if c.SystemPrompt == "" {
		c.SystemPrompt = SystemPrompt
	}
	if c.SoftDeadline <= 0 {
		c.SoftDeadline = 2 * time.Minute
	}
	if c.Deadline <= 0 {
		c.Deadline = 15 * time.Minute
	}
	if c.Readers.Patience <= 0 {
		c.Readers.Patience = c.Deadline / share
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
