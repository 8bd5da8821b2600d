package triage

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/agent/budget"
	"github.com/opsbuddy/opsbuddy/brief"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
	"github.com/opsbuddy/opsbuddy/money"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
	"github.com/opsbuddy/opsbuddy/triage/problem"
)

// Provider stands for this package's steps on a worker.
func Provider() core.Provider { return core.StepProvider("triage") }

type factsInput struct {
	Incident incident.Incident `json:"incident"`
	Event    string            `json:"event,omitempty"`
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
	// Lead is the review of the same problem that this incident follows.
	Lead Lead `json:"lead,omitzero"`
	// Seen is an earlier review of the same problem that this one starts from.
	Seen       Seen `json:"seen,omitzero"`
	SeenBefore bool `json:"seen_before,omitempty"`
}

// Lead is another incident whose review speaks for this one too. Frozen.
type Lead struct {
	Incident incident.Incident `json:"incident"`
	Message  slack.MessageRef  `json:"message,omitzero"` // its brief, or what stands of it yet
	Ended    bool              `json:"ended,omitempty"`  // its brief stands, and does not list this incident
}

// gatherFacts makes the step that looks into every source, in parallel.
func gatherFacts(cfg FlowConfig) *core.Node {
	bind := core.Bind{"Incident": core.Output("webhook.Incident"), "Event": core.Output("webhook.EventType")}
	desk := &problem.Desk{Signal: pagerduty.UpdatesName, Window: cfg.SameProblemWindow, Useless: endedEarly}
	return core.Activity("triage.Facts", bind,
		func(ctx context.Context, in factsInput) (FactsOutput, error) {
			f := evidence.Gather(ctx, cfg.Readers, in.Incident)
			if err := ctx.Err(); err != nil {
				return FactsOutput{}, err // the worker stops: hand the step back
			}
			var lead Lead
			var seen Seen
			if in.Event != pagerduty.ReviewRequested { // who asks for a review gets one
				lead, seen = claim(ctx, cfg, *desk, f)
			}
			mark := rand.Text()[:12]
			f = seen.with(f)
			out := factsOutput(f, brief.Prompt(f, mark)+brief.Earlier(seen.Incident, seen.At, seen.Brief, mark))
			out.Lead, out.Seen, out.SeenBefore = lead, seen, seen.Brief != ""
			return out, nil
		}).WithSetup(func(reg core.Registry, name core.Name) error {
		desk.Type = name(problem.TypeName)
		desk.Queue = reg.Shared(desk.Type, problem.Workflow)
		return nil
	})
}

// claim finds the review that speaks for this incident too, or an earlier one that
// this one can start from. Whatever goes wrong, the incident is reviewed by itself:
// that costs money, and loses nothing.
func claim(ctx context.Context, cfg FlowConfig, desk problem.Desk, f evidence.Facts) (Lead, Seen) {
	if cfg.SameProblemWindow <= 0 {
		return Lead{}, Seen{}
	}
	info := activity.GetInfo(ctx)
	desk.Client = activity.GetClient(ctx)
	v, out, err := desk.Claim(ctx, f, info.WorkflowExecution.ID)
	switch {
	case err != nil:
		cfg.Logger.Warn("an incident is reviewed by itself: others with its problem cannot be looked for", "incident", f.Incident.ID, "error", err)
		return Lead{}, Seen{}
	case v.Follows():
		_, ended := out.Steps["report"]
		return Lead{Incident: v.Lead, Message: messageOf(out), Ended: ended}, Seen{}
	}
	return Lead{}, seenBefore(v.Earlier, out, f)
}

// messageOf is the message of a review, as far as it has posted one.
func messageOf(out core.Outputs) slack.MessageRef {
	var first slack.NotifyFactsOutput
	var report slack.NotifyReportOutput
	if ok, err := out.Get("report", &report); ok && err == nil && report.Message.TS != "" {
		return report.Message
	}
	if ok, err := out.Get("first", &first); ok && err == nil {
		return first.Message
	}
	return slack.MessageRef{}
}

// endedEarly reports whether a review ended without looking: its incident was
// over, which says nothing about those that follow.
func endedEarly(out core.Outputs) bool {
	var b BriefOutput
	ok, err := out.Get("brief", &b)
	return ok && err == nil && b.Outcome == string(brief.Resolved)
}

func factsOutput(f evidence.Facts, prompt string) FactsOutput {
	return FactsOutput{
		Facts: f, Brief: brief.FactsOnly(f), Links: f.Links(), Prompt: prompt, NextEvidence: len(f.Items) + 1,
		Resolved: f.Incident.Status == incident.Resolved, ReadAt: f.ReadAt,
	}
}

