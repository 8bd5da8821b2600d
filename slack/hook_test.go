package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
)

// reply is one answer of a webhook's host.
type reply struct {
	status     int
	body       string
	retryAfter string
}

// hookHost answers posts one after the other, the last answer for ever, and
// keeps the bodies.
type hookHost struct {
	mu      sync.Mutex
	answers []reply
	got     []map[string]any
}

func (h *hookHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var body map[string]any
	raw, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(raw, &body); err != nil || r.Header.Get("Content-Type") != "application/json" || r.URL.Path != hookPath {
		http.Error(w, "not a webhook's post", http.StatusTeapot)
		return
	}
	a := h.answers[min(len(h.got), len(h.answers)-1)]
	h.got = append(h.got, body)
	if a.retryAfter != "" {
		w.Header().Set("Retry-After", a.retryAfter)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func hookCourier(t *testing.T, url string, client *http.Client) (*courier, *safeBuffer) {
	t.Helper()
	s := &stand{}
	t.Cleanup(func() { noSecrets(t, s.log.String()) })
	return newCourier("", "", "", url+hookPath, client, s.logger()), &s.log
}

func TestAWebhooksAnswersAreToldApart(t *testing.T) {
	for name, c := range map[string]struct {
		answers   []reply
		posts     int
		want      string // in the error; "" for none
		permanent bool
	}{
		"ok":                         {[]reply{{200, "ok", ""}}, 1, "", false},
		"ok without a word":          {[]reply{{200, "", ""}}, 1, "", false},
		"200 from somebody else":     {[]reply{{200, "<html>please log in</html>", ""}}, 1, "in place of ok: is SLACK_WEBHOOK_URL an incoming webhook?", false},
		"blocks refused":             {[]reply{{400, "invalid_blocks", ""}, {200, "ok", ""}}, 2, "", false},
		"blocks too long":            {[]reply{{400, "msg_blocks_too_long", ""}, {200, "ok", ""}}, 2, "", false},
		"plain form refused too":     {[]reply{{400, "invalid_blocks", ""}}, 2, "answered 400 invalid_blocks: check that the webhook still exists", true},
		"payload not understood":     {[]reply{{400, "invalid_payload", ""}}, 2, "answered 400 invalid_payload", true},
		"no text":                    {[]reply{{400, "no_text", ""}}, 1, "answered 400 no_text", true},
		"forbidden":                  {[]reply{{403, "action_prohibited", ""}}, 1, "answered 403 action_prohibited", true},
		"removed":                    {[]reply{{404, "no_service", ""}}, 1, "answered 404 no_service: check that the webhook still exists", true},
		"channel archived":           {[]reply{{410, "channel_is_archived", ""}}, 1, "answered 410 channel_is_archived", true},
		"too many":                   {[]reply{{429, "", "7"}}, 1, "too many messages (429), to be repeated in 7s", false},
		"too many, no wait named":    {[]reply{{429, "rate_limited", ""}}, 1, "too many messages (429), to be repeated in 1s", false},
		"500 is a refusal of blocks": {[]reply{{500, "", ""}, {200, "ok", ""}}, 2, "", false},
		"500 for the plain form too": {[]reply{{500, "", ""}}, 2, "slack webhook: slack answered 500", false},
		"plain form limited":         {[]reply{{500, "", ""}, {429, "", "30"}}, 2, "to be repeated in 30s", false},
		"unavailable":                {[]reply{{503, "", ""}}, 1, "slack webhook: slack answered 503", false},
		"proxy repeats the address":  {[]reply{{502, "cannot reach https://hooks.slack.com" + hookPath + " now", ""}}, 1, "answered 502 cannot reach", false},
		"a long page":                {[]reply{{503, strings.Repeat("page ", 500), ""}}, 1, "answered 503 page", false},
	} {
		t.Run(name, func(t *testing.T) {
			host := &hookHost{answers: c.answers}
			srv := httptest.NewServer(host)
			defer srv.Close()
			courier, _ := hookCourier(t, srv.URL, nil)
			out, err := courier.deliver(t.Context(), []message{said("disk *full* a<1 & hot")}, destination{}, "k")
			if len(host.got) != c.posts {
				t.Errorf("%d posts, want %d", len(host.got), c.posts)
			}
			if out.Via != ViaWebhook || out.Doubtful {
				t.Errorf("output %+v", out)
			}
			checkError(t, err, c.want, c.permanent)
			if c.posts == 2 {
				checkPlain(t, host.got)
			}
		})
	}
}

func checkError(t *testing.T, err error, want string, permanent bool) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("error %v", err)
		}
		return
	}
	if err == nil {
		t.Fatalf("no error, want %q", want)
	}
	noSecrets(t, err.Error())
	if !strings.Contains(err.Error(), want) || len(err.Error()) > 500 {
		t.Errorf("error %q, want %q", err, want)
	}
	if core.IsPermanent(err) != permanent {
		t.Errorf("permanent is %v: %v", core.IsPermanent(err), err)
	}
}

