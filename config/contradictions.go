package config

import "net"

// settle fills what follows from other settings.
func (l *loader) settle(cfg *Config) {
	// Who shortens only the hard deadline means the review, not an error.
	if d := &cfg.Deadlines; !l.given["OPSBUDDY_SOFT_DEADLINE"] && d.Soft >= d.Hard/2 {
		d.Soft = d.Hard / 2
	}
	if name := cfg.Telemetry.Attributes()["service.name"]; name != "" && !l.given["OTEL_SERVICE_NAME"] {
		cfg.Telemetry.ServiceName = name
	}
}

// contradictions finds settings that are right alone and wrong together,
// whatever the command.
func (l *loader) contradictions(cfg *Config) {
	l.deadlines(cfg.Deadlines)
	l.costs(cfg.Limits)
	l.provider(cfg.Agent)
	l.site("JIRA", cfg.Jira.URL)
	l.site("CONFLUENCE", cfg.Confluence.URL)
	l.slack(cfg.Slack)
	l.pagerDuty(cfg.PagerDuty)
	l.ports(cfg.Server)
	l.telemetry(cfg.Telemetry)
}

// has reports whether the environment sets a setting, rightly or wrongly.
func (l *loader) has(name string) bool { return l.given[name] }

func (l *loader) deadlines(d Deadlines) {
	if d.Soft >= d.Hard && !l.refused("OPSBUDDY_SOFT_DEADLINE") && !l.refused("OPSBUDDY_DEADLINE") {
		l.refuse("OPSBUDDY_SOFT_DEADLINE", d.Soft.String(),
			"must be shorter than OPSBUDDY_DEADLINE (%s); lower it, or raise OPSBUDDY_DEADLINE", d.Hard)
	}
}

func (l *loader) costs(c Limits) {
	if l.has("AGENT_COST_LIMIT_PER_RUN_USD") && c.PerRunUSD > min(c.PerHourUSD, c.PerDayUSD) {
		l.warn("AGENT_COST_LIMIT_PER_RUN_USD", "is above the limit per hour or per day, so those end a review first")
	}
	if l.has("AGENT_COST_LIMIT_PER_HOUR_USD") && c.PerHourUSD > c.PerDayUSD {
		l.warn("AGENT_COST_LIMIT_PER_HOUR_USD", "is above the limit per day, so that one ends reviews first")
	}
}

func (l *loader) provider(a Agent) {
	if a.Provider == OpenAICompat && !l.has("AGENT_BASE_URL") {
		l.refuse("AGENT_BASE_URL", "", "AGENT_PROVIDER_TYPE=openai-compat needs the address of the server; set it with its /v1")
	}
	if (a.Provider == OpenAICompat || a.Provider == Ollama) && !l.has("AGENT_MODEL") {
		l.warn("AGENT_MODEL", "is not set, and %s is asked for the default %s; set the model that your server offers", a.Provider, a.Model)
	}
	if a.Provider == Anthropic && a.BaseURL != "" {
		l.warn("AGENT_BASE_URL", "is for ollama and openai-compat and is not used with anthropic; a gateway for anthropic goes into ANTHROPIC_BASE_URL")
	}
	if a.FallbackModel != "" && a.FallbackModel == a.Model {
		l.warn("AGENT_FALLBACK_MODEL", "is the same as AGENT_MODEL, so there is no fallback")
	}
}

// site checks the login of Jira or Confluence; both have the same variables.
func (l *loader) site(prefix, address string) {
	urlName, userName, tokenName, personalName := prefix+"_URL", prefix+"_USERNAME", prefix+"_API_TOKEN", prefix+"_PERSONAL_TOKEN"
	user, api, pat := l.has(userName), l.has(tokenName), l.has(personalName)
	switch {
	case !l.has(urlName):
		if api || pat {
			l.warn(urlName, "is not set although there is a login for it, so it is not read")
		}
	case pat:
		if user && api {
			l.warn(personalName, "is used, and %s with %s is not; keep the one that fits (personal token: Server and Data Center)", userName, tokenName)
		}
	case user && !api:
		l.refuse(tokenName, "", "%s is set without it; create an API token for that account, or set %s for Server and Data Center", userName, personalName)
	case api && !user:
		l.refuse(userName, "", "%s is set without it; set the account's e-mail address, or use %s for Server and Data Center", tokenName, personalName)
	case !user && !api:
		l.refuse(urlName, address, "there is no login for it; set %s and %s (Cloud) or %s (Server, Data Center), or unset %s",
			userName, tokenName, personalName, urlName)
	}
}

func (l *loader) slack(s Slack) {
	if l.has("SLACK_CHANNEL") && !l.has("SLACK_BOT_TOKEN") {
		l.refuse("SLACK_CHANNEL", s.Channel, "posting to a channel needs SLACK_BOT_TOKEN; set it, or unset SLACK_CHANNEL and use SLACK_WEBHOOK_URL")
	}
	for _, name := range []string{"SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"} {
		if l.has(name) && !s.CanEdit() && !l.refused("SLACK_BOT_TOKEN") && !l.refused("SLACK_CHANNEL") {
			l.warn(name, "has no effect without SLACK_BOT_TOKEN and SLACK_CHANNEL: only a bot's messages have replies and buttons")
		}
	}
}

func (l *loader) pagerDuty(p PagerDuty) {
	serves := l.has("PAGERDUTY_WEBHOOK_SECRET") || p.AllowUnsigned
	if serves && !l.has("PAGERDUTY_USER_API_KEY") {
		l.warn("PAGERDUTY_USER_API_KEY", "is not set: alerts, notes, history and on-call cannot be read, and briefs say so")
	}
	if p.AllowUnsigned && !l.has("PAGERDUTY_WEBHOOK_SECRET") {
		l.warn("OPSBUDDY_ALLOW_UNSIGNED", "webhooks are accepted WITHOUT A SIGNATURE: anybody who reaches the port can start reviews")
	}
}

// ports finds two servers that would listen on the same address; the second
// one would fail after the first has started.
func (l *loader) ports(s Server) {
	type door struct{ name, addr string }
	doors := []door{{"OPSBUDDY_WEBHOOK_ADDR", s.WebhookAddr}, {"OPSBUDDY_HEALTH_ADDR", s.HealthAddr}}
	if !l.has("TEMPORAL_ADDRESS") && s.TemporalUIAddr != "" {
		doors = append(doors, door{"OPSBUDDY_TEMPORAL_UI_ADDR", s.TemporalUIAddr})
	}
	for i, a := range doors {
		for _, b := range doors[:i] {
			if sameDoor(a.addr, b.addr) && !l.refused(a.name) && !l.refused(b.name) {
				l.refuse(a.name, a.addr, "%s listens there already (%s); give one of them another port", b.name, b.addr)
			}
		}
	}
}

func sameDoor(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || everyHost(hostA) || everyHost(hostB)
}

func everyHost(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
