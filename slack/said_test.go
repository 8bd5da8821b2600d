package slack

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Alerting bots leave a message's text empty and say it all elsewhere.
func TestWhatBotsSayInAttachmentsAndBlocksIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		message obj
		want    string
	}{
		"attachment": {obj{"attachments": []obj{{
			"fallback": "no", "title": "[FIRING:2] Gateway5xx", "title_link": "https://grafana.example/a?x=1", "text": "5xx &gt; 5% on <https://a.example|api>",
			"fields": []obj{{"title": "Severity", "value": "critical"}, {"title": "", "value": "bare"}},
		}}}, "[FIRING:2] Gateway5xx (https://grafana.example/a?x=1)\n5xx > 5% on api (https://a.example)\nSeverity: critical\nbare"},
		"fallback alone":      {obj{"attachments": []obj{{"fallback": "Triggered #12: disk &amp; cpu"}}}, "Triggered #12: disk & cpu"},
		"text and attachment": {obj{"text": "look:", "attachments": []obj{{"text": "more"}}}, "look:\nmore"},
		"sections": {obj{"blocks": []obj{
			{"type": "header", "text": obj{"type": "plain_text", "text": "Deploy"}},
			{"type": "section", "text": obj{"type": "mrkdwn", "text": "<@U1> shipped `api` &amp; *more*"}, "fields": []obj{{"type": "mrkdwn", "text": "v2"}}, "accessory": obj{"type": "button", "text": obj{"type": "plain_text", "text": "Open"}}},
			{"type": "context", "elements": []obj{{"type": "image", "image_url": "https://x.example", "alt_text": "x"}, {"type": "plain_text", "text": "by CI"}}},
		}}, "Deploy\n@Ada L shipped `api` & *more*\nv2\nby CI"},
		"rich text": {obj{"blocks": []obj{{"type": "rich_text", "elements": []obj{
			{"type": "rich_text_section", "elements": []obj{
				{"type": "text", "text": "a < b "}, {"type": "link", "url": "https://a.example", "text": "log"}, {"type": "user", "user_id": "U2"}, {"type": "emoji", "name": "fire"}, {"type": "broadcast", "range": "here"},
			}},
			{"type": "rich_text_list", "elements": []obj{{"type": "rich_text_section", "elements": []obj{{"type": "text", "text": "one"}}}}},
		}}}}, "a < b log (https://a.example)@bob:fire:@here\none"},
		"blocks are not said twice": {obj{"text": "short", "blocks": []obj{{"type": "section", "text": obj{"type": "mrkdwn", "text": "long"}}}}, "short"},
		"file":                      {obj{"files": []obj{{"name": "heap.png"}}}, "[file heap.png]"},
		"secret":                    {obj{"attachments": []obj{{"text": "password=hunter2secret"}}}, "password=[redacted]"},
		"odd fields":                {obj{"text": "kept", "attachments": "none", "files": 7, "reply_count": "many", "blocks": []any{1, nil, "x"}}, "kept"},
	} {
		t.Run(name, func(t *testing.T) {
			c.message["ts"] = "1772373600.0"
			s := readStand(t, c.message)
			got, _, err := s.reader().History(t.Context(), "C0INCIDENTS", time.Time{}, time.Time{}, 1)
			if err != nil || len(got) != 1 {
				t.Fatalf("%+v, %v", got, err)
			}
			if diff := cmp.Diff(c.want, got[0].Text); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOneOddMessageDoesNotLoseTheOthers(t *testing.T) {
	s := newStand(t)
	s.answer("auth.test", func(url.Values) any { return obj{"ok": true} })
	s.answer("users.list", func(url.Values) any { return obj{"ok": true, "members": []obj{}} })
	s.answer("conversations.history", func(url.Values) any {
		return obj{"ok": true, "messages": []any{
			"text", 7, nil, obj{"no": "ts"}, obj{"ts": 5, "text": "a ts that is none"}, obj{"ts": "1.0", "text": obj{"a": "b"}, "user": 7},
			obj{"ts": "2.0", "text": "fine", "blocks": []obj{{"type": "table", "rows": [][]obj{{{"type": "raw_unheard_of"}}}}}},
		}}
	})
	got, _, err := s.reader().History(t.Context(), "C0INCIDENTS", time.Time{}, time.Time{}, 50)
	if err != nil || len(got) != 2 || got[1].Text != "fine" || got[0].Author != "unknown" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestALongMessageIsBounded(t *testing.T) {
	deep := any("x")
	for range 5000 {
		deep = []any{deep}
	}
	s := readStand(t, obj{"ts": "1.0", "text": strings.Repeat("x", 50_000)}, obj{"ts": "2.0", "text": "", "blocks": deep})
	got, _, err := s.reader().History(t.Context(), "C0INCIDENTS", time.Time{}, time.Time{}, 50)
	if err != nil || len(got) != 2 || units(got[0].Text) > maxSaid || got[1].Text != "" {
		t.Errorf("%d messages, %v", len(got), err)
	}
}

func TestAThreadIsReadOnAndShownFromItsEnd(t *testing.T) {
	s := readStand(t)
	first := obj{"ts": "100000001.0", "user": "U1", "text": "what is it", "reply_count": 3}
	s.answer("conversations.replies", func(f url.Values) any {
		if f.Get("cursor") == "" {
			return obj{"ok": true, "messages": []obj{first, {"ts": "100000002.0", "user": "U2", "text": "a lock"}}, "has_more": true, "response_metadata": obj{"next_cursor": "n"}}
		}
		return obj{"ok": true, "messages": []obj{first, {"ts": "100000003.0", "user": "U1", "text": "removed, fixed"}}}
	})
	text, isError := use(t, tools(t, s), "slack_get_thread_replies", obj{"channel_id": "C0INCIDENTS", "thread_ts": "100000001.0"})
	want := "- 1973-03-03 09:46 UTC Ada L: what is it [ts 100000001.0] (3 replies: slack_get_thread_replies)\n2 replies, newest first\n" +
		"- 1973-03-03 09:46 UTC Ada L: removed, fixed [ts 100000003.0]\n- 1973-03-03 09:46 UTC bob: a lock [ts 100000002.0]"
	if text != want || isError {
		t.Errorf("%q", text)
	}
}

func TestToolsTakeArgumentsAsWeakModelsWriteThem(t *testing.T) {
	s := readStand(t, obj{"ts": "1772373600.0", "user": "U1", "text": "x"})
	c := tools(t, s)
	for _, u := range []struct {
		tool string
		args obj
		want string
	}{
		{"slack_get_channel_history", obj{"channel_id": "C0INCIDENTS", "limit": "5", "cursor": "x", "oldest": 1772370000}, "1 messages"},
		{"slack_list_channels", obj{"limit": 100, "cursor": ""}, "2 channels"},
		{"slack_get_thread_replies", obj{"channel_id": " C0INCIDENTS ", "thread_ts": 1772373600.5}, "1 messages"},
	} {
		if text, isError := use(t, c, u.tool, u.args); isError || !strings.HasPrefix(text, u.want) {
			t.Errorf("%s: %q, error %v", u.tool, text, isError)
		}
	}
	for tool, args := range map[string]obj{"slack_get_channel_history": {}, "slack_get_thread_replies": {"channel_id": "C0INCIDENTS"}} {
		if text, isError := use(t, c, tool, args); !isError || !strings.Contains(text, "is missing: ") {
			t.Errorf("%s: %q, error %v", tool, text, isError)
		}
	}
}
