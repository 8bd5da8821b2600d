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
		"authors": "v1.2.3 by Jane Okafor 13:59 UTC ", "ends": "until 13:59 UTC ", "orders": "7 min after the alert ", "days": "yesterday 13:59 UTC ",
		"opposites": "more errors ", "ages": "v1.2.3 5 min ago ", "parts": "3 of 4 MB ", "German": "der ist seit 5 Minuten mit ",
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
