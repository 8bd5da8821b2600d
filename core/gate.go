package core

import (
	"context"
	"fmt"
	"log/slog"
)

// starter starts a flow durably, and tells its runs.
type starter interface {
	start(ctx context.Context, f *Flow, s *Start) (started bool, err error)
	tell(ctx context.Context, t *Tell) (heard bool, err error)
}

// gate starts what a door or a source admits. Worker side.
type gate struct {
	flows   map[string]*Flow // by name
	starter starter
	log     *slog.Logger
}

func newGate(flows []*Flow, s starter, log *slog.Logger) gate {
	g := gate{flows: map[string]*Flow{}, starter: s, log: log}
	for _, f := range flows {
		g.flows[f.name] = f
	}
	return g
}

// begin starts a run, of the flow that own is the door of unless the start names
// another one, and says "accepted" or "duplicate". Its failures are logged here:
// a sender is not told them.
func (g gate) begin(ctx context.Context, own *Flow, a Admission) (status string, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	status = "accepted"
	started, err := g.start(ctx, own, a.Start)
	if err == nil && !started {
		status = "duplicate"
		_, err = g.told(ctx, a.Tell)
	}
	if err != nil {
		g.log.Error("webhook not started", "workflow_id", a.Start.WorkflowID, "error", err)
		return "", err
	}
	g.log.Info("webhook taken", "workflow_id", a.Start.WorkflowID, "status", status)
	return status, nil
}

// tell tells the run that is under way, when there is one.
func (g gate) tell(ctx context.Context, t *Tell) (heard bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if heard, err = g.told(ctx, t); err != nil {
		g.log.Error("review under way not told", "workflow_id", t.WorkflowID, "error", err)
	} else if heard {
		g.log.Info("review under way told", "workflow_id", t.WorkflowID)
	}
	return heard, err
}

func (g gate) told(ctx context.Context, t *Tell) (bool, error) {
	if t == nil {
		return false, nil
	}
	return g.starter.tell(ctx, t)
}

func (g gate) start(ctx context.Context, own *Flow, s *Start) (bool, error) {
	f := own
	if s.Flow != "" {
		if f = g.flows[s.Flow]; f == nil {
			return false, fmt.Errorf("the worker has no flow %q", s.Flow)
		}
	}
	return g.starter.start(ctx, f, s)
}

// taker is what a source of a flow hands its requests to.
func (g gate) taker(f *Flow) func(context.Context, Admission) error {
	return func(ctx context.Context, a Admission) error {
		if a.Start == nil {
			g.log.Debug("request not taken", "flow", f.name, "reason", a.Reason)
			return nil
		}
		_, err := g.begin(ctx, f, a)
		return err
	}
}
