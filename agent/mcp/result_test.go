package mcp

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/agent/tool"
)

// answered is what a pool makes of an answer.
func answered(t *testing.T, limit int, res *sdk.CallToolResult) tool.Result {
	t.Helper()
	s := sdk.NewServer(&sdk.Implementation{Name: "s", Version: "1"}, nil)
	s.AddTool(&sdk.Tool{Name: "t", InputSchema: anything}, func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) { return res, nil })
	return call(t, newPool(t, Options{ResultCap: limit}, Server{Name: "s", InMemory: s}), "mcp__s__t", "")
}

func text(parts ...string) *sdk.CallToolResult {
	res := &sdk.CallToolResult{}
	for _, p := range parts {
		res.Content = append(res.Content, &sdk.TextContent{Text: p})
	}
	return res
}

func TestErrorsInTheClothesOfASuccessAreFailures(t *testing.T) {
	for answer, failed := range map[string]bool{
		`{"error":"invalid_auth"}`:                                   true,
		`{"ok":false,"error":"channel_not_found"}`:                   true,
		"\n {\"success\": false, \"result\": {\"n\": 1}}":            true,
		`{"error":{"code":401}}`:                                     true,
		`{"result":"{\"error\":\"Confluence answered 401\"}"}`:       true,
		`{"ok":true,"error":null}`:                                   false,
		`{"error":"","messages":[]}`:                                 false,
		`{"errors_total":3,"message":"error: disk full"}`:            false,
		`{"incident":{"title":"t","error":"in a field of its own"}}`: false,
		`[{"error":"one of many"}]`:                                  false,
		`error: in plain text`:                                       false,
	} {
		want(t, answered(t, 0, text(answer)), failed)
	}
	want(t, answered(t, 0, text(`{"ok":true}`, `{"error":"one part"}`)), false)
	want(t, answered(t, 0, &sdk.CallToolResult{IsError: true, Content: text("no such incident").Content}), true, "no such incident")
}

func TestTextIsShownOnceAndTheStructuredFormOnlyWithoutIt(t *testing.T) {
	both := text(`{"id":"Q1"}`)
	both.StructuredContent = map[string]any{"id": "Q1"}
	if got := answered(t, 0, both); got.Text != `{"id":"Q1"}` {
		t.Errorf("text: %s", got.Text)
	}
	if got := answered(t, 0, &sdk.CallToolResult{Content: []sdk.Content{}, StructuredContent: map[string]any{"error": "e"}}); got.Text != `{"error":"e"}` || !got.Failed {
		t.Errorf("structured: %+v", got)
	}
	want(t, answered(t, 0, text("")), false, "answered with nothing")
}

func TestWhatIsNoTextIsNamedAndNotDumped(t *testing.T) {
	got := answered(t, 0, &sdk.CallToolResult{Content: []sdk.Content{
		&sdk.TextContent{Text: "a graph:"},
		&sdk.ImageContent{MIMEType: "image/png", Data: make([]byte, 3000)},
		&sdk.AudioContent{MIMEType: "audio/wav", Data: make([]byte, 40)},
		&sdk.EmbeddedResource{Resource: &sdk.ResourceContents{URI: "file:///dump.bin", Blob: make([]byte, 500)}},
		&sdk.EmbeddedResource{Resource: &sdk.ResourceContents{URI: "file:///notes.txt", Text: "the notes"}},
		&sdk.ResourceLink{Name: "runbook", URI: "https://wiki.example.com/1"},
	}})
	want(t, got, false, "a graph:", "[image image/png, 3000 bytes, not shown]", "[audio audio/wav, 40 bytes, not shown]",
		"[file file:///dump.bin, 500 bytes, not shown]", "the notes", "[link runbook https://wiki.example.com/1]")
	if strings.Contains(got.Text, "AAAA") {
		t.Error("the picture was dumped")
	}
}

