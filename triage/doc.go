// Package triage is the flow: one incident from its webhook to its brief, read
// top to bottom in flow.go.
//
// BuildFlow composes what the other packages offer; it is the one place, beside
// the program itself, that sees all of them. FlowConfig holds secrets and stays on
// the worker side, and so do the steps in steps.go; on the workflow side there is
// only the condition in flow.go, which looks at outputs.
package triage
