package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// dialTimeout bounds the first contact with a cluster, with every retry.
const dialTimeout = 20 * time.Second

// Embedded is a Temporal server inside the process.
type Embedded interface {
	ClientOptions() client.Options
	// KickOrphans hands back the activities of a process that died, and says
	// how many. It is called before a worker starts.
	KickOrphans(context.Context) (int, error)
	// Health says why nothing can be stored, nil when it can.
	Health() error
	// Failed tells of a failure after the start, upon which the process should end.
	Failed() <-chan error
	Stop(context.Context) error
}

// EmbeddedOptions say where an embedded server keeps its data.
type EmbeddedOptions struct {
	DataDir string
	UIAddr  string // address of Temporal's web UI, empty for none
	Logger  *slog.Logger
	Codec   http.Handler // unpacks payloads for the web UI
	// Hide takes our own secrets out of JSON before it is stored, on a cluster too.
	Hide func(string) string
}

var startEmbedded func(context.Context, EmbeddedOptions) (Embedded, error)

// RegisterEmbedded makes an embedded server available to workers that have no
// TEMPORAL_ADDRESS. The package core/embedded calls it when it is imported, as
// database/sql's drivers do: the server weighs 130 MB, and programs and tests
// that need none do not link it.
func RegisterEmbedded(start func(context.Context, EmbeddedOptions) (Embedded, error)) {
	startEmbedded = start
}

// Engine is a connection to Temporal, and the embedded server when there is one.
type Engine struct {
	client.Client
	Namespace string
	embedded  Embedded
	retention time.Duration // of a cluster's closed runs; 0 when it is not known
}

// Environment is where the TEMPORAL_… settings come from; nil is the process's
// own environment.
type Environment map[string]string

// Environ lists every setting as KEY=value, for envconfig.
func (e Environment) Environ() []string {
	var all []string
	for _, k := range sortedKeys(e) {
		all = append(all, k+"="+e[k])
	}
	return all
}

// LookupEnv finds one setting.
func (e Environment) LookupEnv(key string) (string, bool) {
	v, ok := e[key]
	return v, ok
}

// Connect dials the cluster that the TEMPORAL_… environment names (the SDK's
// envconfig set) or, when it names none, starts the embedded server. It never
// falls back from one to the other.
//
// Interceptors see each call of the client, and those that are for workers too
// each run and step.
func Connect(ctx context.Context, env Environment, o EmbeddedOptions, i ...interceptor.ClientInterceptor) (*Engine, error) {
	load := envconfig.LoadClientConfigProfileOptions{DisableFile: true}
	if env != nil {
		load.EnvLookup = env
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	profile, err := envconfig.LoadClientConfigProfile(load)
	if err != nil {
		return nil, fmt.Errorf("reading the TEMPORAL_… settings: %w", err)
	}
	if strings.TrimSpace(profile.Address) == "" {
		return connectEmbedded(ctx, o, i)
	}
	if _, _, err := net.SplitHostPort(profile.Address); err != nil || strings.Contains(profile.Address, "//") {
		return nil, fmt.Errorf("TEMPORAL_ADDRESS=%q: it wants host:port without a scheme, such as temporal.example.com:7233", profile.Address)
	}
	opts, err := profile.ToClientOptions(envconfig.ToClientOptionsRequest{})
	if err != nil {
		return nil, fmt.Errorf("reading the TEMPORAL_… settings: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	e := &Engine{Namespace: namespace(opts)}
	if e.Client, err = dial(ctx, opts, o, i); err != nil {
		return nil, refused(profile.Address, e.Namespace, err)
	}
	if err := e.inspect(ctx); err != nil {
		e.Client.Close()
		return nil, refused(profile.Address, e.Namespace, err)
	}
	return e, nil
}

func connectEmbedded(ctx context.Context, o EmbeddedOptions, i []interceptor.ClientInterceptor) (*Engine, error) {
	if startEmbedded == nil {
		return nil, errors.New(`no Temporal: set TEMPORAL_ADDRESS, or link the embedded server with import _ "github.com/opsbuddy/opsbuddy/core/embedded"`)
	}
	o.Codec = converter.NewPayloadCodecHTTPHandler(Codec())
	server, err := startEmbedded(ctx, o)
	if err != nil {
		return nil, err
	}
	opts := server.ClientOptions()
	c, err := dial(ctx, opts, o, i)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connecting to the embedded Temporal server: %w", err), server.Stop(ctx))
	}
	return &Engine{Client: c, Namespace: namespace(opts), embedded: server}, nil
}

func dial(ctx context.Context, opts client.Options, o EmbeddedOptions, i []interceptor.ClientInterceptor) (client.Client, error) {
	opts.Interceptors = i
	opts.ContextPropagators = []workflow.ContextPropagator{carrier{}}
	opts.DataConverter = hidingConverter(o.Hide)
	opts.Logger = sdklog.NewStructuredLogger(quiet(o.Logger))
	return client.DialContext(ctx, opts)
}

func namespace(o client.Options) string {
	if o.Namespace == "" {
		return client.DefaultNamespace
	}
	return o.Namespace
}

// nobody is the id of no run. To look for it asks the part of Temporal that keeps
// runs, which can be away, after a start or with its database, while the door that
// the usual health check asks is there.
const nobody = "ready?"

// trouble says why a page cannot be accepted durably, empty when it can.
func (e *Engine) trouble(ctx context.Context) string {
	if e.embedded != nil {
		if err := e.embedded.Health(); err != nil {
			return err.Error()
		}
	}
	if _, err := e.isRunning(ctx, nobody); err != nil {
		return "does not answer: a page cannot be accepted durably"
	}
	return ""
}

// Close disconnects and stops the embedded server.
func (e *Engine) Close(ctx context.Context) error {
	e.Client.Close()
	if e.embedded == nil {
		return nil
	}
	return e.embedded.Stop(ctx)
}

// start begins a run durably, or reports false for a duplicate. Where runs are
// forgotten too early, it leaves a receipt before it reports anything.
func (e *Engine) start(ctx context.Context, queue string, f *Flow, s *Start) (bool, error) {
	if !e.forgetful() || s.Repeatable {
		return e.startOnce(ctx, queue, f, s)
	}
	taken, err := e.isRunning(ctx, receiptOf(s.WorkflowID))
	if err != nil || taken {
		return false, err
	}
	started, err := e.startOnce(ctx, queue, f, s)
	if err != nil {
		return false, err
	}
	return started, e.writeReceipt(ctx, queue, f, s.WorkflowID)
}

func (e *Engine) startOnce(ctx context.Context, queue string, f *Flow, s *Start) (bool, error) {
	for _, id := range s.Running {
		running, err := e.isRunning(ctx, id)
		if err != nil || running {
			return false, err
		}
	}
	in, err := encodeInput(s.Input)
	if err != nil {
		return false, err
	}
	reuse := enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
	if s.Repeatable {
		reuse = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	}
	_, err = e.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: s.WorkflowID, TaskQueue: queue, StaticSummary: f.name,
		WorkflowIDReusePolicy:                    reuse,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		Priority:                                 priority(s.Urgent),
		WorkflowExecutionTimeout:                 s.Within,
	}, f.name, in)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &already) {
		return false, nil
	}
	return err == nil, err
}

