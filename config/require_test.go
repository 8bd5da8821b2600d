package config

import (
	"log/slog"
	"strings"
	"testing"
)

func TestEachCommandAsksOnlyForWhatItNeeds(t *testing.T) {
	const hook, key, secret, pd = "SLACK_WEBHOOK_URL=http://127.0.0.1:1/x", "ANTHROPIC_API_KEY=k", "PAGERDUTY_WEBHOOK_SECRET=s", "PAGERDUTY_USER_API_KEY=p"
	serve := func(c Config) error { return c.CheckServe() }
	review := func(c Config) error { return c.CheckReview(false) }
	post := func(c Config) error { return c.CheckReview(true) }
	mcp := func(name string) func(Config) error { return func(c Config) error { return c.CheckMCP(name) } }
	tests := map[string]struct {
		check   func(Config) error
		environ []string
		want    []string // variables named; none = fine
	}{
		"serve":                     {serve, []string{hook, key, secret}, nil},
		"serve with bot":            {serve, []string{"SLACK_BOT_TOKEN=t", "SLACK_CHANNEL=C1", key, secret}, nil},
		"serve with nothing":        {serve, nil, []string{"PAGERDUTY_WEBHOOK_SECRET", "SLACK_WEBHOOK_URL", "ANTHROPIC_API_KEY"}},
		"serve unsigned":            {serve, []string{hook, key, "OPSBUDDY_ALLOW_UNSIGNED=true"}, nil},
		"serve without a model":     {serve, []string{hook, secret, "AGENT_PROVIDER_TYPE=none"}, nil},
		"serve with ollama":         {serve, []string{hook, secret, "AGENT_PROVIDER_TYPE=ollama"}, nil},
		"serve with a gateway":      {serve, []string{hook, secret, "ANTHROPIC_BASE_URL=http://127.0.0.1:1"}, []string{"ANTHROPIC_API_KEY"}},
		"serve, bot without a room": {serve, []string{key, secret, "SLACK_BOT_TOKEN=t"}, []string{"SLACK_CHANNEL"}},
		"review":                    {review, []string{pd, key}, nil},
		"review with nothing":       {review, nil, []string{"PAGERDUTY_USER_API_KEY", "ANTHROPIC_API_KEY"}},
		"review and post":           {post, []string{pd, key}, []string{"SLACK_WEBHOOK_URL"}},
		"review and post, ready":    {post, []string{pd, key, hook}, nil},
		"mcp pagerduty":             {mcp("pagerduty"), nil, []string{"PAGERDUTY_USER_API_KEY"}},
		"mcp pagerduty, ready":      {mcp("pagerduty"), []string{pd}, nil},
		"mcp atlassian":             {mcp("atlassian"), nil, []string{"JIRA_URL", "CONFLUENCE_URL"}},
		"mcp atlassian, ready":      {mcp("atlassian"), []string{"CONFLUENCE_URL=http://x.example", "CONFLUENCE_PERSONAL_TOKEN=t"}, nil},
		"mcp slack":                 {mcp("slack"), []string{hook}, []string{"SLACK_BOT_TOKEN"}},
		"mcp slack, ready":          {mcp("slack"), []string{"SLACK_BOT_TOKEN=t"}, nil},
		"mcp of another kind":       {mcp("github"), nil, []string{"pagerduty, atlassian, slack"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.check(load(t, tt.environ...))
			if (err == nil) != (tt.want == nil) {
				t.Fatalf("err = %v", err)
			}
			for _, v := range tt.want {
				if !strings.Contains(err.Error(), v) {
					t.Errorf("err = %q does not name %s", err, v)
				}
			}
		})
	}
}

func TestTheEndpointAndKeyFollowTheProvider(t *testing.T) {
	for name, tt := range map[string]struct {
		environ  []string
		endpoint string
		key      string
	}{
		"anthropic": {[]string{"ANTHROPIC_API_KEY=a", "AGENT_API_KEY=b"}, "", "a"},
		"gateway":   {[]string{"ANTHROPIC_API_KEY=a", "ANTHROPIC_BASE_URL=http://g.example/v1/"}, "http://g.example/v1", "a"},
		"ollama":    {[]string{"AGENT_PROVIDER_TYPE=ollama"}, "http://localhost:11434/v1", ""},
		"elsewhere": {[]string{"AGENT_PROVIDER_TYPE=ollama", "AGENT_BASE_URL=http://o.example/v1"}, "http://o.example/v1", ""},
		"compat":    {[]string{"AGENT_PROVIDER_TYPE=openai-compat", "AGENT_BASE_URL=http://c.example/v1", "AGENT_API_KEY=b"}, "http://c.example/v1", "b"},
		"none":      {[]string{"AGENT_PROVIDER_TYPE=none", "AGENT_BASE_URL=http://c.example/v1"}, "", ""},
	} {
		a := load(t, tt.environ...).Agent
		if a.Endpoint() != tt.endpoint || a.Key().Reveal() != tt.key {
			t.Errorf("%s: %q, %q", name, a.Endpoint(), a.Key().Reveal())
		}
	}
}

func TestLogLevelsAreThoseOfSlog(t *testing.T) {
	for text, want := range map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError} {
		if got := load(t, "OPSBUDDY_LOG_LEVEL="+text).Log.SlogLevel(); got != want {
			t.Errorf("%s = %v", text, got)
		}
	}
	if (Log{}).SlogLevel() != slog.LevelInfo {
		t.Error("the zero Log is not at info")
	}
}

func TestThePromptIsReadAsItStands(t *testing.T) {
	const prompt = "You are on call.\n\n  Be brief.\n"
	if got := load(t, "AGENT_SYSTEM_PROMPT_FILE="+file(t, prompt)).Agent.SystemPrompt; got != prompt {
		t.Errorf("got %q", got)
	}
}
