package pagerduty

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheBriefIsWrittenAsOneNoteOfItsAuthor(t *testing.T) {
	var got, from string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "GET /users/me":
			_, _ = io.WriteString(w, `{"user":{"id":"PUSER01","name":"Ops","email":"ops@lantern.example"}}`)
		case "POST /incidents/Q1ABCDEFGHIJKL/notes":
			body, _ := io.ReadAll(r.Body)
			got, from = string(body), r.Header.Get("From")
			w.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(w, `{"note":{"id":"PN1"}}`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(api.Close)
	c, err := New(Config{APIKey: "key", Host: api.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.writeNote(t.Context(), "Q1ABCDEFGHIJKL", "# all"); err != nil {
		t.Fatal(err)
	}
	if from != "ops@lantern.example" || !strings.Contains(got, noteMark) || !strings.Contains(got, "# all") {
		t.Errorf("from %q: %s", from, got)
	}
}

func TestANoteThatCannotBeWrittenSaysWhyAndStopsNothing(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error":{"message":"Forbidden"}}`, http.StatusForbidden)
	}))
	t.Cleanup(api.Close)
	c, err := New(Config{APIKey: "secret-key-1", Host: api.URL})
	if err != nil {
		t.Fatal(err)
	}
	err = c.writeNote(context.Background(), "Q1ABCDEFGHIJKL", "x")
	if err == nil || !strings.Contains(err.Error(), "403") || strings.Contains(err.Error(), "secret-key-1") {
		t.Errorf("%v", err)
	}
}
