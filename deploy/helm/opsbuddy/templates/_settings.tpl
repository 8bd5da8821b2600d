{{/* The names of docs/configuration.md. deploy/check.sh compares them with it. */}}

{{- define "opsbuddy.settings" -}}
PAGERDUTY_ALLOWED_SERVICES PAGERDUTY_API_HOST OPSBUDDY_EVENTS OPSBUDDY_ALLOW_UNSIGNED OPSBUDDY_PAGERDUTY_NOTE
{{- print " " -}}
AGENT_PROVIDER_TYPE AGENT_MODEL AGENT_FALLBACK_MODEL AGENT_MAX_TOKENS AGENT_MAX_TURNS AGENT_BASE_URL ANTHROPIC_BASE_URL
{{- print " " -}}
AGENT_COST_LIMIT_PER_RUN_USD AGENT_COST_LIMIT_PER_HOUR_USD AGENT_COST_LIMIT_PER_DAY_USD OPSBUDDY_SOFT_DEADLINE OPSBUDDY_DEADLINE
{{- print " " -}}
JIRA_URL JIRA_USERNAME CONFLUENCE_URL CONFLUENCE_USERNAME SLACK_CHANNEL SLACK_TEAM_ID SLACK_API_URL
{{- print " " -}}
OPSBUDDY_TOOLS OPSBUDDY_TEMPORAL_UI_ADDR WORKER_MAX_CONCURRENT_ACTIVITIES OPSBUDDY_LOG_LEVEL OPSBUDDY_LOG_FORMAT
{{- end }}

{{- define "opsbuddy.secretSettings" -}}
PAGERDUTY_WEBHOOK_SECRET PAGERDUTY_USER_API_KEY ANTHROPIC_API_KEY AGENT_API_KEY
{{- print " " -}}
JIRA_API_TOKEN JIRA_PERSONAL_TOKEN CONFLUENCE_API_TOKEN CONFLUENCE_PERSONAL_TOKEN
{{- print " " -}}
SLACK_WEBHOOK_URL SLACK_BOT_TOKEN SLACK_SIGNING_SECRET SLACK_APP_TOKEN TEMPORAL_API_KEY
{{- end }}

{{/* Those that the chart sets itself, each with the value that stands for it. */}}
{{- define "opsbuddy.ownSettings" -}}
TEMPORAL_ADDRESS: temporal.address
TEMPORAL_NAMESPACE: temporal.namespace
AGENT_SYSTEM_PROMPT_FILE: systemPrompt (the text itself)
OPSBUDDY_DATA_DIR: persistence (the folder is always /var/lib/opsbuddy)
OPSBUDDY_WEBHOOK_ADDR: service.port (the container always listens on 8080)
OPSBUDDY_HEALTH_ADDR: metrics (the container always listens on 8081)
{{- end }}

{{/* Those that hold an address which the pod calls. */}}
{{- define "opsbuddy.addresses" -}}
PAGERDUTY_API_HOST AGENT_BASE_URL ANTHROPIC_BASE_URL JIRA_URL CONFLUENCE_URL SLACK_API_URL
{{- end }}
