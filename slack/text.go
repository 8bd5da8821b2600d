package slack

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// token is one of Slack's own marks in a text: <@U1>, <#C1|name>, <!here>,
// <https://…|label>.
var token = regexp.MustCompile(`<([@#!]?)([^<>|\s][^<>|]*)(?:\|([^<>]*))?>`)

// readable undoes Slack's marks and its escapes, once, and takes secrets out:
// what a person sees of a message.
func readable(s string, names map[string]string) string {
	s = token.ReplaceAllStringFunc(s, func(t string) string {
		m := token.FindStringSubmatch(t)
		kind, target, label := m[1], m[2], m[3]
		switch kind {
		case "@":
			return "@" + firstOf(names[target], label, target)
		case "#":
			return "#" + firstOf(label, target)
		case "!":
			return command(target, label)
		default:
			return shownLink(label, target)
		}
	})
	s = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
	return cleaned(s)
}

// shownLink is a link's label and its address, once when they are the same.
func shownLink(label, address string) string {
	address = strings.TrimPrefix(address, "mailto:")
	if label == "" || label == address {
		return address
	}
	return label + " (" + address + ")"
}

// command is one of <!here>, <!subteam^S1|@ops> and <!date^1392734382^…|Feb 18>.
func command(target, label string) string {
	if strings.HasPrefix(target, "date^") {
		return firstOf(label, target)
	}
	return "@" + strings.TrimPrefix(firstOf(label, strings.TrimPrefix(target, "subteam^")), "@")
}

func cleaned(s string) string { return border.Redact(border.Clean(s)) }

// maxListText bounds what a tool answers with, in bytes: about 1,500 tokens.
const maxListText = 6 << 10

// maxSaidLine is what one line shows of a message, in characters.
const maxSaidLine = 600

// MessagesText shows messages one a line, in their order.
func MessagesText(all []incident.ChatMessage, cut incident.Cut) string {
	if len(all) == 0 && cut.Complete() {
		return "no messages (Slack was read)"
	}
	return shown(messageLines(all), "messages", cut, "ask with latest=TS of the last one, or with contains=WORDS")
}

// threadText shows a thread: its first message, then the replies, the newest
// first, since a fix stands at the end.
func threadText(all []incident.ChatMessage, cut incident.Cut) string {
	if len(all) < 2 {
		return MessagesText(all, cut)
	}
	replies := slices.Clone(all[1:])
	slices.Reverse(replies)
	if cut.Shown--; cut.Total > 0 {
		cut.Total--
	}
	return messageLines(all[:1])[0] + "\n" + shown(messageLines(replies), "replies, newest first", cut, askWords)
}

func messageLines(all []incident.ChatMessage) []string {
	lines := make([]string, 0, len(all))
	for _, m := range all {
		who := m.Author
		if m.Bot {
			who += " (bot)"
		}
		l := fmt.Sprintf("- %s %s: %s [ts %s]", m.At.UTC().Format("2006-01-02 15:04 UTC"), who, line(m.Text, maxSaidLine), m.TS)
		if m.Replies > 0 {
			l += fmt.Sprintf(" (%d replies: slack_get_thread_replies)", m.Replies)
		}
		lines = append(lines, l)
	}
	return lines
}

// ChannelsText shows channels one a line.
func ChannelsText(all []incident.Channel, cut incident.Cut) string {
	lines := make([]string, 0, len(all))
	for _, c := range all {
		l := fmt.Sprintf("- %s #%s", c.ID, c.Name)
		if c.Topic != "" {
			topic, _ := border.Cut(border.Line(c.Topic), 120)
			l += ": " + topic
		}
		lines = append(lines, l)
	}
	return shown(lines, "channels", cut, askWords)
}

// UsersText shows people one a line.
func UsersText(all []incident.Ref, cut incident.Cut) string {
	lines := make([]string, 0, len(all))
	for _, u := range all {
		lines = append(lines, "- "+u.ID+" "+u.Name)
	}
	return shown(lines, "people", cut, askWords)
}

const askWords = "ask with contains=WORDS"

// shown writes lines up to the bound, under a count that says what was left out, and
// how to ask for it.
func shown(lines []string, what string, cut incident.Cut, how string) string {
	size, kept := 0, 0
	for _, l := range lines {
		if size += len(l) + 1; size > maxListText {
			break
		}
		kept++
	}
	total := max(cut.Total, len(lines))
	head := fmt.Sprintf("%d %s", kept, what)
	switch {
	case cut.Total < 0:
		head = fmt.Sprintf("showing %d %s; there are more; for the others %s", kept, what, how)
	case kept < total:
		head = fmt.Sprintf("showing %d of %d %s; for the others %s", kept, total, what, how)
	}
	return strings.Join(append([]string{head}, lines[:kept]...), "\n")
}

// parseTime reads a time as a model may write it; the zero time for none.
func parseTime(s string) (time.Time, error) {
	if strings.TrimSpace(s) == "" {
		return time.Time{}, nil
	}
	if t := moment(s); !t.IsZero() {
		return t, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04 UTC", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 2026-03-01T14:00:00Z, or the ts of a message", s)
}
