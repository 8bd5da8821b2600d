package core

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// note is what an attempt wants its successor to know.
type note struct {
	mu     sync.Mutex
	text   string
	beaten bool // the SDK may hold a heartbeat back
}

type noteKey struct{}

// Note leaves a word for the next attempt, should this one die: "sending" before
// a post that cannot be taken back. It is with Temporal when Note returns nil;
// else what it announces must not be done. Outside an activity it does nothing.
func Note(ctx context.Context, text string) error {
	n, ok := ctx.Value(noteKey{}).(*note)
	if !ok {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	before := n.text
	n.text = text
	if n.beaten { // what is held back would take the note's place later
		activity.RecordHeartbeat(ctx, text)
	}
	// Not by RecordHeartbeat alone: it holds back, and tells nobody when it fails.
	err := activity.GetClient(ctx).RecordActivityHeartbeat(ctx, activity.GetInfo(ctx).TaskToken, text)
	if err != nil {
		n.text = before
		return fmt.Errorf("leaving the word %q for the next attempt: %w", text, err)
	}
	return nil
}

func (n *note) word() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text
}

// LastNote is the word that an attempt before this one left; empty when there
// was none. A step that goes on late has that of its flow's last attempt.
func LastNote(ctx context.Context) string {
	var text string
	if activity.IsActivity(ctx) && activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &text) == nil {
		return text
	}
	carried, _ := ctx.Value(carriedKey{}).(string)
	return carried
}

// beat sends heartbeats until the attempt ends.
func beat(ctx context.Context, stopped <-chan struct{}) {
	n := ctx.Value(noteKey{}).(*note)
	t := time.NewTicker(heartbeatEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			n.mu.Lock()
			n.beaten = true
			activity.RecordHeartbeat(ctx, n.text)
			n.mu.Unlock()
		case <-stopped:
			return
		}
	}
}

// words is the word as Temporal keeps it beside a failure.
func (n *note) words() []any {
	if w := n.word(); w != "" {
		return []any{w}
	}
	return nil
}

// wordOf is the word that the last attempt of a failed step left; empty when there
// was none.
func wordOf(err error) (word string) {
	var silent *temporal.TimeoutError
	var failed *temporal.ApplicationError
	switch {
	case errors.As(err, &silent) && silent.HasLastHeartbeatDetails():
		_ = silent.LastHeartbeatDetails(&word) // what is no word is none
	case errors.As(err, &failed) && failed.HasDetails():
		_ = failed.Details(&word)
	}
	return word
}

// carrier takes the word of a step's last attempt over to the run in which the step
// goes on: else a post of which nobody saw the end would be made again there.
type carrier struct{}

type carriedKey struct{}

const carriedHeader = "opsbuddy-note"

// InjectFromWorkflow writes the word into the header of an activity.
func (carrier) InjectFromWorkflow(ctx workflow.Context, w workflow.HeaderWriter) error {
	word, _ := ctx.Value(carriedKey{}).(string)
	if word == "" {
		return nil
	}
	p, err := converter.GetDefaultDataConverter().ToPayload(word)
	if err != nil {
		return fmt.Errorf("carrying the word %q over: %w", word, err)
	}
	w.Set(carriedHeader, p)
	return nil
}

// Extract finds the word in the header of an activity.
func (carrier) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	p, ok := r.Get(carriedHeader)
	if !ok {
		return ctx, nil
	}
	var word string
	if err := converter.GetDefaultDataConverter().FromPayload(p, &word); err != nil {
		return ctx, fmt.Errorf("reading the word of an attempt before: %w", err)
	}
	return context.WithValue(ctx, carriedKey{}, word), nil
}

// Inject does nothing: no client has such a word.
func (carrier) Inject(context.Context, workflow.HeaderWriter) error { return nil }

// ExtractToWorkflow does nothing: a run is told in its input.
func (carrier) ExtractToWorkflow(ctx workflow.Context, _ workflow.HeaderReader) (workflow.Context, error) {
	return ctx, nil
}
