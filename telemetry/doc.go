// Package telemetry sends traces, and the metrics of the one Prometheus
// registry, to a collector of OpenTelemetry. It belongs to the worker side of the
// workflow line; what runs and steps there are is told by core and agent, which
// are handed a tracer.
//
// The settings come from OpenTelemetry's own environment by way of config:
// exporters, addresses, headers, protocols, names and the sampler are options
// here. What is left of OTEL_… (time-outs, certificates, compression, OTEL_BSP_…,
// OTEL_METRIC_EXPORT_…) OpenTelemetry's libraries read by themselves; they cannot
// be kept from it, and need no second way.
//
// Invariants: with nothing asked for there is no exporter and no goroutine.
// Nothing that a review does waits for a collector: spans go into a bounded
// queue, and what does not fit is dropped. Every text that leaves is redacted and
// without addresses. A collector that does not answer is one line in the log a
// minute, which names neither it nor its headers, and holds up the end of the
// process for stopTime at most.
package telemetry
