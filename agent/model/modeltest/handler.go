package modeltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody is the size that Anthropic takes (32 MB, platform.claude.com "API
// errors").
const maxBody = 32 << 20

// fault is a refusal, in words that both vendors share.
type fault struct {
	status  int
	kind    string // the vendor's error type
	message string
	code    string // OpenAI only
	param   string // OpenAI only
}

func invalid(format string, args ...any) *fault {
	return &fault{status: http.StatusBadRequest, kind: "invalid_request_error", message: fmt.Sprintf(format, args...)}
}

// vendor is one API.
type vendor interface {
	read(r *http.Request, body []byte) (Ask, *fault)
	refuse(f *fault) any
	answer(a Ask, t Turn) any
	errorType(status int) string
}

// Handler is a vendor that answers what script says. It serves POST
// /v1/messages (Anthropic) and POST /v1/chat/completions and /chat/completions
// (OpenAI), and is strict: what the vendor refuses gets the vendor's own error
// and never reaches the script.
func Handler(script Script) http.Handler { return newHandler(script) }

func newHandler(script Script) *handler {
	a, o := &anthropic{cache: newCache()}, openai{}
	return &handler{
		script:  script,
		refused: func(string) {},
		vendors: map[string]vendor{"/v1/messages": a, "/v1/chat/completions": o, "/chat/completions": o},
	}
}

type handler struct {
	script  Script
	refused func(why string)
	vendors map[string]vendor // by path; not a mux, which would redirect //v1/messages
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v, ok := h.vendors[r.URL.Path]
	if !ok {
		v = openai{}
		h.refuse(w, v, &fault{status: http.StatusNotFound, kind: "not_found_error", message: "no such path: " + r.URL.Path})
		return
	}
	body, f := readBody(r)
	if f != nil {
		h.refuse(w, v, f)
		return
	}
	ask, f := v.read(r, body)
	if f != nil {
		h.refuse(w, v, f)
		return
	}
	turn := h.script(ask)
	if wait(r, turn.Delay) {
		deliver(w, v, ask, turn)
	}
}

func (h *handler) refuse(w http.ResponseWriter, v vendor, f *fault) {
	h.refused(f.message)
	write(w, f.status, v.refuse(f))
}

func readBody(r *http.Request) ([]byte, *fault) {
	if r.Method != http.MethodPost {
		return nil, &fault{status: http.StatusMethodNotAllowed, kind: "invalid_request_error", message: "only POST is served"}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, invalid("the body ended early")
	case len(body) > maxBody:
		return nil, &fault{status: http.StatusRequestEntityTooLarge, kind: "request_too_large", message: "Request exceeds the maximum size"}
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return nil, invalid("Content-Type must be application/json")
	}
	return body, nil
}

// wait reports whether the client is still there after d.
func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func deliver(w http.ResponseWriter, v vendor, a Ask, t Turn) {
	status := t.Status
	if status == 0 {
		status = http.StatusOK
	}
	for _, name := range slices.Sorted(maps.Keys(t.Header)) {
		w.Header().Set(name, t.Header[name])
	}
	switch {
	case t.Raw != "":
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, t.Raw) // the client may be gone
	case status != http.StatusOK || t.ErrorType != "":
		f := &fault{status: status, kind: t.ErrorType, message: t.ErrorMessage}
		if f.kind == "" {
			f.kind = v.errorType(status)
		}
		if f.message == "" {
			f.message = f.kind
		}
		write(w, status, v.refuse(f))
	default:
		write(w, status, v.answer(a, t))
	}
}

func write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a script's Args that do not encode
		status, body = http.StatusInternalServerError, fmt.Appendf(nil, `{"error":{"type":"api_error","message":%q}}`, err)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// decode reads a request body strictly: a vendor refuses fields that it does
// not know, and so a provider's typing error is seen.
func decode(body []byte, v any) *fault {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return invalid("the request body cannot be read: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("the request body has something behind its object")
	}
	return nil
}
