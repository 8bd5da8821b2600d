package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
)

// Answers to requests that are not known to come from Slack. They are constant:
// whoever is at the door learns nothing.
const (
	reasonForbidden = "the request is not signed by Slack for this app"
	reasonMalformed = "the headers of the signature are malformed"
)

// askDoor decides about what Slack sends when somebody replies or presses a
// button. It answers 200 to whatever is not for us: Slack shows people a warning
// for any other answer, and switches events off after many of them
// (docs.slack.dev/apis/events-api, "Failure limits").
type askDoor struct {
	secret string
	again  func(incidentID string) *core.Start
}

// Admit decides about one request over HTTP.
func (d askDoor) Admit(r core.Request) core.Admission {
	if refusal, ok := d.turnAway(r); ok {
		return refusal
	}
	body, err := payload(r)
	if err != nil {
		return malformed(err)
	}
	return d.decide(body)
}

// turnAway refuses what is not signed, or was signed more than five minutes ago.
func (d askDoor) turnAway(r core.Request) (core.Admission, bool) {
	if d.secret == "" {
		return core.Admission{Status: http.StatusForbidden, Reason: reasonForbidden, Label: "forbidden", Log: "set SLACK_SIGNING_SECRET to take requests from Slack here"}, true
	}
	v, err := api.NewSecretsVerifier(r.Header, d.secret)
	if err == nil {
		_, _ = v.Write(r.Body) // a hash takes everything
		err = v.Ensure()
	}
	switch {
	case err == nil:
		return core.Admission{}, false
	case errors.Is(err, api.ErrMissingHeaders), errors.Is(err, api.ErrInvalidSignature):
		return core.Admission{Status: http.StatusForbidden, Reason: reasonForbidden, Label: "forbidden", Log: "no signature matches: SLACK_SIGNING_SECRET must be the app's signing secret"}, true
	case errors.Is(err, api.ErrExpiredTimestamp):
		return core.Admission{Status: http.StatusForbidden, Reason: reasonForbidden, Label: "forbidden", Log: "signed more than five minutes ago: a replay, or a clock that is off"}, true
	default:
		return core.Admission{Status: http.StatusBadRequest, Reason: reasonMalformed, Label: "malformed"}, true
	}
}

// payload is the JSON of a request: its body for events, a field of its form for
// buttons.
func payload(r core.Request) ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" {
		return r.Body, nil
	}
	form, err := url.ParseQuery(string(r.Body))
	if err != nil || form.Get("payload") == "" {
		return nil, errors.New("the form has no payload")
	}
	return []byte(form.Get("payload")), nil
}

func malformed(err error) core.Admission {
	return core.Admission{Status: http.StatusBadRequest, Reason: err.Error(), Label: "malformed"}
}

func skipped(reason string) core.Admission {
	return core.Admission{Status: http.StatusOK, Reason: reason, Label: "skipped"}
}

// decide is the decision about what is known to come from Slack, over HTTP or
// over a socket.
func (d askDoor) decide(raw []byte) core.Admission {
	var p wirePayload
	if err := decodeSome(raw, &p); err != nil {
		return malformed(err)
	}
	switch p.Type {
	case "url_verification": // once, when the address is entered in Slack's settings
		return core.Admission{Status: http.StatusOK, Answer: map[string]string{"challenge": p.Challenge}, Label: "challenge"}
	case "event_callback":
		return p.replied()
	case "block_actions":
		return d.pressed(p)
	}
	return skipped(fmt.Sprintf("requests of type %q are not used", border.Line(p.Type)))
}

