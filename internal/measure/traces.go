package main

import (
	"context"
	"fmt"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/telemetry/otlptest"
)

// traceRuns are the reviews of each kind: what is looked for is smaller than
// what one review differs from the next.
const traceRuns = 3 * reviewRuns

// traces measures what it costs to send traces and metrics: the same reviews
// with a collector on loopback, with one that is silent, and without. The kinds
// take turns, process by process, since a shared machine is never twice the same.
func traces(ctx context.Context, b *bench) ([]row, error) {
	company, err := world.Load()
	if err != nil {
		return nil, err
	}
	taking, silent, err := collectors()
	if err != nil {
		return nil, err
	}
	defer taking.Close()
	defer silent.Close()
	kinds := []struct {
		name string
		env  []string
		seen []timing
	}{
		{name: "without traces"},
		{name: "with traces and metrics to a collector on loopback", env: exportTo(taking)},
		{name: "with a collector that never answers", env: exportTo(silent)},
	}
	for i := 0; len(kinds[2].seen) < traceRuns && i < 3*reviewRounds; i++ {
		for k := range kinds {
			round, err := reviewRound(ctx, b, company, 0, kinds[k].env...)
			if err != nil {
				return nil, err
			}
			kinds[k].seen = append(kinds[k].seen, round...)
		}
		b.say("traces: %d of %d", len(kinds[2].seen), traceRuns)
	}
	spans := len(taking.Spans())
	if spans < traceRuns || silent.Requests() == 0 {
		return nil, fmt.Errorf("%d spans came in, and the silent collector was asked %d times", spans, silent.Requests())
	}
	var rows []row
	for _, k := range kinds {
		var final []time.Duration
		var cpu time.Duration
		for _, t := range k.seen {
			final, cpu = append(final, t.final), cpu+t.cpu
		}
		rows = append(rows, row{"webhook → final Slack post, " + k.name, spread(final),
			fmt.Sprintf("%d reviews, processes of each kind in turn; processor time %s a review", len(k.seen), ms(cpu/time.Duration(len(k.seen))))})
	}
	return rows, nil
}

// exportTo sends twice a second (the defaults are 5 s and, for metrics, a minute),
// so that the reviews of a process are sent while they are measured.
func exportTo(c *otlptest.Collector) []string {
	return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL(), "OTEL_BSP_SCHEDULE_DELAY=500", "OTEL_METRIC_EXPORT_INTERVAL=500"}
}

func collectors() (taking, silent *otlptest.Collector, err error) {
	if taking, err = otlptest.Start(); err != nil {
		return nil, nil, err
	}
	if silent, err = otlptest.Start(); err != nil {
		return nil, nil, err
	}
	silent.Hang()
	return taking, silent, nil
}
