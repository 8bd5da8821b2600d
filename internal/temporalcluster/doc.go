// Command temporalcluster is a Temporal cluster on this machine: the server of
// go.mod on a PostgreSQL of its own, with its default settings and all of its
// services. The tests of several processes run on it (cmd/opsbuddy, build tag
// cluster), and it serves to try them by hand:
//
//	go run ./internal/temporalcluster -address 127.0.0.1:7233
//	TEMPORAL_ADDRESS=127.0.0.1:7233 opsbuddy serve
//
// It has no part in a running flow: it stands outside, where an installation's
// cluster does. PostgreSQL must be installed (Debian's package postgresql); it
// listens on a Unix socket in a temporary folder, which is gone afterwards.
//
// Invariants: the address is printed when the server answers and its namespace
// can be used, not before; PostgreSQL ends with this process, however that ends.
package main
