// Package budget keeps the money of all reviews under the ceilings of a review, an
// hour and a day, over any number of workers and any crash.
//
// The ledger is one Temporal workflow that never ends (workflow.go). Before a
// call to a model its worst case is reserved there, after it the cost is
// settled (client.go). A reservation whose call never reported back counts in
// full: a process that was killed may have been billed. So the sum of what was
// spent and what may have been spent never passes a ceiling.
//
// Workflow side: Ledger and Workflow; time is the workflow's own. Worker side:
// Reserve, Settle and Read, which speak to the ledger through Temporal's client.
package budget
