package core

import "net/http"

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
	Status int    // else: the HTTP status to answer
	Reason string // shown to the sender, constant for anything unsigned
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
}
