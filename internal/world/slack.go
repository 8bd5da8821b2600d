package world

import (
	"encoding/json"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/slack/slacktest"
)

const (
	slackTeamID = "T0DEMO00001"
	slackBot    = "opsbuddy" // the name of the product's app in the workspace
)

// chat is the stand-in for Slack: the company's channels to read, and what the
// product posts.
type chat struct {
	w      *World
	posted *slacktest.Server // takes and keeps what the product posts
	reads  map[string]func(*http.Request, form) obj
	people map[string]person
}

func newChat(w *World) *chat {
	c := &chat{w: w, posted: newPosted(w.h), people: map[string]person{}}
	for _, p := range w.h.People {
		c.people[p.Handle] = p
	}
	c.reads = map[string]func(*http.Request, form) obj{
		"auth.test": c.authTest, "team.info": c.teamInfo,
		"conversations.list": c.listChannels, "conversations.info": c.channelInfo, "conversations.members": c.channelMembers,
		"conversations.history": c.history, "conversations.replies": c.replies,
		"users.list": c.listUsers, "users.info": c.userInfo, "users.profile.get": c.userProfile, "bots.info": c.botInfo,
		"chat.getPermalink": c.permalink,
	}
	return c
}

func (c *chat) apiURL() string { return c.w.urls[slackServer] + "/api/" }

// slackAPI tells the Web API from the incoming webhook.
func slackAPI(r *http.Request) API {
	if strings.HasPrefix(r.URL.Path, "/services/") {
		return SlackWebhook
	}
	return Slack
}

// form is what a method is called with, from query, form or JSON body.
type form map[string]string

func readForm(r *http.Request) form {
	f := form{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var body map[string]any
		if json.NewDecoder(r.Body).Decode(&body) == nil {
			for k, v := range body {
				if s, ok := v.(string); ok {
					f[k] = s
					continue
				}
				raw, _ := json.Marshal(v)
				f[k] = string(raw)
			}
		}
	}
	_ = r.ParseForm()
	for k := range r.Form {
		f[k] = r.Form.Get(k)
	}
	return f
}

func slackError(word string) obj { return obj{"ok": false, "error": word} }

// ServeHTTP answers reads here and hands on what is posted.
func (c *chat) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	method, isAPI := strings.CutPrefix(r.URL.Path, "/api/")
	read := c.reads[method]
	switch {
	case strings.HasPrefix(r.URL.Path, "/archives/"):
		c.w.slackPage(rw, r)
	case r.URL.Path == "/socket", method == "apps.connections.open": // they go by the app's own token
		c.posted.ServeHTTP(rw, r)
	case !isAPI || read == nil:
		c.write(rw, r)
	default:
		f := readForm(r)
		if word := refusedToken(r, f); word != "" {
			writeJSON(rw, http.StatusOK, slackError(word))
			return
		}
		rw.Header().Set("X-Oauth-Scopes", "channels:history,channels:read,chat:write,users:read")
		writeJSON(rw, http.StatusOK, read(r, f))
	}
}

// refusedToken is Slack's word for a login that is not the bot's.
func refusedToken(r *http.Request, f form) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		token = f["token"]
	}
	switch token {
	case botToken:
		return ""
	case "":
		return "not_authed"
	}
	return "invalid_auth"
}

func (c *chat) authTest(*http.Request, form) obj {
	return obj{
		"ok": true, "url": c.w.urls[slackServer] + "/", "team": c.w.h.Company, "user": slackBot, "team_id": slackTeamID,
		"user_id": slackUserID(slackBot), "bot_id": botID(slackBot), "is_enterprise_install": false,
	}
}

func (c *chat) teamInfo(*http.Request, form) obj {
	return obj{"ok": true, "team": obj{"id": slackTeamID, "name": c.w.h.Company, "domain": "demo"}}
}

func (c *chat) channelObject(ch channel) obj {
	created := c.w.now.AddDate(-2, 0, 0).Unix()
	return obj{
		"id": channelID(ch.Name), "name": ch.Name, "name_normalized": ch.Name, "is_channel": true, "is_group": false, "is_im": false,
		"is_mpim": false, "is_private": false, "is_archived": false, "is_general": false, "is_member": true, "is_shared": false,
		"created": created, "creator": slackUserID(c.w.h.People[0].Handle), "num_members": len(ch.Members),
		"topic": obj{"value": ch.Topic, "creator": "", "last_set": 0}, "purpose": obj{"value": ch.Purpose, "creator": "", "last_set": 0},
		"context_team_id": slackTeamID,
	}
}

// find finds a channel by id. Most methods take no names.
func (c *chat) find(id string) (channel, bool) {
	for _, ch := range c.w.h.Channels {
		if channelID(ch.Name) == id {
			return ch, true
		}
	}
	return channel{}, false
}

