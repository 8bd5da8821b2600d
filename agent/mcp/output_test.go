package mcp

import (
	"bytes"
	"strings"
	"testing"
)

func TestOnlyMessagesPassHoweverTheyAreCutIntoPieces(t *testing.T) {
	stream := "\ufeff{\"jsonrpc\":\"2.0\",\"id\":1}\r\nbanner {\n{\"level\":\"info\"}\n[{\"jsonrpc\":\"2.0\"}]\n\n  {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"a\":\"}{\"}}  \n{\"jsonrpc\":\"2.0\"\n{\"jsonrpc\":\"2.0\",\"id\":3}"
	for size := 1; size <= len(stream); size++ {
		var got bytes.Buffer
		m := &messages{to: &got, broken: func() { t.Error("broken") }}
		for i := 0; i < len(stream); i += size {
			piece := stream[i:min(i+size, len(stream))]
			if n, err := m.Write([]byte(piece)); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
		}
		if want := "{\"jsonrpc\":\"2.0\",\"id\":1}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"a\":\"}{\"}}\n"; got.String() != want {
			t.Fatalf("in pieces of %d: %q", size, got.String())
		}
		if lines, size := m.noise(); lines != 4 || size != 59 {
			t.Fatalf("noise: %d lines, %d bytes", lines, size)
		}
	}
}

func TestTheEndOfStderrBeginsWithAWholeLine(t *testing.T) {
	r := &ring{limit: 32}
	for _, s := range []string{"token=" + strings.Repeat("s", 100), "\n", "first\n", "second\n"} {
		if n, err := r.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := r.text(); got != "first\nsecond\n" {
		t.Errorf("%q", got)
	}
	if _, _ = r.Write(bytes.Repeat([]byte("s"), 99)); r.text() != "" {
		t.Errorf("%q", r.text())
	}
}
