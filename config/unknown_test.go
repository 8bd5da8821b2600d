package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestANameThatLooksLikeOursIsAWarningWithTheNearestOne(t *testing.T) {
	for name, near := range map[string]string{
		"AGENT_MODLE":                "AGENT_MODEL",
		"AGENT_MAX_TURN":             "AGENT_MAX_TURNS",
		"AGENT_COST_LIMIT_PER_RUN":   "AGENT_COST_LIMIT_PER_RUN_USD",
		"OPSBUDDY_LOGLEVEL":          "OPSBUDDY_LOG_LEVEL",
		"OPSBUDDY_ALLOW_UNSIGEND":    "OPSBUDDY_ALLOW_UNSIGNED",
		"AGENT_API_KEY_FLIE":         "AGENT_API_KEY_FILE",
		"OPSBUDDY_WEBHOOK_ADRESS":    "OPSBUDDY_WEBHOOK_ADDR",
		"PAGERDUTY_WEBHOOK_SECRETS":  "PAGERDUTY_WEBHOOK_SECRET",
		"SLACK_WEBHOOK_ULR":          "SLACK_WEBHOOK_URL",
		"JIRA_TOKEN_OF_ANOTHER_TOOL": "",
		"SLACK_CLI_VERSION":          "",
		"HOME":                       "",

		"OTEL_EXPORTER_OTLP_ENDPIONT":    "OTEL_EXPORTER_OTLP_ENDPOINT",
		"OTEL_EXPORTER_OTLP_TRACES_FILE": "",
		"OTEL_LOGS_EXPORTER":             "",
		"OTEL_BSP_SCHEDULE_DELAY":        "",
	} {
		_, warnings, err := Load([]string{name + "=x"})
		switch {
		case err != nil:
			t.Errorf("%s is an error: %v", name, err)
		case near == "" && len(warnings) != 0:
			t.Errorf("%s: %v", name, warnings)
		case near != "" && (len(warnings) != 1 || warnings[0].Name != name || !strings.HasSuffix(warnings[0].Text, " "+near)):
			t.Errorf("%s: %v, want the nearest to be %s", name, warnings, near)
		}
	}
}

func TestWhatKubernetesAndBuildAgentsSetIsNoMistake(t *testing.T) {
	var environ []string
	for _, prefix := range []string{"OPSBUDDY", "OPSBUDDY_WEBHOOK", "OPSBUDDY_2"} {
		for _, name := range []string{"PORT", "SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT_8080_TCP", "PORT_8080_TCP_ADDR", "PORT_8080_TCP_PORT", "PORT_8080_TCP_PROTO", "PORT_53_UDP"} {
			environ = append(environ, fmt.Sprintf("%s_%s=tcp://10.0.0.1:8080", prefix, name))
		}
	}
	for _, name := range []string{"AGENT_NAME", "AGENT_OS", "AGENT_ID", "AGENT_VERSION", "AGENT_WORKFOLDER", "AGENT_TEMPDIRECTORY"} {
		environ = append(environ, name+"=x")
	}
	_, warnings, err := Load(environ)
	if err != nil || len(warnings) != 0 {
		t.Errorf("err %v, warnings %v", err, warnings)
	}
}

func TestSettingsThatMayNotBeMeantAreWarnings(t *testing.T) {
	for want, environ := range map[string][]string{
		"AGENT_MODEL: is not set":                     {"AGENT_PROVIDER_TYPE=ollama"},
		"AGENT_BASE_URL: is for ollama":               {"AGENT_BASE_URL=http://x.example/v1"},
		"AGENT_FALLBACK_MODEL: is the same":           {"AGENT_MODEL=m", "AGENT_FALLBACK_MODEL=m"},
		"AGENT_COST_LIMIT_PER_RUN_USD: is above":      {"AGENT_COST_LIMIT_PER_RUN_USD=50"},
		"AGENT_COST_LIMIT_PER_HOUR_USD: is above":     {"AGENT_COST_LIMIT_PER_HOUR_USD=500"},
		"JIRA_URL: is not set although":               {"JIRA_API_TOKEN=t", "JIRA_USERNAME=u"},
		"JIRA_PERSONAL_TOKEN: is used":                {"JIRA_URL=http://x.example", "JIRA_API_TOKEN=t", "JIRA_USERNAME=u", "JIRA_PERSONAL_TOKEN=p"},
		"PAGERDUTY_USER_API_KEY: is not set":          {"PAGERDUTY_WEBHOOK_SECRET=s"},
		"OPSBUDDY_ALLOW_UNSIGNED: webhooks are accep": {"OPSBUDDY_ALLOW_UNSIGNED=true", "PAGERDUTY_USER_API_KEY=k"},
		"SLACK_APP_TOKEN: has no effect":              {"SLACK_APP_TOKEN=t"},
		"SLACK_SIGNING_SECRET: has no effect":         {"SLACK_SIGNING_SECRET=t"},
	} {
		_, warnings, err := Load(environ)
		if err != nil || len(warnings) != 1 || !strings.HasPrefix(warnings[0].String(), want) {
			t.Errorf("%v: warnings %v, err %v; want %q", environ, warnings, err, want)
		}
	}
}

func TestDistanceCountsOneSlipAsOne(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"", "ab", 2}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abc", "abcd", 1}, {"abc", "bc", 1}, {"kitten", "sitting", 3}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