// checkPlain wants blocks in the first post and escaped text alone in the second.
func checkPlain(t *testing.T, posts []map[string]any) {
	t.Helper()
	if posts[0]["blocks"] == nil || posts[1]["blocks"] != nil {
		t.Errorf("posts %v", posts)
	}
	if text := posts[1]["text"]; text != "disk full a&lt;1 &amp; hot\nfoot\n" {
		t.Errorf("text %q", text)
	}
}

func TestAWebhooksPostUnfurlsNothing(t *testing.T) {
	host := &hookHost{answers: []reply{{200, "ok", ""}}}
	srv := httptest.NewServer(host)
	defer srv.Close()
	c, _ := hookCourier(t, srv.URL, nil)
	if _, err := c.deliver(t.Context(), []message{said("x")}, destination{}, "k"); err != nil {
		t.Fatal(err)
	}
	if b := host.got[0]; b["unfurl_links"] != false || b["unfurl_media"] != false || b["text"] != "x" {
		t.Errorf("%v", b)
	}
}

func TestAWebhookGetsOneMessageThatSaysWhatIsMissing(t *testing.T) {
	s := newStand(t)
	c := newCourier("", "", "", s.url+hookPath, nil, s.logger())
	all := layout(nil, strings.Repeat("- a line of the brief\n", 900), footBlock("brief · $0.10"), "t", nil)
	if len(all) < 2 {
		t.Fatal("the brief fits into one message")
	}
	if _, err := c.deliver(t.Context(), all, destination{}, "k"); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Messages()); n != 1 {
		t.Fatalf("%d messages", n)
	}
	blocks := string(s.Messages()[0].Blocks)
	note, foot := strings.Index(blocks, "characters more were left out"), strings.Index(blocks, "brief · $0.10")
	if note < 0 || foot < note {
		t.Errorf("note at %d, foot at %d", note, foot)
	}
	valid(t, alone(all).blocks)
}

func TestAPostThatMayHaveHappenedIsDoubtfulAndNotRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		host func(http.ResponseWriter, *http.Request)
		log  string
	}{
		"no answer in time": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "did not answer in time"},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			posts := make(chan struct{}, 10)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				posts <- struct{}{}
				c.host(w, r)
			}))
			defer srv.Close()
			courier, logged := hookCourier(t, srv.URL, border.Client(border.ClientOptions{Timeout: 200 * time.Millisecond}))
			out, err := courier.deliver(t.Context(), []message{said("x")}, destination{}, "k")
			if err != nil || !out.Doubtful || out.Via != ViaWebhook || len(posts) != 1 {
				t.Errorf("%+v, %v, %d posts", out, err, len(posts))
			}
			if !strings.Contains(logged.String(), "may have happened") || !strings.Contains(logged.String(), c.log) {
				t.Error(logged.String())
			}
		})
	}
}

func TestAPostThatNeverLeftIsRepeated(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for name, c := range map[string]struct {
		ctx  context.Context
		url  string
		want string
	}{
		"connection refused":          {t.Context(), closed.URL, "connection refused"},
		"no such host":                {t.Context(), "http://no-such-host.invalid", "cannot be reached"},
		"a certificate of nobody":     {t.Context(), untrusted.URL, "certificate signed by unknown authority"},
		"the worker stops beforehand": {stopped, untrusted.URL, "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			courier, _ := hookCourier(t, c.url, nil)
			out, err := courier.deliver(c.ctx, []message{said("x")}, destination{}, "k")
			checkError(t, err, c.want, false)
			if out.Doubtful || errors.Is(err, errMaybePosted) {
				t.Errorf("%+v: %v", out, err)
			}
		})
	}
}

