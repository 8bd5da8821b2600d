package problem

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Keys are what makes an incident the same problem as another one of its service.
// A title is none: people open incidents by hand under the same few words. Without
// alerts, and when they could not be read, an incident is nobody's follower.
func Keys(f evidence.Facts) []string {
	var keys []string
	if k := f.Incident.Key; k != "" {
		keys = append(keys, "dedup "+k)
	}
	for _, a := range f.Alerts {
		if a.Key != "" {
			keys = append(keys, "dedup "+a.Key)
		}
	}
	if f.State(evidence.Alerts) == evidence.Found && f.AlertsCut.Complete() {
		keys = append(keys, "alerts "+fingerprint(f.Alerts))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Related are the incidents that PagerDuty relates to this one.
func Related(f evidence.Facts) []string {
	var ids []string
	for _, r := range f.Related {
		ids = append(ids, r.Incident.ID)
	}
	return ids
}

// fingerprint is the same for two lists that hold the same alerts, however often
// and in whatever order. One alert more is another problem.
func fingerprint(alerts []incident.Alert) string {
	var all []string
	for _, a := range alerts {
		all = append(all, sum(a.Summary+"\n"+named(a.Details)))
	}
	slices.Sort(all)
	return sum(strings.Join(slices.Compact(all), "\n"))
}

// measured is a value that differs each time the same alert fires: a number with a
// unit or a fraction, a time. A bare number stays, since it may name a shard or a
// port, and so do addresses, versions and zones.
var measured = regexp.MustCompile(`(?i)^(` +
	`[-+]?\d+([.,]\d+)?\s*(%|ns|us|µs|ms|s|sec|m|min|h|d|[kmgtp]i?b|bps|rps|qps|(req|ops|msg|err|errors)?/(s|m|min|h))` +
	`|[-+]?\d+[.,]\d+` +
	`|\d{4}-\d{2}-\d{2}([t ].*)?|\d{1,2}:\d{2}(:\d{2}.*)?)$`)

// named keeps the details that name something: a host, a component, a route.
func named(details string) string {
	var kept []string
	for l := range strings.SplitSeq(details, "\n") {
		if _, value, ok := strings.Cut(l, ": "); ok && measured.MatchString(strings.TrimSpace(value)) {
			continue
		}
		kept = append(kept, l)
	}
	return strings.Join(kept, "\n")
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:12])
}
