package slack

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/slack/slacktest"
)

const signing = "8f742231b10e8888abcd99yyyzzz85a5"

var askers = askDoor{secret: signing, again: func(id string) *core.Start { return &core.Start{WorkflowID: "again-" + id} }}

// asking is a reply by a person below a message of the bot.
func asking(text string) slacktest.Message {
	return slacktest.Message{Channel: incidentsC, TS: "100.000200", ThreadTS: "100.000100", User: "U0ONCALL1", Text: text}
}

// event is a reply as Slack sends it, with fields replaced.
func event(t *testing.T, text string, fields map[string]any) []byte {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(slacktest.Event(asking(text)), &p); err != nil {
		t.Fatal(err)
	}
	for k, v := range fields {
		p["event"].(map[string]any)[k] = v
	}
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestAQuestionIsTakenAndTalkIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		fields map[string]any
		id     string // of the run; empty when nothing starts
	}{
		"a question below a brief":           {"why?", nil, "ask-" + incidentsC + "-100.000200"},
		"in another script":                  {"为什么？", nil, "ask-" + incidentsC + "-100.000200"},
		"with a file":                        {"what is this?", map[string]any{"subtype": "file_share"}, "ask-" + incidentsC + "-100.000200"},
		"shown in the channel too":           {"why?", map[string]any{"subtype": "thread_broadcast"}, "ask-" + incidentsC + "-100.000200"},
		"to the bot, without a mark":         {"<@U0OPSBUDDY> who owns it", nil, "ask-" + incidentsC + "-100.000200"},
		"a mention outside of any thread":    {"<@U0OPSBUDDY> who owns it", map[string]any{"type": "app_mention", "thread_ts": nil, "parent_user_id": nil}, "ask-" + incidentsC + "-100.000200"},
		"people talking":                     {"I take it", nil, ""},
		"a question below another's message": {"why?", map[string]any{"parent_user_id": "U0OTHER"}, ""},
		"a question in the channel":          {"why?", map[string]any{"thread_ts": nil, "parent_user_id": nil}, ""},
		"another bot":                        {"why?", map[string]any{"bot_id": "B0OTHER"}, ""},
		"ourselves":                          {"why?", map[string]any{"user": "U0OPSBUDDY"}, ""},
		"an edit":                            {"why?", map[string]any{"subtype": "message_changed"}, ""},
		"a reaction":                         {"why?", map[string]any{"type": "reaction_added"}, ""},
		"an odd time stamp":                  {"why?", map[string]any{"ts": "1/../2"}, ""},
		"no user":                            {"why?", map[string]any{"user": ""}, ""},
	} {
		a := askers.decide(event(t, c.text, c.fields))
		got := ""
		if a.Start != nil {
			got = a.Start.WorkflowID
		}
		if got != c.id {
			t.Errorf("%s: started %q, want %q (%d %s)", name, got, c.id, a.Status, a.Reason)
		}
	}
}

func TestTheAddressIsConfirmedToSlack(t *testing.T) {
	body := []byte(`{"type":"url_verification","challenge":"3eZbrw1aB1"}`)
	a := askers.Admit(core.Request{Header: slacktest.Sign(signing, body, time.Now()), Body: body})
	if diff := cmp.Diff(map[string]string{"challenge": "3eZbrw1aB1"}, a.Answer); diff != "" || a.Status != http.StatusOK || a.Start != nil {
		t.Errorf("%+v", a)
	}
	if a := (askDoor{}).Admit(core.Request{Header: slacktest.Sign("", body, time.Now()), Body: body}); a.Status != http.StatusForbidden {
		t.Errorf("without a secret: %+v", a)
	}
}

func TestAButtonStartsWhatItSays(t *testing.T) {
	s := newStand(t)
	in, r := full(s)
	in.Buttons = true
	brief := posted(t, s, in, r)
	for action, id := range map[string]string{againButton: "again-" + page.ID, usefulButton: "feedback-", notUsefulButton: "feedback-"} {
		payload, err := slacktest.Press(brief, action, "U0ONCALL1")
		if err != nil {
			t.Fatal(err)
		}
		body := slacktest.Form(payload)
		h := slacktest.Sign(signing, body, time.Now())
		h.Set("Content-Type", "application/x-www-form-urlencoded")
		a := askers.Admit(core.Request{Header: h, Body: body})
		if a.Start == nil || !strings.HasPrefix(a.Start.WorkflowID, id) || a.Status != http.StatusOK {
			t.Errorf("%s: %+v", action, a)
		}
	}
	for name, payload := range map[string]string{
		"another app's button": `{"type":"block_actions","actions":[{"action_id":"other","value":"Q1"}]}`,
		"no button":            `{"type":"block_actions","actions":[]}`,
		"no incident":          `{"type":"block_actions","actions":[{"action_id":"opsbuddy_again","value":"../x","action_ts":"1.1"}],"container":{"channel_id":"C1","message_ts":"1.1"},"user":{"id":"U1"}}`,
	} {
		if a := askers.decide([]byte(payload)); a.Start != nil {
			t.Errorf("%s started %s", name, a.Start.WorkflowID)
		}
	}
}

