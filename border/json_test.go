package border

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type ticket struct {
	ID      string    `json:"id"`
	Summary string    `json:"summary"`
	Count   int       `json:"count"`
	At      time.Time `json:"at"`
}

func TestDecodeJSONReadsWhatOthersSend(t *testing.T) {
	tests := map[string]struct {
		in   string
		want ticket
	}{
		"plain":                      {`{"id":"A","summary":"s"}`, ticket{ID: "A", Summary: "s"}},
		"byte order mark and blanks": {"\ufeff \n{\"id\":\"A\"}\n", ticket{ID: "A"}},
		"latin-1 byte":               {"{\"summary\":\"caf\xe9\"}", ticket{Summary: "caf\ufffd"}},
		"unpaired surrogate":         {`{"summary":"Pool \ud83d exhausted"}`, ticket{Summary: "Pool \ufffd exhausted"}},
		"surrogates the wrong way":   {`{"summary":"\ude00\ud83d"}`, ticket{Summary: "\ufffd\ufffd"}},
		"unknown fields":             {`{"id":"A","number":123456789012345678901234567890,"x":{"y":[{}]}}`, ticket{ID: "A"}},
		"keys match exactly":         {`{"id":"A","ID":"B","Id":"C","iD":"D"}`, ticket{ID: "A"}},
		"null":                       {`{"id":null,"summary":"s"}`, ticket{Summary: "s"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got ticket
			if err := DecodeJSON([]byte(tt.in), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeJSONSaysWhatIsWrongWithoutTheBody(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"empty":      {" \n", "the body is empty"},
		"page":       {"<html>SEKRIT</html>", "an HTML or XML page"},
		"text":       {"OK SEKRIT", "byte 1 "},
		"cut off":    {`{"id":"SEKRIT`, "ends too early, after 13 bytes"},
		"two values": {`{"id":"SEKRIT"} {}`, "byte 17 "},
		"bad escape": {`{"id":"\qSEKRIT"}`, "byte 9 "},
		"NaN":        {`{"count":NaN}`, "byte 10 "},
		"odd time":   {`{"at":"yesterday"}`, "unexpected JSON value"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got ticket
			err := DecodeJSON([]byte(tt.in), &got)
			var field *FieldError
			if err == nil || errors.As(err, &field) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "SEKRIT") {
				t.Errorf("err = %v, want it to hold %q", err, tt.want)
			}
		})
	}
}

func TestDecodeJSONKeepsTheRestOfARecordWithOneOddField(t *testing.T) {
	for name, in := range map[string]string{
		"type":          `{"count":"many","id":"A","summary":"s"}`,
		"number range":  `{"id":"A","count":12345678901234567890,"summary":"s"}`,
		"null in a row": `{"id":"A","count":[1],"summary":"s"}`,
	} {
		t.Run(name, func(t *testing.T) {
			var got ticket
			err := DecodeJSON([]byte(in), &got)
			var field *FieldError
			if !errors.As(err, &field) || len(err.Error()) > 250 {
				t.Fatalf("err = %v", err)
			}
			if diff := cmp.Diff(ticket{ID: "A", Summary: "s"}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeJSONIsStableOverOurOwnEncoding(t *testing.T) {
	want := map[string]any{"a": "é", "n": int64(1 << 60), "f": 1.5, "l": []any{true, nil}}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := DecodeJSON(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
