package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/incident"
)

// What a person may want of a brief, as histories hold it.
const (
	AskQuestion  = "question" // a reply below a brief
	AskLost      = "lost"     // a question where no brief stands
	AskUseful    = "useful"   // a button
	AskNotUseful = "not useful"
)

// asked is what a person wants of a brief, reduced from what Slack sends. It is
// what the flow is started with. Frozen: histories hold it.
type asked struct {
	Kind     string `json:"kind"`
	Incident string `json:"incident,omitempty"` // of a button
	Channel  string `json:"channel"`
	Thread   string `json:"thread,omitempty"` // the message that the thread is below
	TS       string `json:"ts"`               // the question
	User     string `json:"user"`
	Text     string `json:"text,omitempty"`
}

// ParseAskInput configures ParseAsk. The reference is filled when the flow runs;
// all else stays on the worker.
type ParseAskInput struct {
	RawPayload core.Ref // usually core.InputData("webhook_payload")

	SigningSecret string // of requests over HTTP; none are taken when empty
	AppToken      string // opens Socket Mode; none is opened when empty
	BotToken      string
	APIURL        string // of Slack's Web API; its own when empty
	HTTP          *http.Client
	Logger        *slog.Logger
	// Again makes the start of another review of an incident, for the button.
	Again func(incidentID string) *core.Start
}

// ParseAskOutput is what a person wants, and about which incident. Frozen:
// histories hold it.
type ParseAskOutput struct {
	Kind     string                 `json:"kind"`
	Incident incident.Incident      `json:"incident,omitzero"` // its id alone
	Question string                 `json:"question,omitempty"`
	Said     []incident.ChatMessage `json:"said,omitempty"` // in the thread before, the oldest first
	Place    MessageRef             `json:"place"`          // the thread that an answer goes to
	User     string                 `json:"user"`
	Key      string                 `json:"key"` // begins the marks of the answer
}

type askInput struct {
	Payload string `json:"payload"`
}

// ParseAsk makes the first step of a flow that answers people in Slack: it finds
// the incident that the thread is about. It brings the door for Slack's requests
// over HTTP, and the connection for those over Socket Mode.
func ParseAsk(in ParseAskInput) *core.Node {
	if in.Logger == nil {
		in.Logger = slog.New(slog.DiscardHandler)
	}
	c := New(Config{BotToken: in.BotToken, APIURL: in.APIURL, HTTP: in.HTTP, Logger: in.Logger})
	d := askDoor{secret: in.SigningSecret, again: in.Again}
	node := core.Activity("slack.ParseAsk", core.Bind{"Payload": in.RawPayload}, c.parseAsk).WithDoor(d)
	if in.AppToken != "" {
		node.WithSource(newSocket(in.AppToken, in.APIURL, d, in.Logger))
	}
	return node
}

// saidBefore is how much of a thread a question is answered with.
const saidBefore = 20

func (c *Client) parseAsk(ctx context.Context, in askInput) (ParseAskOutput, error) {
	var a asked
	if err := json.Unmarshal([]byte(in.Payload), &a); err != nil {
		return ParseAskOutput{}, core.Permanent(fmt.Errorf("slack: what was asked cannot be read: %w", err))
	}
	out := ParseAskOutput{
		Kind: a.Kind, Incident: incident.Incident{ID: a.Incident}, User: a.User,
		Place: MessageRef{Channel: a.Channel, TS: firstOf(a.Thread, a.TS)}, Key: "ask/" + a.Channel + "/" + a.TS,
	}
	if a.Kind != AskQuestion {
		return out, nil
	}
	t, err := c.thread(ctx, out.Place)
	if err != nil {
		return ParseAskOutput{}, err
	}
	if t.incident == "" {
		out.Kind = AskLost
		return out, nil
	}
	out.Incident.ID, out.Question = t.incident, question(a.Text, c.people(ctx).names)
	for _, m := range t.said {
		if m.TS != a.TS {
			out.Said = append(out.Said, m)
		}
	}
	out.Said = out.Said[max(0, len(out.Said)-saidBefore):]
	return out, nil
}

// question is a reply as a person reads it, without the mention of the bot that
// it begins with.
func question(text string, names map[string]string) string {
	text = strings.TrimSpace(text)
	if m := token.FindString(text); strings.HasPrefix(m, "<@") && strings.HasPrefix(text, m) {
		text = text[len(m):]
	}
	return strings.TrimSpace(cut(readable(text, names), maxSaid))
}

// thread is what stands in a thread.
type thread struct {
	incident string // that its first message is about
	said     []incident.ChatMessage
}

// thread reads a thread, our own words included: a question may be about them.
func (c *Client) thread(ctx context.Context, at MessageRef) (thread, error) {
	var t thread
	w := c.people(ctx)
	q := threadQuery(at)
	q.Set("include_all_metadata", "true")
	seen := map[string]bool{} // each page begins with the first message
	_, err := c.web.messages(ctx, "conversations.replies", q, threadPages, func(m wireMessage) {
		if seen[m.TS] || silent[m.SubType] {
			return
		}
		seen[m.TS] = true
		text := m.said(w.names)
		if m.Metadata.EventType == markType { // the text of our own is for notifications
			text = cut(firstOf(blocksText(m.Blocks, w.names), text), maxSaid)
			if m.TS == at.TS {
				t.incident = border.Line(m.Metadata.Payload.Incident)
			}
		}
		t.said = append(t.said, incident.ChatMessage{
			TS: border.Line(m.TS), ThreadTS: at.TS, Author: border.Line(m.author(w.names)), Bot: m.isBot(), At: moment(m.TS), Text: text,
		})
	})
	return t, botError("reading the thread", err)
}