func TestALongAnswerIsCutAtALineAndSaysHowMuchIsShown(t *testing.T) {
	line := "2026-11-25 ünïcödé log line\n"
	got := answered(t, 1000, text(strings.Repeat(line, 10_000)))
	if !got.Cut || len(got.Text) > 1000 || !utf8.ValidString(got.Text) {
		t.Fatalf("cut %v, %d bytes", got.Cut, len(got.Text))
	}
	body, note, _ := strings.Cut(got.Text, "\n[cut: ")
	if !strings.HasSuffix(body, "log line") || note != "783 of 280000 characters shown; ask more narrowly]" || utf8.RuneCountInString(body) != 783 {
		t.Errorf("%d characters, note %q", utf8.RuneCountInString(body), note)
	}
	if got := answered(t, 1000, text(strings.Repeat("ü", 500))); got.Cut {
		t.Error("an answer that fits was cut")
	}
}

func TestAnAnswerIsCleanedBeforeAnyoneReadsIt(t *testing.T) {
	got := answered(t, 0, text("run @@@hl@@@kubectl@@@endhl@@@ rollout \x1b[31mundo\x00\r\npassword=hunter2hunter2 and ghp_0123456789abcdefghijABCDEFGHIJ012345"))
	want(t, got, false, "run kubectl rollout ")
	for _, bad := range []string{"@@@", "\x1b", "\x00", "\r", "hunter2", "ghp_01"} {
		if strings.Contains(got.Text, bad) {
			t.Errorf("%q is left in %q", bad, got.Text)
		}
	}
}

func TestASecretOnTheEdgeOfTheCutIsGone(t *testing.T) {
	for pad := 880; pad < 920; pad++ {
		got := answered(t, 1000, text(strings.Repeat("x", pad)+" xoxb-123456789012-abcdefghijklmnop "+strings.Repeat("y", 500)))
		if strings.Contains(got.Text, "xoxb") {
			t.Fatalf("at %d: %s", pad, got.Text[pad:])
		}
	}
}

func TestArgumentsAreMendedAsTheSchemaSays(t *testing.T) {
	schema := json.RawMessage(`{"type":"object","required":["query","plain","outer"],"properties":{
		"query":{"type":"object","properties":{"statuses":{"type":"array","items":{"type":"string"}},"limit":{"type":"integer"}}},
		"plain":{"type":"string"},"limit":{"type":"integer"},"on":{"type":"boolean"},"ts":{"type":"string"},"any":{},
		"outer":{"type":"object","required":["inner"],"properties":{"inner":{"type":"object"}}}}}`)
	for in, out := range map[string]string{
		``:                    `{"outer":{"inner":{}},"query":{}}`,
		`null`:                `{"outer":{"inner":{}},"query":{}}`,
		`""`:                  `{"outer":{"inner":{}},"query":{}}`,
		`"{\"plain\":\"p\"}"`: `{"outer":{"inner":{}},"plain":"p","query":{}}`,
		`{"query":"{\"statuses\":\"[\\\"triggered\\\"]\",\"limit\":\"5\"}","outer":{"inner":1}}`: `{"outer":{"inner":1},"query":{"limit":5,"statuses":["triggered"]}}`,
		`{"plain":"{\"a\":1}","limit":"10","on":"true","any":"5"}`:                               `{"any":"5","limit":10,"on":true,"outer":{"inner":{}},"plain":"{\"a\":1}","query":{}}`,
		`{"limit":"ten","on":"yes","query":"open ones"}`:                                         `{"limit":"ten","on":"yes","outer":{"inner":{}},"query":"open ones"}`,
		`{"limit":null,"plain":null,"other":null}`:                                               `{"other":null,"outer":{"inner":{}},"plain":null,"query":{}}`,
		`{"ts":1764072000.123456789,"any":12345678901234567890}`:                                 `{"any":12345678901234567890,"outer":{"inner":{}},"query":{},"ts":"1764072000.123456789"}`,
	} {
		args, err := arguments(schema, json.RawMessage(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got, _ := json.Marshal(args); string(got) != out {
			t.Errorf("%s\n got %s\nwant %s", in, got, out)
		}
	}
}
