package slack

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/slack/slacktest"
)

// The kind behind slackapi/slack-github-action#136: a channel's name finds a
// post, but no edit.
func TestAMessageIsPostedByTheChannelsNameAndEditedByTheIDThatThePostReturned(t *testing.T) {
	s := newStand(t)
	first, err := s.bot().deliver(t.Context(), []message{said("facts")}, destination{}, "Q1")
	if err != nil || first.Message.Channel != incidentsC || first.Via != ViaBot || first.Parts != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	out, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{update: first.Message}, "Q1")
	if err != nil || out != first {
		t.Fatalf("%+v, %v", out, err)
	}
	if got := s.called("chat.update")[0].Get("channel"); got != incidentsC {
		t.Errorf("edited in %q", got)
	}
	if diff := cmp.Diff([]string{"post brief"}, s.standing()); diff != "" {
		t.Error(diff)
	}
}

func TestAnEditByTheChannelsNameWouldNotBeFound(t *testing.T) {
	s := newStand(t)
	first, err := s.bot().deliver(t.Context(), []message{said("facts")}, destination{}, "Q1")
	if err != nil {
		t.Fatal(err)
	}
	err = s.bot().edit(t.Context(), MessageRef{Channel: "#incidents", TS: first.Message.TS}, said("brief"))
	if word(err) != "channel_not_found" {
		t.Error(err)
	}
}

func TestEveryCallUnfurlsNothingAndIsMarked(t *testing.T) {
	s := newStand(t)
	long := layout(nil, longBody, footBlock("f"), "t", nil)
	out, err := s.bot().deliver(t.Context(), long, destination{}, "Q1")
	if err != nil || out.Parts != len(long) || len(long) < 2 {
		t.Fatalf("%+v, %v", out, err)
	}
	if _, err := s.bot().deliver(t.Context(), long[:1], destination{update: out.Message}, "Q1"); err != nil {
		t.Fatal(err)
	}
	posts, edits := s.called("chat.postMessage"), s.called("chat.update")
	for _, f := range append(posts, edits...) {
		if f.Get("unfurl_links") != "false" || f.Get("unfurl_media") != "false" {
			t.Errorf("unfurls: %v %v", f["unfurl_links"], f["unfurl_media"])
		}
	}
	if diff := cmp.Diff([]string{"Q1/report", "Q1/report/1", "Q1/report/2"}, marks(t, posts)); diff != "" {
		t.Error(diff)
	}
	if posts[0].Get("thread_ts") != "" || posts[1].Get("thread_ts") != out.Message.TS || posts[1].Get("channel") != incidentsC {
		t.Errorf("parts went to %q %q, %q", posts[0].Get("thread_ts"), posts[1].Get("thread_ts"), posts[1].Get("channel"))
	}
}

// marks are the keys in the metadata of calls.
func marks(t *testing.T, calls []url.Values) []string {
	t.Helper()
	var out []string
	for _, f := range calls {
		var m struct {
			Type    string            `json:"event_type"`
			Payload map[string]string `json:"event_payload"`
		}
		if err := json.Unmarshal([]byte(f.Get("metadata")), &m); err != nil || m.Type != markType {
			t.Errorf("metadata %q: %v", f.Get("metadata"), err)
		}
		out = append(out, m.Payload["key"])
	}
	return out
}

