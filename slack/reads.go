package slack

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of reading.
const (
	channelPages = 10  // of 200 channels each
	userPages    = 10  // of 200 people each
	pageSize     = 200 // Slack's recommended most
	historyLimit = 100 // messages of one look
	threadPages  = 5   // of 200 messages each
	namesFor     = 15 * time.Minute
	namesAgain   = time.Minute // after they could not be read
)

// Config says where Slack is and how to log in.
type Config struct {
	BotToken string
	APIURL   string // Slack's own when empty
	HTTP     *http.Client
	Logger   *slog.Logger
}

// Client reads channels. It never writes. Safe for concurrent use.
type Client struct {
	api *api.Client
	web *web
	log *slog.Logger

	mu     sync.Mutex
	known  workspace
	readAt time.Time
	ids    channelIDs
}

// channelIDs remembers the ids of channels by the names that people gave: the
// list behind a name has many pages. The zero value is ready.
type channelIDs struct {
	mu    sync.Mutex
	known map[string]string
	until time.Time
}

func (k *channelIDs) of(ctx context.Context, client *api.Client, name string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Now().After(k.until) {
		k.known, k.until = map[string]string{}, time.Now().Add(namesFor)
	}
	if id := k.known[name]; id != "" {
		return id, nil
	}
	id, err := channelID(ctx, client, name)
	if err == nil {
		k.known[name] = id
	}
	return id, err
}

// workspace is what messages are shown with.
type workspace struct {
	names map[string]string // people by id
	url   string            // of the workspace, for links to messages
	self  string            // the bot's own id
}

