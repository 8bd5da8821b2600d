package slacktest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// self is the bot's own user id, as Slack names it in events.
const self = "U0OPSBUDDY"

// Say puts a person's message into a channel, or into a thread, as the others
// see it there. The bot hears of it by an Event.
func (s *Server) Say(channel, threadTS, user, text string) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := Message{Kind: "person", Channel: channel, TS: s.ts(), ThreadTS: threadTS, User: user, Text: text, At: time.Now()}
	s.sent = append(s.sent, m)
	return m
}

// Event is what Slack sends the app when a person wrote m below a message of the bot.
func Event(m Message) []byte {
	event := answer{"type": "message", "channel": m.Channel, "user": m.User, "text": m.Text, "ts": m.TS, "channel_type": "channel"}
	if m.ThreadTS != "" {
		event["thread_ts"], event["parent_user_id"] = m.ThreadTS, self
	}
	return encoded(answer{
		"type": "event_callback", "team_id": "T0DEMO", "api_app_id": "A0DEMO", "event_id": "Ev" + strings.ReplaceAll(m.TS, ".", ""),
		"authorizations": []answer{{"team_id": "T0DEMO", "user_id": self, "is_bot": true}}, "event": event,
	})
}

// Press is what Slack sends the app when a person presses a button of a message.
// It fails when the message has no such button.
func Press(m Message, actionID, user string) ([]byte, error) {
	var blocks []node
	if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
		return nil, fmt.Errorf("the message has no blocks: %w", err)
	}
	for _, b := range blocks {
		for _, e := range b.elements() {
			if b.str("type") == "actions" && e.str("action_id") == actionID {
				return encoded(answer{
					"type": "block_actions", "user": answer{"id": user}, "api_app_id": "A0DEMO", "trigger_id": "1.2.3",
					"container": answer{"type": "message", "channel_id": m.Channel, "message_ts": m.TS}, "channel": answer{"id": m.Channel},
					"actions": []answer{{"type": "button", "action_id": actionID, "value": e.str("value"), "action_ts": fmt.Sprintf("%d.000100", time.Now().Unix())}},
				}), nil
			}
		}
	}
	return nil, fmt.Errorf("there is no button %s", actionID)
}

func encoded(a answer) []byte {
	raw, err := json.Marshal(a)
	if err != nil {
		panic(err) // only strings, numbers and lists of them
	}
	return raw
}

// Form is the body in which Slack sends what was pressed over HTTP.
func Form(payload []byte) []byte { return []byte(url.Values{"payload": {string(payload)}}.Encode()) }

// Sign makes the headers of a request over HTTP (docs.slack.dev/authentication/
// verifying-requests-from-slack).
func Sign(secret string, body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return http.Header{"X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))}}
}

// whisper keeps a message that one person alone sees.
func (s *Server) whisper(f map[string]string) answer {
	if !s.isID(f["channel"]) {
		return refuse("channel_not_found")
	}
	s.sent = append(s.sent, Message{Kind: "whisper", Channel: f["channel"], TS: s.ts(), User: f["user"], Text: f["text"], At: time.Now()})
	return answer{"ok": true, "message_ts": s.sent[len(s.sent)-1].TS}
}

// errNoSocket says that no app is connected over Socket Mode.
var errNoSocket = errors.New("no app is connected over Socket Mode")

// socket holds the app's connection until it breaks off.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer func() { _ = conn.Close() }()
	if conn.WriteJSON(answer{"type": "hello", "num_connections": 1}) != nil {
		return
	}
	s.mu.Lock()
	s.app, s.acks = conn, make(chan string, 100)
	acks := s.acks
	s.mu.Unlock()
	gone := make(chan struct{})
	defer close(gone)
	go pinging(conn, gone)
	for {
		var ack struct {
			EnvelopeID string `json:"envelope_id"`
		}
		if conn.ReadJSON(&ack) != nil {
			s.mu.Lock()
			if s.app == conn {
				s.app = nil
			}
			s.mu.Unlock()
			return
		}
		acks <- ack.EnvelopeID
	}
}

// pinging tells the app that it is still connected, as Slack does every ten seconds.
func pinging(conn *websocket.Conn, gone <-chan struct{}) {
	t := time.NewTicker(5 * time.Second)
	defer t.Stop()
	for {
		select {
		case <-gone:
			return
		case <-t.C:
			_ = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) // a reader sees the end
		}
	}
}

// Connected reports whether an app is connected over Socket Mode.
func (s *Server) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.app != nil
}

// Push sends a payload over Socket Mode, "events_api" or "interactive", and waits
// until the app acknowledges it.
func (s *Server) Push(kind string, payload []byte, patience time.Duration) error {
	s.mu.Lock()
	conn, acks := s.app, s.acks
	s.clock++
	id := "envelope-" + strconv.Itoa(s.clock)
	s.mu.Unlock()
	if conn == nil {
		return errNoSocket
	}
	if err := conn.WriteJSON(answer{"type": kind, "envelope_id": id, "payload": json.RawMessage(payload), "accepts_response_payload": false}); err != nil {
		return err
	}
	late := time.After(patience)
	for {
		select {
		case got := <-acks:
			if got == id {
				return nil
			}
		case <-late:
			return fmt.Errorf("%s was not acknowledged within %s", id, patience)
		}
	}
}
