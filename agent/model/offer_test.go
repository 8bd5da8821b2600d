package model

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOfferSortsToolsAndMakesSchemasObjects(t *testing.T) {
	in := []Tool{
		{Name: "b", Description: "second", Schema: json.RawMessage(`{"type":"object","properties":{"z":{"type":"string"},"a":{"maximum":9007199254740993}},"required":["z"]}`)},
		{Name: "a", Schema: json.RawMessage(`{"anyOf":[{}],"type":["object","null"]}`)},
		{Name: "b", Description: "again"},
	}
	want := []Tool{
		{Name: "a", Schema: json.RawMessage(`{"properties":{},"type":"object"}`)},
		{Name: "b", Description: "second", Schema: json.RawMessage(`{"properties":{"a":{"maximum":9007199254740993},"z":{"type":"string"}},"required":["z"],"type":"object"}`)},
	}
	if diff := cmp.Diff(want, Offer(in)); diff != "" {
		t.Error(diff)
	}
	if in[0].Name != "b" || string(in[1].Schema) == string(want[0].Schema) {
		t.Error("the input was changed")
	}
}
