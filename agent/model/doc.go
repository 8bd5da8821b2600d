// Package model says what a language model is to the agent: a conversation with
// tools goes in, a turn comes out, whoever the vendor is. The vendors live in
// the packages below it, one folder each.
//
// Workflow side: the types, Repair, the counting of tokens and the prices are
// names and data, without clock, network or chance, and give the same answer in
// a replay. Clients (anthropic, openai) and BoundBody are worker side, run by
// activities.
//
// # What is the same for every vendor
//
// A request is repaired before it is sent (Repair), since a conversation that
// a vendor refuses once is refused for ever. What a model says is read with
// suspicion (Answer): thinking is taken out of the text, a call that was
// printed as text is found, broken arguments become a Problem and never an
// empty object that looks like a call, ids are made unique. A failure is sorted
// by what helps against it (Failure), not by its status.
//
// Invariants: Repair(Repair(m)) equals Repair(m); Call.Arguments is always a
// JSON object; Usage.Input never counts a cached token; a price that nobody
// wrote down is unknown, never zero.
package model
