package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/slack/slacktest"
)

const (
	signingSecret = "8f742231b10e8888abcd99yyyzzz85a5"
	onCall        = "U0ONCALL1"
)

// way is how Slack's requests reach the program.
type way func(t *testing.T, s *served, w *world.World, kind string, payload []byte)

// overHTTP sends a request as Slack does to an address, signed.
func overHTTP(t *testing.T, s *served, _ *world.World, kind string, payload []byte) {
	t.Helper()
	mime := "application/json"
	if kind == "interactive" {
		payload, mime = slacktest.Form(payload), "application/x-www-form-urlencoded"
	}
	if code := s.fromSlack(t, payload, mime, slacktest.Sign(signingSecret, payload, time.Now())); code != http.StatusOK {
		t.Fatalf("slack's request was answered %d, want 200", code)
	}
}

// overSocket sends it over the connection that the program opened.
func overSocket(t *testing.T, s *served, w *world.World, kind string, payload []byte) {
	t.Helper()
	wait(t, s, "the connection to Slack", w.SlackServer().Connected)
	if err := w.SlackServer().Push(kind, payload, 5*time.Second); err != nil {
		t.Fatal(err)
	}
}

func (s *served) fromSlack(t *testing.T, body []byte, mime string, signed http.Header) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.webhook+"/hooks/slack", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = signed.Clone()
	req.Header.Set("Content-Type", mime)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// below are the messages of a thread that the program wrote.
func below(w *world.World, thread string) []world.Message {
	var out []world.Message
	for _, m := range w.SlackStanding() {
		if m.ThreadTS == thread && m.Kind == "reply" {
			out = append(out, m)
		}
	}
	return out
}

func TestPeopleAskAndJudgeBelowABrief(t *testing.T) {
	for name, c := range map[string]struct {
		setting string
		send    way
	}{
		"over HTTP":     {"SLACK_SIGNING_SECRET=" + signingSecret, overHTTP},
		"over a socket": {"SLACK_APP_TOKEN=xapp-1-A0000-111-demo", overSocket},
	} {
		t.Run(name, func(t *testing.T) {
			w := startWorldFor(t, "recurring-502")
			s := serve(t, w, t.TempDir(), c.setting)
			s.accepted(t, firstPage(w, "1"))
			s.outcomeOf(t, w)
			asksBelow(t, s, w, c.send)
			judges(t, s, w, c.send)
			reviewsAgain(t, s, w, c.send)
		})
	}
}

// asksBelow asks a question whose scripted answer cites evidence and invents a
// ticket: the invention must not reach the thread.
func asksBelow(t *testing.T, s *served, w *world.World, send way) {
	t.Helper()
	brief := w.SlackStanding()[0]
	chat := w.SlackServer().Say(brief.Channel, brief.TS, onCall, "I take it")
	send(t, s, w, "events_api", slacktest.Event(chat))
	ask := w.SlackServer().Say(brief.Channel, brief.TS, onCall, "should I raise the memory limit?")
	for range 2 { // Slack delivers at least once
		send(t, s, w, "events_api", slacktest.Event(ask))
	}
	wait(t, s, "the answer", func() bool {
		all := below(w, brief.TS)
		return len(all) > 0 && strings.HasPrefix(lastLine(strings.TrimSpace(terminal(all[0].Blocks))), "answer · ")
	})
	all := below(w, brief.TS)
	if len(all) != 1 {
		t.Fatalf("%d replies of ours stand in the thread, want one", len(all))
	}
	text := terminal(all[0].Blocks)
	for _, want := range []string{"kubectl -n booking rollout restart", "512Mi", "E2"} {
		if !strings.Contains(text, want) {
			t.Errorf("the answer lacks %q:\n%s", want, text)
		}
	}
	if said, _, _ := strings.Cut(text, "What we could not check"); strings.Contains(said, "FER-999") && !strings.Contains(said, "not in evidence") {
		t.Errorf("an invented ticket reached the thread:\n%s", text)
	}
}

func judges(t *testing.T, s *served, w *world.World, send way) {
	t.Helper()
	pressed, err := slacktest.Press(w.SlackStanding()[0], "opsbuddy_useful", onCall)
	if err != nil {
		t.Fatal(err)
	}
	send(t, s, w, "interactive", pressed)
	wait(t, s, "the thanks", func() bool {
		all := w.SlackStanding()
		last := all[len(all)-1]
		return last.Kind == "whisper" && last.User == onCall && strings.Contains(last.Text, "useful")
	})
	if _, page := s.get(t, "/metrics"); sample(t, page, `opsbuddy_opinions_total{opinion="useful"}`) != 1 {
		t.Error("the opinion is not counted")
	}
}

func reviewsAgain(t *testing.T, s *served, w *world.World, send way) {
	t.Helper()
	pressed, err := slacktest.Press(w.SlackStanding()[0], "opsbuddy_again", onCall)
	if err != nil {
		t.Fatal(err)
	}
	send(t, s, w, "interactive", pressed)
	wait(t, s, "the second outcome", func() bool { return len(outcomes(w)) == 2 })
}

func TestForgedRequestsInSlacksNameStartNothing(t *testing.T) {
	w := startWorldFor(t, "recurring-502")
	s := serve(t, w, t.TempDir(), "SLACK_SIGNING_SECRET="+signingSecret)
	body := slacktest.Event(world.Message{Channel: "C0INCIDENTS", TS: "1.1", ThreadTS: "1.0", User: onCall, Text: "why?"})
	for name, c := range map[string]struct {
		signed http.Header
		code   int
	}{
		"unsigned":          {http.Header{}, http.StatusForbidden},
		"by another secret": {slacktest.Sign("another", body, time.Now()), http.StatusForbidden},
		"a replay":          {slacktest.Sign(signingSecret, body, time.Now().Add(-6*time.Minute)), http.StatusForbidden},
		"of other bytes":    {slacktest.Sign(signingSecret, []byte("{}"), time.Now()), http.StatusForbidden},
		"no hex":            {http.Header{"X-Slack-Request-Timestamp": {"1"}, "X-Slack-Signature": {"v0=zz"}}, http.StatusBadRequest},
	} {
		if code := s.fromSlack(t, body, "application/json", c.signed); code != c.code {
			t.Errorf("%s: answered %d, want %d", name, code, c.code)
		}
	}
	if log := string(s.logged(t)); strings.Contains(log, "webhook taken") || strings.Contains(log, signingSecret) {
		t.Errorf("a forged request was taken, or the secret logged:\n%s", log)
	}
}

func TestWithoutItsSettingsABriefHasNoButtonsAndSlackNoDoor(t *testing.T) {
	w := startWorldFor(t, "recurring-502")
	s := serve(t, w, t.TempDir())
	s.accepted(t, firstPage(w, "1"))
	s.outcomeOf(t, w)
	if bytes.Contains(w.SlackStanding()[0].Blocks, []byte(`"actions"`)) {
		t.Error("the brief has buttons that nobody listens to")
	}
	if code := s.fromSlack(t, []byte("{}"), "application/json", http.Header{}); code != http.StatusNotFound {
		t.Errorf("the door for Slack answered %d, want 404", code)
	}
}
