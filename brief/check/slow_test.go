package check

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestALongLineTakesItsTimeOnce holds the check to about linear time, whatever a
// model repeats until it is stopped: the step that checks has 30 seconds. It counts the
// processor's time, which other programs do not make longer; what is linear takes less
// than a second, and what is not half a minute.
func TestALongLineTakesItsTimeOnce(t *testing.T) {
	x := NewIndex(sample(), nil)
	for name, part := range map[string]string{
		"figures": "12 min and 35% of 4711, ", "names": "user-service-7d9f ", "scripts": "aあ1", "people": "Jane Okafor says ", "marks": "`a` [b](c) ",
		"digits": "1", "letters": "A", "brackets": "[[", "dashes": "a-", "dots": "a.", "quotes": "\"a b c\" ", "numbers of incidents": "#4502 ",
		"times": "13:59 UTC to ", "shares": "1/2/", "statuses": "502 ", "spaces": " ", "commas": "1,000,", "dates": "Feb 15 ", "commands": "kubectl -n ",
		"bars": "| a ", "emphasis": "**1** ", "tickets": "PLAT-892 is Done ", "counts": "3 alerts ",
		"authors": "v1.2.3 by Jane Okafor 13:59 UTC ", "ends": "until 13:59 UTC ", "orders": "7 min after the alert ", "days": "yesterday 13:59 UTC ",
		"opposites": "more errors ", "ages": "v1.2.3 5 min ago ", "parts": "3 of 4 MB ", "days of earlier ones": "Feb 15 (12 min, Jane Okafor), ", "turns": "from 5% to 50%, ", "windows": "8% over 6 h, ", "shifts": "Ana Ruiz until 19:02 UTC, ", "German": "der ist seit 5 Minuten mit ",
	} {
		t.Run(name, func(t *testing.T) {
			line := strings.Repeat(part, 20_000/len(part))
			start := used(t)
			Brief("## Notes\n- "+line+"\n", x)
			indexOf(line)
			if took := used(t) - start; took > 15*time.Second {
				t.Errorf("20 KB took %s", took)
			}
		})
	}
}

// used is the time that this process has had a processor.
func used(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
