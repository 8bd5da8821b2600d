//go:build cluster

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/opsbuddy/opsbuddy/agent/budget"
	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/money"
)

// ceilingOfAnHour lets two processes review more than an hour's money pays for,
// and kills one of them on the way.
func ceilingOfAnHour(t *testing.T, c *cluster) {
	const n = 36 // at a cent each
	ceiling := money.Dollars(0.20)
	w := crowd(t, n)
	g := newGate(t, w, n)
	in := c.install(t, w, 72*time.Hour, g.setting(), "AGENT_COST_LIMIT_PER_HOUR_USD=0.20", "AGENT_MAX_TOKENS=1000")
	a, b := in.serve(t), in.serve(t)
	const holding = 2
	g.hold(func(c call) bool { return c.number < holding })
	in.pages(t, n)
	eventually(t, "every other outcome", func() bool { return len(outcomes(w)) == n-holding })
	if count(in.flights(t, n), thinking, a) == 0 {
		a, b = b, a
	}
	lost := count(in.flights(t, n), thinking, a)
	a.kill(t)
	in.processes = []*served{b}
	g.openToTheLiving(t, lost)
	eventually(t, "an outcome of every page", func() bool { return len(outcomes(w)) >= n })

	// A call that never reported back may have been paid: it stays at its worst case.
	var r budget.Report
	eventually(t, fmt.Sprintf("every cost but those of %d lost calls", lost), func() bool {
		r = in.ledger(t, b)
		return len(slices.DeleteFunc(slices.Clone(r.Entries), func(e budget.Entry) bool { return e.Settled })) == lost
	})
	kinds, paid, spent := in.oneMessageEach(t, n), g.paid(t), r.Windows(0, 0)[0].Spent
	t.Logf("outcomes %v; paid %s, the ledger holds %s, the ceiling is %s", kinds, paid, spent, ceiling)
	if paid.Micro > ceiling.Micro || spent.Micro > ceiling.Micro || paid.Micro > spent.Micro {
		t.Errorf("paid %s, in the ledger %s: want no more than the ledger, and that no more than %s", paid, spent, ceiling)
	}
	// While the others were decided, both held calls stood at their worst case of $0.045, a
	// byte a token. Those that came back are settled since.
	var worst int64
	for _, e := range r.Entries {
		if !e.Settled {
			worst = max(worst, e.Micro)
		}
	}
	if used := spent.Micro + int64(holding-lost)*worst; used < ceiling.Micro*3/4 || kinds["brief"] == 0 || kinds["facts only"] == 0 {
		t.Errorf("%s in the ledger, outcomes %v: want most of %s used, and then facts only", spent, kinds, ceiling)
	}
	sameBudget(t, in, b)
}

// ledger is what a process says was spent.
func (in *installation) ledger(t *testing.T, s *served) budget.Report {
	t.Helper()
	var r budget.Report
	status, body := s.get(t, budgetPage)
	if status != http.StatusOK {
		t.Fatalf("%s answers %d %s", budgetPage, status, body)
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// sameBudget runs opsbuddy budget beside a process, beside another that has done
// nothing, and on a machine where none runs: all know the same ledger.
func sameBudget(t *testing.T, in *installation, worked *served) {
	t.Helper()
	other := in.serve(t)
	want, err := in.budget(t, worked.environ)
	if err != nil || !regexp.MustCompile(`Last hour +\$0\.[0-9]+ +of \$0\.20`).MatchString(want) {
		t.Errorf("budget beside the process that worked: %v\n%s", err, want)
	}
	for where, environ := range map[string][]string{
		"beside another process":     other.environ,
		"on a machine without serve": append(other.environ, "OPSBUDDY_HEALTH_ADDR=127.0.0.1:1"),
	} {
		if got, err := in.budget(t, environ); err != nil || got != want {
			t.Errorf("budget %s: %v\n%s\nwant\n%s", where, err, got, want)
		}
	}
	for _, s := range []*served{worked, other} {
		s.terminate(t)
	}
	for _, s := range []*served{worked, other} {
		s.gone(t)
	}
	if got, err := in.budget(t, append(other.environ, "OPSBUDDY_HEALTH_ADDR=127.0.0.1:1")); err != nil || got != want {
		t.Errorf("budget after the end of every process: %v\n%s\nwant\n%s", err, got, want)
	}
}

func (in *installation) budget(t *testing.T, environ []string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), programPath, "budget")
	cmd.Env = environ
	out, err := cmd.Output()
	return string(out), err
}

// reviewByHand runs opsbuddy review beside two processes: it prints a brief and
// posts none, and it takes no work of the others, which post.
func reviewByHand(t *testing.T, c *cluster) {
	const n = 12
	w := crowd(t, n+1)
	g := newGate(t, w, n+1)
	in := c.install(t, w, 72*time.Hour, g.setting())
	in.serve(t)
	in.serve(t)
	review := exec.CommandContext(t.Context(), programPath, "review", w.IncidentID(world.CrowdName(n)))
	review.Env = append(in.processes[0].environ, "OPSBUDDY_LOG_LEVEL=error")
	byHand := make(chan string, 1)
	go func() {
		out, err := review.CombinedOutput()
		if err != nil {
			out = append(out, err.Error()...)
		}
		byHand <- string(out)
	}()
	in.pages(t, n)
	in.allReported(t, n)
	said := <-byHand
	if !strings.Contains(said, "latency of job 12") || !strings.Contains(said, "\n---\nbrief · ") {
		t.Errorf("review says\n%s\nwant the brief of its incident", said)
	}
	in.fullBriefs(t, n)
	g.paid(t)
	ledger := in.ledger(t, in.processes[0])
	if !slices.ContainsFunc(ledger.Entries, func(e budget.Entry) bool { return strings.HasPrefix(e.Incident, "review-") }) {
		t.Errorf("the review by hand is not in the ledger of the others: %+v", ledger.Entries)
	}
	interruptedReview(t, in, g, review)
}

// interruptedReview ends a review by hand in the middle: it is not left open on
// queues that nobody polls.
func interruptedReview(t *testing.T, in *installation, g *gate, like *exec.Cmd) {
	t.Helper()
	open := func() int {
		t.Helper()
		c, err := in.temporal.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Query: `ExecutionStatus = "Running" AND WorkflowId STARTS_WITH "review-"`,
		})
		if err != nil {
			t.Fatal(err)
		}
		return int(c.GetCount())
	}
	g.hold(func(call) bool { return true })
	again := exec.CommandContext(t.Context(), like.Path, like.Args[1:]...)
	again.Env = like.Env
	if err := again.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the review and its agent", func() bool { return open() == 2 })
	if err := again.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := again.Wait(); err == nil {
		t.Error("an interrupted review ends as if it were done")
	}
	eventually(t, "the end of the interrupted review", func() bool { return open() == 0 })
}
