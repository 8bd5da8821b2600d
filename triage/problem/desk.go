package problem

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Desk is where reviews claim their problem. Worker side.
type Desk struct {
	Client client.Client
	Type   string // the registered name of Workflow
	Queue  string // the task queue that runs it
	Signal string // by which a lead's review is told
	Window time.Duration
	// Useless tells a lead's review that ended without a brief by its outputs.
	Useless func(core.Outputs) bool
}

// askTimeout bounds one claim.
const askTimeout = 5 * time.Second

// Claim says who leads the problem of an incident, or led it before, and what that
// review has brought. Nobody leads when the incident has no service, or is over.
func (d Desk) Claim(ctx context.Context, f evidence.Facts, run string) (Verdict, core.Outputs, error) {
	i := f.Incident
	c := Claim{
		Incident: incident.Incident{ID: i.ID, Number: i.Number, Title: i.Title, URL: i.URL, Urgency: i.Urgency},
		Run:      run, Keys: Keys(f), Related: Related(f), Window: d.Window,
	}
	if i.Service.ID == "" || i.Status == incident.Resolved || len(c.Keys)+len(c.Related) == 0 {
		return Verdict{}, core.Outputs{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	v, err := d.ask(ctx, i.Service.ID, c, "")
	if err != nil || v.Run+v.EarlierRun == "" {
		return v, core.Outputs{}, err
	}
	if !v.Follows() {
		out, err := core.OutputsOf(ctx, d.Client, v.EarlierRun)
		return v, out, err
	}
	out, useful, err := d.lead(ctx, v.Run)
	if err != nil || useful {
		return v, out, err
	}
	c.Instead = v.Lead.ID
	v, err = d.ask(ctx, i.Service.ID, c, "/instead of "+c.Instead)
	return v, core.Outputs{}, err
}

func (d Desk) ask(ctx context.Context, service string, c Claim, again string) (Verdict, error) {
	e := core.Entity{
		Client: d.Client, ID: "problems-" + service, Type: d.Type, Queue: d.Queue, Summary: "problems of a service", State: State{Signal: d.Signal},
	}
	var v Verdict
	if err := e.Ask(ctx, claimUpdate, c.Run+again, c, &v); err != nil {
		return v, fmt.Errorf("asking for others with the problem of %s: %w", c.Incident.ID, err)
	}
	return v, nil
}

// lead reads what a lead's review has brought, and whether it is worth following:
// it is under way, or ended with something to read.
func (d Desk) lead(ctx context.Context, run string) (core.Outputs, bool, error) {
	about, err := d.Client.DescribeWorkflowExecution(ctx, run, "")
	if err != nil {
		return core.Outputs{}, false, fmt.Errorf("looking at the review %s: %w", run, err)
	}
	switch about.GetWorkflowExecutionInfo().GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
	default:
		return core.Outputs{}, false, nil
	}
	out, err := core.OutputsOf(ctx, d.Client, run)
	return out, err == nil && !d.Useless(out), err
}