func TestButtonsStandAboveTheFooterAndNeverGoOverAWebhook(t *testing.T) {
	s := newStand(t)
	in, r := full(s)
	in.Buttons = true
	var blocks []struct{ Type string }
	if err := json.Unmarshal(posted(t, s, in, r).Blocks, &blocks); err != nil {
		t.Fatal(err)
	}
	if n := len(blocks); blocks[n-2].Type != "actions" || blocks[n-1].Type != "context" {
		t.Errorf("the last blocks are %+v", blocks[n-2:])
	}
	s = newStand(t)
	s.Fail("chat.postMessage", slacktest.Fault{Error: "token_revoked"})
	in, r = full(s)
	in.Buttons, in.WebhookURL = true, s.url+hookPath
	if m := posted(t, s, in, r); m.Kind != "webhook" || strings.Contains(string(m.Blocks), "actions") {
		t.Errorf("%s %s", m.Kind, m.Blocks)
	}
}

func TestAQuestionKnowsItsIncidentByTheMessageAboveIt(t *testing.T) {
	s := newStand(t)
	in, r := full(s)
	brief := posted(t, s, in, r)
	chat := s.Say(brief.Channel, brief.TS, "U0OTHER", "the pods restart")
	ask := s.Say(brief.Channel, brief.TS, "U0ONCALL1", "<@U0OPSBUDDY> why &amp; since when?")
	payload := askers.decide(slacktest.Event(ask)).Start.Input[core.WebhookPayload].(string)
	out, err := s.reader().parseAsk(t.Context(), askInput{Payload: payload})
	if err != nil {
		t.Fatal(err)
	}
	if out.Kind != AskQuestion || out.Incident.ID != page.ID || out.Question != "why & since when?" || out.Place.TS != brief.TS {
		t.Errorf("%+v", out)
	}
	if n := len(out.Said); n != 2 || out.Said[1].Text != chat.Text || !strings.Contains(out.Said[0].Text, "kubectl rollout undo") {
		t.Errorf("said before: %+v", out.Said)
	}
}

func TestAQuestionWhereNoBriefStandsIsToldWhereToAsk(t *testing.T) {
	s := newStand(t)
	ask := s.Say(incidentsC, "", "U0ONCALL1", "<@U0OPSBUDDY> what is broken?")
	payload := askers.decide(slacktest.Event(ask)).Start.Input[core.WebhookPayload].(string)
	out, err := s.reader().parseAsk(t.Context(), askInput{Payload: payload})
	if err != nil || out.Kind != AskLost {
		t.Fatalf("%+v, %v", out, err)
	}
	c := s.bot()
	if _, err := c.postOnce(t.Context(), out.Place, []message{words("ask below a brief")}, out.Key+"/lost"); err != nil {
		t.Fatal(err)
	}
	if last := s.Standing()[1]; last.Kind != "reply" || last.ThreadTS != ask.TS {
		t.Errorf("%+v", last)
	}
}

func TestAnAnswerWhoseReceiptIsLostStandsOnceInTheThread(t *testing.T) {
	s := newStand(t)
	in, r := full(s)
	brief := posted(t, s, in, r)
	place := MessageRef{Channel: brief.Channel, TS: brief.TS}
	s.Fail("chat.postMessage", slacktest.Fault{Posted: true, Drop: true, Times: 1})
	r = reportInput{Body: "no", Succeeded: true, Outcome: "answer", Key: "ask/1", Thread: place}
	if _, err := report(t, bots(s), r); err != nil {
		t.Fatal(err)
	}
	if all := s.Standing(); len(all) != 2 || all[1].ThreadTS != brief.TS {
		t.Errorf("%v", s.standing())
	}
}
