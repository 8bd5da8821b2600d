package budget

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/opsbuddy/opsbuddy/core"
)

// Book is the ledger of one agent step as a worker reaches it. Worker side.
type Book struct {
	Client client.Client
	Type   string // the registered name of Workflow
	Queue  string // the task queue that runs it
}

// id names the one run of the ledger.
func (b Book) id() string { return b.Type }

// callTimeout bounds one conversation with the ledger.
const callTimeout = 10 * time.Second

// Reserve asks for money, and starts the ledger when there is none. An error
// means that the ledger could not be asked: then nothing may be spent.
func (b Book) Reserve(ctx context.Context, r Request) (Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	e := core.Entity{Client: b.Client, ID: b.id(), Type: b.Type, Queue: b.Queue, Summary: "spending of all reviews", State: Ledger{}}
	var g Grant
	if err := e.Ask(ctx, reserveUpdate, r.Key, r, &g); err != nil {
		return g, fmt.Errorf("reserving money in the ledger: %w", err)
	}
	return g, nil
}

// Settle tells the ledger what a call cost. When it cannot, the reservation
// stands, which errs on the side of the ceiling.
func (b Book) Settle(ctx context.Context, s Settlement) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := b.Client.SignalWorkflow(ctx, b.id(), "", settleSignal, s); err != nil {
		return fmt.Errorf("settling %s in the ledger: %w", s.Key, err)
	}
	return nil
}

// Read returns what was spent. Nothing spent yet is an empty report.
func (b Book) Read(ctx context.Context) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var r Report
	v, err := b.Client.QueryWorkflow(ctx, b.id(), "", readQuery)
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return r, nil
	}
	if err == nil {
		err = v.Get(&r)
	}
	if err != nil {
		return r, fmt.Errorf("reading the ledger: %w", err)
	}
	return r, nil
}
