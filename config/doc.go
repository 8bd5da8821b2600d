// Package config holds every setting of Ops Buddy in one struct: it reads them
// from an environment, checks them all at once, and prints them with secrets
// redacted.
//
// Load is a function of the environment it is given and of the files that this
// environment names; it asks no network and no process-wide state. Which
// settings a command needs is asked afterwards (CheckServe, CheckReview,
// CheckMCP), so that commands that need little start with little.
//
// The package belongs to the worker side of the workflow line: a Config never
// enters a workflow, and a Secret prints, logs and marshals as "[redacted]".
//
// Invariants: no value is used that was not checked; a mistake is reported with
// the variable's name, what was read (never for a secret), what is wanted and
// what to do; a list or key that is empty by accident counts as not set. The
// package is a leaf: it imports no other package of ours.
package config
