package core

import (
	"context"
	"fmt"
	"log/slog"
)

// starter starts a flow durably.
type starter interface {
	start(ctx context.Context, f *Flow, s *Start) (started bool, err error)
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
func (g gate) begin(ctx context.Context, own *Flow, s *Start) (status string, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	status = "accepted"
	started, err := g.start(ctx, own, s)
	switch {
	case err != nil:
		g.log.Error("webhook not started", "workflow_id", s.WorkflowID, "error", err)
		return "", err
	case !started:
		status = "duplicate"
	}
	g.log.Info("webhook taken", "workflow_id", s.WorkflowID, "status", status)
	return status, nil
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
		_, err := g.begin(ctx, f, a.Start)
		return err
	}
}
