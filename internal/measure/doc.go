// Command measure takes the figures that docs/figures.md shows: it runs the
// built program as a child process against the fictional company of
// internal/world and prints a Markdown table.
//
//	go build -o /tmp/opsbuddy ./cmd/opsbuddy
//	go run ./internal/measure -binary /tmp/opsbuddy
//
// It has no part in a running flow: it stands outside, where the vendors and the
// operator do. It reads /proc and so needs Linux.
//
// Invariants: a figure is measured in this run or it is not printed; a run that
// did not do what its row says (a lost incident, a turn too few) is an error and
// not a figure; every child process is ended, whatever fails.
package main