func TestAHostThatIsLeftAloneForALoginIsNoDoubtfulPost(t *testing.T) {
	host := &hookHost{answers: []reply{{401, "invalid_token", ""}}}
	srv := httptest.NewServer(host)
	defer srv.Close()
	courier, _ := hookCourier(t, srv.URL, nil)
	for range 3 {
		_, err := courier.deliver(t.Context(), []message{said("x")}, destination{}, "k")
		checkError(t, err, "answered 401 invalid_token", true)
	}
	out, err := courier.deliver(t.Context(), []message{said("x")}, destination{}, "k")
	checkError(t, err, "refused the login 3 times", false)
	if out.Doubtful || len(host.got) != 3 {
		t.Errorf("%+v, %d posts", out, len(host.got))
	}
}

func TestAWebhookThatHasMovedIsNotFollowed(t *testing.T) {
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		elsewhere := &hookHost{answers: []reply{{200, "ok", ""}}}
		other := httptest.NewServer(elsewhere)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.Path, status)
		}))
		courier, _ := hookCourier(t, srv.URL, nil)
		out, err := courier.deliver(t.Context(), []message{said("x")}, destination{}, "k")
		checkError(t, err, "has moved to", true)
		if out.Doubtful || len(elsewhere.got) != 0 {
			t.Errorf("%d: %+v, %d posts elsewhere", status, out, len(elsewhere.got))
		}
		srv.Close()
		other.Close()
	}
}

func TestAnAnswerThatBreaksOffCountsByItsStatus(t *testing.T) {
	for status, want := range map[int]string{200: "", 404: "answered 404", 429: "too many messages"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "o")
		}))
		courier, _ := hookCourier(t, srv.URL, nil)
		out, err := courier.deliver(t.Context(), []message{said("x")}, destination{}, "k")
		checkError(t, err, want, status == 404)
		if out.Doubtful {
			t.Errorf("%d: %+v", status, out)
		}
		srv.Close()
	}
}

func TestAnAddressThatIsNoneIsNotRepeated(t *testing.T) {
	c := newCourier("", "", "", "http://bad host"+hookPath, nil, nil)
	_, err := c.deliver(t.Context(), []message{said("x")}, destination{}, "k")
	checkError(t, err, "SLACK_WEBHOOK_URL is no address", true)
}

func TestWithoutBotAndWebhookNobodyIsTold(t *testing.T) {
	out, err := newCourier("", "", "", "", nil, nil).deliver(t.Context(), []message{said("x")}, destination{}, "k")
	if err != nil || out.Via != ViaNobody || out.Parts != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

// What an attempt that died left behind says whether the next one posts.
func TestAPostThatWasCutShortIsNotRepeatedByTheNextAttempt(t *testing.T) {
	for note, posts := range map[string]int{noteHooking: 0, noteSending: 0, noteRefused: 1} {
		s := newStand(t)
		all := steps{}
		if err := flowOf(NotifyReport(bound(NotifyReportInput{WebhookURL: s.url + hookPath, Logger: s.logger()})), reportInput{}).RegisterOn(all); err != nil {
			t.Fatal(err)
		}
		env := suite().NewTestActivityEnvironment()
		env.SetHeartbeatDetails(note)
		fn := all["slack.NotifyReport@step"]
		env.RegisterActivity(fn)
		value, err := env.ExecuteActivity(fn, reportInput{Body: "x", Succeeded: true})
		if err != nil {
			t.Fatal(err)
		}
		var out NotifyReportOutput
		if err := value.Get(&out); err != nil {
			t.Fatal(err)
		}
		if out.Doubtful != (posts == 0) || len(s.Messages()) != posts {
			t.Errorf("%s: %+v, %d posts", note, out, len(s.Messages()))
		}
	}
}

func TestAReportOverTheWebhookIsRepeatedByTemporalUntilItIsTaken(t *testing.T) {
	host := &hookHost{answers: []reply{{503, "", ""}, {429, "", "1"}, {200, "ok", ""}}}
	srv := httptest.NewServer(host)
	defer srv.Close()
	out, err := report(t, NotifyReportInput{WebhookURL: srv.URL + hookPath}, reportInput{Body: "x", Succeeded: true})
	if err != nil || out != (NotifyReportOutput{Via: ViaWebhook, Parts: 1}) || len(host.got) != 3 {
		t.Errorf("%+v, %v, %d posts", out, err, len(host.got))
	}
	var app *temporal.ApplicationError
	host.answers, host.got = []reply{{503, "", ""}}, nil
	if _, err = report(t, NotifyReportInput{WebhookURL: srv.URL + hookPath}, reportInput{Body: "x"}); !errors.As(err, &app) {
		t.Fatal(err)
	}
	noSecrets(t, err.Error())
	if len(host.got) < 5 {
		t.Errorf("given up after %d posts", len(host.got))
	}
}
