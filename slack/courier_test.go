package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/slack/slacktest"
)

func TestAPostWhoseAnswerIsLostIsFoundByTheNextAttempt(t *testing.T) {
	for _, f := range []slacktest.Fault{{Posted: true, Drop: true, Times: 1}, {Posted: true, Status: 504, Times: 1}} {
		s := newStand(t)
		s.Fail("chat.postMessage", f)
		out, err := report(t, bots(s), reportInput{Body: "x", Succeeded: true, Key: "Q1"})
		if err != nil || len(s.Messages()) != 1 || out.Message.TS != s.Messages()[0].TS {
			t.Errorf("%+v, %v, %v", out, err, s.standing())
		}
		if out.Permalink != "https://slack.example/archives/"+incidentsC+"/p"+strings.ReplaceAll(out.Message.TS, ".", "") {
			t.Errorf("permalink %q", out.Permalink)
		}
	}
}

func TestALostAnswerIsFoundBelowAStormOfOtherMessages(t *testing.T) {
	s := newStand(t)
	s.answer("conversations.history", func(f url.Values) any {
		page, next := []obj{}, ""
		for range 200 {
			page = append(page, obj{"ts": "9.9", "text": "alert", "blocks": "odd"})
		}
		switch f.Get("cursor") {
		case "":
			next = "2"
		case "2":
			page = append(page, obj{"ts": "5.5", "metadata": obj{"event_type": markType, "event_payload": obj{"key": "Q1/report"}}})
		}
		return obj{"ok": true, "messages": page, "response_metadata": obj{"next_cursor": next}}
	})
	found, err := s.bot().find(t.Context(), MessageRef{}, "Q1/report")
	if err != nil || found != (MessageRef{Channel: incidentsC, TS: "5.5"}) {
		t.Errorf("%+v, %v", found, err)
	}
	if none, err := s.bot().find(t.Context(), MessageRef{}, "Q2/report"); err != nil || none != (MessageRef{}) {
		t.Errorf("%+v, %v", none, err)
	}
}

// attempted runs f as an attempt whose predecessor left a note.
func attempted(t *testing.T, note string, f func(context.Context) (NotifyReportOutput, error)) (out NotifyReportOutput, err error) {
	t.Helper()
	env := suite().NewTestActivityEnvironment()
	env.SetHeartbeatDetails(note)
	env.RegisterActivity(f)
	value, err := env.ExecuteActivity(f)
	if err != nil {
		return out, err
	}
	return out, value.Get(&out)
}

func TestAPostThatNobodyCanLookForIsNotRepeated(t *testing.T) {
	for note, posts := range map[string]int{noteSending: 0, noteRefused: 1} {
		s := newStand(t)
		s.Fail("conversations.history", slacktest.Fault{Error: "missing_scope"})
		out, err := attempted(t, note, func(ctx context.Context) (NotifyReportOutput, error) {
			return s.both().deliver(ctx, []message{said("brief")}, destination{}, "Q1")
		})
		if err != nil || out.Doubtful != (posts == 0) || len(s.Messages()) != posts {
			t.Errorf("%s: %+v, %v, %v", note, out, err, s.standing())
		}
	}
	s := newStand(t)
	s.Fail("conversations.history", slacktest.Fault{Status: 503})
	_, err := attempted(t, noteSending, func(ctx context.Context) (NotifyReportOutput, error) {
		out, err := s.both().deliver(ctx, []message{said("brief")}, destination{}, "Q1")
		if !errors.Is(err, errMaybePosted) || core.IsPermanent(err) {
			t.Errorf("%v is not looked into again", err)
		}
		return out, err
	})
	if err == nil || len(s.Messages()) != 0 {
		t.Errorf("%v, %v", err, s.standing())
	}
}

func TestTheWebhookDeliversAfterTheBotFailedOftenEnough(t *testing.T) {
	s := newStand(t)
	s.Fail("chat.update", slacktest.Fault{Status: 503})
	s.Fail("chat.postMessage", slacktest.Fault{Status: 503})
	in := bots(s)
	in.WebhookURL = s.url + hookPath
	for _, update := range []MessageRef{{}, {Channel: incidentsC, TS: "1.1"}} {
		out, err := report(t, in, reportInput{Body: "x", Succeeded: true, Key: "Q1", Update: update})
		if err != nil || out.Via != ViaWebhook || out.Doubtful {
			t.Errorf("%+v, %v", out, err)
		}
	}
	if diff := cmp.Diff([]string{"webhook ", "webhook "}, s.standing()); diff != "" {
		t.Error(diff)
	}
	if handsOver(botPatience-1, false, errors.New("x")) || handsOver(botPatience, false, fmt.Errorf("%w: x", errMaybePosted)) || handsOver(9, false, nil) {
		t.Error("the webhook delivers what may stand already, or too soon")
	}
}

