package temporalembed

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const testQueue = "test"

// orphanDir makes the test binary the process of
// TestKilledProcessLeavesAnActivityThatIsKicked that gets killed.
var orphanDir = flag.String("orphan-dir", "", "run a process that starts an activity in this data folder and waits to be killed")

func TestMain(m *testing.M) {
	flag.Parse()
	if *orphanDir != "" {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		fmt.Println(leaveOrphan(ctx, *orphanDir))
		select {}
	}
	os.Exit(m.Run())
}

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Start(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t testing.TB, s *Server) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func connect(t testing.TB, s *Server) client.Client {
	t.Helper()
	o := s.ClientOptions()
	o.Logger = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	c, err := client.Dial(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func work(t testing.TB, c client.Client, workflows ...any) (stop func()) {
	t.Helper()
	w := worker.New(c, testQueue, worker.Options{})
	for _, wf := range workflows {
		w.RegisterWorkflow(wf)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(w.Stop)
	t.Cleanup(stop)
	return stop
}

func greet(_ workflow.Context, name string) (string, error) { return "hello " + name, nil }

func run(t testing.TB, c client.Client, id, name string) string {
	t.Helper()
	r, err := c.ExecuteWorkflow(testContext(t), client.StartWorkflowOptions{ID: id, TaskQueue: testQueue}, greet, name)
	if err != nil {
		t.Fatal(err)
	}
	return result(t, r)
}

func result(t testing.TB, r client.WorkflowRun) string {
	t.Helper()
	var out string
	if err := r.Get(testContext(t), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// wantError checks that err has all the words a person needs.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", words)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q lacks %q", err, word)
		}
	}
}

func TestWorkflowsOutliveStopAndStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on the way")
	s := start(t, Options{DataDir: dir})
	c := connect(t, s)
	endWork := work(t, c, greet)
	if got := run(t, c, "first", "one"); got != "hello one" {
		t.Errorf("result %q", got)
	}
	endWork()
	stop(t, s)

	again := start(t, Options{DataDir: dir})
	c = connect(t, again)
	if got := result(t, c.GetWorkflow(testContext(t), "first", "")); got != "hello one" {
		t.Errorf("result of the run before the restart: %q", got)
	}
	work(t, c, greet)
	if got := run(t, c, "second", "two"); got != "hello two" {
		t.Errorf("result %q", got)
	}
}

func TestStopIsIdempotentAndLeavesNoLog(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{DataDir: dir})
	stop(t, s)
	stop(t, s)
	info, err := os.Stat(filepath.Join(dir, databaseFile+"-wal"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err == nil && info.Size() != 0 {
		t.Errorf("%d bytes are in the log only, a copy of the database would lack them", info.Size())
	}
}

func TestQuietRunWritesNoWarning(t *testing.T) {
	var out syncBuffer
	s := start(t, Options{DataDir: t.TempDir(), UIAddr: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(&out, nil))})
	c := connect(t, s)
	endWork := work(t, c, greet)
	run(t, c, "quiet", "you")
	endWork()
	stop(t, s)
	if got := out.String(); got != "" {
		t.Errorf("logged:\n%s", got)
	}
	select {
	case err := <-s.Failed():
		t.Errorf("failed: %v", err)
	default:
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestCallsWithoutTheTokenAreRefused(t *testing.T) {
	s := start(t, Options{DataDir: t.TempDir()})
	empty, bare := "", strings.TrimPrefix(*s.token.header, "Bearer ")
	for name, headers := range map[string]client.Options{
		"no token":             {},
		"another one's":        {HeadersProvider: newToken()},
		"an empty one":         {HeadersProvider: token{&empty}},
		"one without a scheme": {HeadersProvider: token{&bare}},
	} {
		o := headers
		o.HostPort, o.Logger = s.ClientOptions().HostPort, sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
		c, err := client.Dial(o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer c.Close()
		_, startErr := c.ExecuteWorkflow(testContext(t), client.StartWorkflowOptions{ID: "intruder", TaskQueue: testQueue}, "any")
		_, readErr := c.ListWorkflow(testContext(t), &workflowservice.ListWorkflowExecutionsRequest{})
		for call, err := range map[string]error{"start": startErr, "list": readErr} {
			var denied *serviceerror.PermissionDenied
			if !errors.As(err, &denied) {
				t.Errorf("%s, %s: got %v, want permission denied", name, call, err)
			}
		}
	}
}

func TestTokenDoesNotPrint(t *testing.T) {
	tok := newToken()
	for _, verb := range []string{"%v", "%s", "%+v", "%#v"} {
		for _, v := range []any{tok, struct{ T token }{tok}, struct{ t token }{tok}, &Server{token: tok}, (&Server{token: tok}).ClientOptions()} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, *tok.header) {
				t.Errorf("%s of %T prints the token", verb, v)
			}
		}
	}
}

func TestRetentionIsSetForNewAndExistingDatabases(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ given, want time.Duration }{
		{0, 168 * time.Hour}, {72 * time.Hour, 72 * time.Hour}, {2 * time.Hour, 2 * time.Hour},
	} {
		s := start(t, Options{DataDir: dir, Retention: tt.given})
		d, err := s.client.WorkflowService().DescribeNamespace(testContext(t), &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != tt.want {
			t.Errorf("retention %s: got %s, want %s", tt.given, got, tt.want)
		}
		stop(t, s)
	}
	_, err := Start(testContext(t), Options{DataDir: dir, Retention: time.Minute})
	wantError(t, err, "retention", "1m", "1h")
}

func TestAnotherNamespaceIsCreatedInAnExistingDatabase(t *testing.T) {
	dir := t.TempDir()
	stop(t, start(t, Options{DataDir: dir}))
	s := start(t, Options{DataDir: dir, Namespace: "ops"})
	if got := s.ClientOptions().Namespace; got != "ops" {
		t.Errorf("client namespace %q", got)
	}
	c := connect(t, s)
	work(t, c, greet)
	if got := run(t, c, "there", "ops"); got != "hello ops" {
		t.Errorf("result %q", got)
	}
}

const children = 12 // from ten on, Temporal leaves the policy to its worker service by default

func parent(ctx workflow.Context) error {
	for i := range children {
		ctx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: fmt.Sprint("child-", i)})
		if err := workflow.ExecuteChildWorkflow(ctx, wait).GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Hour) }

func TestManyChildrenEndWithTheirParent(t *testing.T) {
	s := start(t, Options{DataDir: t.TempDir()})
	c := connect(t, s)
	work(t, c, parent, wait)
	r, err := c.ExecuteWorkflow(testContext(t), client.StartWorkflowOptions{ID: "parent", TaskQueue: testQueue}, parent)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Get(testContext(t), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	for i := range children {
		id := fmt.Sprint("child-", i)
		_ = c.GetWorkflow(ctx, id, "").Get(ctx, nil) // returns when the child is closed
		d, err := c.DescribeWorkflowExecution(testContext(t), id, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := d.GetWorkflowExecutionInfo().GetStatus(); got != enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED {
			t.Errorf("%s: %s", id, got)
		}
	}
}

// BenchmarkStart measures from an existing database to a server that answers.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	stop(b, start(b, Options{DataDir: dir}))
	for b.Loop() {
		s, err := Start(context.Background(), Options{DataDir: dir})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		stop(b, s)
		b.StartTimer()
	}
}
