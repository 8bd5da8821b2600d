// Package killtest is the property test behind the first promise: a page is
// never lost and never reviewed twice. It runs the real program against the
// stand-ins of internal/world, sends signed incidents as PagerDuty does, until
// each got a 2xx, kills the process over and over, and brings it up again on the
// same data folder. At the end it holds what the stand-ins saw against what
// Temporal recorded. It has no part in a running flow.
//
// # What must hold
//
// Every incident that was sent ends in one visible outcome, its thread parts not
// doubled. A step that Temporal recorded as completed is not asked for again: no
// request of a step comes after the time of its completion, and one process asks
// for nothing twice. So no recorded call to the model is paid again. What the
// model's stand-in billed never passes the ceilings of a review and of an hour,
// and never what the ledger says. SIGTERM ends the process with exit code 0
// within 30 s.
//
// By the incoming webhook, which can neither be searched nor edited, a message is
// sent at most once. When the process dies between the note "sending", which is
// with Temporal before the first byte leaves, and the record of the answer, the
// message may stand or not; it is not sent again, the step says so in its output,
// and one line of the log names the incident. Such doubts are counted apart; an
// incident whose step was not cut there has its message.
//
// # How it is made
//
// A run is several campaigns, each with its own company, data folder and way of
// posting (plan.go). A campaign is kills in a row, each at a moment (moments.go)
// that is brought about by holding the requests of one step at the stand-in, or
// by time. Choices come from the seed; times are the machine's.
package killtest
