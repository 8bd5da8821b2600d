package problem

import (
	"slices"
	"time"

	"github.com/opsbuddy/opsbuddy/incident"
)

// Claim is one incident that asks whether its problem is known. Frozen: histories
// hold it.
type Claim struct {
	Incident incident.Incident `json:"incident"` // id, number, title, link and urgency
	Run      string            `json:"run"`      // workflow id of its review
	Keys     []string          `json:"keys"`     // any one in common makes two incidents one problem
	Related  []string          `json:"related,omitempty"`
	Window   time.Duration     `json:"window"` // how long a lead leads
	// Instead is a lead that is of no use: its review ended without a brief.
	Instead string `json:"instead,omitempty"`
}

// Verdict answers a claim: nobody else leads, or somebody does. Frozen.
type Verdict struct {
	Lead incident.Incident `json:"lead,omitzero"`
	Run  string            `json:"run,omitempty"`
	// Earlier is the latest lead of the problem whose window is over, for one that
	// leads itself.
	Earlier    incident.Incident `json:"earlier,omitzero"`
	EarlierRun string            `json:"earlier_run,omitempty"`
}

// Follows reports whether another incident leads.
func (v Verdict) Follows() bool { return v.Run != "" }

// Lead is the first incident of a problem. Frozen: the board's state.
type Lead struct {
	Claim
	At        time.Time `json:"at"`
	Followers []string  `json:"followers,omitempty"` // ids
}

// Board holds the problems of one service. Workflow side: plain values, now is
// always given.
type Board struct {
	Leads []Lead `json:"leads"`
}

// How long and how many leads are remembered.
const (
	remembered = 24 * time.Hour
	maxLeads   = 200
)

// Claim decides, and reports the lead that is to be told of a new follower. Asked
// again for the same incident it decides the same.
func (b *Board) Claim(now time.Time, c Claim) (v Verdict, tell string) {
	b.Leads = slices.DeleteFunc(b.Leads, func(l Lead) bool {
		return now.Sub(l.At) >= remembered || c.Instead != "" && l.Incident.ID == c.Instead
	})
	own := slices.IndexFunc(b.Leads, func(l Lead) bool { return l.Incident.ID == c.Incident.ID })
	for i := len(b.Leads) - 1; i >= 0; i-- {
		l := &b.Leads[i]
		switch {
		case i == own || !l.same(c):
			continue
		case own < 0 && now.Sub(l.At) < l.Window:
			return Verdict{Lead: l.Incident, Run: l.Run}, l.follow(c.Incident.ID)
		case v.EarlierRun == "":
			v.Earlier, v.EarlierRun = l.Incident, l.Run
		}
	}
	if own >= 0 {
		b.Leads[own].Run = c.Run // reviewed again, since it was reopened or somebody asked
		return v, ""
	}
	b.Leads = append(b.Leads, Lead{Claim: c, At: now})
	b.Leads = b.Leads[max(0, len(b.Leads)-maxLeads):]
	return v, ""
}

// follow adds a follower, and says whom to tell of it when it is a new one.
func (l *Lead) follow(id string) (tell string) {
	if slices.Contains(l.Followers, id) {
		return ""
	}
	l.Followers = append(l.Followers, id)
	return l.Run
}

// same reports whether a claim is for the lead's problem.
func (l *Lead) same(c Claim) bool {
	if c.Incident.Urgency != low && l.Incident.Urgency == low {
		return false // what must be seen now does not wait behind what need not
	}
	shared := slices.ContainsFunc(c.Keys, func(k string) bool { return slices.Contains(l.Keys, k) })
	return shared || slices.Contains(c.Related, l.Incident.ID) || slices.Contains(l.Related, c.Incident.ID)
}

const low = "low"
