package budget

import (
	"log/slog"
	"testing"
	"time"

	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/opsbuddy/opsbuddy/money"
)

// callback collects the answer of an update.
type callback struct {
	t     *testing.T
	grant *Grant
}

func (callback) Accept()            {}
func (c callback) Reject(err error) { c.t.Error(err) }
func (c callback) Complete(v any, err error) {
	if err != nil {
		c.t.Error(err)
		return
	}
	*c.grant = v.(Grant)
}

func TestTheLedgerAnswersUpdatesSignalsAndQueries(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(start)
	var grants [2]Grant
	for i, key := range []string{"a", "b"} {
		env.RegisterDelayedCallback(func() {
			env.UpdateWorkflow(reserveUpdate, key, callback{t, &grants[i]}, ask(key, 0.8))
		}, time.Duration(i+1)*time.Minute)
	}
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(settleSignal, Settlement{Key: "a", Cost: money.Dollars(0.3)}) }, 3*time.Minute)
	env.RegisterDelayedCallback(func() {
		v, err := env.QueryWorkflow(readQuery)
		if err != nil {
			t.Error(err)
			return
		}
		var r Report
		if err := v.Get(&r); err != nil || len(r.Entries) != 1 || r.Entries[0].Micro != 300_000 || !r.Entries[0].Settled {
			t.Errorf("report %+v, %v", r, err)
		}
		env.CancelWorkflow()
	}, 4*time.Minute)
	env.ExecuteWorkflow(Workflow, Ledger{})
	if grants[0].Choice != 0 || grants[1].Choice != -1 {
		t.Errorf("grants %+v", grants)
	}
}