// wirePayload is what is used of Slack's requests (docs.slack.dev/apis/events-api
// and docs.slack.dev/reference/interaction-payloads/block_actions-payload).
type wirePayload struct {
	Type           string `json:"type"`
	Challenge      string `json:"challenge"`
	Authorizations []struct {
		UserID string `json:"user_id"`
		IsBot  bool   `json:"is_bot"`
	} `json:"authorizations"`
	Event struct {
		Type       string `json:"type"`
		SubType    string `json:"subtype"`
		BotID      string `json:"bot_id"`
		Channel    string `json:"channel"`
		User       string `json:"user"`
		Text       string `json:"text"`
		TS         string `json:"ts"`
		ThreadTS   string `json:"thread_ts"`
		ParentUser string `json:"parent_user_id"`
	} `json:"event"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Container struct {
		ChannelID string `json:"channel_id"`
		MessageTS string `json:"message_ts"`
	} `json:"container"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
		TS       string `json:"action_ts"`
	} `json:"actions"`
}

// self is the bot's own user id.
func (p wirePayload) self() string {
	for _, a := range p.Authorizations {
		if a.IsBot {
			return a.UserID
		}
	}
	return ""
}

// Forms of Slack's ids: they become part of a workflow's id.
var (
	channelForm = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,30}$`)
	stampForm   = regexp.MustCompile(`^[0-9]{1,12}\.[0-9]{1,9}$`)
	idForm      = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)
)

// replied decides about a message. A question is a reply below one of our
// messages that has a question mark, or any message that names the bot: people
// who talk to each other below a brief are left alone.
func (p wirePayload) replied() core.Admission {
	e := p.Event
	self := p.self()
	named := e.Type == "app_mention" || self != "" && strings.Contains(e.Text, "<@"+self)
	below := e.ThreadTS != "" && self != "" && e.ParentUser == self
	switch {
	case e.Type != "message" && e.Type != "app_mention":
		return skipped(fmt.Sprintf("events of type %q are not used", border.Line(e.Type)))
	case e.BotID != "" || e.User == self, e.SubType != "" && e.SubType != "thread_broadcast" && e.SubType != "file_share":
		return skipped("nobody asks")
	case !named && !(below && strings.ContainsAny(e.Text, "?？؟")):
		return skipped("people talk to each other")
	case !channelForm.MatchString(e.Channel) || !stampForm.MatchString(e.TS) || !idForm.MatchString(e.User):
		return malformed(errors.New("a message without channel, user and time stamp"))
	}
	a := asked{Kind: AskQuestion, Channel: e.Channel, Thread: e.ThreadTS, TS: e.TS, User: e.User, Text: cut(border.Clean(e.Text), maxSaid)}
	return a.start("ask-" + a.Channel + "-" + a.TS)
}

// pressed decides about a button.
func (d askDoor) pressed(p wirePayload) core.Admission {
	if len(p.Actions) == 0 {
		return skipped("no button was pressed")
	}
	b := p.Actions[0]
	kinds := map[string]string{usefulButton: AskUseful, notUsefulButton: AskNotUseful}
	switch {
	case b.ActionID != againButton && kinds[b.ActionID] == "":
		return skipped("the button is not one of ours")
	case !idForm.MatchString(b.Value) || !channelForm.MatchString(p.Container.ChannelID) || !stampForm.MatchString(p.Container.MessageTS) ||
		!stampForm.MatchString(b.TS) || !idForm.MatchString(p.User.ID):
		return malformed(errors.New("a button without incident, message and user"))
	case b.ActionID == againButton:
		return core.Admission{Start: d.again(b.Value), Status: http.StatusOK, Label: "again"}
	}
	a := asked{Kind: kinds[b.ActionID], Incident: b.Value, Channel: p.Container.ChannelID, Thread: p.Container.MessageTS, TS: b.TS, User: p.User.ID}
	return a.start("feedback-" + a.Channel + "-" + a.Thread + "-" + a.User + "-" + a.TS)
}

// start names the run after the message: Slack delivers at least once, and a
// reply that names the bot comes as two events.
func (a asked) start(id string) core.Admission {
	raw, err := json.Marshal(a)
	if err != nil {
		return malformed(err)
	}
	return core.Admission{
		Start:  &core.Start{WorkflowID: id, Urgent: true, Input: map[string]any{core.WebhookPayload: string(raw)}},
		Status: http.StatusOK, Label: "asked",
	}
}
