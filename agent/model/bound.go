package model

import (
	"io"
	"net/http"
	"time"
)

const (
	// RequestTimeout ends a call whose context has no end.
	RequestTimeout = 10 * time.Minute
	// MaxBody bounds an answer: 21,333 tokens are about 100 KB.
	MaxBody = 8 << 20
)

// BoundBody is a middleware of both vendors' SDKs. It keeps an endless answer
// out of memory, also when the HTTP client is the caller's and has no bound.
// What is cut is no JSON any more, and so no answer. Worker side.
func BoundBody(req *http.Request, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	resp, err := next(req)
	if resp != nil && resp.Body != nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, MaxBody), resp.Body}
	}
	return resp, err
}