func TestABriefThatCannotBeEditedInGoesIntoTheThread(t *testing.T) {
	for _, word := range []string{"message_not_found", "edit_window_closed", "cant_update_message", "update_failed"} {
		s := newStand(t)
		first, err := s.bot().deliver(t.Context(), []message{said("facts")}, destination{}, "Q1")
		if err != nil {
			t.Fatal(err)
		}
		s.Fail("chat.update", slacktest.Fault{Error: word})
		out, err := s.bot().deliver(t.Context(), []message{said("brief"), said("more")}, destination{update: first.Message}, "Q1")
		if err != nil || out.Message != first.Message || out.Parts != 2 {
			t.Errorf("%s: %+v, %v", word, out, err)
		}
		if diff := cmp.Diff([]string{"post facts", "reply brief", "reply more"}, s.standing()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestABriefWithNoThreadLeftIsANewMessage(t *testing.T) {
	for _, word := range []string{"thread_not_found", "message_not_found", "cannot_reply_to_message"} {
		s := newStand(t)
		s.Fail("chat.postMessage", slacktest.Fault{Error: word, Times: 1})
		out, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{update: MessageRef{Channel: incidentsC, TS: "1.1"}}, "Q1")
		if err != nil || out.Message.TS == "1.1" || out.Message.Channel != incidentsC || out.Parts != 1 {
			t.Errorf("%s: %+v, %v", word, out, err)
		}
		if diff := cmp.Diff([]string{"post brief"}, s.standing()); diff != "" {
			t.Error(diff)
		}
	}
}

// The kind behind slackapi/hubot-slack#439.
func TestTheWebhookDeliversWhenSlackRefusesTheBot(t *testing.T) {
	for _, word := range []string{"invalid_auth", "token_revoked", "account_inactive", "missing_scope", "not_in_channel", "channel_not_found", "is_archived"} {
		for _, update := range []MessageRef{{}, {Channel: incidentsC, TS: "1.1"}} {
			s := newStand(t)
			for _, method := range []string{"chat.postMessage", "chat.update", "conversations.list", "conversations.history"} {
				s.Fail(method, slacktest.Fault{Error: word})
			}
			out, err := s.both().deliver(t.Context(), []message{said("brief")}, destination{update: update}, "Q1")
			if err != nil || out != (NotifyReportOutput{Via: ViaWebhook, Parts: 1}) {
				t.Errorf("%s: %+v, %v", word, out, err)
			}
			if diff := cmp.Diff([]string{"webhook brief"}, s.standing()); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(s.log.String(), word) {
				t.Errorf("the log does not say %s: %s", word, s.log.String())
			}
		}
	}
}

func TestARefusedBotWithoutAWebhookIsAnErrorThatSaysWhatToDo(t *testing.T) {
	for word, remedy := range remedies {
		s := newStand(t)
		s.Fail("chat.postMessage", slacktest.Fault{Error: word})
		_, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{}, "Q1")
		checkError(t, err, "slack: posting to #incidents: "+word+": "+remedy, true)
	}
}

func TestTheMissingScopeIsNamed(t *testing.T) {
	s := newStand(t)
	s.answer("chat.postMessage", func(url.Values) any {
		return map[string]any{"ok": false, "error": "missing_scope", "needed": "chat:write.public", "provided": "chat:write"}
	})
	_, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{}, "Q1")
	checkError(t, err, "add the scope chat:write.public to the Slack app", true)
}

func TestTheWebhookDoesNotRepeatWhatTheBotHasBroughtThere(t *testing.T) {
	s := newStand(t)
	s.raw("chat.postMessage", func(w http.ResponseWriter, f url.Values) {
		w.Header().Set("Content-Type", "application/json")
		if f.Get("thread_ts") != "" {
			_, _ = w.Write([]byte(`{"ok":false,"error":"restricted_action"}`))
			return
		}
		_, _ = w.Write([]byte(`{"ok":true,"channel":"C0INCIDENTS","ts":"5.5"}`))
	})
	out, err := s.both().deliver(t.Context(), []message{said("brief"), said("more")}, destination{}, "Q1")
	checkError(t, err, "restricted_action", true)
	if out.Message.TS != "5.5" || len(s.Messages()) != 0 {
		t.Errorf("%+v, %v", out, s.standing())
	}
}

func TestTheBotWaitsAsLongAsSlackAsks(t *testing.T) {
	for name, c := range map[string]struct {
		fault slacktest.Fault
		want  string
	}{
		"seconds":        {slacktest.Fault{Status: 429, RetryAfter: "12"}, "to be repeated in 12s"},
		"half a second":  {slacktest.Fault{Status: 429, RetryAfter: "0.5"}, "to be repeated in 1s"},
		"not a number":   {slacktest.Fault{Status: 429, RetryAfter: "soon"}, "to be repeated in 1s"},
		"no header":      {slacktest.Fault{Status: 429}, "to be repeated in 1s"},
		"in the answer":  {slacktest.Fault{Error: "ratelimited"}, "to be repeated in 1s"},
		"in two letters": {slacktest.Fault{Error: "rate_limited"}, "to be repeated in 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.Fail("chat.postMessage", c.fault)
			_, err := s.both().deliver(t.Context(), []message{said("brief")}, destination{}, "Q1")
			checkError(t, err, "slack: posting to #incidents: too many messages (429), "+c.want, false)
			if len(s.Messages()) != 0 {
				t.Error(s.standing())
			}
		})
	}
}

