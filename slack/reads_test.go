package slack

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opsbuddy/opsbuddy/incident"
)

type obj = map[string]any

// readStand is a Slack with people, channels and one channel's messages.
func readStand(t *testing.T, messages ...obj) *stand {
	t.Helper()
	s := newStand(t)
	s.answer("auth.test", func(url.Values) any {
		return obj{"ok": true, "url": "https://acme.slack.example/", "user": "opsbuddy", "team": "Acme", "bot_id": "B0OWN"}
	})
	s.answer("users.list", func(url.Values) any {
		return obj{"ok": true, "members": []obj{
			{"id": "U1", "name": "ada", "profile": obj{"real_name": "Ada L"}}, {"id": "U2", "name": "bob"},
			{"id": "U3", "name": "gone", "deleted": true},
		}}
	})
	s.answer("conversations.list", func(url.Values) any {
		return obj{"ok": true, "channels": []obj{
			{"id": "C0PAYMENTS", "name": "payments", "topic": obj{"value": "who &amp; what"}, "num_members": 4}, {"id": "C0INCIDENTS", "name": "incidents"},
		}}
	})
	for _, method := range []string{"conversations.history", "conversations.replies"} {
		s.answer(method, func(f url.Values) any {
			if f.Get("channel") != "C0INCIDENTS" {
				return obj{"ok": false, "error": "channel_not_found"}
			}
			return obj{"ok": true, "messages": messages}
		})
	}
	return s
}

