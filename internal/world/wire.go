package world

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// API names one stand-in.
type API string

// The stand-ins.
const (
	PagerDuty    API = "pagerduty"
	Jira         API = "jira"
	Confluence   API = "confluence"
	Slack        API = "slack"
	SlackWebhook API = "slack-webhook"
	Anthropic    API = "anthropic"
	OpenAI       API = "openai"
)

var apis = []API{PagerDuty, Jira, Confluence, Slack, SlackWebhook, Anthropic, OpenAI}

// Request is one request that a stand-in received.
type Request struct {
	API    API
	Method string
	Path   string
	Query  string
	Body   string // what a POST carried; empty for the model, see ModelCalls
	Status int    // of the answer; 0 while there is none
	At     time.Time
}

// Requests lists every request so far, in the order in which they came.
func (w *World) Requests() []Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]Request, len(w.requests))
	for i, r := range w.requests {
		out[i] = *r
	}
	return out
}

func only(api API) func(*http.Request) API {
	return func(*http.Request) API { return api }
}

const maxBody = 8 << 20 // bytes of a request; a conversation with a model fits

// watch writes a request down, lets the fault that was asked for happen, and
// else lets the stand-in answer.
func (w *World) watch(which func(*http.Request) API, h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
		if err != nil {
			http.Error(rw, "the body could not be read", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		api := which(r)
		answer := &recorder{ResponseWriter: rw}
		defer w.note(api, r, body)(answer)
		f := w.fault(api, r)
		switch {
		case !w.wait(r, w.latency), f != nil && f.Hang && !w.hang(api, r, f):
			panic(http.ErrAbortHandler) // cuts the connection, in place of an empty 200
		case f != nil && !f.Hang:
			fail(answer, api, f)
		default:
			h.ServeHTTP(answer, r)
		}
	})
}

// note files a request as it comes and returns what files the answer.
func (w *World) note(api API, r *http.Request, body []byte) func(*recorder) {
	entry := &Request{API: api, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, At: time.Now()}
	if api != Anthropic && api != OpenAI {
		entry.Body = string(body)
	}
	w.mu.Lock()
	w.requests = append(w.requests, entry)
	w.mu.Unlock()
	return func(answer *recorder) {
		w.mu.Lock()
		entry.Status = answer.status
		w.mu.Unlock()
		w.log.Debug("request", "api", string(api), "method", r.Method, "path", r.URL.Path, "status", answer.status)
	}
}

// wait passes time and reports whether somebody still waits for the answer.
func (w *World) wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-w.closed:
	}
	return false
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is below, for streams.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// obj is a JSON object.
type obj = map[string]any

func writeJSON(rw http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = rw.Write(b.Bytes())
}

// list reads a parameter that comes as name[]=a&name[]=b, as name=a,b, or both.
func list(r *http.Request, name string) []string {
	q := r.URL.Query()
	var out []string
	for _, v := range append(q[name+"[]"], q[name]...) {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// wanted reports whether a list of wanted values, when there is one, has v.
func wanted(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }

func browser(r *http.Request) bool {
	return r.Header.Get("Authorization") == "" && strings.Contains(r.Header.Get("Accept"), "text/html")
}
