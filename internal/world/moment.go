package world

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"
)

// moment is a time of the story as the file writes it: an offset from the
// world's start ("-2m", "-1h30m"), or a clock time some days before ("-20d 03:14").
type moment struct {
	offset time.Duration
	clock  time.Duration // since midnight UTC, of the day that offset names
	onDay  bool          // clock counts
	set    bool
}

var (
	offsetForm = regexp.MustCompile(`^([+-]?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$`)
	clockForm  = regexp.MustCompile(`^(-\d+d) (\d\d):(\d\d)$`)
)

// parseMoment reads a moment.
func parseMoment(s string) (moment, error) {
	if m := clockForm.FindStringSubmatch(s); m != nil {
		day, err := parseOffset(m[1])
		hour, minute := number(m[2]), number(m[3])
		if err == nil && hour < 24 && minute < 60 {
			clock := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
			return moment{offset: day, clock: clock, onDay: true, set: true}, nil
		}
	}
	offset, err := parseOffset(s)
	if err != nil {
		return moment{}, fmt.Errorf("%q is no time: write an offset from now such as -2m, -1h30m or -20d 03:14 (UTC)", s)
	}
	return moment{offset: offset, set: true}, nil
}

// parseOffset reads "-1d2h3m4s" in any of its parts.
func parseOffset(s string) (time.Duration, error) {
	m := offsetForm.FindStringSubmatch(s)
	if m == nil || m[2]+m[3]+m[4]+m[5] == "" {
		return 0, fmt.Errorf("%q is no span of time: write 90s, 12m, 1h30m or 2d", s)
	}
	d := time.Duration(number(m[2]))*24*time.Hour + time.Duration(number(m[3]))*time.Hour +
		time.Duration(number(m[4]))*time.Minute + time.Duration(number(m[5]))*time.Second
	if m[1] == "-" {
		d = -d
	}
	return d, nil
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// in is the moment when the world started at now.
func (m moment) in(now time.Time) time.Time {
	now = now.UTC()
	if !m.onDay {
		return now.Add(m.offset).Truncate(time.Second)
	}
	y, mo, d := now.Add(m.offset).Date()
	return time.Date(y, mo, d, 0, 0, 0, 0, time.UTC).Add(m.clock)
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (m *moment) UnmarshalYAML(n *yaml.Node) error {
	v, err := parseMoment(n.Value)
	if err != nil {
		return lineError(n.Line, err)
	}
	*m = v
	return nil
}

// span is a length of time as the file writes it.
type span time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *span) UnmarshalYAML(n *yaml.Node) error {
	d, err := parseOffset(n.Value)
	if err != nil {
		return lineError(n.Line, err)
	}
	*s = span(d)
	return nil
}

func lineError(line int, err error) error { return fmt.Errorf("line %d: %w", line, err) }
