package slack

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// tools connects a client to the tools of a reader.
func tools(t *testing.T, s *stand) *mcp.ClientSession {
	t.Helper()
	here, there := mcp.NewInMemoryTransports()
	server, err := NewServer(s.reader()).Connect(t.Context(), there, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Wait() })
	client, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), here, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// use calls a tool and returns its text.
func use(t *testing.T, c *mcp.ClientSession, name string, args obj) (text string, isError bool) {
	t.Helper()
	out, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: args})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Content) != 1 {
		t.Fatalf("%d contents", len(out.Content))
	}
	text = out.Content[0].(*mcp.TextContent).Text
	noSecrets(t, text)
	return text, out.IsError
}

func TestTheFourToolsHaveTheNamesAndArgumentsThatPeopleKnowAndAreShort(t *testing.T) {
	list, err := tools(t, readStand(t)).ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	required := map[string][]string{}
	for _, tool := range list.Tools {
		raw, err := json.Marshal(tool)
		if err != nil {
			t.Fatal(err)
		}
		size += len(raw)
		schema, err := json.Marshal(tool.InputSchema)
		if err != nil {
			t.Fatal(err)
		}
		var s struct{ Required []string }
		if err := json.Unmarshal(schema, &s); err != nil {
			t.Fatal(err)
		}
		slices.Sort(s.Required)
		required[tool.Name] = s.Required
		if tool.Annotations == nil || !tool.Annotations.ReadOnlyHint || tool.Description == "" {
			t.Errorf("%s", raw)
		}
	}
	want := map[string][]string{
		"slack_list_channels": nil, "slack_get_channel_history": {"channel_id"}, "slack_get_thread_replies": {"channel_id", "thread_ts"}, "slack_get_users": nil,
	}
	if diff := cmp.Diff(want, required); diff != "" {
		t.Error(diff)
	}
	if size/4 >= 600 {
		t.Errorf("about %d tokens for four tools", size/4)
	}
}

func TestTheToolsAnswerWithText(t *testing.T) {
	s := readStand(t, obj{"ts": "1772373600.0", "user": "U1", "text": "a &amp;&amp; b, token=abcdef0123456789"})
	c := tools(t, s)
	line := "1 messages\n- 2026-03-01 14:00 UTC Ada L: a && b, token=[redacted] [ts 1772373600.0]"
	for _, u := range []struct {
		tool string
		args obj
		want string
	}{
		{"slack_list_channels", obj{}, "2 channels\n- C0PAYMENTS #payments: who & what\n- C0INCIDENTS #incidents"},
		{"slack_get_users", obj{}, "2 people\n- U1 Ada L\n- U2 bob"},
		{"slack_get_channel_history", obj{"channel_id": "C0INCIDENTS"}, line},
		{"slack_get_channel_history", obj{"channel_id": "#incidents", "limit": 3, "oldest": "2026-03-01T14:00:00Z", "latest": "1772377200.0"}, line},
		{"slack_get_thread_replies", obj{"channel_id": "C0INCIDENTS", "thread_ts": "1772373600.0"}, line},
	} {
		if text, isError := use(t, c, u.tool, u.args); text != u.want || isError {
			t.Errorf("%s: %q, error %v", u.tool, text, isError)
		}
	}
	calls := s.called("conversations.history")
	if calls[0].Get("limit") != "20" || calls[0].Get("oldest") != "" {
		t.Errorf("%v", calls[0])
	}
	if calls[1].Get("limit") != "3" || calls[1].Get("oldest") != "1772373600.000000" || calls[1].Get("latest") != "1772377200.000000" {
		t.Errorf("%v", calls[1])
	}
}

func TestWhatWasLeftOutIsReachedByItsWords(t *testing.T) {
	s := readStand(t, obj{"ts": "1772373660.0", "user": "U2", "text": "lunch?"}, obj{"ts": "1772373600.0", "user": "U1", "text": "the Broker is down"})
	c := tools(t, s)
	for _, u := range []struct {
		tool, has, not string
		args           obj
	}{
		{"slack_list_channels", "1 channels\n- C0PAYMENTS", "C0INCIDENTS", obj{"contains": "Payments"}},
		{"slack_get_users", "1 people\n- U2 bob", "Ada", obj{"contains": "bob"}},
		{"slack_get_channel_history", "of the newest 2 messages those with these words", "lunch", obj{"channel_id": "C0INCIDENTS", "contains": "broker down", "limit": 1}},
		{"slack_get_channel_history", "no messages", "lunch", obj{"channel_id": "C0INCIDENTS", "contains": "cache"}},
		{"slack_get_thread_replies", "1 replies", "replies: ", obj{"channel_id": "C0INCIDENTS", "thread_ts": "1772373660.0", "contains": "broker"}},
		{"slack_get_thread_replies", "lunch", "Broker", obj{"channel_id": "C0INCIDENTS", "thread_ts": "1772373660.0", "contains": "cache"}},
	} {
		text, isError := use(t, c, u.tool, u.args)
		if isError || !strings.Contains(text, u.has) || strings.Contains(text, u.not) {
			t.Errorf("%s %v: %q", u.tool, u.args, text)
		}
	}
	if got := s.called("conversations.history")[0].Get("limit"); got != "100" {
		t.Errorf("words were looked for in %s messages", got)
	}
}

func TestAToolThatCouldNotLookIsAnErrorAndNoEmptyList(t *testing.T) {
	s := readStand(t)
	for _, method := range []string{"conversations.history", "conversations.replies", "conversations.list", "users.list"} {
		s.answer(method, func(url.Values) any { return obj{"ok": false, "error": "missing_scope", "needed": "channels:history"} })
	}
	c := tools(t, s)
	for tool, args := range map[string]obj{
		"slack_list_channels": {}, "slack_get_users": {}, "slack_get_channel_history": {"channel_id": "C0INCIDENTS"},
		"slack_get_thread_replies": {"channel_id": "C0INCIDENTS", "thread_ts": "1.0"},
	} {
		text, isError := use(t, c, tool, args)
		if !isError || !strings.Contains(text, "missing_scope: add the scope channels:history") {
			t.Errorf("%s: %q, error %v", tool, text, isError)
		}
	}
}

func TestATimeThatIsNoneIsAnErrorThatSaysHowToWriteIt(t *testing.T) {
	c := tools(t, readStand(t))
	for _, field := range []string{"oldest", "latest"} {
		text, isError := use(t, c, "slack_get_channel_history", obj{"channel_id": "C0INCIDENTS", field: "yesterday"})
		if !isError || !strings.Contains(text, `"yesterday" is no time: write 2026-03-01T14:00:00Z`) {
			t.Errorf("%q, error %v", text, isError)
		}
	}
}
