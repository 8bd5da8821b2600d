// Package pagerduty is where a page enters and where PagerDuty is read.
//
// A webhook passes four files: signature.go (who sent the bytes), event.go
// (what they say), door.go (whether a review starts, and under which name) and
// parse.go (the flow's first step). Client reads incidents, alerts, notes, logs,
// earlier incidents, changes and who is on call; NewServer offers the same reads
// as MCP tools; the functions ending in Text write what was read for a model.
//
// Everything here is worker side: it sees network, clock and secrets. Into
// Temporal cross only the reduced webhook (Event.Payload), two headers that name
// a delivery, and values of package incident.
//
// Invariants: nothing of a body is believed, decoded or logged before its
// signature matched; a field that is not needed cannot refuse a page; outside
// text is cleaned and redacted where it enters; a read that could not look
// returns an error, never an empty list; nothing is ever written to PagerDuty.
package pagerduty