type briefInput struct {
	Review agent.Result      `json:"review"`
	Facts  evidence.Facts    `json:"facts"`
	Since  []incident.Update `json:"since,omitempty"`
	Seen   Seen              `json:"seen,omitzero"`
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
func composeBrief(review core.Ref, now func() time.Time) *core.Node {
	bind := core.Bind{
		"Review": review, "Facts": core.Output("facts.Facts"), "Since": core.InputData(pagerduty.UpdatesName), "Seen": core.Output("facts.Seen"),
	}
	return core.Activity("triage.Brief", bind,
		func(_ context.Context, in briefInput) (BriefOutput, error) {
			a := answer(in.Review)
			a.Since, a.Seen, a.SeenAt = in.Since, in.Seen.Incident, in.Seen.At
			b := brief.Compose(a, in.Facts)
			return briefOutput(b, in, b.Outcome == brief.Full || b.Outcome == brief.Resolved, now()), nil
		})
}

func briefOutput(b brief.Brief, in briefInput, succeeded bool, now time.Time) BriefOutput {
	return BriefOutput{
		Markdown: b.Markdown, Outcome: string(b.Outcome), Links: b.Links, Succeeded: succeeded, Reason: reason(in.Review),
		Cost: in.Review.TotalCost, Duration: now.Sub(in.Facts.ReadAt), Turns: in.Review.Iterations, Model: in.Review.Model,
	}
}

type sameInput struct {
	Lead  Lead           `json:"lead"`
	Facts evidence.Facts `json:"facts"`
}

// composeSame makes the step that writes the short message of an incident whose
// problem is under review already.
func composeSame(now func() time.Time) *core.Node {
	return core.Activity("triage.Same", core.Bind{"Lead": core.Output("facts.Lead"), "Facts": core.Output("facts.Facts")},
		func(_ context.Context, in sameInput) (BriefOutput, error) {
			return briefOutput(brief.Same(in.Lead.Incident, in.Facts), briefInput{Facts: in.Facts}, true, now()), nil
		})
}

// answer translates the agent's result into the brief's terms.
func answer(r agent.Result) brief.Answer {
	a := brief.Answer{Text: r.Response, Succeeded: r.Succeeded, Reason: reason(r), OutOfTime: r.StopReason == agent.OutOfTime}
	for _, d := range r.Down {
		a.Unasked = append(a.Unasked, brief.Unchecked{What: "The tools of " + d.Server, Why: d.Why})
	}
	a.Unasked = append(a.Unasked, failedTools(r.Observations)...)
	for _, o := range r.Observations {
		a.Brought = append(a.Brought, item(o))
	}
	return a
}

// verify holds the agent's answer against the facts and what its tools brought,
// as the brief will.
func verify(text string, seen []agent.Observation, facts json.RawMessage) ([]string, error) {
	var f evidence.Facts
	if err := json.Unmarshal(facts, &f); err != nil {
		return nil, core.Permanent(fmt.Errorf("facts to verify an answer with: %w", err))
	}
	return brief.Problems(answer(agent.Result{Response: text, Observations: seen}), f), nil
}

// reason is why the review was not finished, or why it was a cheaper one. To have
// no model is a choice, and an incident that is over ends its review: neither is
// worth a word.
func reason(r agent.Result) string {
	if r.StopReason == agent.NoModel || r.StopReason == agent.Interrupted {
		return ""
	}
	return cmp.Or(r.Detail, r.Stepped())
}

// item makes an agent's observation a piece of evidence like any other.
func item(o agent.Observation) evidence.Item {
	i := evidence.Item{Number: o.Number, Source: o.Tool, State: evidence.Found, Text: withoutQuoted(o.Text, o.Arguments), ReadAt: o.At}
	if o.Failed {
		i.State, i.Why, i.Text = evidence.Unread, withoutWords(o.Text, o.Tool, o.Arguments), ""
	}
	return i
}

// failedTools lists the tools that never answered, with their last words. A
// call that failed before another of the same tool went well is no gap, and neither
// is one that the model got wrong.
func failedTools(all []agent.Observation) []brief.Unchecked {
	last := map[string]string{}
	var order []string
	for _, o := range all {
		if o.Mistake {
			continue
		}
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
			out = append(out, brief.Unchecked{What: brief.ToolName(tool), Why: why})
		}
	}
	return out
}

// Spending reaches the ledger of the flow's reviews.
func Spending(e *core.Engine) budget.Book {
	return budget.Book{Client: e.Client, Type: agent.LedgerName + "@" + ledgerOf}
}
