//go:build cluster

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

const (
	thinking = "agent.Think@review"
	tooling  = "agent.CallTool@review"

	// heartbeats is core's heartbeatTimeout, after which a vanished process is
	// noticed.
	heartbeats = 10 * time.Second
	// orphaned is how an embedded server ends the attempts of a process that died.
	orphaned = "the process that ran this attempt ended"
	// noticed is when the calls of a killed process have to be made again: a
	// server with default settings fires the timer of a retry up to a second late,
	// the retry itself waits 0.2 s.
	noticed = heartbeats + 1500*time.Millisecond
)

// flight is an attempt of an activity that a process is running.
type flight struct {
	incident int
	activity string // registered name
	pid      string
	attempt  int32
	failed   string // how the attempt before ended
	started  time.Time
	beat     time.Time // the last heartbeat
}

// flights asks Temporal which attempts are running for the first n incidents'
// reviews, and where.
func (in *installation) flights(t *testing.T, n int) []flight {
	t.Helper()
	var all []flight
	for i := range n {
		began := time.Now()
		d, err := in.temporal.DescribeWorkflowExecution(t.Context(), in.review(i), "")
		in.slowest = max(in.slowest, time.Since(began))
		if none := (*serviceerror.NotFound)(nil); errors.As(err, &none) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range d.GetPendingActivities() {
			if a.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED {
				pid, _, _ := strings.Cut(a.GetLastWorkerIdentity(), "@")
				all = append(all, flight{i, a.GetActivityType().GetName(), pid, a.GetAttempt(), a.GetLastFailure().GetMessage(),
					a.GetLastStartedTime().AsTime(), a.GetLastHeartbeatTime().AsTime()})
			}
		}
	}
	return all
}

// review is the workflow id of the agent's run about the incident i.
func (in *installation) review(i int) string {
	return "incident-" + in.world.IncidentID(world.CrowdName(i)) + "/review"
}

func pid(s *served) string { return fmt.Sprint(s.cmd.Process.Pid) }

// count says how many flights are of an activity and, when a process is given, in
// that one.
func count(all []flight, activity string, in ...*served) int {
	n := 0
	for _, f := range all {
		if f.activity == activity && (len(in) == 0 || f.pid == pid(in[0])) {
			n++
		}
	}
	return n
}

const (
	crashPages = 16
	released   = 9 // reviews whose first turn is answered
	toolsDone  = 3 // of these, reviews whose tool has answered when others' hang
)

// inTheMiddle brings reviews to where some wait for their first turn of the
// model, some for a tool (when these hang), and some for the turn after that, and
// returns what is running. The processes have room for all of it at once.
func (in *installation) inTheMiddle(t *testing.T, g *gate, tools int) []flight {
	t.Helper()
	w := in.world
	g.hold(func(call) bool { return true })
	in.pages(t, crashPages)
	running := func(what string, models, tools int) (all []flight) {
		t.Helper()
		eventually(t, what, func() bool {
			all = in.flights(t, crashPages)
			return count(all, thinking) == models && count(all, tooling) == tools
		})
		return all
	}
	running("the first turns of the model", crashPages, 0)
	// The gathering of facts has read the alerts: from here on the tool does.
	if tools > 0 {
		w.Inject(world.PagerDuty, world.Fault{Hang: true, Match: "/alerts", After: released - tools})
	}
	g.hold(func(c call) bool { return c.turn > 0 || c.incident >= released })
	return running("calls of the model and of tools", crashPages-tools, tools)
}

// toolReads are the requests of the one tool that the model calls, by incident.
// The gathering of facts makes the same request once before.
func toolReads(w *world.World, after time.Time) map[int][]world.Request {
	reads := map[int][]world.Request{}
	for i := range crashPages {
		path := "/incidents/" + w.IncidentID(world.CrowdName(i)) + "/alerts"
		for _, r := range w.Requests() {
			if r.API == world.PagerDuty && r.Path == path && r.At.After(after) {
				reads[i] = append(reads[i], r)
			}
		}
	}
	return reads
}

// repeated is when a flight's request came again after a moment; zero when not.
func (f flight) repeated(w *world.World, g *gate, after time.Time) time.Time {
	if f.activity == tooling {
		if again := toolReads(w, after)[f.incident]; len(again) > 0 {
			return again[0].At
		}
		return time.Time{}
	}
	for _, c := range g.all() {
		if c.incident == f.incident && c.at.After(after) {
			return c.at
		}
	}
	return time.Time{}
}

