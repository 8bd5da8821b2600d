package world

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is what goes wrong with an API.
type Fault struct {
	Status     int           // of the answer, with the vendor's error body
	Error      string        // for Slack's Web API: the error of a 200 that is not ok
	Hang       bool          // no answer at all, until the fault is healed or the world closes
	Match      string        // only requests whose path holds this; empty: all
	After      int           // so many requests are answered before
	Times      int           // so many requests fail, then it is over; 0: until healed
	RetryAfter time.Duration // header Retry-After, in whole seconds
	Body       string        // in place of the vendor's body

	healed chan struct{}
	spent  int // requests that failed
}

// Inject makes an API fail from now on, in place of a fault that it has.
func (w *World) Inject(api API, f Fault) {
	if !slices.Contains(apis, api) {
		panic(fmt.Sprintf("world: there is no API %q; there are %v", api, apis))
	}
	w.Heal(api)
	f.healed = make(chan struct{})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[api] = &f
}

// Fail makes an API answer with an HTTP status, after so many more good answers
// (none when not given). Status 0 heals it.
func (w *World) Fail(api API, status int, after ...int) {
	if status == 0 {
		w.Heal(api)
		return
	}
	f := Fault{Status: status}
	for _, n := range after {
		f.After += n
	}
	w.Inject(api, f)
}

// Hang makes an API take requests and never answer.
func (w *World) Hang(api API) { w.Inject(api, Fault{Hang: true}) }

// Heal ends an API's fault. Requests that hang are answered.
func (w *World) Heal(api API) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f := w.faults[api]; f != nil {
		close(f.healed)
		delete(w.faults, api)
	}
}

// fault is what shall go wrong with this request, or nil.
func (w *World) fault(api API, r *http.Request) *Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.faults[api]
	switch {
	case f == nil || !strings.Contains(r.URL.Path, f.Match):
		return nil
	case f.After > 0:
		f.After--
		return nil
	case f.Times > 0 && f.spent >= f.Times:
		return nil
	}
	f.spent++
	return f
}

// Held counts the requests that hang now. A caller that has died hangs until its
// connection is seen to be gone.
func (w *World) Held(api API) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held[api]
}

func (w *World) hold(api API, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held[api] += n
}

// hang holds a request until its fault is healed, and reports whether it was.
func (w *World) hang(api API, r *http.Request, f *Fault) bool {
	w.hold(api, 1)
	defer w.hold(api, -1)
	select {
	case <-f.healed:
		return true
	case <-r.Context().Done():
	case <-w.closed:
	}
	return false
}

// fail answers in the way that the vendor fails.
func fail(rw http.ResponseWriter, api API, f *Fault) {
	if f.RetryAfter > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	if f.Body != "" {
		rw.WriteHeader(status)
		_, _ = rw.Write([]byte(f.Body))
		return
	}
	errorAnswers[api](rw, status, f.Error)
}

// errorAnswers write each vendor's error of an HTTP status.
var errorAnswers = map[API]func(rw http.ResponseWriter, status int, word string){
	PagerDuty: func(rw http.ResponseWriter, status int, _ string) {
		pagerDutyError(rw, status, http.StatusText(status))
	},
	Jira:       atlassianDown,
	Confluence: atlassianDown,
	Slack: func(rw http.ResponseWriter, status int, word string) {
		if status == http.StatusTooManyRequests {
			word = "ratelimited"
		}
		if status >= 500 {
			http.Error(rw, "upstream connect error", status)
			return
		}
		writeJSON(rw, status, obj{"ok": false, "error": orElse(word, "fatal_error")})
	},
	SlackWebhook: func(rw http.ResponseWriter, status int, word string) {
		http.Error(rw, orElse(word, "rollup_error"), status)
	},
	Anthropic: func(rw http.ResponseWriter, status int, _ string) {
		kind := map[int]string{
			400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
			404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error",
		}[status]
		writeJSON(rw, status, obj{"type": "error", "error": obj{"type": orElse(kind, "api_error"), "message": "demo fault"}, "request_id": "req_demo"})
	},
	OpenAI: func(rw http.ResponseWriter, status int, _ string) {
		writeJSON(rw, status, obj{"error": obj{"message": "demo fault", "type": "server_error", "param": nil, "code": nil}})
	},
}

// atlassianDown is the page of the proxy in front of Jira and Confluence.
func atlassianDown(rw http.ResponseWriter, status int, _ string) {
	if status < 500 {
		writeJSON(rw, status, obj{"errorMessages": []string{http.StatusText(status)}, "errors": obj{}})
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = fmt.Fprintf(rw, "<html><head><title>%[1]d %[2]s</title></head><body><h1>%[2]s</h1></body></html>\n", status, http.StatusText(status))
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