func TestTheWebhookDeliversWhenTheFirstMessageIsNotFoundInTime(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see the client go
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	s := newStand(t)
	impatient := border.Client(border.ClientOptions{Timeout: 50 * time.Millisecond})
	c := newCourier("xoxb-1", "#incidents", silent.URL, s.url+hookPath, impatient, nil)
	out, err := attempted(t, "", func(ctx context.Context) (NotifyReportOutput, error) {
		return c.deliver(ctx, []message{said("brief")}, destination{update: MessageRef{Mark: "Q1/facts"}}, "Q1")
	})
	if err != nil || out.Via != ViaWebhook {
		t.Errorf("%+v, %v", out, err)
	}
	timedOut := fmt.Errorf("x: %w", context.DeadlineExceeded)
	if handsOver(1, true, timedOut) || handsOver(1, false, fmt.Errorf("%w: %w", errMaybePosted, timedOut)) {
		t.Error("the webhook delivers what an unanswered call may have brought")
	}
}

func TestAReportInTheThreadIsShownInTheChannelToo(t *testing.T) {
	s := newStand(t)
	first, err := s.bot().deliver(t.Context(), []message{said("facts")}, destination{}, "Q1")
	if err != nil {
		t.Fatal(err)
	}
	s.Fail("chat.update", slacktest.Fault{Error: "edit_window_closed"})
	if _, err := s.bot().deliver(t.Context(), []message{said("brief"), said("more")}, destination{update: first.Message}, "Q1"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.called("chat.postMessage") {
		got = append(got, f.Get("text")+" "+f.Get("reply_broadcast"))
	}
	if diff := cmp.Diff([]string{"facts ", "brief true", "more "}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAMessageInAChannelThatIsGoneIsPostedAnew(t *testing.T) {
	s := newStand(t)
	out, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{update: MessageRef{Channel: "C0OLDPLACE", TS: "1.1"}}, "Q1")
	if err != nil || out.Message.Channel != incidentsC {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestTheFactsWhoseAnswerWasLostBecomeTheBrief(t *testing.T) {
	for name, lost := range map[string]slacktest.Fault{
		"cut": {Drop: true}, "answered 500": {Status: 500}, "answered 502": {Status: 502}, "internal_error": {Error: "internal_error"},
	} {
		s := newStand(t)
		lost.Posted, lost.Times = true, 1
		s.Fail("chat.postMessage", lost)
		first := notifyFacts(t, facts(s), factsInput{Incident: page, Body: "x", Key: "Q1"})
		if first.Message.TS != "" || first.Message.Mark == "" || first.Why == "" {
			t.Fatalf("%s: %+v", name, first)
		}
		in, r := full(s)
		r.Update = first.Message
		if m := posted(t, s, in, r); m.Kind != "post" || !strings.Contains(string(m.Blocks), "brief · $0.65") || len(s.Standing()) != 1 {
			t.Errorf("%s: %d messages stand, %s %s", name, len(s.Standing()), m.Kind, m.Blocks)
		}
	}
}

// The attempt that edited the first message died before it could say so.
func TestAnEditedMessageIsFoundByItsMarkAgain(t *testing.T) {
	s := newStand(t)
	if _, err := s.bot().first(t.Context(), MessageRef{}, said("facts"), "Q1/facts"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{update: MessageRef{Mark: "Q1/facts"}}, "Q1"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.Standing()); n != 1 {
		t.Errorf("%d messages stand: %v", n, s.standing())
	}
}

func TestAMessageThatCannotBeLookedForNowIsNotPostedAnew(t *testing.T) {
	s := newStand(t)
	s.Fail("conversations.history", slacktest.Fault{Status: 503})
	_, err := s.bot().deliver(t.Context(), []message{said("brief")}, destination{update: MessageRef{Mark: "Q1/facts"}}, "Q1")
	if err == nil || core.IsPermanent(err) || len(s.Messages()) != 0 {
		t.Errorf("%v, %v", err, s.standing())
	}
}

// The webhook had taken over from a bot that Slack refuses.
func TestAPostOverTheWebhookThatWasCutShortIsNotRepeatedByTheBot(t *testing.T) {
	for note, posts := range map[string]int{noteHooking: 0, noteSending: 1} {
		s := newStand(t)
		s.Fail("chat.postMessage", slacktest.Fault{Error: "token_revoked"})
		out, err := attempted(t, note, func(ctx context.Context) (NotifyReportOutput, error) {
			return s.both().deliver(ctx, []message{said("brief")}, destination{}, "Q1")
		})
		if err != nil || out.Doubtful != (posts == 0) || out.Via != ViaWebhook || len(s.Messages()) != posts {
			t.Errorf("%s: %+v, %v, %v", note, out, err, s.standing())
		}
	}
}

func TestASilentSlackDoesNotHoldUpTheFirstMessage(t *testing.T) {
	released := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-released:
		}
	}))
	defer srv.Close()
	defer close(released)
	c := newCourier(botToken, "#incidents", srv.URL, "", nil, nil)
	c.patience = 50 * time.Millisecond
	out, err := c.first(t.Context(), MessageRef{}, said("facts"), "Q1/facts")
	if err != nil || out.Message != (MessageRef{Mark: "Q1/facts"}) || !strings.Contains(out.Why, "may have been posted") {
		t.Errorf("%+v, %v", out, err)
	}
	if c.health.Reason() == "" {
		t.Error("health says nothing of it")
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := c.first(stopped, MessageRef{}, said("facts"), "Q1/facts"); err == nil {
		t.Error("a step that is taken back says that it is done")
	}
}

func TestTheFormWithoutBlocksKeepsEveryWordAndEveryLetter(t *testing.T) {
	long := layout(nil, "rm /tmp/*.lock & echo done https://evil.example/x\n\n"+strings.Repeat("word ", 1500), footBlock("brief · $0.10"), "t", nil)[0]
	s := newStand(t)
	s.Fail("chat.postMessage", slacktest.Fault{Error: "invalid_blocks", Times: 1})
	s.Fail("webhook", slacktest.Fault{Status: 500, Times: 1})
	for _, c := range []*courier{s.bot(), newCourier("", "", "", s.url+hookPath, nil, nil)} {
		if _, err := c.deliver(t.Context(), []message{long}, destination{}, "Q1"); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range s.Messages() {
		if m.Blocks != nil || !strings.HasPrefix(m.Text, "rm /tmp/*.lock &amp; echo done https://evil.example/x\n") || !strings.HasSuffix(m.Text, "brief · $0.10\n") || strings.Count(m.Text, "word") != 1500 {
			t.Errorf("%s: %.80s…", m.Kind, m.Text)
		}
	}
	posts := s.called("chat.postMessage")
	if f := posts[len(posts)-1]; f.Get("mrkdwn") != "false" || f.Get("parse") != "none" {
		t.Errorf("mrkdwn %q, parse %q", f.Get("mrkdwn"), f.Get("parse"))
	}
	if n := units(bareText(strings.Repeat("&", 20_000))); n >= maxText {
		t.Errorf("%d characters", n)
	}
}

func TestAGatewayThatGaveUpWaitingLeavesADoubt(t *testing.T) {
	s := newStand(t)
	s.Fail("webhook", slacktest.Fault{Status: 504, Posted: true})
	out, err := newCourier("", "", "", s.url+hookPath, nil, s.logger()).deliver(t.Context(), []message{said("x")}, destination{}, "k")
	if err != nil || !out.Doubtful || len(s.Messages()) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestAWebhookMaySayOKInJSON(t *testing.T) {
	for body, fine := range map[string]bool{`{"ok":true}`: true, `{"ok":false,"error":"x"}`: false, `{}`: false} {
		if err := hookError(200, hookAnswer{text: body}); (err == nil) != fine {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestPublicChannelsAreListedWhenTheAppMayNotSeePrivateOnes(t *testing.T) {
	s := readStand(t)
	s.answer("conversations.list", func(f url.Values) any {
		if strings.Contains(f.Get("types"), "private") {
			return obj{"ok": false, "error": "missing_scope", "needed": "groups:read"}
		}
		return obj{"ok": true, "channels": []obj{{"id": "C0INCIDENTS", "name": "incidents"}}}
	})
	if _, _, err := s.reader().Talk(t.Context(), "#incidents", time.Time{}); err != nil {
		t.Error(err)
	}
}

func TestAChannelsNameIsLookedUpOnce(t *testing.T) {
	s := readStand(t)
	c := s.reader()
	for range 3 {
		if _, _, err := c.History(t.Context(), "#incidents", time.Time{}, time.Time{}, 1); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.called("conversations.list")); n != 1 {
		t.Errorf("%d lists", n)
	}
}
