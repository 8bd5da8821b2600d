package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Message is one thing that was put into Slack, as it came.
type Message struct {
	Kind     string // "post", "reply", "edit" or "webhook"; "whisper" to one person, "person" by one
	Channel  string // id; empty for the webhook
	TS       string
	ThreadTS string
	User     string // who wrote it, or alone sees it
	Text     string
	Blocks   json.RawMessage
	Metadata json.RawMessage
	At       time.Time
}

// Fault makes a method of the Web API, or "webhook", fail.
type Fault struct {
	Error      string // of the Web API's ok:false, or the webhook's body
	Status     int    // HTTP status, 200 when 0
	RetryAfter string // header, in seconds
	Times      int    // how often; 0 is until it is taken back
	Posted     bool   // the message is posted all the same, and the answer lost
	Drop       bool   // the connection breaks off in place of an answer
}

// Server is the stand-in. Its methods are safe for concurrent use.
type Server struct {
	mu       sync.Mutex
	channels map[string]string // id by name
	sent     []Message
	faults   map[string]*Fault
	clock    int
	app      *websocket.Conn // over Socket Mode
	acks     chan string
}

// New returns a Slack with one channel, #incidents (C0INCIDENTS).
func New() *Server {
	return &Server{channels: map[string]string{"incidents": "C0INCIDENTS"}, faults: map[string]*Fault{}}
}

// AddChannel makes a channel known by its name and its id.
func (s *Server) AddChannel(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[strings.TrimPrefix(name, "#")] = id
}

// Fail makes a method fail from now on; a zero Fault heals it.
func (s *Server) Fail(method string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == (Fault{}) {
		delete(s.faults, method)
		return
	}
	s.faults[method] = &f
}

// Messages is everything that was put into Slack, in order.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// Standing is what people see: each message once, as its last edit left it. An
// edit changes neither the thread nor metadata that it does not bring.
func (s *Server) Standing() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing()
}

func (s *Server) standing() []Message {
	var out []Message
	for _, m := range s.sent {
		i := slices.IndexFunc(out, func(o Message) bool { return o.TS == m.TS && o.Channel == m.Channel })
		if m.Kind == "edit" && i >= 0 {
			m.Kind, m.ThreadTS = out[i].Kind, out[i].ThreadTS
			if m.Metadata == nil {
				m.Metadata = out[i].Metadata
			}
			out[i] = m
			continue
		}
		out = append(out, m)
	}
	return out
}

// ServeHTTP answers /api/chat.*, conversations.list, .history and .replies of
// what was posted, /services/… as an incoming webhook, and /socket as Socket Mode.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	if method == "/socket" {
		s.socket(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasPrefix(r.URL.Path, "/services/") {
		s.webhook(w, body)
		return
	}
	f := form(r, body)
	f["host"] = r.Host
	if s.fails(w, method, func() { s.api(method, f) }) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.api(method, f))
}

