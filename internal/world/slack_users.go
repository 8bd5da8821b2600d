package world

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

func (c *chat) userObject(p person) obj {
	return obj{
		"id": slackUserID(p.Handle), "team_id": slackTeamID, "name": p.Handle, "real_name": p.Name, "deleted": false, "is_bot": false,
		"is_admin": false, "is_restricted": false, "tz": orElse(p.Zone, "Etc/UTC"), "updated": c.w.now.AddDate(0, -1, 0).Unix(),
		"profile": obj{
			"real_name": p.Name, "display_name": p.Handle, "title": p.Title, "email": c.w.h.email(p), "team": slackTeamID, "status_text": "",
		},
	}
}

// members are the people of the company and the product's own bot.
func (c *chat) members() []obj {
	var out []obj
	for _, p := range c.w.h.People {
		out = append(out, c.userObject(p))
	}
	bot := c.userObject(person{Handle: slackBot, Name: "Ops Buddy"})
	bot["is_bot"] = true
	return append(out, bot)
}

func (c *chat) listUsers(_ *http.Request, f form) obj {
	part, next := window(f, c.members(), 100)
	return obj{"ok": true, "members": part, "cache_ts": c.w.now.Unix(), "response_metadata": obj{"next_cursor": next}}
}

func (c *chat) userInfo(_ *http.Request, f form) obj {
	for _, u := range c.members() {
		if u["id"] == f["user"] {
			return obj{"ok": true, "user": u}
		}
	}
	return slackError("user_not_found")
}

func (c *chat) userProfile(r *http.Request, f form) obj {
	info := c.userInfo(r, f)
	if u, ok := info["user"].(obj); ok {
		return obj{"ok": true, "profile": u["profile"]}
	}
	return info
}

func (c *chat) botInfo(_ *http.Request, f form) obj {
	for _, ch := range c.w.h.Channels {
		for _, m := range ch.Messages {
			if m.Bot != "" && botID(m.Bot) == f["bot"] {
				return obj{"ok": true, "bot": obj{"id": botID(m.Bot), "name": m.Bot, "deleted": false}}
			}
		}
	}
	return slackError("bot_not_found")
}

func (c *chat) permalink(_ *http.Request, f form) obj {
	if _, ok := c.find(f["channel"]); !ok {
		return slackError("channel_not_found")
	}
	return obj{"ok": true, "channel": f["channel"], "permalink": c.w.urls[slackServer] + "/archives/" + url.PathEscape(f["channel"]) + "/p" + strings.ReplaceAll(f["message_ts"], ".", "")}
}

// slackToken is what Slack itself writes between angle brackets: a link, a
// mention, a channel, a broadcast. bareURL is an address that it will put there.
var (
	slackToken = regexp.MustCompile(`<(?:https?://[^<>\s]+(?:\|[^<>]*)?|[@#!][^<>\s]+)>`)
	bareURL    = regexp.MustCompile(`https?://[^\s<>|]*[^\s<>|.,;:)]`)
	handleForm = regexp.MustCompile(`(^|\s)@([a-z]+)\b`)
)

// escape writes a person's text as Slack keeps it: &, < and > escaped once,
// addresses and mentions in angle brackets.
func (c *chat) escape(text string) string {
	var b strings.Builder
	for text != "" {
		at := slackToken.FindStringIndex(text)
		if at == nil {
			at = []int{len(text), len(text)}
		}
		b.WriteString(c.escapePlain(text[:at[0]]))
		b.WriteString(text[at[0]:at[1]])
		text = text[at[1]:]
	}
	return b.String()
}

func (c *chat) escapePlain(text string) string {
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	text = bareURL.ReplaceAllString(text, "<$0>")
	return handleForm.ReplaceAllStringFunc(text, func(s string) string {
		m := handleForm.FindStringSubmatch(s)
		if _, ok := c.people[m[2]]; !ok {
			return s
		}
		return m[1] + "<@" + slackUserID(m[2]) + ">"
	})
}