func TestTextGoesThroughWhenTheBlocksAreRefused(t *testing.T) {
	for _, word := range blocksRefused {
		s := newStand(t)
		s.Fail("chat.postMessage", slacktest.Fault{Error: word, Times: 1})
		s.Fail("chat.update", slacktest.Fault{Error: word, Times: 1})
		first, err := s.bot().deliver(t.Context(), []message{said("facts & more")}, destination{}, "Q1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{update: first.Message}, "Q1"); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range s.Messages() {
			got = append(got, m.Kind+" "+m.Text+string(m.Blocks))
		}
		if diff := cmp.Diff([]string{"post facts &amp; more\nfoot\n", "edit brief\nfoot\n"}, got); diff != "" {
			t.Error(diff)
		}
		// Without an empty list Slack keeps the blocks of before under the new text.
		if edits := s.called("chat.update"); edits[len(edits)-1].Get("blocks") != "[]" {
			t.Errorf("blocks %q", edits[len(edits)-1]["blocks"])
		}
	}
}

func TestBlocksAndTextBothRefusedIsNotRepeated(t *testing.T) {
	s := newStand(t)
	s.Fail("chat.postMessage", slacktest.Fault{Error: "invalid_blocks"})
	_, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{}, "Q1")
	checkError(t, err, "invalid_blocks", true)
	if n := len(s.called("chat.postMessage")); n != 2 {
		t.Errorf("%d posts", n)
	}
}

func TestAnAnswerThatIsNoneOfSlacksIsNoSuccess(t *testing.T) {
	for name, c := range map[string]struct{ kind, body string }{
		"an empty object": {"application/json", `{}`}, "no reason": {"application/json", `{"ok":false}`}, "a page": {"text/html", "<html>" + botToken + "</html>"},
		"two letters": {"text/plain", "ok"}, "nothing": {"application/json", ""}, "a list": {"application/json", "[]"}, "cut": {"application/json", `{"ok":tr`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			for _, method := range []string{"chat.postMessage", "conversations.list", "conversations.history", "conversations.replies", "users.list", "auth.test"} {
				s.raw(method, func(w http.ResponseWriter, _ url.Values) {
					w.Header().Set("Content-Type", c.kind)
					_, _ = w.Write([]byte(c.body))
				})
			}
			const want = "no answer of Slack's: check SLACK_API_URL"
			_, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{}, "Q1")
			checkError(t, err, want, false)
			_, _, err = s.reader().Channels(t.Context())
			checkError(t, err, want, false)
			_, _, err = s.reader().Users(t.Context())
			checkError(t, err, want, false)
			_, _, err = s.reader().Replies(t.Context(), incidentsC, "1.1")
			checkError(t, err, want, false)
			_, err = s.reader().Check(t.Context())
			checkError(t, err, want, false)
		})
	}
}

func TestAnAnswerThatIsNotLabelledJSONCountsAllTheSame(t *testing.T) {
	s := newStand(t)
	s.raw("chat.postMessage", func(w http.ResponseWriter, _ url.Values) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte(`{"ok":false,"error":"invalid_auth"}`))
	})
	_, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{}, "Q1")
	checkError(t, err, "renew SLACK_BOT_TOKEN", true)
}

