package border

import (
	"encoding/json"
	"testing"
)

func TestLooseReadsATextAlsoWhereAModelWroteANumber(t *testing.T) {
	for in, want := range map[string]Loose{
		`" Q1 "`: "Q1", `3129`: "3129", `1774015080.361122`: "1774015080.361122", `null`: "", `{"a":1}`: "", `true`: "",
	} {
		var l Loose
		if err := json.Unmarshal([]byte(in), &l); err != nil || l != want {
			t.Errorf("%s: %q, %v", in, l, err)
		}
	}
	for in, want := range map[Loose]int{"12": 12, "-3": 0, "": 0, "many": 0} {
		if got := in.Count(); got != want {
			t.Errorf("%q counts %d", in, got)
		}
	}
}
