package world

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (w *World) slackCaller(t *testing.T) caller {
	return caller{t, w.SlackAPIURL(), "Bearer " + botToken}
}

// call calls a method of the Web API.
func (c caller) call(method string, args ...string) obj {
	c.t.Helper()
	q := url.Values{}
	for i := 0; i+1 < len(args); i += 2 {
		q.Set(args[i], args[i+1])
	}
	return c.get(method+"?"+q.Encode(), 200)
}

func TestSlackChannelsAndPeopleAreListedInPages(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.slackCaller(t)
	first := c.call("conversations.list", "limit", "3")
	rest := c.call("conversations.list", "limit", "3", "cursor", at(first, "response_metadata", "next_cursor").(string))
	got := append(each(first["channels"], "name"), each(rest["channels"], "name")...)
	if d := cmp.Diff([]string{"incidents", "booking-api", "platform", "deploys"}, got); d != "" {
		t.Error(d)
	}
	if at(rest, "response_metadata", "next_cursor") != "" {
		t.Error("the last page has a cursor")
	}
	people := c.call("users.list")["members"]
	if d := cmp.Diff([]string{"Mira Okafor", "Hana Sato", "Jonas Leitner", "Priya Raman", "Tomás Echeverría", "Lewis Adeyemi", "Ops Buddy"}, each(people, "real_name")); d != "" {
		t.Error(d)
	}
	if got := c.call("users.info", "user", slackUserID("hana")); at(got, "user", "profile", "title") != "Site reliability engineer" {
		t.Errorf("users.info: %v", got)
	}
	if got := c.call("auth.test"); got["team_id"] != slackTeamID || got["ok"] != true {
		t.Errorf("auth.test: %v", got)
	}
}

func TestSlackHistoryIsEscapedAsSlackKeepsIt(t *testing.T) {
	w := start(t, "recurring-502")
	history := w.slackCaller(t).call("conversations.history", "channel", channelID("incidents"), "limit", "2")
	texts := each(history["messages"], "text")
	if d := cmp.Diff([]string{
		"booking-api: POST /v2/bookings 502 rate 11.4% &gt; 5%",
		"bookings fail with 502 for me &amp; for the call centre, is anybody on it?",
	}, texts); d != "" {
		t.Error(d)
	}
	if at(history, "messages", 0, "subtype") != "bot_message" || at(history, "messages", 0, "bot_profile", "name") != "Harbour Monitor" ||
		at(history, "messages", 1, "user") != slackUserID("tomas") || history["has_more"] != true {
		t.Errorf("history: %v", history)
	}
	all := w.slackCaller(t).call("conversations.history", "channel", channelID("incidents"))
	mention := "<@" + slackUserID("priya") + "> the gateway is fine"
	if got := strings.Join(each(all["messages"], "text"), "\n"); !strings.Contains(got, mention) || !strings.Contains(got, "<!subteam^S0DEMOPLAT>") {
		t.Errorf("mentions are not in\n%s", got)
	}
	since := at(all, "messages", 1, "ts").(string)
	later := w.slackCaller(t).call("conversations.history", "channel", channelID("incidents"), "oldest", since)
	if n := length(later["messages"]); n != 1 {
		t.Errorf("%d messages are later than the last but one", n)
	}
}

