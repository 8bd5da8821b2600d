package core

import (
	"context"
	"net/http"
	"time"
)

// Door decides about a webhook before anything is started or stored. It is
// worker side, synchronous, and makes no network call: the sender waits.
type Door interface {
	Admit(Request) Admission
}

// Request is a webhook as it came in, before anything in it is believed.
type Request struct {
	Header http.Header
	Body   []byte // the raw bytes, at most MaxBody
	Remote string // address of the peer, for the log
}

// MaxBody bounds a webhook's body. PagerDuty never sends more than 256 KB.
const MaxBody = 1 << 20

// Admission is a door's decision: either Start, or a status and a reason.
type Admission struct {
	Start  *Start // set: start durably
	Tell   *Tell  // set: tell the run that is under way, also when Start finds one
	Status int    // to answer when nothing is started; with Start, once it is, 202 when 0
	Reason string // shown to the sender, constant for anything unsigned
	Answer any    // answered as JSON in place of the reason, where a sender wants its own form
	Log    string // further words for the log only; never a body, a header's value or a secret
	Label  string // one short word for metrics, such as "skipped"
}

// Start asks for a flow to be started.
type Start struct {
	// WorkflowID names the run. A second start with the same id is a duplicate
	// for as long as Temporal keeps the first.
	WorkflowID string
	// Running lists further workflow ids which, while they run, make this start
	// a duplicate too.
	Running []string
	Input   map[string]any // what InputData reads
	Urgent  bool           // goes before others when there is a queue
	// Within ends the run by force when it takes longer; 0 is never. It is for runs
	// that nobody goes on with when their process is gone.
	Within time.Duration
	// Tags are ids that the webhook's span carries, by attribute: what the run is
	// about, never words that somebody wrote.
	Tags map[string]string
	// Flow names another flow of the worker to start than the door's own.
	Flow string
	// Repeatable lets the id be used again once its last run has ended.
	Repeatable bool
}

// Tell is something that a run under way is told.
type Tell struct {
	WorkflowID string // of the run, or the beginning of its id before a dash
	Signal     string // which the flow Hears
	Value      any
}

// Source is another way in than the webhook server: a connection that a step
// keeps open itself. Worker side.
type Source interface {
	// Listen hands what comes in to take until ctx ends. A nil error of take says
	// that it is with Temporal, or was turned away: the sender may forget it.
	Listen(ctx context.Context, take func(context.Context, Admission) error)
}
