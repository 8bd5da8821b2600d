package config

import (
	"log/slog"
	"time"
)

// Config is every setting of Ops Buddy. The tags are read by Load and by the
// test that writes docs/configuration.md: env names the variable, envDefault
// the value when it is not set, doc says what it means, check names the check
// of checks.go that its text must pass.
type Config struct {
	PagerDuty  PagerDuty
	Agent      Agent
	Limits     Limits
	Deadlines  Deadlines
	Jira       Jira
	Confluence Confluence
	Slack      Slack
	Tools      Tools
	Server     Server
	Temporal   Temporal
	Worker     Worker
	Log        Log
	Telemetry  Telemetry

	refused []string // settings whose value Load could not use
}

// PagerDuty is where incidents come from.
type PagerDuty struct {
	WebhookSecrets  []Secret `env:"PAGERDUTY_WEBHOOK_SECRET" doc:"Signing secret of the V3 webhook subscription; several, comma-separated, while one is being rotated."`
	AllowedServices []string `env:"PAGERDUTY_ALLOWED_SERVICES" doc:"Names or IDs of the services to review, comma-separated; empty means all."`
	APIKey          Secret   `env:"PAGERDUTY_USER_API_KEY" doc:"REST API key to read incidents, alerts, notes and on-call; a read-only key is enough."`
	APIHost         string   `env:"PAGERDUTY_API_HOST" envDefault:"https://api.pagerduty.com" check:"base" doc:"Address of the REST API; accounts of the EU region use https://api.eu.pagerduty.com."`
	Events          []string `env:"OPSBUDDY_EVENTS" envDefault:"incident.triggered" check:"events" doc:"V3 event types that start a review, comma-separated."`
	AllowUnsigned   bool     `env:"OPSBUDDY_ALLOW_UNSIGNED" envDefault:"false" doc:"true accepts webhooks without a signature when no secret is set: anybody who reaches the port can start reviews."`
	Note            bool     `env:"OPSBUDDY_PAGERDUTY_NOTE" envDefault:"false" doc:"true also writes the brief as one note of the incident."`
}

// Providers of models.
const (
	Anthropic    = "anthropic"
	Ollama       = "ollama"
	OpenAICompat = "openai-compat"
	NoProvider   = "none" // facts-only briefs, no model
)

// Agent is the model and how long it may work.
type Agent struct {
	Provider         string `env:"AGENT_PROVIDER_TYPE" envDefault:"anthropic" check:"oneof:anthropic|ollama|openai-compat|none" doc:"Who serves the model: anthropic, ollama, openai-compat (any server with OpenAI's chat completions), or none for facts-only briefs."`
	Model            string `env:"AGENT_MODEL" envDefault:"claude-sonnet-4-6" doc:"The model's name as its provider spells it."`
	FallbackModel    string `env:"AGENT_FALLBACK_MODEL" doc:"Another model of the same provider, tried when the first one fails or money runs short."`
	MaxTokens        int    `env:"AGENT_MAX_TOKENS" envDefault:"8192" check:"upto:1000000" doc:"Most tokens of one answer."`
	MaxTurns         int    `env:"AGENT_MAX_TURNS" envDefault:"30" check:"upto:500" doc:"Most turns of one review."`
	SystemPromptFile string `env:"AGENT_SYSTEM_PROMPT_FILE" check:"path" doc:"File with a system prompt to use in place of the built-in one."`
	BaseURL          string `env:"AGENT_BASE_URL" check:"base" doc:"Address of the model server for ollama (default http://localhost:11434/v1) and openai-compat, with its /v1."`
	APIKey           Secret `env:"AGENT_API_KEY" doc:"Key for openai-compat, when the server wants one."`
	AnthropicAPIKey  Secret `env:"ANTHROPIC_API_KEY" doc:"Key for anthropic."`
	AnthropicBaseURL string `env:"ANTHROPIC_BASE_URL" check:"base" doc:"Address of a gateway in place of https://api.anthropic.com."`

	// SystemPrompt is the content of SystemPromptFile, as it stands there.
	SystemPrompt string
}

// Limits are ceilings in US dollars.
type Limits struct {
	PerRunUSD  float64 `env:"AGENT_COST_LIMIT_PER_RUN_USD" envDefault:"2" doc:"Most that one review may cost, in US dollars."`
	PerHourUSD float64 `env:"AGENT_COST_LIMIT_PER_HOUR_USD" envDefault:"20" doc:"Most that all reviews of an hour may cost."`
	PerDayUSD  float64 `env:"AGENT_COST_LIMIT_PER_DAY_USD" envDefault:"100" doc:"Most that all reviews of a day may cost."`
}

// Deadlines of one review, from its start.
type Deadlines struct {
	Soft time.Duration `env:"OPSBUDDY_SOFT_DEADLINE" envDefault:"2m" check:"atmost:24h" doc:"After this the model is told to conclude. When only OPSBUDDY_DEADLINE is set, at most half of that."`
	Hard time.Duration `env:"OPSBUDDY_DEADLINE" envDefault:"15m" check:"atmost:24h" doc:"By then what is known is posted, whatever is still missing."`
}

