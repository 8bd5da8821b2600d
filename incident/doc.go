// Package incident holds what is known about one incident as plain values:
// the incident itself, its alerts, notes and log, past incidents, changes,
// who is on call, tickets, runbook pages and channel messages.
//
// The readers (pagerduty, atlassian, slack) return these values, evidence
// numbers them, brief writes from them. They cross into Temporal's history, so
// every field has a JSON tag and fields are only ever added. The package is a
// leaf: it does no I/O, imports no other package of ours, and is safe on both
// sides of the workflow line.
package incident