// tell signals the run of that id, or else every open run whose id goes on after
// it with a dash. It reports false when there is none.
func (e *Engine) tell(ctx context.Context, t *Tell) (bool, error) {
	heard, err := e.signal(ctx, t.WorkflowID, t)
	if heard || err != nil {
		return heard, err
	}
	open, err := e.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: e.Namespace, Query: fmt.Sprintf("WorkflowId STARTS_WITH %q AND ExecutionStatus = 'Running'", t.WorkflowID+"-"),
	})
	if err != nil {
		return false, fmt.Errorf("looking for runs of %s: %w", t.WorkflowID, err)
	}
	for _, run := range open.GetExecutions() {
		id := run.GetExecution().GetWorkflowId()
		if strings.Contains(id, "/") {
			continue // a child; its flow tells it
		}
		one, err := e.signal(ctx, id, t)
		if err != nil {
			return heard, err
		}
		heard = heard || one
	}
	return heard, nil
}

func (e *Engine) signal(ctx context.Context, id string, t *Tell) (bool, error) {
	err := e.SignalWorkflow(ctx, id, "", t.Signal, t.Value)
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("telling %s: %w", id, err)
	}
	return true, nil
}

// OutputsOf are the outputs of the steps of a run so far; empty when there is no
// such run.
func OutputsOf(ctx context.Context, c client.Client, workflowID string) (Outputs, error) {
	var out Outputs
	v, err := c.QueryWorkflow(ctx, workflowID, "", outputsQuery)
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return out, nil
	}
	if err == nil {
		err = v.Get(&out)
	}
	if err != nil {
		return out, fmt.Errorf("asking %s for its outputs: %w", workflowID, err)
	}
	return out, nil
}

func (e *Engine) isRunning(ctx context.Context, id string) (bool, error) {
	d, err := e.DescribeWorkflowExecution(ctx, id, "")
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// priority of a run and of all its activities: 1 goes first, 3 is Temporal's
// default.
func priority(urgent bool) temporal.Priority {
	if urgent {
		return temporal.Priority{PriorityKey: 1}
	}
	return temporal.Priority{PriorityKey: 4}
}

func encodeInput(data map[string]any) (Input, error) {
	in := Input{Data: map[string]json.RawMessage{}}
	for _, key := range sortedKeys(data) {
		raw, err := json.Marshal(data[key])
		if err != nil {
			return Input{}, fmt.Errorf("input %q: %w", key, err)
		}
		in.Data[key] = raw
	}
	return in, nil
}
