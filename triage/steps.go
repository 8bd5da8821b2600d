package triage

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/agent/budget"
	"github.com/opsbuddy/opsbuddy/brief"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/money"
)

// Provider stands for this package's steps on a worker.
func Provider() core.Provider { return core.StepProvider("triage") }

type factsInput struct {
	Incident incident.Incident `json:"incident"`
}

// FactsOutput is what is known before a model is asked. Frozen: histories hold it.
type FactsOutput struct {
	Facts        evidence.Facts `json:"facts"`
	Brief        string         `json:"brief"` // Markdown, from the facts alone
	Links        []string       `json:"links,omitempty"`
	Prompt       string         `json:"prompt"` // what the model starts from
	NextEvidence int            `json:"next_evidence"`
	Resolved     bool           `json:"resolved"`
	ReadAt       time.Time      `json:"read_at"`
}

// gatherFacts makes the step that looks into every source, in parallel.
func gatherFacts(cfg FlowConfig, webhook core.Ref) *core.Node {
	return core.Activity("triage.Facts", core.Bind{"Incident": webhook},
		func(ctx context.Context, in factsInput) (FactsOutput, error) {
			f := evidence.Gather(ctx, cfg.Readers, in.Incident)
			return factsOutput(f, brief.Prompt(f, rand.Text()[:12])), ctx.Err() // the worker stops: hand the step back
		})
}

func factsOutput(f evidence.Facts, prompt string) FactsOutput {
	return FactsOutput{
		Facts: f, Brief: brief.FactsOnly(f), Links: f.Links(), Prompt: prompt, NextEvidence: len(f.Items) + 1,
		Resolved: f.Incident.Status == incident.Resolved, ReadAt: f.ReadAt,
	}
}

type briefInput struct {
	Review agent.Result   `json:"review"`
	Facts  evidence.Facts `json:"facts"`
}

// BriefOutput is what is posted, with what it cost. Frozen: histories hold it.
type BriefOutput struct {
	Markdown  string        `json:"markdown"`
	Outcome   string        `json:"outcome"`
	Succeeded bool          `json:"succeeded"`
	Reason    string        `json:"reason,omitempty"`
	Links     []string      `json:"links,omitempty"`
	Cost      money.USD     `json:"cost"`
	Duration  time.Duration `json:"duration"`
	Turns     int           `json:"turns"`
	Model     string        `json:"model"`
}

// composeBrief makes the step that turns the agent's answer, or its absence,
// into the brief.
func composeBrief(review, facts core.Ref, now func() time.Time) *core.Node {
	return core.Activity("triage.Brief", core.Bind{"Review": review, "Facts": facts},
		func(_ context.Context, in briefInput) (BriefOutput, error) {
			b := brief.Compose(answer(in.Review), in.Facts)
			return briefOutput(b, in, b.Outcome == brief.Full || b.Outcome == brief.Resolved, now()), nil
		})
}

func briefOutput(b brief.Brief, in briefInput, succeeded bool, now time.Time) BriefOutput {
	return BriefOutput{
		Markdown: b.Markdown, Outcome: string(b.Outcome), Links: b.Links, Succeeded: succeeded, Reason: reason(in.Review),
		Cost: in.Review.TotalCost, Duration: now.Sub(in.Facts.ReadAt), Turns: in.Review.Iterations, Model: in.Review.Model,
	}
}

// answer translates the agent's result into the brief's terms.
func answer(r agent.Result) brief.Answer {
	a := brief.Answer{Text: r.Response, Succeeded: r.Succeeded, Reason: reason(r)}
	for _, d := range r.Down {
		a.Unasked = append(a.Unasked, brief.Unchecked{What: "The tools of " + d.Server, Why: d.Why})
	}
	a.Unasked = append(a.Unasked, failedTools(r.Observations)...)
	for _, o := range r.Observations {
		a.Brought = append(a.Brought, item(o))
	}
	return a
}

// reason is why the review was not finished. To have no model is a choice, and
// not worth a word in every brief.
func reason(r agent.Result) string {
	if r.StopReason == agent.NoModel {
		return ""
	}
	return r.Detail
}

// item makes an agent's observation a piece of evidence like any other.
func item(o agent.Observation) evidence.Item {
	i := evidence.Item{Number: o.Number, Source: o.Tool, State: evidence.Found, Text: o.Text, ReadAt: o.At}
	if o.Failed {
		i.State, i.Why, i.Text = evidence.Unread, o.Text, ""
	}
	return i
}

// failedTools lists the tools that never answered, with their last words. A
// call that failed before another of the same tool went well is no gap.
func failedTools(all []agent.Observation) []brief.Unchecked {
	last := map[string]string{}
	var order []string
	for _, o := range all {
		if _, seen := last[o.Tool]; !seen {
			order = append(order, o.Tool)
		}
		if !o.Failed {
			last[o.Tool] = ""
		} else if why, seen := last[o.Tool]; !seen || why != "" {
			last[o.Tool] = o.Text
		}
	}
	var out []brief.Unchecked
	for _, tool := range order {
		if why := last[tool]; why != "" {
			_, name, _ := strings.Cut(strings.TrimPrefix(tool, "mcp__"), "__")
			out = append(out, brief.Unchecked{What: name, Why: why})
		}
	}
	return out
}

// Spending reaches the ledger of the flow's reviews.
func Spending(e *core.Engine) budget.Book {
	return budget.Book{Client: e.Client, Type: agent.LedgerName + "@review"}
}