// window cuts a list by limit and cursor, and returns the next cursor.
func window[T any](f form, all []T, usual int) ([]T, string) {
	limit, from := usual, number(strings.TrimPrefix(f["cursor"], "from:"))
	if n, err := strconv.Atoi(f["limit"]); err == nil && n > 0 {
		limit = min(n, 1000)
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	if to == len(all) {
		return all[from:], ""
	}
	return all[from:to], "from:" + strconv.Itoa(to)
}

func (c *chat) listChannels(_ *http.Request, f form) obj {
	out := []obj{}
	for _, ch := range c.w.h.Channels {
		out = append(out, c.channelObject(ch))
	}
	part, next := window(f, out, 100)
	return obj{"ok": true, "channels": part, "response_metadata": obj{"next_cursor": next}}
}

func (c *chat) channelInfo(_ *http.Request, f form) obj {
	ch, ok := c.find(f["channel"])
	if !ok {
		return slackError("channel_not_found")
	}
	return obj{"ok": true, "channel": c.channelObject(ch)}
}

func (c *chat) channelMembers(_ *http.Request, f form) obj {
	ch, ok := c.find(f["channel"])
	if !ok {
		return slackError("channel_not_found")
	}
	out := []string{}
	for _, m := range ch.Members {
		out = append(out, slackUserID(m))
	}
	return obj{"ok": true, "members": out, "response_metadata": obj{"next_cursor": ""}}
}

// history is a channel's messages, the latest first, without replies.
func (c *chat) history(_ *http.Request, f form) obj {
	ch, ok := c.find(f["channel"])
	if !ok {
		return slackError("channel_not_found")
	}
	var out []obj
	for _, m := range append(c.messages(ch), c.ownMessages(f["channel"], f)...) {
		if m["thread_ts"] == nil || m["thread_ts"] == m["ts"] {
			out = append(out, m)
		}
	}
	out = between(out, f)
	sort.SliceStable(out, func(a, b int) bool { return later(out[a]["ts"], out[b]["ts"]) })
	part, next := window(f, out, 100)
	return obj{"ok": true, "messages": noNull(part), "has_more": next != "", "pin_count": 0, "response_metadata": obj{"next_cursor": next}}
}

// replies is one thread, its first message first.
func (c *chat) replies(_ *http.Request, f form) obj {
	ch, ok := c.find(f["channel"])
	if !ok {
		return slackError("channel_not_found")
	}
	var out []obj
	for _, m := range append(c.messages(ch), c.ownMessages(f["channel"], f)...) {
		if m["ts"] == f["ts"] || m["thread_ts"] == f["ts"] {
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		return slackError("thread_not_found")
	}
	sort.SliceStable(out, func(a, b int) bool { return later(out[b]["ts"], out[a]["ts"]) })
	part, next := window(f, between(out, f), 1000)
	return obj{"ok": true, "messages": noNull(part), "has_more": next != "", "response_metadata": obj{"next_cursor": next}}
}

func later(a, b any) bool {
	x, _ := a.(string)
	y, _ := b.(string)
	return x > y
}

// between keeps the messages between oldest and latest.
func between(all []obj, f form) []obj {
	out := []obj{}
	for _, m := range all {
		ts := m["ts"].(string)
		edge := f["inclusive"] == "true" || f["inclusive"] == "1"
		if (f["oldest"] == "" || ts > f["oldest"] || edge && ts == f["oldest"]) && (f["latest"] == "" || ts < f["latest"] || edge && ts == f["latest"]) {
			out = append(out, m)
		}
	}
	return out
}

// messages are the file's messages of a channel with their replies.
func (c *chat) messages(ch channel) []obj {
	var out []obj
	for _, m := range ch.Messages {
		at := m.At.in(c.w.now)
		first := c.message(m.By, m.Bot, m.Text, m.ts(c.w.now))
		out = append(out, first)
		var users []string
		for _, r := range m.Replies {
			ts := slackTS(at.Add(time.Duration(r.After)), r.Text)
			reply := c.message(r.By, r.Bot, r.Text, ts)
			reply["thread_ts"], reply["parent_user_id"] = first["ts"], first["user"]
			out = append(out, reply)
			if user, ok := reply["user"].(string); ok && !slices.Contains(users, user) {
				users = append(users, user)
			}
			first["latest_reply"] = ts
		}
		if len(m.Replies) > 0 {
			first["thread_ts"], first["reply_count"] = first["ts"], len(m.Replies)
			first["reply_users"], first["reply_users_count"], first["is_locked"], first["subscribed"] = users, len(users), false, false
		}
	}
	return out
}

func (c *chat) message(by, bot, text, ts string) obj {
	out := obj{"type": "message", "ts": ts, "text": c.escape(text), "team": slackTeamID}
	if bot == "" {
		out["user"], out["client_msg_id"] = slackUserID(by), idFor("", 12, "message", ts)
		return out
	}
	out["subtype"], out["bot_id"], out["username"] = "bot_message", botID(bot), bot
	out["bot_profile"] = obj{"id": botID(bot), "name": bot, "app_id": idFor("A0", 9, "app", bot), "deleted": false}
	return out
}
