// Package agent runs a language model with tools as a durable child workflow.
//
// One review is one run of Workflow (workflow.go, run.go): open the tools, then
// think, call the tools that the model asked for, and think again, until there
// is an answer or a reason to stop: iterations, money, time, a loop, or a model
// that fails. Whatever happens, the run ends in a Result, which is a value: a
// failing agent never fails the flow.
//
// # The workflow line
//
// Workflow side: Workflow and everything in run.go, guard.go and agent/compact.
// They see the conversation and the Plan that Open put into the history, never
// a clock, a key or a socket. Worker side: Activities (activity.go) with the
// model's client and the pool of MCP sessions. Every call to a model and every
// call to a tool is one activity, so a killed process repeats at most the call
// that was in flight.
//
// Invariants: a call that was recorded is never paid again; the tools of a run
// never change while it runs; a tool outside the allow list cannot be called;
// the ceiling of a run is never passed, since the worst case of a call is held
// against it before the call is made.
package agent