func (s *Server) fails(w http.ResponseWriter, method string, do func()) bool {
	f := s.faults[method]
	if f == nil {
		return false
	}
	if f.Times--; f.Times == 0 {
		delete(s.faults, method)
	}
	if f.Posted {
		do()
	}
	if f.Drop {
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	if method == "webhook" || f.Status != 0 {
		_, _ = io.WriteString(w, f.Error)
		return true
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(refuse(f.Error))
	return true
}

type answer map[string]any

func (s *Server) api(method string, f map[string]string) answer {
	switch method {
	case "chat.postMessage":
		return s.post(f)
	case "chat.update":
		return s.update(f)
	case "conversations.history":
		return s.list(f, func(m Message) bool { return m.ThreadTS == "" })
	case "conversations.replies":
		return s.list(f, func(m Message) bool { return m.ThreadTS == f["ts"] || m.TS == f["ts"] })
	case "apps.connections.open":
		return answer{"ok": true, "url": "ws://" + f["host"] + "/socket"}
	case "chat.postEphemeral":
		return s.whisper(f)
	case "conversations.list":
		return s.listChannels()
	case "chat.getPermalink":
		return answer{"ok": true, "channel": f["channel"], "permalink": "https://slack.example/archives/" + f["channel"] + "/p" + strings.ReplaceAll(f["message_ts"], ".", "")}
	default:
		return refuse("unknown_method")
	}
}

func (s *Server) listChannels() answer {
	var out []map[string]any
	for _, name := range slices.Sorted(maps.Keys(s.channels)) {
		out = append(out, map[string]any{"id": s.channels[name], "name": name, "is_channel": true})
	}
	return answer{"ok": true, "channels": out, "response_metadata": map[string]any{"next_cursor": ""}}
}

func refuse(word string, more ...string) answer {
	a := answer{"ok": false, "error": word}
	if len(more) > 0 {
		a["response_metadata"] = map[string]any{"messages": more}
	}
	return a
}

func (s *Server) post(f map[string]string) answer {
	channel, ok := s.channelID(f["channel"])
	if !ok {
		return refuse("channel_not_found")
	}
	m, bad := message(f)
	if bad != nil {
		return bad
	}
	m.Kind, m.Channel, m.TS, m.ThreadTS = "post", channel, s.ts(), f["thread_ts"]
	if m.ThreadTS != "" {
		m.Kind = "reply"
	}
	s.sent = append(s.sent, m)
	return answer{"ok": true, "channel": channel, "ts": m.TS}
}

// update edits by channel id alone, as Slack does: a name is not found.
func (s *Server) update(f map[string]string) answer {
	known := false
	for _, m := range s.sent {
		known = known || m.Channel == f["channel"] && m.TS == f["ts"]
	}
	switch {
	case !s.isID(f["channel"]):
		return refuse("channel_not_found")
	case !known:
		return refuse("message_not_found")
	}
	m, bad := message(f)
	if bad != nil {
		return bad
	}
	m.Kind, m.Channel, m.TS = "edit", f["channel"], f["ts"]
	if _, given := f["blocks"]; !given { // the old ones stay
		for _, old := range s.standing() {
			if old.TS == m.TS && old.Channel == m.Channel {
				m.Blocks = old.Blocks
			}
		}
	}
	s.sent = append(s.sent, m)
	return answer{"ok": true, "channel": m.Channel, "ts": m.TS}
}

func message(f map[string]string) (Message, answer) {
	m := Message{Text: f["text"], At: time.Now()}
	if f["metadata"] != "" {
		m.Metadata = json.RawMessage(f["metadata"])
	}
	if f["blocks"] != "" && f["blocks"] != "[]" {
		m.Blocks = json.RawMessage(f["blocks"])
		if err := Validate(m.Blocks, false); err != nil {
			word, _, _ := strings.Cut(err.Error(), ":")
			if word != "msg_blocks_too_long" {
				word = "invalid_blocks"
			}
			return m, refuse(word, err.Error())
		}
	}
	if m.Text == "" && m.Blocks == nil {
		return m, refuse("no_text")
	}
	if length(m.Text) > maxText {
		return m, refuse("msg_too_long")
	}
	return m, nil
}

func (s *Server) list(f map[string]string, want func(Message) bool) answer {
	var out []map[string]any
	for _, m := range s.standing() {
		if m.Channel != f["channel"] || m.Kind == "whisper" || !want(m) {
			continue
		}
		o := map[string]any{"type": "message", "ts": m.TS, "text": m.Text}
		if m.User != "" {
			o["user"] = m.User
		} else {
			o["bot_id"] = "B0OPSBUDDY"
		}
		if f["include_all_metadata"] == "true" || f["include_all_metadata"] == "1" {
			o["metadata"] = m.Metadata
		}
		if len(m.Blocks) > 0 {
			o["blocks"] = m.Blocks
		}
		out = append(out, o)
	}
	if f["ts"] == "" { // a channel comes the newest first, a thread the oldest
		slices.Reverse(out)
	}
	return answer{"ok": true, "messages": out, "has_more": false}
}

func (s *Server) webhook(w http.ResponseWriter, body []byte) {
	var m struct {
		Text   string          `json:"text"`
		Blocks json.RawMessage `json:"blocks"`
	}
	store := func() {
		s.sent = append(s.sent, Message{Kind: "webhook", TS: s.ts(), Text: m.Text, Blocks: m.Blocks, At: time.Now()})
	}
	if json.Unmarshal(body, &m) != nil {
		refuseHook(w, http.StatusBadRequest, "invalid_payload")
		return
	}
	if s.fails(w, "webhook", store) {
		return
	}
	if len(m.Blocks) > 0 && string(m.Blocks) != "null" {
		if err := Validate(m.Blocks, true); err != nil {
			refuseHook(w, http.StatusBadRequest, "invalid_blocks")
			return
		}
	} else if m.Text == "" {
		refuseHook(w, http.StatusBadRequest, "missing_text_or_fallback_or_attachments")
		return
	}
	store()
	_, _ = io.WriteString(w, "ok")
}

func refuseHook(w http.ResponseWriter, status int, word string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, word)
}

func (s *Server) channelID(name string) (string, bool) {
	if s.isID(name) {
		return name, true
	}
	id, ok := s.channels[strings.TrimPrefix(name, "#")]
	return id, ok
}

func (s *Server) isID(id string) bool {
	for _, known := range s.channels {
		if known == id {
			return true
		}
	}
	return false
}

// ts makes Slack's message ids: seconds and a counter.
func (s *Server) ts() string {
	s.clock++
	return fmt.Sprintf("%d.%06d", time.Now().Unix(), s.clock)
}

// form reads the fields of a call from its query, form or JSON body.
func form(r *http.Request, body []byte) map[string]string {
	f := map[string]string{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var m map[string]any
		if json.Unmarshal(body, &m) == nil {
			for k, v := range m {
				switch v := v.(type) {
				case string:
					f[k] = v
				case bool:
					f[k] = strconv.FormatBool(v)
				default:
					raw, _ := json.Marshal(v)
					f[k] = string(raw)
				}
			}
		}
		return f
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	_ = r.ParseForm()
	for k := range r.Form {
		f[k] = r.Form.Get(k)
	}
	return f
}
