package killtest

import "fmt"

// kind is how a campaign posts, and what it is after.
type kind string

const (
	// byBot posts with a token: the first message is edited into the outcome, and
	// what may have been posted is found again by its mark.
	byBot kind = "bot"
	// byHook posts over the incoming webhook alone.
	byHook kind = "webhook"
	// handover has a bot that may post and whose edits Slack refuses, so that the
	// webhook delivers in its place.
	handover kind = "handover"
	// money has a bot, a model that bills all that it may, and ceilings that the
	// campaign reaches.
	moneyKind kind = "money"
)

// Ceilings of a campaign about money, in dollars. A review bills about 0.08 of its
// 0.15 when nothing is killed; an hour ends after about 25 reviews and their dead
// attempts.
const (
	perRun  = 0.15
	perHour = 3.0
)

// campaign is one company, one data folder and so many kills.
type spec struct {
	kind  kind
	kills int
	data  string // folder of the data, one of its own when empty
}

// maxKills of one campaign: a company and its channel grow with it.
const maxKills = 60

// plan divides the kills of a run: half with a bot, a quarter by the webhook. only
// makes all of one kind.
func plan(kills int, only string) []spec {
	var out []spec
	left := kills
	for _, part := range []struct {
		kind    kind
		percent int
	}{{byHook, 24}, {moneyKind, 20}, {handover, 12}, {byBot, 100}} {
		n := min(left, (kills*part.percent+99)/100)
		switch only {
		case "":
		case string(part.kind):
			n = kills
		default:
			continue
		}
		left -= n
		campaigns := (n + maxKills - 1) / maxKills
		for i := range campaigns { // of about the same size
			out = append(out, spec{kind: part.kind, kills: (n*(i+1))/campaigns - (n*i)/campaigns})
		}
	}
	return out
}

func (s spec) String() string { return fmt.Sprintf("%s, %d kills", s.kind, s.kills) }

// settings of the program, on top of the company's.
func (k kind) settings() []string {
	out := []string{
		"OPSBUDDY_TEMPORAL_UI_ADDR=", "WORKER_MAX_CONCURRENT_ACTIVITIES=6",
		// Long enough that no review ends by time while it is killed again and again.
		"OPSBUDDY_SOFT_DEADLINE=20m", "OPSBUDDY_DEADLINE=40m",
	}
	if k == moneyKind {
		return append(out, "AGENT_MAX_TOKENS=1024", "SLACK_WEBHOOK_URL=",
			fmt.Sprintf("AGENT_COST_LIMIT_PER_RUN_USD=%g", perRun), fmt.Sprintf("AGENT_COST_LIMIT_PER_HOUR_USD=%g", perHour))
	}
	out = append(out, "AGENT_COST_LIMIT_PER_HOUR_USD=1000", "AGENT_COST_LIMIT_PER_DAY_USD=10000")
	switch k {
	case byBot:
		out = append(out, "SLACK_WEBHOOK_URL=")
	case byHook:
		out = append(out, "SLACK_CHANNEL=")
	}
	return out
}
