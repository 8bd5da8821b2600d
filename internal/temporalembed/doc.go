// Package temporalembed runs a real Temporal server inside the process, on one
// SQLite file, with Temporal's own web UI. It is for one machine; several
// machines share a Temporal cluster instead, with the same workflow code.
//
// Worker side: nothing here runs in workflow code.
//
// Invariants:
//
//   - One process per data folder, held by a lock on a file in it. Two servers
//     on one database keep taking the shard from each other.
//   - The database appears under its name only when it is complete, and carries
//     the hash of its tables: Temporal has no migration for SQLite files.
//   - Nothing is written outside the data folder.
//   - The gRPC port answers only to the token of this process. Temporal's
//     internal ports (history, matching) have no such check; all of them listen
//     on 127.0.0.1 only.
//   - Whatever goes wrong is an error of Start or on Failed, never an exit of
//     the process and never a wait without a bound.
//
// The server runs without Temporal's "worker" service, which saves half a second
// at start and one at stop. So schedules, batch jobs and the deletion of
// namespaces do not work; workflows, children, activities, signals, updates,
// queries, parent-close policies and retention do.
package temporalembed
