// Package otlptest is a stand-in for a collector of OpenTelemetry: it takes
// traces and metrics over HTTP and over gRPC, keeps them, and can refuse or be
// silent. It has no part in a running flow.
package otlptest
