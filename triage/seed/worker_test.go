package seed

import (
	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
)

func Run() error {
	cfg := LoadConfig()

	return core.NewWorker().
		WithConfig(core.WorkerConfig{
			TaskQueue:     "incident-reviewer-queue",
			MaxConcurrent: 2,
		}).
		WithFlow(BuildFlow(cfg)).
		WithProviders(
			agent.Provider(),
			pagerduty.Provider(),
			slack.Provider(),
		).
		WithWebhookServer(":8080").
		WithHealthServer(":8081").
		Run()
}