// New returns a reader.
func New(c Config) *Client {
	if c.HTTP == nil {
		c.HTTP = border.Client(border.ClientOptions{})
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Client{api: newAPI(c.BotToken, c.APIURL, c.HTTP), web: newWeb(c.BotToken, c.APIURL, c.HTTP), log: c.Logger}
}

// Check says who the token is, for doctor.
func (c *Client) Check(ctx context.Context) (string, error) {
	a, err := c.api.AuthTestContext(ctx)
	if err != nil {
		return "", botError("logging in", err)
	}
	return fmt.Sprintf("%s in %s", border.Line(a.User), border.Line(a.Team)), nil
}

// Channels lists the public channels, and the private ones that the bot is in.
func (c *Client) Channels(ctx context.Context) ([]incident.Channel, incident.Cut, error) {
	all, more, err := channels(ctx, c.api)
	if err != nil {
		return nil, incident.Cut{}, err
	}
	out := make([]incident.Channel, 0, len(all))
	for _, ch := range all {
		out = append(out, incident.Channel{ID: ch.ID, Name: border.Line(ch.Name), Topic: readable(ch.Topic.Value, nil), Members: ch.NumMembers})
	}
	cut := incident.Cut{Shown: len(out), Total: len(out)}
	if more {
		cut.Total = -1
	}
	return out, cut, nil
}

func channels(ctx context.Context, client *api.Client) (all []api.Channel, more bool, err error) {
	all, more, err = channelsOf(ctx, client, "public_channel", "private_channel")
	if word(err) == "missing_scope" { // many apps may read public channels alone
		all, more, err = channelsOf(ctx, client, "public_channel")
	}
	return all, more, err
}

func channelsOf(ctx context.Context, client *api.Client, types ...string) (all []api.Channel, more bool, err error) {
	seen := map[string]bool{}
	cursor := ""
	for range channelPages {
		page, next, err := client.GetConversationsContext(ctx, &api.GetConversationsParameters{
			Cursor: cursor, Limit: pageSize, ExcludeArchived: true, Types: types,
		})
		if err != nil {
			return nil, false, botError("listing channels", err)
		}
		all = append(all, page...)
		if next == "" {
			return all, false, nil
		}
		if seen[next] {
			break // a cursor that does not move
		}
		seen[next], cursor = true, next
	}
	return all, true, nil
}

// channelID finds the id of a channel that a person wrote by its name. Reading
// and editing take ids alone.
func channelID(ctx context.Context, client *api.Client, name string) (string, error) {
	if isChannelID(name) {
		return name, nil
	}
	all, more, err := channels(ctx, client)
	if err != nil {
		return "", err
	}
	for _, ch := range all {
		if strings.EqualFold(ch.Name, strings.TrimPrefix(name, "#")) {
			return ch.ID, nil
		}
	}
	if more {
		return "", fmt.Errorf("slack: channel %q is not among the first %d channels: set the channel's id", name, len(all))
	}
	return "", fmt.Errorf("slack: there is no channel %q that the bot can see: invite it, or set the channel's id", name)
}

func isChannelID(s string) bool {
	return len(s) >= 9 && strings.ContainsRune("CGD", rune(s[0])) && strings.ToUpper(s) == s && !strings.ContainsAny(s, "-_ ")
}

// History reads a channel's messages, the newest first, at most 100. oldest and
// latest may be zero.
func (c *Client) History(ctx context.Context, channel string, oldest, latest time.Time, limit int) ([]incident.ChatMessage, incident.Cut, error) {
	q := url.Values{"limit": {strconv.Itoa(min(max(1, limit), historyLimit))}}
	for name, t := range map[string]time.Time{"oldest": oldest, "latest": latest} {
		if !t.IsZero() {
			q.Set(name, stampOf(t))
		}
	}
	return c.read(ctx, "conversations.history", channel, q, 1)
}

// Replies reads a thread, the oldest first, at most 1,000 messages.
func (c *Client) Replies(ctx context.Context, channel, thread string) ([]incident.ChatMessage, incident.Cut, error) {
	return c.read(ctx, "conversations.replies", channel, threadQuery(MessageRef{TS: thread}), threadPages)
}

// threadQuery asks for a thread, whose channel may be filled in later.
func threadQuery(at MessageRef) url.Values {
	return url.Values{"channel": {at.Channel}, "ts": {at.TS}, "limit": {strconv.Itoa(pageSize)}}
}

func (c *Client) read(ctx context.Context, method, channel string, q url.Values, pages int) ([]incident.ChatMessage, incident.Cut, error) {
	id, err := c.ids.of(ctx, c.api, channel)
	if err != nil {
		return nil, incident.Cut{}, err
	}
	q.Set("channel", id)
	var all []wireMessage
	seen := map[string]bool{} // each page of a thread begins with its first message
	more, err := c.web.messages(ctx, method, q, pages, func(m wireMessage) {
		if !seen[m.TS] {
			seen[m.TS] = true
			all = append(all, m)
		}
	})
	if err != nil {
		return nil, incident.Cut{}, botError("reading "+line(channel, 80), err)
	}
	out := c.messages(ctx, id, all)
	cut := incident.Cut{Shown: len(out), Total: len(out)}
	if more {
		cut.Total = -1
	}
	return out, cut, nil
}

// Talk reads what was said in a channel since a time, by name or id.
func (c *Client) Talk(ctx context.Context, channel string, since time.Time) (incident.Channel, []incident.ChatMessage, error) {
	id, err := c.ids.of(ctx, c.api, channel)
	if err != nil {
		return incident.Channel{}, nil, err
	}
	said, _, err := c.History(ctx, id, since, time.Time{}, historyLimit)
	return incident.Channel{ID: id, Name: strings.TrimPrefix(channel, "#")}, said, err
}

// stampOf writes a time as a message's ts: seconds and millionths.
func stampOf(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }

func (c *Client) messages(ctx context.Context, channel string, all []wireMessage) []incident.ChatMessage {
	w := c.people(ctx)
	out := make([]incident.ChatMessage, 0, len(all))
	for _, m := range all {
		own := w.self != "" && m.BotID == w.self // what we said ourselves is no evidence
		if own || silent[m.SubType] {
			continue
		}
		out = append(out, incident.ChatMessage{
			TS: border.Line(m.TS), ThreadTS: border.Line(m.ThreadTS), Author: border.Line(m.author(w.names)), Bot: m.isBot(),
			At: moment(m.TS), Text: m.said(w.names), Replies: m.Replies, URL: w.link(channel, border.Line(m.TS)),
		})
	}
	return out
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// link is the address of a message, as Slack's permalinks are made.
func (w workspace) link(channel, ts string) string {
	if w.url == "" {
		return ""
	}
	return w.url + "archives/" + channel + "/p" + strings.ReplaceAll(ts, ".", "")
}

// maxStamp is a stamp beyond any message, in seconds.
const maxStamp = 1e11

// moment reads a ts, to the millionth: as an edge of a look it names a message.
func moment(ts string) time.Time {
	seconds, micros, _ := strings.Cut(strings.TrimSpace(ts), ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || s < 0 || s >= maxStamp {
		return time.Time{}
	}
	u, err := strconv.ParseUint((micros + "000000")[:6], 10, 32)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(s, int64(u)*1000).UTC()
}

// people are the names by id, and what else messages are shown with, kept for a
// quarter of an hour. Without them messages have ids for authors, which is no
// reason to read none.
func (c *Client) people(ctx context.Context) workspace {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known.names != nil && time.Since(c.readAt) < namesFor {
		return c.known
	}
	if a, err := c.api.AuthTestContext(ctx); err == nil {
		c.known.url, c.known.self = strings.TrimRight(a.URL, "/")+"/", a.BotID
	}
	users, _, err := c.Users(ctx)
	if err != nil {
		c.log.Warn("slack's people cannot be read; messages show ids", "error", err)
		if c.known.names == nil {
			c.known.names = map[string]string{}
		}
		c.readAt = time.Now().Add(namesAgain - namesFor)
		return c.known
	}
	names := make(map[string]string, len(users))
	for _, u := range users {
		names[u.ID] = u.Name
	}
	c.known.names, c.readAt = names, time.Now()
	return c.known
}

// Users lists the people of the workspace by id and name.
func (c *Client) Users(ctx context.Context) ([]incident.Ref, incident.Cut, error) {
	var out []incident.Ref
	page := c.api.GetUsersPaginated(api.GetUsersOptionLimit(pageSize))
	seen := map[string]bool{}
	for range userPages {
		var err error
		if page, err = page.Next(ctx); err != nil {
			return nil, incident.Cut{}, botError("listing people", err)
		}
		for _, u := range page.Users {
			if !u.Deleted {
				out = append(out, incident.Ref{ID: u.ID, Name: border.Line(firstOf(u.Profile.RealName, u.RealName, u.Name))})
			}
		}
		if page.Cursor == "" {
			return out, incident.Cut{Shown: len(out), Total: len(out)}, nil
		}
		if seen[page.Cursor] {
			break // a cursor that does not move
		}
		seen[page.Cursor] = true
	}
	return out, incident.Cut{Shown: len(out), Total: -1}, nil
}
