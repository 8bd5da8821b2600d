// Package evidence gathers what is known about an incident, in parallel and
// without a model, and numbers it: E1, E2, …
//
// Every source's answer is typed: found, nothing there, could not look (and
// why), not set up. "Could not look" is never "nothing there": a brief may say
// that there are no open tickets only when somebody looked.
//
// Gather is worker side (the readers it is given speak to the network); Facts,
// Item and the derived facts are plain values that cross into Temporal's
// history, and the code that derives them is pure.
package evidence
