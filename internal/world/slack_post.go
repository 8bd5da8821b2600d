package world

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/opsbuddy/opsbuddy/slack/slacktest"
)

// hookPath is the incoming webhook's address; its last part is the secret.
const hookPath = "/services/T0DEMO00001/B0DEMO00001/demo-webhook-token"

// Message is something that the product put into Slack.
type Message = slacktest.Message

// SlackMessages are the posts, replies and edits, in the order in which they came.
func (w *World) SlackMessages() []Message { return w.slack.posted.Messages() }

// SlackStanding is what people see of them: each message as its last edit left it.
func (w *World) SlackStanding() []Message { return w.slack.posted.Standing() }

// SlackServer is what takes the posts, for faults of single methods that keep
// the message and lose the answer.
func (w *World) SlackServer() *slacktest.Server { return w.slack.posted }

func (c *chat) webhookURL() string { return c.w.urls[slackServer] + hookPath }

// newPosted makes the server that takes posts, with the company's channels.
func newPosted(h *house) *slacktest.Server {
	s := slacktest.New()
	for _, ch := range h.Channels {
		s.AddChannel(channelID(ch.Name), ch.Name)
	}
	return s
}

// write hands a post on when it may be one.
func (c *chat) write(rw http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		if r.URL.Path != hookPath {
			http.Error(rw, "no_service", http.StatusNotFound)
			return
		}
		c.posted.ServeHTTP(rw, r)
		return
	}
	if word := refusedToken(r, form{"token": tokenOf(r)}); word != "" {
		writeJSON(rw, http.StatusOK, slackError(word))
		return
	}
	c.posted.ServeHTTP(rw, r)
}

// tokenOf finds a token in the query or, where slack-go puts it, in the form. The
// body stays to be read.
func tokenOf(r *http.Request) string {
	if t := r.URL.Query().Get("token"); t != "" {
		return t
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return ""
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return ""
	}
	return values.Get("token")
}

// ownMessages are the product's messages in a channel, as reading gives them.
func (c *chat) ownMessages(channel string, f form) []obj {
	var out []obj
	replies := map[string]int{}
	for _, m := range c.standing(channel) {
		o := obj{
			"type": "message", "ts": m.TS, "text": m.Text, "user": slackUserID(slackBot), "bot_id": botID(slackBot), "team": slackTeamID,
			"bot_profile": obj{"id": botID(slackBot), "name": "Ops Buddy", "deleted": false},
		}
		switch m.Kind {
		case "whisper":
			continue
		case "person":
			o = obj{"type": "message", "ts": m.TS, "text": m.Text, "user": m.User, "team": slackTeamID}
		}
		if len(m.Blocks) > 0 {
			o["blocks"] = m.Blocks
		}
		if m.ThreadTS != "" {
			o["thread_ts"] = m.ThreadTS
			replies[m.ThreadTS]++
		}
		if all := f["include_all_metadata"]; len(m.Metadata) > 0 && (all == "true" || all == "1") {
			o["metadata"] = m.Metadata
		}
		out = append(out, o)
	}
	for _, o := range out {
		if n := replies[o["ts"].(string)]; n > 0 {
			o["thread_ts"], o["reply_count"] = o["ts"], n
		}
	}
	return out
}

// standing are the messages of a channel with their last text; an edit changes
// neither the thread nor metadata that it does not bring.
func (c *chat) standing(channel string) []Message {
	var out []Message
	for _, m := range c.posted.Messages() {
		if m.Channel != channel {
			continue
		}
		i := slices.IndexFunc(out, func(o Message) bool { return o.TS == m.TS })
		if i < 0 {
			out = append(out, m)
			continue
		}
		out[i].Text, out[i].Blocks = m.Text, m.Blocks
		if len(m.Metadata) > 0 {
			out[i].Metadata = m.Metadata
		}
	}
	return out
}
