package check

import (
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/evidence"
)

func TestARangeIsRightWhenTheRealValueLiesInIt(t *testing.T) {
	f := sample()
	f.Items = append(f.Items, evidence.Item{Number: 8, Source: "notes", State: evidence.Found,
		Text: "the copy took 12 min\ncpu load at 72%\nheap of the worker: 600 MB\nretries of the client: 40"})
	x := NewIndex(f, nil)
	for line, right := range map[string]bool{
		"- The copy took between 10 and 15 minutes":           true,
		"- The copy took 10 to 15 minutes":                    true,
		"- The copy took 10–15 min":                           true,
		"- The copy took 10-15 minutes":                       true,
		"- The copy took between 12 and 15 minutes":           true,
		"- The load of the cpu is 70–80 %":                    true,
		"- The heap of the worker is between 500 and 700 MB":  true,
		"- The client made between 30 and 50 retries":         true,
		"- The copy took between 13 and 15 minutes":           false,
		"- The copy took between 5 and 10 minutes":            false,
		"- The copy took between 15 and 10 minutes":           false,
		"- The copy took between 1 and 90 minutes":            false, // it says nothing
		"- The load of the cpu is 20–30 %":                    false,
		"- The load of the cpu rose from 70 % to 80 %":        false, // both are values
		"- The heap of the worker grew from 500 MB to 700 MB": false,
		"- The client made between 41 and 50 retries":         false,
	} {
		r := Brief("## Notes\n"+line+"\n", x)
		if r.Clean() != right {
			t.Errorf("%s: %s", line, strings.TrimSpace(r.Markdown))
		}
	}
}
