package world

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

const idLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// idFor derives an id in a vendor's form from what the file calls the thing, so
// that nobody has to invent ids and none changes from run to run.
func idFor(prefix string, letters int, kind, name string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + name))
	var b strings.Builder
	b.WriteString(prefix)
	for i := range letters {
		b.WriteByte(idLetters[int(sum[i])%len(idLetters)])
	}
	return b.String()
}

// PagerDuty's ids: P and six characters, or Q and 13 for incidents and alerts.
func incidentID(slug string) string         { return idFor("Q", 13, "incident", slug) }
func serviceID(name string) string          { return idFor("P", 6, "service", name) }
func policyID(name string) string           { return idFor("P", 6, "policy", name) }
func teamID(name string) string             { return idFor("P", 6, "team", name) }
func userID(handle string) string           { return idFor("P", 6, "user", handle) }
func scheduleID(name string) string         { return idFor("P", 6, "schedule", name) }
func priorityID(name string) string         { return idFor("P", 6, "priority", name) }
func integrationID(service string) string   { return idFor("P", 6, "integration", service) }
func alertID(incident string, n int) string { return idFor("Q", 13, "alert", fmt.Sprint(incident, n)) }
func noteID(incident string, n int) string  { return idFor("P", 6, "note", fmt.Sprint(incident, n)) }
func entryID(incident string, n int) string {
	return idFor("R", 25, "log entry", fmt.Sprint(incident, n))
}
func changeID(summary string) string { return idFor("", 26, "change", summary) }
func eventID(slug string) string     { return idFor("01", 24, "event", slug) }

// Slack's ids.
func channelID(name string) string     { return idFor("C0", 9, "channel", name) }
func slackUserID(handle string) string { return idFor("U0", 9, "slack user", handle) }
func botID(name string) string         { return idFor("B0", 9, "bot", name) }

// accountID is an Atlassian account.
func accountID(handle string) string {
	return "712020:" + strings.ToLower(idFor("", 24, "account", handle))
}

// slackTS is a message's time stamp, which names it within its channel. The
// fraction comes from the seed, so that two messages of one second differ.
func slackTS(at time.Time, seed string) string {
	sum := sha256.Sum256([]byte(seed))
	return fmt.Sprintf("%d.%06d", at.Unix(), binary.BigEndian.Uint32(sum[:4])%1000000)
}

// path is a page's address below Confluence's base.
func (p page) path() string {
	return "/spaces/" + p.Space + "/pages/" + p.ID + "/" + url.QueryEscape(p.Title)
}

// ts names a message; its label, or else its text, tells it from others of the
// same second.
func (m message) ts(now time.Time) string {
	if m.Label != "" {
		return slackTS(m.At.in(now), m.Label)
	}
	return slackTS(m.At.in(now), m.Text)
}
