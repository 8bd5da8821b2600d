package atlassian

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAPartWithoutAddressSaysSo(t *testing.T) {
	c := newClient(t, Config{})
	_, _, err := c.TicketsAbout(t.Context(), "x", nil)
	_, _, errTicket := c.Ticket(t.Context(), "A-1")
	_, _, errPages := c.SearchPages(t.Context(), "x", 1)
	_, errPage := c.Page(t.Context(), "1")
	_, _, errRunbook := c.FindRunbook(t.Context(), "https://x.example/wiki/spaces/A/pages/1/T", "x", "y")
	for i, err := range []error{err, errTicket, errPages, errPage, errRunbook} {
		if !errors.Is(err, ErrNotConfigured) || errors.Is(err, ErrNothing) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if !strings.Contains(err.Error(), "JIRA_URL") || !strings.Contains(errPages.Error(), "CONFLUENCE_URL") {
		t.Errorf("%v; %v", err, errPages)
	}
}

func TestAnEndedContextIsAnError(t *testing.T) {
	f, c := cloudJira(t, map[string]http.HandlerFunc{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := c.Search(ctx, "project = A", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if len(f.calls) != 0 {
		t.Errorf("calls %v", f.calls)
	}
}

func TestADeadJiraIsCouldNotLook(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	c := newClient(t, Config{JiraURL: srv.URL, JiraPersonalToken: "pat-1"})
	_, _, err := c.Search(t.Context(), "project = A", 1)
	if err == nil || errors.Is(err, ErrNothing) || !strings.Contains(err.Error(), "Jira: ") || strings.Contains(err.Error(), "/rest/") {
		t.Errorf("%v", err)
	}
}
