//go:build cluster

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// TestCluster runs the built program as several processes on one Temporal
// cluster with PostgreSQL. It needs Debian's package postgresql, and so is no
// part of go test ./...:
//
//	go test -tags cluster -count 1 -v -run TestCluster ./cmd/opsbuddy
func TestCluster(t *testing.T) {
	dir := t.TempDir()
	clusterBinary := build(t, dir, "../../internal/temporalcluster")
	before := programPath
	programPath = build(t, dir, ".")
	t.Cleanup(func() { programPath = before })

	c := startCluster(t, clusterBinary)
	for _, s := range []struct {
		name string
		run  func(*testing.T, *cluster)
	}{
		{"a page at both doors is reviewed once", pageAtBothDoors},
		{"a killed process", killedProcess},
		{"a crash loop", crashLoop},
		{"a rolling update", rollingUpdate},
		{"the ceiling of an hour", ceilingOfAnHour},
		{"a review by hand", reviewByHand},
		{"a namespace that forgets too early", forgetfulNamespace},
		{"a page that is repeated after its review was forgotten", forgottenReview},
		{"a namespace that is not there", missingNamespace},
		{"TLS where there is none", tlsWhereThereIsNone},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, c) })
	}
	t.Run("a login", func(t *testing.T) { logins(t, clusterBinary) })
}

// build makes the program of a folder, in dir.
func build(t *testing.T, dir, pkg string) string {
	t.Helper()
	out := filepath.Join(dir, filepath.Base(pkg)+".bin")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out, pkg)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", pkg, err, said)
	}
	return out
}

// cluster is a Temporal cluster in a process of its own.
type cluster struct {
	environ []string // how it is reached
}

// startCluster starts internal/temporalcluster and waits until it can be used.
func startCluster(t *testing.T, binary string, args ...string) *cluster {
	t.Helper()
	began := time.Now()
	log, err := os.Create(filepath.Join(t.TempDir(), "temporalcluster.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, append([]string{"-attached"}, args...)...)
	cmd.Stderr = log
	// It ends with its standard input, so also when this process is killed.
	in, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the cluster ended with %v", err)
		}
		_ = log.Close()
	})
	c := &cluster{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			t.Logf("the cluster is ready after %s: %s", time.Since(began).Round(time.Millisecond), c.environ[0])
			return c
		}
		c.environ = append(c.environ, lines.Text())
	}
	said, _ := os.ReadFile(log.Name())
	t.Fatalf("the cluster does not start:\n%s", said)
	return nil
}

// temporal is a client of a namespace, by the SDK and not by the product.
func (c *cluster) temporal(t *testing.T, namespace string) client.Client {
	t.Helper()
	k, err := client.DialContext(t.Context(), client.Options{
		HostPort: setting(c.environ, "TEMPORAL_ADDRESS"), Namespace: namespace,
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// installation is a company with the processes that serve it, in a namespace of
// its own.
type installation struct {
	world     *world.World
	temporal  client.Client
	settings  []string
	processes []*served
	slowest   time.Duration // answer of Temporal to this test, see slack
}

// slack is what a bound in time grants a busy machine: what takes ten answers of
// Temporal. It is next to nothing on a quiet one.
func (in *installation) slack() time.Duration { return 10 * in.slowest }

// install makes the namespace and no process yet.
func (c *cluster) install(t *testing.T, w *world.World, retention time.Duration, settings ...string) *installation {
	t.Helper()
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, strings.ToLower(t.Name())), "-")
	in := &installation{world: w, temporal: c.temporal(t, name)}
	api := in.temporal.WorkflowService()
	_, err := api.RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: name, WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace", func() bool {
		_, err := in.temporal.DescribeWorkflowExecution(t.Context(), "none", "")
		none := (*serviceerror.NotFound)(nil)
		return errors.As(err, &none)
	})
	in.settings = append(append(slices.Clone(c.environ), "TEMPORAL_NAMESPACE="+name, "OPSBUDDY_LOG_FORMAT=json"), settings...)
	return in
}

// serve adds a process, which keeps nothing on its disk.
func (in *installation) serve(t *testing.T, settings ...string) *served {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	s := serve(t, in.world, data, append(slices.Clone(in.settings), settings...)...)
	in.processes = append(in.processes, s)
	t.Cleanup(func() {
		if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a process on a cluster has a data folder (%v)", err)
		}
		// An embedded server takes running activities away from a process that
		// died. On a cluster they belong to the other processes.
		if strings.Contains(string(s.logged(t)), "handed back the activities of a process that died") {
			t.Error("a process on a cluster took the activities of the others for orphans")
		}
	})
	return s
}

// eventually polls until done.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(2 * waiting)
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s did not come within %s", what, 2*waiting)
		}
	}
}

// crowd is a company with n incidents of its own.
func crowd(t *testing.T, n int) *world.World {
	t.Helper()
	company, err := world.Crowd(n, n)
	if err != nil {
		t.Fatal(err)
	}
	return startCompany(t, company, "")
}

