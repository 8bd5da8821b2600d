// Package triage is the flow: one incident from its webhook to its brief, read
// top to bottom in flow.go.
//
// BuildFlow composes what the other packages offer; it is the one place, beside
// the program itself, that sees all of them. Config holds secrets and lives on
// the worker; steps.go has the worker-side steps of this package.
package triage