// killedProcess kills a process while it waits for the model and for tools.
func killedProcess(t *testing.T, c *cluster) {
	w := crowd(t, crashPages)
	g := newGate(t, w, crashPages)
	in := c.install(t, w, 72*time.Hour, "WORKER_MAX_CONCURRENT_ACTIVITIES=16", g.setting())
	a, b := in.serve(t), in.serve(t)
	all := in.inTheMiddle(t, g, released-toolsDone)
	if count(all, thinking, a) == 0 || count(all, tooling, a) == 0 {
		a, b = b, a
	}
	t.Logf("killed with %d calls of the model and %d of tools under way; the other has %d and %d",
		count(all, thinking, a), count(all, tooling, a), count(all, thinking, b), count(all, tooling, b))
	if count(all, thinking, a) == 0 || count(all, tooling, a) == 0 {
		t.Fatalf("no process runs both: %+v", all)
	}
	answered := answeredTools(w)
	if len(answered) != toolsDone {
		t.Fatalf("%d tools have answered, want %d", len(answered), toolsDone)
	}

	killed := time.Now()
	a.kill(t)
	in.processes = []*served{b}
	if count(in.flights(t, crashPages), thinking, a) == 0 {
		t.Error("Temporal has noticed at once: this was no crash")
	}
	w.Heal(world.PagerDuty)
	g.openToTheLiving(t, count(all, thinking, a))
	in.allReported(t, crashPages)
	t.Logf("the last outcome came %s after kill -9", time.Since(killed).Round(time.Millisecond))

	var worst time.Duration
	for _, f := range all {
		if f.pid != pid(a) {
			continue
		}
		at := f.repeated(w, g, killed)
		if at.IsZero() {
			t.Errorf("%s of review %d was never made again", f.activity, f.incident)
			continue
		}
		t.Logf("%s of review %d was made again %s after kill -9", f.activity, f.incident, at.Sub(killed).Round(time.Millisecond))
		worst = max(worst, at.Sub(killed))
	}
	if worst > noticed+in.slack() {
		t.Errorf("the other process went on after %s, want %s + %s at most", worst, noticed, in.slack())
	}
	in.fullBriefs(t, crashPages)
	g.paid(t)
	again := toolReads(w, killed)
	for _, i := range answered {
		if len(again[i]) > 0 {
			t.Errorf("the tool of review %d had answered, and was asked again", i)
		}
	}
}

// answeredTools are the reviews whose tool has answered.
func answeredTools(w *world.World) []int {
	var done []int
	for i, reads := range toolReads(w, time.Time{}) {
		if len(reads) == 2 && reads[1].Status == http.StatusOK {
			done = append(done, i)
		}
	}
	return done
}

// rollingUpdate starts a third process and stops the first, as a deployment
// does, while calls are under way that do not end.
func rollingUpdate(t *testing.T, c *cluster) {
	w := crowd(t, crashPages+1)
	g := newGate(t, w, crashPages+1)
	in := c.install(t, w, 72*time.Hour, "WORKER_MAX_CONCURRENT_ACTIVITIES=32", g.setting())
	a, b := in.serve(t), in.serve(t)
	all := in.inTheMiddle(t, g, 0) // a tool has its own time, which is shorter
	if count(all, thinking, a) < count(all, thinking, b) {
		a, b = b, a
	}
	next := in.serve(t)
	for _, f := range in.flights(t, crashPages) {
		if strings.Contains(f.failed, orphaned) {
			t.Errorf("the start of another process ended %s of review %d", f.activity, f.incident)
		}
	}
	began := time.Now()
	a.terminate(t)
	last := crowdPage(w, crashPages)
	if _, err := a.taken(t.Context(), last); err != nil { // for half a second it still takes pages
		t.Logf("the process that ends takes no page any more: %v", err)
		b.accepted(t, last)
	}
	in.processes = []*served{b, next}
	a.gone(t)
	t.Logf("from SIGTERM to the end: %s, with %d calls under way", time.Since(began).Round(time.Millisecond), count(all, thinking, a))

	eventually(t, "every call in the other processes", func() bool {
		all = in.flights(t, crashPages)
		return len(all) == crashPages && count(all, thinking, a) == 0
	})
	back := handedBack(t, a)
	var worst time.Duration
	for _, f := range all {
		if age := time.Since(f.beat); f.attempt == 1 && age > heartbeats/2+in.slack() {
			t.Errorf("the last heartbeat of review %d is %s old: a call that runs is soon taken for a dead one", f.incident, age)
		}
		if strings.Contains(f.failed, "handed back") {
			worst = max(worst, f.started.Sub(back[in.review(f.incident)+" "+f.activity]))
		}
	}
	t.Logf("%d calls ran again at most %s after they were handed back", len(back), worst.Round(time.Millisecond))
	if len(back) == 0 || worst > 2*time.Second+in.slack() {
		t.Errorf("calls that were handed back ran again after %s, want 2 s + %s at most", worst, in.slack())
	}
	g.open()
	in.allReported(t, crashPages+1)
	in.fullBriefs(t, crashPages+1)
	g.paid(t)
}

// handedBack is when a stopped process handed back an activity, by its log.
func handedBack(t *testing.T, s *served) map[string]time.Time {
	t.Helper()
	back := map[string]time.Time{}
	for lines := bufio.NewScanner(bytes.NewReader(s.logged(t))); lines.Scan(); {
		var line struct {
			Time       time.Time
			WorkflowID string `json:"workflow_id"`
			Activity   string
			Error      string
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && strings.Contains(line.Error, "handed back") {
			back[line.WorkflowID+" "+line.Activity] = line.Time
		}
	}
	return back
}
