// Package coretest registers flows on Temporal's test environment, for tests of
// whole flows without a server. It has no part in a running flow.
package coretest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opsbuddy/opsbuddy/core"
)

// runTimeout bounds one flow in real time.
const runTimeout = time.Minute

// New returns a test environment that knows the flow and all its steps. What the
// steps open is given back when the test ends.
func New(t *testing.T, f *core.Flow) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(runTimeout)
	// A loaded machine is no deadlock; the default is one second.
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: runTimeout})
	if err := f.RegisterOn(registry{t, env, map[string]bool{}}); err != nil {
		t.Fatal(err)
	}
	return env
}

type registry struct {
	t      *testing.T
	env    *testsuite.TestWorkflowEnvironment
	shared map[string]bool
}

func (r registry) Activity(name string, fn any) {
	r.env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
}

func (r registry) Bounded(name string, fn any) { r.Activity(name, fn) }

func (r registry) Workflow(name string, fn any) {
	r.env.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
}

func (r registry) Shared(name string, fn any) string {
	if !r.shared[name] {
		r.shared[name] = true
		r.Workflow(name, fn)
	}
	return ""
}

func (r registry) OnStop(what string, run func(context.Context) error) {
	r.t.Cleanup(func() {
		if err := run(context.Background()); err != nil {
			r.t.Errorf("giving back %s: %v", what, err)
		}
	})
}