func TestAThreadHoldsTheFix(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.slackCaller(t)
	history := c.call("conversations.history", "channel", channelID("booking-api"))
	ts := ""
	for i, text := range each(history["messages"], "text") {
		if strings.HasPrefix(text, "For the record") {
			ts = at(history, "messages", i, "ts").(string)
			if at(history, "messages", i, "reply_count") != 4.0 {
				t.Errorf("the first message is %v", at(history, "messages", i))
			}
		}
	}
	thread := c.call("conversations.replies", "channel", channelID("booking-api"), "ts", ts)["messages"]
	if length(thread) != 5 || at(thread, 0, "ts") != ts || at(thread, 1, "thread_ts") != ts {
		t.Fatalf("thread: %v", thread)
	}
	for i, want := range map[int]string{1: "deploy/booking-api &amp;&amp; kubectl", 2: "SEATMAP_CACHE_MAX=20000", 3: "<https://jira.harbourline.example/browse/FER-412|FER-412>"} {
		if got := at(thread, i, "text").(string); !strings.Contains(got, want) {
			t.Errorf("reply %d: %s", i, got)
		}
	}
	for name, got := range map[string]obj{
		"channel_not_found": c.call("conversations.replies", "channel", "C0NOTHING", "ts", ts),
		"thread_not_found":  c.call("conversations.replies", "channel", channelID("booking-api"), "ts", "1.2"),
		"unknown_method":    c.call("chat.explode"),
		"user_not_found":    c.call("users.info", "user", "U0NOBODY"),
	} {
		if got["ok"] != false || got["error"] != name {
			t.Errorf("want %s, got %v", name, got)
		}
	}
}

func TestSlackWantsTheBotsToken(t *testing.T) {
	w := start(t, "recurring-502")
	for auth, want := range map[string]string{"": "not_authed", "Bearer xoxb-other": "invalid_auth"} {
		for _, method := range []string{"auth.test", "chat.postMessage"} {
			got := caller{t, w.SlackAPIURL(), auth}.send("POST", method, `{"channel":"#incidents","text":"x"}`, 200)
			if got["error"] != want {
				t.Errorf("%q, %s: %v", auth, method, got)
			}
		}
	}
	if status, body, _ := (caller{t, w.urls[slackServer], ""}).do("POST", "/services/T0DEMO00001/B0DEMO00001/other", `{"text":"x"}`); status != 404 || strings.TrimSpace(string(body)) != "no_service" {
		t.Errorf("%d %s", status, body)
	}
	if n := len(w.SlackMessages()); n != 0 {
		t.Errorf("%d messages were taken", n)
	}
}

func TestWhatIsPostedCanBeReadEditedAndAnswered(t *testing.T) {
	w := start(t, "recurring-502")
	c := w.slackCaller(t)
	channel := channelID("incidents")
	posted := c.send("POST", "chat.postMessage", `{"channel":"#incidents","text":"facts","metadata":{"event_type":"brief","event_payload":{"key":"k1"}}}`, 200)
	ts, _ := posted["ts"].(string)
	if posted["channel"] != channel || ts == "" {
		t.Fatalf("posted: %v", posted)
	}
	c.send("POST", "chat.postMessage", `{"channel":"`+channel+`","text":"detail","thread_ts":"`+ts+`"}`, 200)
	edited := c.send("POST", "chat.update", `{"channel":"`+channel+`","ts":"`+ts+`","text":"brief","blocks":[{"type":"divider"}]}`, 200)
	if edited["ok"] != true {
		t.Errorf("edited: %v", edited)
	}
	if got := c.send("POST", "chat.update", `{"channel":"#incidents","ts":"`+ts+`","text":"x"}`, 200); got["error"] != "channel_not_found" {
		t.Errorf("an edit by the channel's name: %v", got)
	}
	history := c.call("conversations.history", "channel", channel, "limit", "500", "include_all_metadata", "true")["messages"]
	var mine obj
	for i := range length(history) {
		if at(history, i, "ts") == ts {
			mine = at(history, i).(obj)
		}
	}
	if mine["text"] != "brief" || at(mine, "metadata", "event_payload", "key") != "k1" || mine["bot_id"] != botID(slackBot) || mine["reply_count"] != 1.0 {
		t.Errorf("read again: %v", mine)
	}
	thread := c.call("conversations.replies", "channel", channel, "ts", ts)["messages"]
	if d := cmp.Diff([]string{"brief", "detail"}, each(thread, "text")); d != "" {
		t.Error(d)
	}
	resp, err := http.Post(w.SlackWebhookURL(), "application/json", strings.NewReader(`{"text":"by hook"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	kinds := []string{}
	for _, m := range w.SlackMessages() {
		kinds = append(kinds, m.Kind)
	}
	if d := cmp.Diff([]string{"post", "reply", "edit", "webhook"}, kinds); d != "" {
		t.Error(d)
	}
}