// Jira is where tickets are read. A personal token means Server / Data Center,
// a username with an API token means Cloud.
type Jira struct {
	URL           string `env:"JIRA_URL" check:"site" doc:"Address of Jira, such as https://your-org.atlassian.net; empty means no Jira."`
	Username      string `env:"JIRA_USERNAME" doc:"Account's e-mail address, for Cloud."`
	APIToken      Secret `env:"JIRA_API_TOKEN" doc:"API token of that account, for Cloud."`
	PersonalToken Secret `env:"JIRA_PERSONAL_TOKEN" doc:"Personal access token, for Server and Data Center; used before username and API token."`
}

// Confluence is where runbooks are read; its login works as Jira's does.
type Confluence struct {
	URL           string `env:"CONFLUENCE_URL" check:"site" doc:"Address of Confluence, such as https://your-org.atlassian.net/wiki; empty means no Confluence."`
	Username      string `env:"CONFLUENCE_USERNAME" doc:"Account's e-mail address, for Cloud."`
	APIToken      Secret `env:"CONFLUENCE_API_TOKEN" doc:"API token of that account, for Cloud."`
	PersonalToken Secret `env:"CONFLUENCE_PERSONAL_TOKEN" doc:"Personal access token, for Server and Data Center; used before username and API token."`
}

// Slack is where briefs go and channel history is read.
type Slack struct {
	WebhookURL    Secret `env:"SLACK_WEBHOOK_URL" check:"slackhook" doc:"Incoming webhook for the brief; the way out when there is no bot token, or when Slack refuses it."`
	BotToken      Secret `env:"SLACK_BOT_TOKEN" check:"bottoken" doc:"Bot token: posts to SLACK_CHANNEL and edits in place, and reads channel history."`
	Channel       string `env:"SLACK_CHANNEL" check:"channel" doc:"ID or name of the channel for briefs; needs SLACK_BOT_TOKEN."`
	TeamID        string `env:"SLACK_TEAM_ID" doc:"ID of the workspace, for the external Slack server."`
	APIURL        string `env:"SLACK_API_URL" envDefault:"https://slack.com/api/" check:"slackapi" doc:"Address of Slack's Web API."`
	SigningSecret Secret `env:"SLACK_SIGNING_SECRET" doc:"Signing secret of the Slack app: replies below a brief and its buttons are taken at /hooks/slack on the webhook address. Needs SLACK_BOT_TOKEN and SLACK_CHANNEL; without it and SLACK_APP_TOKEN there are no buttons."`
	AppToken      Secret `env:"SLACK_APP_TOKEN" check:"apptoken" doc:"App-level token (xapp-…, scope connections:write): takes replies and buttons over Socket Mode, so that nothing has to be reachable from Slack. Needs SLACK_BOT_TOKEN and SLACK_CHANNEL."`
}

// Server is what listens, and where data is kept.
type Server struct {
	WebhookAddr    string `env:"OPSBUDDY_WEBHOOK_ADDR" envDefault:":8080" check:"listen" doc:"Address the webhook server listens on."`
	HealthAddr     string `env:"OPSBUDDY_HEALTH_ADDR" envDefault:":8081" check:"listen" doc:"Address for health and metrics."`
	TemporalUIAddr string `env:"OPSBUDDY_TEMPORAL_UI_ADDR" envDefault:"127.0.0.1:8233" check:"listen" empty:"off" doc:"Address of Temporal's web pages (embedded server only); set but empty turns them off."`
	DataDir        string `env:"OPSBUDDY_DATA_DIR" envDefault:"opsbuddy-data" check:"path" doc:"Folder of the embedded Temporal server's database."`
}

// Temporal is the cluster. The SDK's envconfig reads these and the other
// TEMPORAL_… variables itself; here they are checked.
type Temporal struct {
	Address   string `env:"TEMPORAL_ADDRESS" check:"hostport" doc:"host:port of a Temporal cluster; not set, a server is embedded in the process."`
	Namespace string `env:"TEMPORAL_NAMESPACE" doc:"Namespace of the cluster; not set, the SDK's default."`
	APIKey    Secret `env:"TEMPORAL_API_KEY" doc:"API key of the cluster. The TEMPORAL_TLS_… variables of the Temporal SDK work as well."`
}

// Worker is how much runs at a time.
type Worker struct {
	MaxConcurrentActivities int `env:"WORKER_MAX_CONCURRENT_ACTIVITIES" envDefault:"2" check:"upto:1000" doc:"Most reviews that think at the same time in one process. A call to the model that has lasted a minute counts apart from the others, so that one which hangs does not hold them up."`
}

// Log is how the process talks about itself.
type Log struct {
	Level  string `env:"OPSBUDDY_LOG_LEVEL" envDefault:"info" check:"oneof:debug|info|warn|error" doc:"debug, info, warn or error."`
	Format string `env:"OPSBUDDY_LOG_FORMAT" envDefault:"text" check:"oneof:text|json" doc:"text or json."`
}