func TestMessagesAreReadAsAPersonSeesThem(t *testing.T) {
	s := readStand(t,
		obj{"type": "message", "ts": "1772373600.000200", "user": "U1", "text": "a &amp;&amp; b &lt;c&gt; <@U2> <#C1|db>", "thread_ts": "1772373600.000200", "reply_count": 3},
		obj{"type": "message", "subtype": "bot_message", "ts": "1772373601.0", "bot_id": "B1", "username": "Pager", "text": "password=hunter2secret"},
		obj{"type": "message", "ts": "1772373602.0", "bot_id": "B2", "bot_profile": obj{"name": "CI"}, "text": "built"},
		obj{"type": "message", "subtype": "channel_join", "ts": "1772373603.0", "user": "U1", "text": "<@U1> has joined the channel"},
		obj{"type": "message", "subtype": "channel_leave", "ts": "1772373604.0", "user": "U1", "text": "<@U1> has left the channel"},
		obj{"type": "message", "ts": "1772373605.0", "bot_id": "B0OWN", "user": "U9", "text": "our own brief"},
		obj{"type": "message", "ts": "1772373606.0", "user": "U404", "text": "who am I"},
	)
	got, cut, err := s.reader().History(t.Context(), "#incidents", time.Time{}, time.Time{}, 50)
	if err != nil {
		t.Fatal(err)
	}
	at := func(s int64) time.Time { return time.Unix(s, 0).UTC() }
	link := func(ts string) string { return "https://acme.slack.example/archives/C0INCIDENTS/p" + ts }
	want := []incident.ChatMessage{
		{TS: "1772373600.000200", ThreadTS: "1772373600.000200", Author: "Ada L", At: at(1772373600).Add(200 * time.Microsecond), Text: "a && b <c> @bob #db", Replies: 3, URL: link("1772373600000200")},
		{TS: "1772373601.0", Author: "Pager", Bot: true, At: at(1772373601), Text: "password=[redacted]", URL: link("17723736010")},
		{TS: "1772373602.0", Author: "CI", Bot: true, At: at(1772373602), Text: "built", URL: link("17723736020")},
		{TS: "1772373606.0", Author: "U404", At: at(1772373606), Text: "who am I", URL: link("17723736060")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if cut != (incident.Cut{Shown: 4, Total: 4}) {
		t.Errorf("%+v", cut)
	}
}

func TestNamesAreReadOnceForManyLooks(t *testing.T) {
	s := readStand(t, obj{"ts": "1.0", "user": "U1", "text": "x"})
	c := s.reader()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, _, err := c.Replies(t.Context(), "C0INCIDENTS", "1.0"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(s.called("users.list")); n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestMessagesAreReadWithoutNamesWhenPeopleMayNotBeRead(t *testing.T) {
	s := readStand(t, obj{"ts": "1.0", "user": "U1", "text": "x <@U2>"})
	s.answer("users.list", func(url.Values) any {
		return obj{"ok": false, "error": "missing_scope", "needed": "users:read"}
	})
	got, _, err := s.reader().Replies(t.Context(), "incidents", "1.0")
	if err != nil || len(got) != 1 || got[0].Author != "U1" || got[0].Text != "x @U2" {
		t.Errorf("%+v, %v", got, err)
	}
	if !strings.Contains(s.log.String(), "users:read") {
		t.Error(s.log.String())
	}
}

func TestALookAsksForAsMuchAsIsAllowedAndSaysWhatIsLeft(t *testing.T) {
	s := readStand(t)
	s.answer("conversations.history", func(url.Values) any {
		return obj{"ok": true, "messages": []obj{{"ts": "5.0", "text": "x"}}, "has_more": true}
	})
	from, to := time.Unix(1772373600, 0), time.Unix(1772377200, 0)
	for limit, want := range map[int]string{-1: "1", 0: "1", 7: "7", 5000: "100"} {
		_, cut, err := s.reader().History(t.Context(), "C0INCIDENTS", from, to, limit)
		if err != nil || cut != (incident.Cut{Shown: 1, Total: -1}) {
			t.Errorf("%+v, %v", cut, err)
		}
		calls := s.called("conversations.history")
		f := calls[len(calls)-1]
		if f.Get("limit") != want || f.Get("oldest") != "1772373600.000000" || f.Get("latest") != "1772377200.000000" {
			t.Errorf("limit %d asks %v", limit, f)
		}
	}
}

func TestAThreadIsAskedForByItsChannelsIDAndStamp(t *testing.T) {
	s := readStand(t)
	s.answer("conversations.replies", func(f url.Values) any {
		return obj{"ok": true, "messages": []obj{{"ts": "5.0", "text": f.Get("channel") + " " + f.Get("ts")}}, "has_more": true}
	})
	got, cut, err := s.reader().Replies(t.Context(), "#Incidents", "1772373600.000200")
	if err != nil || cut.Total != -1 || got[0].Text != "C0INCIDENTS 1772373600.000200" {
		t.Errorf("%+v, %+v, %v", got, cut, err)
	}
}

func TestTalkReadsAChannelSinceATime(t *testing.T) {
	s := readStand(t, obj{"ts": "1772373600.0", "user": "U1", "text": "x"})
	ch, said, err := s.reader().Talk(t.Context(), "#incidents", time.Unix(1772370000, 0))
	if err != nil || ch != (incident.Channel{ID: "C0INCIDENTS", Name: "incidents"}) || len(said) != 1 {
		t.Errorf("%+v, %+v, %v", ch, said, err)
	}
	if got := s.called("conversations.history")[0].Get("oldest"); got != "1772370000.000000" {
		t.Error(got)
	}
}

func TestAChannelIsFoundByNameOrTakenByID(t *testing.T) {
	s := readStand(t)
	c := s.reader()
	for name, want := range map[string]string{"incidents": "C0INCIDENTS", "#payments": "C0PAYMENTS", "#Payments": "C0PAYMENTS", "C0SECRET1": "C0SECRET1", "G012345678": "G012345678"} {
		if got, err := channelID(t.Context(), c.api, name); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	_, err := channelID(t.Context(), c.api, "#nowhere")
	checkError(t, err, `there is no channel "#nowhere" that the bot can see: invite it`, false)
	for name, want := range map[string]bool{"C0INCIDENTS": true, "G012345678": true, "D012345678": true, "C1": false, "checkout1": false, "CHECKOUT-1": false, "U012345678": false} {
		if isChannelID(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// pages answers a list page by page; stuck never moves its cursor.
func pagesOf(key string, n int, stuck bool) func(url.Values) any {
	return func(f url.Values) any {
		page := 0
		_, _ = fmt.Sscanf(f.Get("cursor"), "p%d", &page)
		next := fmt.Sprintf("p%d", page+1)
		if stuck {
			next = "p1"
		}
		if page+1 >= n {
			next = ""
		}
		item := obj{"id": fmt.Sprintf("X%d", page), "name": fmt.Sprintf("name-%d", page)}
		return obj{"ok": true, key: []obj{item}, "response_metadata": obj{"next_cursor": next}}
	}
}

func TestListsAreReadPageByPageWithinABound(t *testing.T) {
	for name, c := range map[string]struct {
		pages  int
		stuck  bool
		calls  int
		shown  int
		total  int
		search string // what a search for an unknown channel says
	}{
		"one page":                  {1, false, 1, 1, 1, "there is no channel"},
		"three pages":               {3, false, 3, 3, 3, "there is no channel"},
		"as many as the bound":      {10, false, 10, 10, 10, "there is no channel"},
		"more than the bound":       {99, false, 10, 10, -1, "is not among the first 10 channels"},
		"a cursor that never moves": {99, true, 2, 2, -1, "is not among the first 2 channels"},
	} {
		t.Run(name, func(t *testing.T) {
			s := readStand(t)
			s.answer("users.list", pagesOf("members", c.pages, c.stuck))
			s.answer("conversations.list", pagesOf("channels", c.pages, c.stuck))
			want := incident.Cut{Shown: c.shown, Total: c.total}
			people, cut, err := s.reader().Users(t.Context())
			if err != nil || cut != want || len(people) != c.shown || len(s.called("users.list")) != c.calls {
				t.Errorf("people %+v, %v, %d calls", cut, err, len(s.called("users.list")))
			}
			channels, cut, err := s.reader().Channels(t.Context())
			if err != nil || cut != want || len(channels) != c.shown || len(s.called("conversations.list")) != c.calls {
				t.Errorf("channels %+v, %v, %d calls", cut, err, len(s.called("conversations.list")))
			}
			_, err = channelID(t.Context(), s.reader().api, "nowhere")
			checkError(t, err, c.search, false)
		})
	}
}

func TestAListThatFailsOnItsSecondPageIsNoShortList(t *testing.T) {
	s := readStand(t)
	for method, key := range map[string]string{"users.list": "members", "conversations.list": "channels"} {
		first := pagesOf(key, 5, false)
		s.answer(method, func(f url.Values) any {
			if f.Get("cursor") != "" {
				return obj{"ok": false, "error": "invalid_cursor"}
			}
			return first(f)
		})
	}
	people, _, err := s.reader().Users(t.Context())
	checkError(t, err, "slack: listing people: invalid_cursor", false)
	channels, _, err2 := s.reader().Channels(t.Context())
	checkError(t, err2, "slack: listing channels: invalid_cursor", false)
	if people != nil || channels != nil {
		t.Errorf("%v %v", people, channels)
	}
}

func TestPeopleAndChannelsAreListed(t *testing.T) {
	s := readStand(t)
	people, _, err := s.reader().Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]incident.Ref{{ID: "U1", Name: "Ada L"}, {ID: "U2", Name: "bob"}}, people); diff != "" {
		t.Error(diff)
	}
	channels, _, err := s.reader().Channels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []incident.Channel{{ID: "C0PAYMENTS", Name: "payments", Topic: "who & what", Members: 4}, {ID: "C0INCIDENTS", Name: "incidents"}}
	if diff := cmp.Diff(want, channels); diff != "" {
		t.Error(diff)
	}
	if f := s.called("conversations.list")[0]; f.Get("exclude_archived") != "true" || f.Get("types") != "public_channel,private_channel" {
		t.Errorf("%v", f)
	}
}

func TestWhatSlackRefusesToShowIsAnErrorWithARemedy(t *testing.T) {
	for word, c := range map[string]struct {
		remedy    string
		permanent bool
	}{
		"not_in_channel": {"invite the bot to the channel", true}, "channel_not_found": {"check SLACK_CHANNEL", true},
		"invalid_auth": {"renew SLACK_BOT_TOKEN", true}, "missing_scope": {"add the scope", true}, "fatal_error": {"fatal_error", false},
	} {
		s := readStand(t)
		for _, method := range []string{"conversations.history", "conversations.replies", "conversations.list", "users.list", "auth.test"} {
			s.answer(method, func(url.Values) any { return obj{"ok": false, "error": word} })
		}
		c2 := s.reader()
		got, _, err := c2.History(t.Context(), "C0INCIDENTS", time.Time{}, time.Time{}, 10)
		checkError(t, err, "slack: reading C0INCIDENTS: "+word, c.permanent)
		checkError(t, err, c.remedy, c.permanent)
		if got != nil {
			t.Errorf("%v", got)
		}
		_, _, err = c2.Replies(t.Context(), "C0INCIDENTS", "1.0")
		checkError(t, err, c.remedy, c.permanent)
		_, _, err = c2.Channels(t.Context())
		checkError(t, err, c.remedy, c.permanent)
		_, _, err = c2.Talk(t.Context(), "#incidents", time.Time{})
		checkError(t, err, c.remedy, c.permanent)
		_, err = c2.Check(t.Context())
		checkError(t, err, c.remedy, c.permanent)
	}
}

func TestAReaderThatIsSlowedDownSaysSo(t *testing.T) {
	s := readStand(t)
	s.raw("conversations.history", func(w http.ResponseWriter, _ url.Values) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, _, err := s.reader().History(t.Context(), "C0INCIDENTS", time.Time{}, time.Time{}, 10)
	checkError(t, err, "slack: reading C0INCIDENTS: too many messages (429), to be repeated in 30s", false)
}

func TestCheckSaysWhoTheTokenIs(t *testing.T) {
	got, err := readStand(t).reader().Check(t.Context())
	if err != nil || got != "opsbuddy in Acme" {
		t.Errorf("%q, %v", got, err)
	}
}
