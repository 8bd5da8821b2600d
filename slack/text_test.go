package slack

import (
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/incident"
)

// The kind behind seratch/ChatGPT-in-Slack#5, and Slack's own marks.
func TestTextsAreUnescapedOnce(t *testing.T) {
	names := map[string]string{"U1": "Ada L"}
	for in, want := range map[string]string{
		"make &amp;&amp; make install &lt;x&gt;":     "make && make install <x>",
		"&amp;lt; stays as it was written":           "&lt; stays as it was written",
		"<https://a.example/?x=1&amp;y=2|the log>":   "the log (https://a.example/?x=1&y=2)",
		"<https://a.example/>":                       "https://a.example/",
		"<https://a.example|https://a.example>":      "https://a.example",
		"<https://a.example|>":                       "https://a.example",
		"<@U1> and <@U2> and <@U3|carl>":             "@Ada L and @U2 and @carl",
		"<#C1|db-oncall> and <#C2> and <#C3|>":       "#db-oncall and #C2 and #C3",
		"<!here> <!channel|channel> <!here|@here>":   "@here @channel @here",
		"<!subteam^S1|@ops> <!subteam^S2>":           "@ops @S2",
		"since <!date^1392734382^{date_num}|18 Feb>": "since 18 Feb",
		"a < b and c > d":                            "a < b and c > d",
		"x\u202egnp.exe\x1b[31m":                     "xgnp.exe",
		"key xoxb-123456789-abcdefghij":              "key [redacted]",
	} {
		if got := readable(in, names); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMessagesAreShownOneALine(t *testing.T) {
	at := time.Date(2026, 3, 1, 14, 0, 0, 0, time.UTC)
	got := MessagesText([]incident.ChatMessage{
		{TS: "1772373600.0", Author: "Ada", At: at, Text: "two\nlines", Replies: 2},
		{TS: "1772373601.0", Author: "Pager", Bot: true, At: at, Text: strings.Repeat("x", 700)},
	}, incident.Cut{Shown: 2, Total: -1})
	want := "showing 2 messages; there are more; for the others ask with latest=TS of the last one, or with contains=WORDS\n" +
		"- 2026-03-01 14:00 UTC Ada: two lines [ts 1772373600.0] (2 replies: slack_get_thread_replies)\n" +
		"- 2026-03-01 14:00 UTC Pager (bot): " + strings.Repeat("x", 599) + "… [ts 1772373601.0]"
	if got != want {
		t.Errorf("%q", got)
	}
}

func TestNothingSaidIsToldFromNothingShown(t *testing.T) {
	if got := MessagesText(nil, incident.Cut{}); got != "no messages (Slack was read)" {
		t.Error(got)
	}
	if got := MessagesText(nil, incident.Cut{Total: -1}); !strings.HasPrefix(got, "showing 0 messages; there are more; ") {
		t.Error(got)
	}
}

func TestListsSayWhatTheBoundLeftOut(t *testing.T) {
	var people []incident.Ref
	for range 500 {
		people = append(people, incident.Ref{ID: "U0123456789", Name: "Somebody With A Name"})
	}
	got := UsersText(people, incident.Cut{Shown: 500, Total: 500})
	head, rest, _ := strings.Cut(got, "\n")
	if head != "showing 175 of 500 people; for the others ask with contains=WORDS" || strings.Count(rest, "\n") != 174 || len(rest) > maxListText {
		t.Errorf("%q, %d lines, %d bytes", head, strings.Count(rest, "\n")+1, len(rest))
	}
	channels := ChannelsText([]incident.Channel{{ID: "C1", Name: "db", Topic: "a\nb"}, {ID: "C2", Name: "web"}}, incident.Cut{Shown: 2, Total: 2})
	if channels != "2 channels\n- C1 #db: a b\n- C2 #web" {
		t.Errorf("%q", channels)
	}
}

func TestTimesAreReadAsModelsWriteThem(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"": {}, " ": {}, "2026-03-01": day, "2026-03-01T14:00:00Z": day.Add(14 * time.Hour), "2026-03-01T15:00:00+01:00": day.Add(14 * time.Hour),
		"2026-03-01T14:00": day.Add(14 * time.Hour), "2026-03-01 14:00 UTC": day.Add(14 * time.Hour), "1772373600.000200": day.Add(14*time.Hour + 200*time.Microsecond),
	} {
		if got, err := parseTime(in); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"yesterday", "nan", "inf", "-5", "1e300", "1772373600000", "14:00"} {
		if got, err := parseTime(in); err == nil || !strings.Contains(err.Error(), "write 2026-03-01T14:00:00Z") {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
}
