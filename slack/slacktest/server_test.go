package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func serve(t *testing.T) (*Server, string) {
	t.Helper()
	s := New()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, srv.URL
}

// ask calls a method of the Web API with a form.
func ask(t *testing.T, base, method string, fields ...string) map[string]any {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	resp, err := http.PostForm(base+"/api/"+method, form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("%s answers %q", method, kind)
	}
	return out
}

// hook posts to the incoming webhook.
func hook(t *testing.T, base, body string) (int, string) {
	t.Helper()
	resp, err := http.Post(base+"/services/T/B/x", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

func TestAnEditedReplyStaysAReplyOfItsThread(t *testing.T) {
	s, base := serve(t)
	root := ask(t, base, "chat.postMessage", "channel", "#incidents", "text", "root", "metadata", `{"event_type":"x"}`)["ts"].(string)
	reply := ask(t, base, "chat.postMessage", "channel", "C0INCIDENTS", "text", "reply", "thread_ts", root)["ts"].(string)
	ask(t, base, "chat.update", "channel", "C0INCIDENTS", "ts", reply, "text", "edited")
	ask(t, base, "chat.update", "channel", "C0INCIDENTS", "ts", root, "text", "edited root")
	var got [][4]string
	for _, m := range s.Standing() {
		got = append(got, [4]string{m.Kind, m.Text, m.TS, m.ThreadTS})
	}
	want := [][4]string{{"post", "edited root", root, ""}, {"reply", "edited", reply, root}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if m := s.Standing()[0].Metadata; string(m) != `{"event_type":"x"}` {
		t.Errorf("an edit that brings no metadata took it away: %q", m)
	}
	if n := len(s.Messages()); n != 4 {
		t.Errorf("%d messages", n)
	}
}

func TestAnEditWithoutBlocksKeepsTheOldOnes(t *testing.T) {
	s, base := serve(t)
	ts := ask(t, base, "chat.postMessage", "channel", "incidents", "text", "x", "blocks", `[{"type":"divider"}]`)["ts"].(string)
	for blocks, want := range map[string]string{"": `[{"type":"divider"}]`, "[]": ""} {
		fields := []string{"channel", "C0INCIDENTS", "ts", ts, "text", "y"}
		if blocks != "" {
			fields = append(fields, "blocks", blocks)
		}
		ask(t, base, "chat.update", "channel", "C0INCIDENTS", "ts", ts, "text", "y", "blocks", `[{"type":"divider"}]`)
		ask(t, base, "chat.update", fields...)
		if got := string(s.Standing()[0].Blocks); got != want {
			t.Errorf("blocks %q leave %q, want %q", blocks, got, want)
		}
	}
}

func TestADroppedConnectionMayHavePosted(t *testing.T) {
	s, base := serve(t)
	s.Fail("chat.postMessage", Fault{Drop: true, Posted: true, Times: 1})
	if _, err := http.PostForm(base+"/api/chat.postMessage", url.Values{"channel": {"incidents"}, "text": {"x"}}); err == nil {
		t.Error("an answer came")
	}
	if n := len(s.Messages()); n != 1 {
		t.Errorf("%d messages", n)
	}
	ask(t, base, "chat.postMessage", "channel", "incidents", "text", "y")
}

func TestHistoryAndRepliesShowWhatStands(t *testing.T) {
	s, base := serve(t)
	s.AddChannel("C0OTHER", "#other")
	ask(t, base, "chat.postMessage", "channel", "other", "text", "elsewhere")
	root := ask(t, base, "chat.postMessage", "channel", "incidents", "text", "root", "metadata", `{"event_type":"x"}`)["ts"].(string)
	ask(t, base, "chat.postMessage", "channel", "incidents", "text", "reply", "thread_ts", root)
	ask(t, base, "chat.postMessage", "channel", "incidents", "text", "second")
	ask(t, base, "chat.update", "channel", "C0INCIDENTS", "ts", root, "text", "edited", "metadata", `{"event_type":"y"}`)
	if diff := cmp.Diff([]string{"second", "edited"}, texts(ask(t, base, "conversations.history", "channel", "C0INCIDENTS"))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"edited", "reply"}, texts(ask(t, base, "conversations.replies", "channel", "C0INCIDENTS", "ts", root))); diff != "" {
		t.Error(diff)
	}
	marked := ask(t, base, "conversations.history", "channel", "C0INCIDENTS", "include_all_metadata", "true")["messages"].([]any)[1].(map[string]any)
	if diff := cmp.Diff(map[string]any{"event_type": "y"}, marked["metadata"]); diff != "" {
		t.Error(diff)
	}
}

func texts(answer map[string]any) []string {
	var out []string
	for _, m := range answer["messages"].([]any) {
		out = append(out, m.(map[string]any)["text"].(string))
	}
	return out
}

func TestWhatSlackRefusesIsRefused(t *testing.T) {
	s, base := serve(t)
	ts := ask(t, base, "chat.postMessage", "channel", "incidents", "text", "x")["ts"].(string)
	for want, call := range map[string][]string{
		"channel_not_found": {"chat.postMessage", "channel", "#nowhere", "text", "x"},
		"no_text":           {"chat.postMessage", "channel", "incidents", "blocks", "[]"},
		"msg_too_long":      {"chat.postMessage", "channel", "incidents", "text", strings.Repeat("x", 40_001)},
		"invalid_blocks":    {"chat.postMessage", "channel", "incidents", "text", "x", "blocks", `[{"type":"image"}]`},
		"message_not_found": {"chat.update", "channel", "C0INCIDENTS", "ts", "1.1", "text", "x"},
		"unknown_method":    {"chat.delete", "channel", "C0INCIDENTS", "ts", ts},
	} {
		if got := ask(t, base, call[0], call[1:]...); got["ok"] != false || got["error"] != want {
			t.Errorf("%v: %v, want %s", call[0], got, want)
		}
	}
	if got := ask(t, base, "chat.update", "channel", "#incidents", "ts", ts, "text", "x"); got["error"] != "channel_not_found" {
		t.Errorf("an edit by name: %v", got)
	}
	if n := len(s.Messages()); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestChannelsAreListedByName(t *testing.T) {
	s, base := serve(t)
	s.AddChannel("C0AAA", "#aaa")
	got := ask(t, base, "conversations.list")["channels"].([]any)
	if len(got) != 2 || got[0].(map[string]any)["id"] != "C0AAA" || got[1].(map[string]any)["name"] != "incidents" {
		t.Errorf("%v", got)
	}
}

func TestTheWebhookAnswersAsSlacksDoes(t *testing.T) {
	s, base := serve(t)
	for body, want := range map[string]string{
		`{"text":"x"}`: "200 ok",
		`{"text":"x","blocks":[{"type":"divider"}]}`: "200 ok",
		`{"text":""}`: "400 missing_text_or_fallback_or_attachments",
		`{"text":"x","blocks":[{"type":"table","rows":[]}]}`: "400 invalid_blocks",
		`payload=x`: "400 invalid_payload",
	} {
		status, text := hook(t, base, body)
		if got := fmt.Sprintf("%d %s", status, text); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	if n := len(s.Messages()); n != 2 {
		t.Errorf("%d messages", n)
	}
}

func TestAFaultLastsAsLongAsItIsTold(t *testing.T) {
	s, base := serve(t)
	s.Fail("chat.postMessage", Fault{Error: "fatal_error", Times: 2})
	for _, want := range []bool{false, false, true} {
		if got := ask(t, base, "chat.postMessage", "channel", "incidents", "text", "x"); got["ok"] != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
	s.Fail("chat.postMessage", Fault{Error: "fatal_error"})
	for range 3 {
		if got := ask(t, base, "chat.postMessage", "channel", "incidents", "text", "x"); got["error"] != "fatal_error" {
			t.Errorf("%v", got)
		}
	}
	s.Fail("chat.postMessage", Fault{})
	if got := ask(t, base, "chat.postMessage", "channel", "incidents", "text", "x"); got["ok"] != true {
		t.Errorf("%v", got)
	}
}

func TestAFaultMayKeepTheMessageAndLoseTheAnswer(t *testing.T) {
	s, base := serve(t)
	s.Fail("webhook", Fault{Status: 502, Error: "bad gateway", Posted: true, RetryAfter: "3", Times: 1})
	if status, text := hook(t, base, `{"text":"kept"}`); status != 502 || text != "bad gateway" {
		t.Errorf("%d %s", status, text)
	}
	s.Fail("chat.postMessage", Fault{Error: "fatal_error", Posted: true, Times: 1})
	ask(t, base, "chat.postMessage", "channel", "incidents", "text", "kept too")
	if all := s.Messages(); len(all) != 2 || all[0].Text != "kept" || all[1].Text != "kept too" {
		t.Errorf("%d messages", len(all))
	}
}