func TestABotsFailuresOnTheWayAreRepeatedAndNameNoToken(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, err := newCourier(botToken, "#incidents", gone.URL, "", nil, nil).deliver(t.Context(), []message{said("x")}, destination{}, "Q1")
	checkError(t, err, "cannot be reached", false)
	for _, status := range []int{500, 502, 503} {
		s := newStand(t)
		s.Fail("chat.postMessage", slacktest.Fault{Status: status, Error: "<html>" + botToken})
		_, err := s.bot().deliver(t.Context(), []message{said("x")}, destination{}, "Q1")
		checkError(t, err, "slack: posting to #incidents", false)
	}
	s := newStand(t)
	s.raw("chat.postMessage", func(w http.ResponseWriter, _ url.Values) {
		w.Header().Set("Location", "http://elsewhere.invalid/api/chat.postMessage?token="+botToken)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	_, err = s.bot().deliver(t.Context(), []message{said("x")}, destination{}, "Q1")
	checkError(t, err, "has moved to http://elsewhere.invalid", false)
}

func bots(s *stand) NotifyReportInput {
	return NotifyReportInput{BotToken: botToken, Channel: "#incidents", APIURL: s.url + "/api", Logger: s.logger()}
}

// longBody takes three messages.
var longBody = strings.Repeat("- a line of the brief\n", 900)

func TestThePostOfAnEarlierAttemptIsFoundAndNotRepeated(t *testing.T) {
	s := newStand(t)
	s.Fail("chat.postMessage", slacktest.Fault{Posted: true, Status: 500, Times: 1})
	out, err := report(t, bots(s), reportInput{Body: longBody, Succeeded: true, Key: "Q1"})
	if err != nil {
		t.Fatal(err)
	}
	all := s.Messages()
	if len(all) != 3 || all[0].Kind != "post" || all[1].ThreadTS != all[0].TS || all[2].ThreadTS != all[0].TS {
		t.Fatalf("%d messages", len(all))
	}
	if out.Message != (MessageRef{Channel: incidentsC, TS: all[0].TS}) || out.Parts != 3 {
		t.Errorf("%+v", out)
	}
}

func TestAPartOfAnEarlierAttemptIsFoundInTheThreadAndNotRepeated(t *testing.T) {
	s := newStand(t)
	parts := 0
	s.raw("chat.postMessage", func(w http.ResponseWriter, f url.Values) {
		r := httptest.NewRequest(http.MethodPost, "/api/chat.postMessage", strings.NewReader(f.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if f.Get("thread_ts") == "" {
			s.Server.ServeHTTP(w, r)
			return
		}
		if parts++; parts == 1 { // posted, and the answer lost
			s.Server.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		s.Server.ServeHTTP(w, r)
	})
	out, err := report(t, bots(s), reportInput{Body: longBody, Succeeded: true, Key: "Q1"})
	if err != nil || out.Parts != 3 {
		t.Fatalf("%+v, %v", out, err)
	}
	if n := len(s.Messages()); n != 3 || parts != 2 {
		t.Errorf("%d messages, %d posts of parts", n, parts)
	}
}

func TestAnotherIncidentsPostIsNotTakenForAnEarlierAttempt(t *testing.T) {
	s := newStand(t)
	if _, err := report(t, bots(s), reportInput{Body: "one", Succeeded: true, Key: "Q1"}); err != nil {
		t.Fatal(err)
	}
	s.Fail("chat.postMessage", slacktest.Fault{Status: 500, Times: 1})
	if _, err := report(t, bots(s), reportInput{Body: "two", Succeeded: true, Key: "Q2"}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Messages()); n != 2 {
		t.Errorf("%d messages", n)
	}
}

func TestABriefTwiceIsBetterThanNoneWhenTheHistoryCannotBeRead(t *testing.T) {
	for _, method := range []string{"conversations.list", "conversations.history"} {
		s := newStand(t)
		s.Fail("chat.postMessage", slacktest.Fault{Status: 500, Times: 1})
		s.Fail(method, slacktest.Fault{Error: "missing_scope"})
		if _, err := report(t, bots(s), reportInput{Body: "x", Succeeded: true, Key: "Q1"}); err != nil {
			t.Fatal(err)
		}
		if len(s.Messages()) != 1 || !strings.Contains(s.log.String(), "missing_scope") {
			t.Errorf("%v\n%s", s.standing(), s.log.String())
		}
	}
}

func TestAnEditIsRepeatedUntilItIsTaken(t *testing.T) {
	s := newStand(t)
	first, err := s.bot().deliver(t.Context(), []message{said("facts")}, destination{}, "Q1")
	if err != nil {
		t.Fatal(err)
	}
	s.Fail("chat.update", slacktest.Fault{Status: 503, Times: 3})
	out, err := report(t, bots(s), reportInput{Body: "x", Succeeded: true, Key: "Q1", Update: first.Message})
	if err != nil || out.Message != first.Message || len(s.Standing()) != 1 {
		t.Errorf("%+v, %v, %v", out, err, s.standing())
	}
}

func TestPermanentMeansPermanentForTheWordsThatNoRepeatMends(t *testing.T) {
	for _, w := range closed {
		s := newStand(t)
		s.Fail("chat.update", slacktest.Fault{Error: w})
		s.Fail("chat.postMessage", slacktest.Fault{Error: w})
		_, err := s.bot().deliver(t.Context(), []message{said("x")}, destination{update: MessageRef{Channel: incidentsC, TS: "1.1"}}, "Q1")
		if !core.IsPermanent(err) || !closedToBot(err) {
			t.Errorf("%s: %v", w, err)
		}
	}
	s := newStand(t)
	s.Fail("chat.postMessage", slacktest.Fault{Error: "internal_error"})
	_, err := s.bot().deliver(t.Context(), []message{said("x")}, destination{}, "Q1")
	checkError(t, err, "internal_error", false)
}
