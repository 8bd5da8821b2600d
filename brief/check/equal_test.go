package check

import (
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// indexOf is an index of one text of evidence, read at now.
func indexOf(text string) *Index {
	return NewIndex(evidence.Facts{
		ReadAt: now, Incident: incident.Incident{CreatedAt: now.Add(-2 * time.Minute)},
		Items: []evidence.Item{{Number: 1, Source: "notes", State: evidence.Found, Text: text}},
	}, nil)
}

// TestEqualMeansEqual holds ways of saying a thing against one that the evidence
// has: those that are the same within the limits of doc.go, and the nearest that
// are not.
func TestEqualMeansEqual(t *testing.T) {
	for _, tt := range []struct {
		name, evidence string
		same, other    []string
	}{
		{
			"a number", "requests: 9800",
			[]string{"9800 requests", "9,800 requests", "9.8k requests", "**9800** requests", "９８００ requests"},
			[]string{"9801 requests", "9,080 requests", "9.7k requests", "98 requests"},
		},
		{
			"a number with decimals", "load: 6.84",
			[]string{"load 6.84", "a load of 6.8", "a load of 7"},
			[]string{"load 6.85", "load 6.9", "load 6", "load 8"},
		},
		{
			"a percentage", "errors: 8.4%",
			[]string{"8.4% errors", "8.4 % errors", "8.4 percent errors", "8% errors", "８.４％ errors", "٨% errors"},
			[]string{"8.5% errors", "9% errors", "84% errors", "48% errors"},
		},
		{"a small percentage", "errors: 0.4%", []string{"0.4% errors"}, []string{"0% errors", "4% errors"}},
		{"a ratio", "  error_ratio: 0.114", []string{"11.4% error ratio", "an error ratio of 11%"}, []string{"1.14% error ratio", "12% error ratio"}},
		{
			"a size", "memory limit 1Gi",
			[]string{"memory limit 1 GB", "memory limit 1024Mi", "memory limit 1 GiB", "memory limit 1000 MB"},
			[]string{"memory limit 2 GB", "memory limit 1 MB", "memory limit 800 MB"},
		},
		{"a size in a label", "  free_gb: 11", []string{"11 GB free"}, []string{"11 MB free", "12 GB free"}},
		{
			"a duration", "took 12 min 40 s",
			[]string{"took 12 min 40 s", "took 760 s", "took 13 min", "took 12 minutes", "took twelve minutes"},
			[]string{"took 11 min", "took 14 min", "took 12 h", "took 12 s", "took 700 s"},
		},
		{
			"a long duration", "took 1 h 15 min",
			[]string{"took 75 minutes", "took 1 hour and 15 minutes", "took 1h15m", "took 1 h", "took 1.25 hours"},
			[]string{"took 57 minutes", "took 2 h", "took 15 min"},
		},
		{"a duration in a label", "  lag_seconds: 1460", []string{"a lag of 1,460 s", "a lag of 24 minutes"}, []string{"a lag of 1,460 ms", "a lag of 26 minutes"}},
		{"two durations", "after 90 s and 6 min", []string{"after 90 seconds and 6 minutes", "after 1.5 and 6 minutes"}, []string{"after 96 minutes"}},
		{
			"a time of day", "since 14:00 UTC",
			[]string{"since 14:00Z", "since 15:00 CET", "since 2 PM UTC", "since 2:00 p.m. UTC", "since 10:00 EDT", "since 19:30 +05:30", "since 14:01 UTC", "since 16:00 UTC+2"},
			[]string{"since 14:02 UTC", "since 15:00 UTC", "since 14:00 CET", "since 2:00 AM UTC", "since 14:00 XYZ"},
		},
		{
			"a time of another day", "- 2026-02-15 03:10 UTC started",
			[]string{"started on Feb 15 at 03:10 UTC"},
			[]string{"started at 03:10 UTC", "started on Feb 16 at 03:10 UTC"},
		},
		{
			"a date", "on 2026-02-15",
			[]string{"on Feb 15", "on February 15th", "on 15 Feb 2026", "on 2026/02/15", "2月15日"},
			[]string{"on Feb 16", "on 2025-02-15", "on Mar 15", "on 15 May"},
		},
		{"an age", "- 2026-03-20 13:42 UTC restarted", []string{"restarted 20 minutes ago", "restarted 19 min ago", "20分前"}, []string{"restarted 25 minutes ago", "restarted 20 hours ago"}},
		{"a share", "3 of 6 pods are ready", []string{"3 of 6 pods are ready", "3/6 pods", "3 out of 6 pods"}, []string{"4 of 6 pods", "6 of 6 pods", "3 of 8 pods"}},
		{"a share in two labels", "- pods\n  ready: 3\n  desired: 6", []string{"3 of 6 pods"}, []string{"2 of 6 pods", "3 of 7 pods"}},
		{"a rate", "  reads_per_second: 2300", []string{"2300 reads per second", "2,300 reads/s", "2.3k reads a second"}, []string{"2300 reads per minute", "2300 reads/h"}},
		{"a version", "Deploy api v2.14.0", []string{"v2.14.0 was deployed"}, []string{"v2.14.1 was deployed", "v2.1.0 was deployed"}},
		{"a quotation", `it says: "no space left on device!"`, []string{`"No space left on device"`}, []string{`"no memory left on device"`}},
		{"a person", "assigned to Inês Duarte", []string{"assigned to Ines Duarte", "assigned to INÊS DUARTE"}, []string{"assigned to Inês Duarta"}},
		{"an address", "see https://a.example/x/", []string{"see https://a.example/x", "[x](https://a.example/x/)", "see <https://a.example/x>."}, []string{"see https://a.example/x/y", "see http://a.example/x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := indexOf(tt.evidence)
			for _, s := range tt.same {
				if r := Brief("## Notes\n- "+s, x); !r.Clean() {
					t.Errorf("%q is the same: %s", s, strings.TrimPrefix(r.Markdown, "## Notes\n"))
				}
			}
			for _, s := range tt.other {
				if r := Brief("## Notes\n- "+s, x); r.Clean() {
					t.Errorf("%q is not the same", s)
				}
			}
		})
	}
}