// Telemetry is OpenTelemetry's own environment; Traces and Metrics put it
// together. TIMEOUT and CERTIFICATE, the rest of OTEL_EXPORTER_OTLP_… and
// OTEL_BSP_… are read by OpenTelemetry's libraries, which do so in any case; here
// they are checked.
type Telemetry struct {
	Disabled           bool   `env:"OTEL_SDK_DISABLED" envDefault:"false" check:"oneof:true|false" doc:"true turns traces and metrics over OTLP off, whatever else is set."`
	ServiceName        string `env:"OTEL_SERVICE_NAME" envDefault:"opsbuddy" doc:"Name under which the collector shows this service."`
	ResourceAttributes string `env:"OTEL_RESOURCE_ATTRIBUTES" check:"pairs" doc:"Further facts about this service, as name=value,name=value, such as deployment.environment.name=production."`
	TracesExporter     string `env:"OTEL_TRACES_EXPORTER" check:"oneof:otlp|console|none" doc:"otlp, console (JSON on stderr) or none. Not set: otlp when there is an address for it, else none."`
	MetricsExporter    string `env:"OTEL_METRICS_EXPORTER" check:"oneof:otlp|prometheus|console|none" doc:"otlp, console, or prometheus and none for the page /metrics alone, which is there in any case. Not set: otlp when there is an address for it, else none."`
	Endpoint           string `env:"OTEL_EXPORTER_OTLP_ENDPOINT" check:"base" doc:"Address of the collector, such as http://localhost:4318 (http/protobuf; /v1/traces and /v1/metrics are added) or http://localhost:4317 (grpc). Setting it turns traces and metrics on."`
	TracesEndpoint     string `env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" check:"base" doc:"Whole address for traces alone, with its path; goes before the one above."`
	MetricsEndpoint    string `env:"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" check:"base" doc:"Whole address for metrics alone, with its path; goes before the one above."`
	Headers            Secret `env:"OTEL_EXPORTER_OTLP_HEADERS" check:"headers" doc:"Headers for the collector, as name=value,name=value with values in percent-encoding, such as authorization=Bearer%20TOKEN."`
	TracesHeaders      Secret `env:"OTEL_EXPORTER_OTLP_TRACES_HEADERS" check:"headers" doc:"Headers for traces, in place of those above."`
	MetricsHeaders     Secret `env:"OTEL_EXPORTER_OTLP_METRICS_HEADERS" check:"headers" doc:"Headers for metrics, in place of those above."`
	Protocol           string `env:"OTEL_EXPORTER_OTLP_PROTOCOL" envDefault:"http/protobuf" check:"oneof:grpc|http/protobuf" doc:"grpc or http/protobuf."`
	TracesProtocol     string `env:"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL" check:"oneof:grpc|http/protobuf" doc:"Protocol for traces alone."`
	MetricsProtocol    string `env:"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL" check:"oneof:grpc|http/protobuf" doc:"Protocol for metrics alone."`
	Timeout            int    `env:"OTEL_EXPORTER_OTLP_TIMEOUT" envDefault:"10000" check:"upto:600000" doc:"Longest wait for the collector's answer, in milliseconds. No review waits for it."`
	Certificate        string `env:"OTEL_EXPORTER_OTLP_CERTIFICATE" check:"path" doc:"File with the certificate of the authority that the collector's https address is trusted by, in place of the system's."`
	Sampler            string `env:"OTEL_TRACES_SAMPLER" envDefault:"parentbased_always_on" check:"oneof:always_on|always_off|traceidratio|parentbased_always_on|parentbased_always_off|parentbased_traceidratio" doc:"Which traces are kept: always_on, always_off, traceidratio, or one of these after parentbased_."`
	SamplerArg         string `env:"OTEL_TRACES_SAMPLER_ARG" check:"ratio" doc:"Share of the traces that the samplers traceidratio keep, from 0 to 1; all when not set."`
}

// SlogLevel returns the level as slog wants it.
func (l Log) SlogLevel() slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		return slog.LevelInfo
	}
	return level
}

// Endpoint returns the address of the model server in force, without a slash
// at its end, or "" when the provider's own library knows it.
func (a Agent) Endpoint() string {
	switch {
	case a.Provider == Anthropic && a.AnthropicBaseURL != "":
		return a.AnthropicBaseURL
	case a.Provider == Ollama && a.BaseURL == "":
		return "http://localhost:11434/v1"
	case a.Provider == NoProvider:
		return ""
	}
	return a.BaseURL
}

// Key returns the key for the provider in force.
func (a Agent) Key() Secret {
	if a.Provider == Anthropic {
		return a.AnthropicAPIKey
	}
	return a.APIKey
}

// CanPost reports whether a brief can reach Slack.
func (s Slack) CanPost() bool { return s.WebhookURL.IsSet() || s.CanEdit() }

// CanEdit reports whether a posted message can be edited in place.
func (s Slack) CanEdit() bool { return s.BotToken.IsSet() && s.Channel != "" }
