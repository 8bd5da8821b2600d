package check

import (
	"regexp"
	"slices"
	"time"
)

// Until when a certificate, a token or a licence holds stands in the details of an alert
// under a label of its own. It is neither when the alert began nor when it was read.

var (
	// endOfValidity is what a detail calls the moment until which a thing holds.
	endOfValidity = regexp.MustCompile(`(?mi)^\s+(?:not_?after|valid_?(?:until|till|to)|expir(?:y|es|ed|ation)\w*):\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d)?(Z|\s?UTC)?\s*$`)
	saidToEnd     = regexp.MustCompile(`(?i)\b(?:expire[sd]?|(?:ran|runs|run) out|lapsed?|ended|ends|valid|not after|expiry)\b[^.;]{0,16}$`)
)

// runsOut tells whether a time is until when a certificate, a token or the like holds.
func (x *Index) runsOut(l *line, a Atom) bool {
	return a.Value >= 0 && saidToEnd.MatchString(l.before(a)) && slices.ContainsFunc(x.expiries, func(t time.Time) bool {
		return atMinute(t, a) && l.onDay(t.Format("2006-01-02"), x.today)
	})
}

// expiriesIn collects the moments until which something holds.
func (x *Index) expiriesIn(text string) {
	for _, m := range endOfValidity.FindAllStringSubmatch(text, -1) {
		if t, err := time.Parse(minuteLayout, m[1]+" "+m[2]); err == nil {
			x.expiries = append(x.expiries, t)
		}
	}
}

var expires = regexp.MustCompile(`(?i)\b(?:expired|(?:ran|runs|run) out|lapsed?|valid until)\b[^.;]{0,16}$`)

// expired doubts a time at which something is said to have run out, when the evidence
// has the moment, and it is another.
func (p *pass) expired(line string) {
	for _, a := range p.atoms(line) {
		if a.Kind != Clock || a.Value < 0 || len(p.x.expiries) == 0 || !expires.MatchString(closeBefore(line, a.Start)) {
			continue
		}
		if !slices.ContainsFunc(p.x.expiries, func(t time.Time) bool { return atMinute(t, a) }) {
			p.doubt(line, Clock, "ran out at "+a.Text)
		}
	}
}
