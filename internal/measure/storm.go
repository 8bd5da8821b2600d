package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// stormLasts is how long the incidents of a storm keep coming.
const stormLasts = time.Minute

// distinct is how many problems the incidents of a storm have.
func (o options) distinct() int {
	if o.problems > 0 {
		return o.problems
	}
	return o.storm
}

// storm measures many incidents at once, with the settings that a new
// installation has.
func storm(ctx context.Context, b *bench) ([]row, error) {
	company, err := world.Crowd(b.storm, b.distinct())
	if err != nil {
		return nil, err
	}
	w, err := world.Start(company, world.Options{})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	c, err := b.serve(ctx, b.folder(), w.Env()...)
	if err != nil {
		return nil, err
	}
	defer c.kill()
	b.say("storm: %d incidents in %s, then until each has its outcome", b.storm, stormLasts)
	began := time.Now()
	took, err := pages(ctx, c, w, b.storm, stormLasts/time.Duration(b.storm))
	if err != nil {
		return nil, err
	}
	sent := time.Since(began)
	if err := settled(ctx, c, w, b.storm); err != nil {
		return nil, err
	}
	all := time.Since(began)
	peak, err := c.memory("VmHWM")
	if err != nil {
		return nil, err
	}
	cpu, err := c.cpu()
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("storm of %d incidents of %d problems in %.0f s", b.storm, b.distinct(), sent.Seconds())
	how := "default settings; stand-ins and model without latency, a review has 2 model calls and 1 tool call"
	return []row{
		{what + ": webhook → 202", spread(took), how},
		{what + ": last outcome", fmt.Sprintf("%.1f s after the first webhook", all.Seconds()), "every incident has exactly one: " + kinds(w)},
		{what + ": peak memory", mib(peak), "VmHWM"},
		{what + ": processor time", fmt.Sprintf("%.0f s, %s a review", cpu.Seconds(), ms(cpu/time.Duration(b.storm))), "whole process"},
		{what + ": model calls", fmt.Sprintf("%d, %.1f a problem", len(w.ModelCalls()), float64(len(w.ModelCalls()))/float64(b.distinct())), "answered by the model's stand-in"},
	}, nil
}

// kinds says how many outcomes of each kind stand in the channel.
func kinds(w *world.World) string {
	count, _ := outcomes(w)
	var parts []string
	for kind, n := range count {
		parts = append(parts, fmt.Sprintf("%d × %s", n, kind))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