// crowdPage is the webhook of the incident i.
func crowdPage(w *world.World, i int) page {
	return page{body: w.Webhook(world.CrowdName(i)), secrets: []string{secretOf(w)}, id: fmt.Sprint("delivery-", i)}
}

// pages delivers n incidents, in turn to each process.
func (in *installation) pages(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		if _, err := in.processes[i%len(in.processes)].taken(t.Context(), crowdPage(in.world, i)); err != nil {
			t.Fatal(err)
		}
	}
}

// taken delivers a page as PagerDuty does: again after a 503, which is what a
// process says while Temporal is slow.
func (s *served) taken(ctx context.Context, p page) (answered, error) {
	for again := 0; ; again++ {
		a, err := s.deliver(ctx, p)
		if err != nil || a.Code == http.StatusAccepted {
			return a, err
		}
		if a.Code != http.StatusServiceUnavailable || again == 10 {
			return a, fmt.Errorf("the page was answered %d %s, want 202", a.Code, a.raw)
		}
	}
}

// allReported waits until the living processes have delivered n outcomes.
func (in *installation) allReported(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("the end of %d reviews", n), func() bool {
		sum := 0
		for _, s := range in.processes {
			sum += s.reported(t)
		}
		return sum >= n
	})
}

// oneMessageEach wants one message about each of n incidents to stand in Slack,
// and it to be the outcome. It returns how many outcomes of each kind there are.
func (in *installation) oneMessageEach(t *testing.T, n int) map[string]int {
	t.Helper()
	posted := map[string]string{} // the mark that a message was posted with
	for _, m := range in.world.SlackMessages() {
		if m.Kind == "post" {
			posted[m.TS] = string(m.Metadata)
		}
	}
	kinds, about := map[string]int{}, map[string]int{}
	for _, m := range in.world.SlackStanding() {
		for i := range n {
			if strings.Contains(posted[m.TS], `"`+in.world.IncidentID(world.CrowdName(i))+`/`) {
				about[world.CrowdName(i)]++
			}
		}
		last := lastLine(strings.TrimSpace(terminal(m.Blocks)))
		if found := footer.FindStringSubmatch(last); found != nil {
			kinds[found[1]]++
		} else {
			t.Errorf("a message without an outcome stands in Slack: %q", last)
		}
	}
	for i := range n {
		if about[world.CrowdName(i)] != 1 {
			t.Errorf("%d messages stand about %s, want one", about[world.CrowdName(i)], world.CrowdName(i))
		}
	}
	if got := len(in.world.SlackStanding()); got != n {
		t.Errorf("%d messages stand in Slack, want %d", got, n)
	}
	return kinds
}

// fullBriefs wants every outcome to be a full brief.
func (in *installation) fullBriefs(t *testing.T, n int) {
	t.Helper()
	if kinds := in.oneMessageEach(t, n); kinds["brief"] != n {
		t.Errorf("the outcomes are %v, want %d × brief", kinds, n)
	}
	paidOnce(t, in.world)
}

// pageAtBothDoors delivers every page to both processes at the same moment, as
// two subscriptions of PagerDuty or a repeat to another pod would.
func pageAtBothDoors(t *testing.T, c *cluster) {
	const n = 40
	in := c.install(t, crowd(t, n), 72*time.Hour)
	a, b := in.serve(t), in.serve(t)
	type delivery struct {
		a   answered
		err error
	}
	both := func(i int) []answered {
		t.Helper()
		answers := make(chan delivery, 2)
		for _, s := range []*served{a, b} {
			go func() {
				got, err := s.taken(t.Context(), crowdPage(in.world, i))
				answers <- delivery{got, err}
			}()
		}
		first, second := <-answers, <-answers
		if err := errors.Join(first.err, second.err); err != nil {
			t.Fatal(err)
		}
		if first.a.WorkflowID == "" || first.a.WorkflowID != second.a.WorkflowID {
			t.Fatalf("page %d was answered %s and %s, want one workflow id", i, first.a.raw, second.a.raw)
		}
		return []answered{first.a, second.a}
	}
	began := time.Now()
	for i := range n {
		answers := both(i)
		if answers[0].Status == "accepted" && answers[1].Status == "accepted" {
			t.Errorf("page %d is accepted at both doors", i)
		}
	}
	sent := time.Since(began)
	in.allReported(t, n)
	t.Logf("%d pages at both doors in %s, the last outcome after %s; outcomes by process: %d and %d", n,
		sent.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), a.reported(t), b.reported(t))
	in.fullBriefs(t, n)
	if a.reported(t) == 0 || b.reported(t) == 0 {
		t.Error("one of the processes did nothing: they do not share the work")
	}
	for i := range n {
		if answers := both(i); answers[0].Status != "duplicate" || answers[1].Status != "duplicate" {
			t.Errorf("after its review page %d is %s and %s, want duplicate twice", i, answers[0].Status, answers[1].Status)
		}
	}
	in.fullBriefs(t, n)
}
