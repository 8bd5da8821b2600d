package border

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve starts a server for one test; its host in the URL is 127.0.0.1.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func get(t *testing.T, c *http.Client, url string, v any) (http.Header, error) {
	t.Helper()
	return GetJSON(t.Context(), c, url, http.Header{"Authorization": {"Bearer case-secret"}}, v)
}

func TestAnswersAreDecodedAndHeadersReturned(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("User-Agent"); !strings.HasPrefix(got, "opsbuddy/") {
			t.Errorf("User-Agent = %q", got)
		}
		if r.Header.Get("Authorization") != "Bearer case-secret" || r.Header.Get("Accept") != "application/json" {
			t.Errorf("headers = %v", r.Header)
		}
		w.Header().Set("X-Seraph-LoginReason", "OK")
		_, _ = io.WriteString(w, "{\"id\":\"caf\xe9\"}")
	})
	var got ticket
	h, err := get(t, Client(ClientOptions{}), s.URL, &got)
	if err != nil || got.ID != "caf\ufffd" || h.Get("X-Seraph-LoginReason") != "OK" {
		t.Errorf("got %+v, %v, %v", got, h, err)
	}
}

func TestNoCredentialFollowsARedirectToAnotherHost(t *testing.T) {
	var asked atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	otherName := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	for _, target := range []string{other.URL, otherName, "//localhost.:1/", "https://127.0.0.1:1/"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, target+"/path?token=SEKRIT", status)
			})
			_, err := get(t, Client(ClientOptions{}), s.URL+"/rest?jql=PRIVATE", nil)
			var moved *MovedError
			if !errors.As(err, &moved) {
				t.Fatalf("%d to %s: err = %v", status, target, err)
			}
			if strings.Contains(err.Error(), "SEKRIT") || strings.Contains(err.Error(), "PRIVATE") || !strings.Contains(err.Error(), moved.To) {
				t.Errorf("err = %v", err)
			}
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the other host was asked %d times", asked.Load())
	}
}

func TestARedirectOnTheSameHostIsFollowedWithItsMethod(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/old":
			http.Redirect(w, r, "/new", http.StatusFound)
		case "/keep":
			http.Redirect(w, r, "/new", http.StatusTemporaryRedirect)
		default:
			_, _ = fmt.Fprintf(w, `{"id":%q}`, r.Method+r.Header.Get("Authorization"))
		}
	})
	c := Client(ClientOptions{})
	var got ticket
	if _, err := get(t, c, s.URL+"/old", &got); err != nil || got.ID != "GETBearer case-secret" {
		t.Errorf("GET: %q, %v", got.ID, err)
	}
	post := func(path string) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		got = ticket{}
		_, err = JSON(c, req, &got)
		return err
	}
	if err := post("/keep"); err != nil || got.ID != "POST" {
		t.Errorf("POST with 307: %q, %v", got.ID, err)
	}
	var moved *MovedError
	if err := post("/old"); !errors.As(err, &moved) {
		t.Errorf("POST with 302 became %q, %v", got.ID, err)
	}
}

func TestARedirectLoopEnds(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	_, err := get(t, Client(ClientOptions{}), s.URL, nil)
	if err == nil || !strings.Contains(err.Error(), "redirected") || asked.Load() > maxRedirects+1 {
		t.Errorf("after %d calls: %v", asked.Load(), err)
	}
}

func TestOnlyTheStepFromHTTPToHTTPSOfOneNameIsTheSameSite(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"https://a.example/x", "https://A.example:443/y", true},
		{"http://a.example", "https://a.example", true},
		{"https://a.example", "http://a.example", false},
		{"http://a.example:8080", "https://a.example:8443", false},
		{"https://a.example", "https://b.a.example", false},
		{"https://a.example", "https://a.example.evil.example", false},
		{"https://a.example", "https://a.example@evil.example", false},
	} {
		from, to := mustRequest(t, tt.from).URL, mustRequest(t, tt.to).URL
		if got := sameSite(from, to); got != tt.want {
			t.Errorf("sameSite(%s, %s) = %v", tt.from, tt.to, got)
		}
	}
}

func mustRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestABodyOverTheLimitIsAnErrorNotAShortBody(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(z, `{"id":"`+strings.Repeat("x", 1<<20)+`"}`)
	_ = z.Close()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			_, _ = io.WriteString(w, `{"id":"`+strings.Repeat("x", 1000-9)+`"}`)
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped.Bytes())
		default:
			_, _ = io.WriteString(w, `{"id":"`+strings.Repeat("x", 1000-8)+`"}`)
		}
	})
	c := Client(ClientOptions{MaxBytes: 1000})
	var got ticket
	if _, err := get(t, c, s.URL+"/exact", &got); err != nil || len(got.ID) != 991 {
		t.Errorf("a body at the limit: %d, %v", len(got.ID), err)
	}
	for _, path := range []string{"/over", "/bomb"} {
		_, err := get(t, c, s.URL+path, &got)
		var large *TooLargeError
		if !errors.As(err, &large) || large.Limit != 1000 {
			t.Errorf("%s: err = %v", path, err)
		}
	}
}

func TestAStatusErrorNamesHostStatusAndWaitButNoSecret(t *testing.T) {
	tests := map[string]struct {
		status  int
		header  string
		body    string
		excerpt string
		wait    time.Duration
	}{
		"rate limit":   {429, "7", `{"error":"slow down"}`, `{"error":"slow down"}`, 7 * time.Second},
		"day":          {503, "86400", "", "", 24 * time.Hour},
		"absurd":       {503, "1e300", "", "", maxRetryAfter},
		"not a number": {503, "NaN", "", "", 0},
		"negative":     {503, "-5", "", "", 0},
		"secret":       {400, "", "bad token=abc123def\nsecond", "bad token=[redacted] second", 0},
		"page":         {502, "", "<html><body>x</body></html>", "an HTML or XML page", 0},
		"long":         {500, "", strings.Repeat("x", 9000), strings.Repeat("x", 199) + "…", 0},
		"bytes":        {500, "", "\x1b[31m\xff\x00bad", "\ufffdbad", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			_, err := get(t, Client(ClientOptions{}), s.URL+"/secret-path?api_key=SEKRIT", nil)
			var status *StatusError
			if !errors.As(err, &status) {
				t.Fatalf("err = %v", err)
			}
			if status.Status != tt.status || status.RetryAfter != tt.wait || status.Excerpt != tt.excerpt {
				t.Errorf("got %+v", status)
			}
			if text := err.Error(); strings.Contains(text, "SEKRIT") || strings.Contains(text, "secret-path") || !strings.Contains(text, "127.0.0.1") {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestRetryAfterReadsDates(t *testing.T) {
	now := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Hour).Format(http.TimeFormat):       0,
		now.AddDate(3, 0, 0).Format(http.TimeFormat):      maxRetryAfter,
		"1.5":  1500 * time.Millisecond,
		"soon": 0,
		"":     0,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {in}}, now); got != want {
			t.Errorf("RetryAfter(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestASilentHostIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow-body" {
			_, _ = io.WriteString(w, `{"id":`)
			w.(http.Flusher).Flush()
		}
		<-release
	})
	defer close(release)
	c := Client(ClientOptions{Timeout: 50 * time.Millisecond})
	for _, path := range []string{"/silent?token=SEKRIT", "/slow-body?token=SEKRIT"} {
		_, err := get(t, c, s.URL+path, nil)
		if err == nil || !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "SEKRIT") {
			t.Errorf("%s: err = %v", path, err)
		}
	}
}

func TestAnUnreachableHostIsNamedWithoutItsAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	_ = l.Close()
	_, err = get(t, Client(ClientOptions{}), "http://"+host+"/x?token=SEKRIT", nil)
	if err == nil || strings.Contains(err.Error(), "SEKRIT") || !strings.Contains(err.Error(), host+" cannot be reached") {
		t.Errorf("err = %v", err)
	}
	var op *net.OpError
	if !errors.As(err, &op) {
		t.Errorf("the cause is lost: %v", err)
	}
	if _, err = get(t, Client(ClientOptions{}), "http://bad host/?token=SEKRIT", nil); err == nil || strings.Contains(err.Error(), "SEKRIT") {
		t.Errorf("err = %v", err)
	}
	if NetError(nil) != nil {
		t.Error("NetError(nil) is an error")
	}
}

func TestNothingIsRepeated(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	if _, err := get(t, Client(ClientOptions{}), s.URL, nil); err == nil || asked.Load() != 1 {
		t.Errorf("asked %d times, err = %v", asked.Load(), err)
	}
}
