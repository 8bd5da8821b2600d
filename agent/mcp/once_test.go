package mcp

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestACallThatMayWriteIsNotRepeatedWhenItsServerDies(t *testing.T) {
	s := fakeServer(t, "plain")
	p := newPool(t, Options{}, s)
	want(t, call(t, p, "mcp__fake__post_and_die", ""), true, "exit status 3")
	if done, err := os.ReadFile(s.Env[fakeMark]); err != nil || len(done) != 1 {
		t.Errorf("it was done %d times (%v)", len(done), err)
	}
	want(t, call(t, p, "mcp__fake__echo", ""), false)
}

func TestOnlyReadingToolsAreAskedTwice(t *testing.T) {
	var names []*sdk.Tool
	for _, n := range []string{"slack_get_users", "slack_list_channels", "slack_post_message", "slack_reply_to_thread", "get_and_delete", "frobnicate"} {
		names = append(names, &sdk.Tool{Name: n})
	}
	names = append(names,
		&sdk.Tool{Name: "get_says_no", Annotations: &sdk.ToolAnnotations{}},
		&sdk.Tool{Name: "jira_x", Annotations: &sdk.ToolAnnotations{ReadOnlyHint: true}})
	if diff := cmp.Diff([]string{"slack_get_users", "slack_list_channels", "jira_x"}, readers(names)); diff != "" {
		t.Error(diff)
	}
}

func TestAServerThatStopsReadingDoesNotHoldACall(t *testing.T) {
	s := fakeServer(t, "deaf")
	s.CallTimeout = time.Second
	p := newPool(t, Options{}, s)
	p.Tools(t.Context())
	more := strings.Repeat("x", 1<<20) // than a pipe takes: the write itself blocks
	want(t, call(t, p, "mcp__fake__echo", fmt.Sprintf(`{"a":%q}`, more)), true, "did not answer within 1s")
}

func TestAnAnswerThatCannotBeReadDoesNotEndTheSession(t *testing.T) {
	p := newPool(t, Options{}, fakeServer(t, "plain"))
	first := call(t, p, "mcp__fake__pid", "")
	want(t, call(t, p, "mcp__fake__odd", ""), true, "hologram")
	if second := call(t, p, "mcp__fake__pid", ""); first.Text != second.Text {
		t.Errorf("process %s became %s", first.Text, second.Text)
	}
}

func TestAServerThatOffersNothingIsDown(t *testing.T) {
	p := newPool(t, Options{}, fakeServer(t, "empty"))
	if defs, down := p.Tools(t.Context()); len(defs) != 0 || len(down) != 1 || !strings.Contains(down[0].Why, "no tools") {
		t.Errorf("%d tools, down %v", len(defs), down)
	}
}

func TestAPanicInABuiltInToolIsItsAnswer(t *testing.T) {
	server := builtin("get_a")
	server.AddTool(&sdk.Tool{Name: "get_panic", InputSchema: map[string]any{"type": "object"}}, func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		panic("index out of range")
	})
	p := newPool(t, Options{}, Server{Name: "pd", InMemory: server})
	want(t, call(t, p, "mcp__pd__get_panic", ""), true, "broke off")
	want(t, call(t, p, "mcp__pd__get_a", ""), false)
}

func TestOneRefusedRequestSaysWhatCameBackAndDoesNotEndTheSession(t *testing.T) {
	for status, says := range map[int]string{401: "check the login", 403: "check the login", 429: "try again in 7s", 500: "not now", 503: "not now"} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			h, s := startHosted(t)
			var failing atomic.Bool
			var refusals, handshakes atomic.Int32
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if failing.Load() {
					refusals.Add(1)
					w.Header().Set("Retry-After", "7")
					http.Error(w, "not now", status)
					return
				}
				if r.Header.Get("Mcp-Session-Id") == "" {
					handshakes.Add(1)
				}
				h.ServeHTTP(w, r)
			}))
			t.Cleanup(front.Close)
			s.URL = front.URL
			p := newPool(t, Options{}, s)
			want(t, call(t, p, "mcp__pd__browse_incidents", ""), false)
			failing.Store(true)
			want(t, call(t, p, "mcp__pd__browse_incidents", ""), true, fmt.Sprint(status), says)
			failing.Store(false)
			want(t, call(t, p, "mcp__pd__browse_incidents", ""), false)
			if refusals.Load() != 1 || handshakes.Load() != 1 {
				t.Errorf("%d requests were refused and %d sessions opened, want one of each", refusals.Load(), handshakes.Load())
			}
		})
	}
}

func TestLoginsOfPackageRegistriesAreNotInherited(t *testing.T) {
	got := Env([]string{
		"UV_CACHE_DIR=/c", "UV_INDEX_URL=https://mirror/simple", "npm_config_registry=https://mirror/npm",
		"UV_PUBLISH_TOKEN=t", "UV_INDEX_CORP_PASSWORD=p", "npm_config__auth=dTpw", "NPM_CONFIG_//mirror/:_authToken=t",
		"UV_DEFAULT_INDEX=https://me:pw@mirror/simple",
	}, nil)
	inherited := slices.DeleteFunc(got, func(kv string) bool { return !strings.Contains(kv, "mirror") && !strings.HasPrefix(kv, "UV_") })
	if diff := cmp.Diff([]string{"UV_CACHE_DIR=/c", "UV_INDEX_URL=https://mirror/simple", "npm_config_registry=https://mirror/npm"}, inherited); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutAPathAShellsIsUsed(t *testing.T) {
	if path, err := lookPath("sh", Env(nil, nil)); err != nil || !strings.HasSuffix(path, "/sh") {
		t.Errorf("sh is %q, %v", path, err)
	}
}
