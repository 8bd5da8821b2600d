package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// percentile is the smallest value that p per cent of them do not exceed
// (nearest rank).
func percentile(values []time.Duration, p float64) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func mib(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }

// spread says how values lie. A p99 needs a hundred of them.
func spread(values []time.Duration) string {
	if len(values) < 100 {
		return fmt.Sprintf("p50 %s, best %s, max %s", ms(percentile(values, 50)), ms(slices.Min(values)), ms(slices.Max(values)))
	}
	return fmt.Sprintf("p50 %s, p99 %s, max %s", ms(percentile(values, 50)), ms(percentile(values, 99)), ms(slices.Max(values)))
}

// machine says when, where and what is measured.
func (b *bench) machine(ctx context.Context) (string, error) {
	version, err := exec.CommandContext(ctx, b.binary, "version").Output()
	if err != nil {
		return "", fmt.Errorf("%s version: %w", b.binary, err)
	}
	stat, err := os.Stat(b.binary)
	if err != nil {
		return "", err
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "", err
	}
	cpu, err := cpuName()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; %s, %d cores, %s/%s; load before the run %s; binary %s (%s)",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH,
		strings.Fields(string(load))[0], strings.Join(strings.Fields(string(version)), " "), mib(stat.Size())), nil
}

func cpuName() (string, error) {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if k, v, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.TrimSpace(v), nil
		}
	}
	return runtime.GOARCH, lines.Err()
}
