package slack

import (
	"encoding/json"
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
)

// wireMessage is what is used of a message.
type wireMessage struct {
	TS       string `json:"ts"`
	ThreadTS string `json:"thread_ts"`
	SubType  string `json:"subtype"`
	User     string `json:"user"`
	Username string `json:"username"`
	BotID    string `json:"bot_id"`
	Bot      struct {
		Name string `json:"name"`
	} `json:"bot_profile"`
	Text        string            `json:"text"`
	Replies     int               `json:"reply_count"`
	Blocks      json.RawMessage   `json:"blocks"`
	Attachments []json.RawMessage `json:"attachments"`
	Files       []struct {
		Name string `json:"name"`
	} `json:"files"`
	Metadata struct {
		EventType string `json:"event_type"`
		Payload   struct {
			Key      string `json:"key"`
			Incident string `json:"incident"`
		} `json:"event_payload"`
	} `json:"metadata"`
}

// silent are the messages in which nobody says anything.
var silent = map[string]bool{
	"channel_join": true, "channel_leave": true, "group_join": true, "group_leave": true, "bot_add": true, "bot_remove": true, "pinned_item": true,
}

// maxSaid bounds one message's text.
const maxSaid = 4_000

func (m wireMessage) isBot() bool { return m.BotID != "" || m.SubType == "bot_message" }

func (m wireMessage) author(names map[string]string) string {
	if m.isBot() {
		return firstOf(m.Username, m.Bot.Name, names[m.User], m.User, m.BotID, "unknown")
	}
	return firstOf(names[m.User], m.Username, m.User, "unknown")
}

// said is all that a message says. Alerting bots say it in attachments or blocks
// and leave the text empty.
func (m wireMessage) said(names map[string]string) string {
	parts := []string{readable(m.Text, names)}
	if strings.TrimSpace(m.Text) == "" {
		parts = append(parts, blocksText(m.Blocks, names))
	}
	for _, raw := range m.Attachments {
		parts = append(parts, attachmentText(raw, names))
	}
	for _, f := range m.Files {
		parts = append(parts, "[file "+border.Line(f.Name)+"]")
	}
	return cut(cleaned(strings.Join(nonEmpty(parts), "\n")), maxSaid)
}

func attachmentText(raw json.RawMessage, names map[string]string) string {
	var a struct {
		Fallback  string          `json:"fallback"`
		Pretext   string          `json:"pretext"`
		Title     string          `json:"title"`
		TitleLink string          `json:"title_link"`
		Text      string          `json:"text"`
		Blocks    json.RawMessage `json:"blocks"`
		Fields    []struct {
			Title string `json:"title"`
			Value string `json:"value"`
		} `json:"fields"`
	}
	if decodeSome(raw, &a) != nil {
		return ""
	}
	title := a.Title
	if title != "" && a.TitleLink != "" {
		title += " (" + a.TitleLink + ")"
	}
	parts := []string{a.Pretext, title, a.Text}
	for _, f := range a.Fields {
		parts = append(parts, strings.TrimPrefix(f.Title+": "+f.Value, ": "))
	}
	for i := range parts {
		parts[i] = readable(parts[i], names)
	}
	said := nonEmpty(append(parts, blocksText(a.Blocks, names)))
	if len(said) == 0 {
		return readable(a.Fallback, names)
	}
	return strings.Join(said, "\n")
}

func nonEmpty(all []string) []string {
	var out []string
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// blocksText reads the words out of blocks, whatever kinds of block they are.
func blocksText(raw json.RawMessage, names map[string]string) string {
	var v any
	if len(raw) == 0 || decodeSome(raw, &v) != nil {
		return ""
	}
	r := blockReader{names: names}
	r.read(v, 0)
	return border.Clean(strings.TrimSpace(r.out.String()))
}

type blockReader struct {
	names map[string]string
	out   strings.Builder
}

// maxDepth bounds what nests: blocks of blocks, lists of lists.
const maxDepth = 20

func (r *blockReader) read(v any, depth int) {
	if depth > maxDepth || r.out.Len() > 4*maxSaid {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			r.read(one, depth+1)
		}
	case map[string]any:
		r.object(v, depth)
	}
}

func (r *blockReader) object(o map[string]any, depth int) {
	get := func(key string) string { s, _ := o[key].(string); return s }
	switch kind := get("type"); kind {
	case "mrkdwn":
		r.words(readable(get("text"), r.names) + "\n")
	case "plain_text", "raw_text", "markdown":
		r.words(get("text") + "\n")
	case "text":
		r.words(get("text"))
	case "link":
		r.words(shownLink(get("text"), get("url")))
	case "user":
		r.words("@" + firstOf(r.names[get("user_id")], get("user_id")))
	case "channel":
		r.words("#" + get("channel_id"))
	case "broadcast":
		r.words("@" + get("range"))
	case "emoji":
		r.words(":" + get("name") + ":")
	case "button", "image":
	default:
		for _, key := range []string{"title", "text", "fields", "rows", "elements", "blocks", "accessory"} {
			r.read(o[key], depth+1)
		}
		if strings.HasPrefix(kind, "rich_text_") {
			r.words("\n")
		}
	}
}

func (r *blockReader) words(s string) { r.out.WriteString(s) }
