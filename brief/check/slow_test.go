package check

import (
	"strings"
	"testing"
	"time"
)

// TestALongLineTakesItsTimeOnce holds the check to about linear time, whatever a
// model repeats until it is stopped: the step that checks has 30 seconds.
func TestALongLineTakesItsTimeOnce(t *testing.T) {
	x := NewIndex(sample(), nil)
	for name, part := range map[string]string{
		"figures": "12 min and 35% of 4711, ", "names": "user-service-7d9f ", "scripts": "aあ1", "people": "Jane Okafor says ", "marks": "`a` [b](c) ",
		"digits": "1", "letters": "A", "brackets": "[[", "dashes": "a-", "dots": "a.", "quotes": "\"a b c\" ", "numbers of incidents": "#4502 ",
		"times": "13:59 UTC to ", "shares": "1/2/", "statuses": "502 ", "spaces": " ", "commas": "1,000,", "dates": "Feb 15 ", "commands": "kubectl -n ",
		"bars": "| a ", "emphasis": "**1** ", "tickets": "PLAT-892 is Done ", "counts": "3 alerts ",
	} {
		t.Run(name, func(t *testing.T) {
			line := strings.Repeat(part, 20_000/len(part))
			start := time.Now()
			Brief("## Notes\n- "+line+"\n", x)
			indexOf(line)
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("20 KB took %s", took)
			}
		})
	}
}
