package compact

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/agent/model"
)

func turn(n int) []model.Message {
	id := fmt.Sprint("c", n)
	return []model.Message{
		{Role: model.Assistant, Calls: []model.Call{{ID: id, Name: "look", Arguments: json.RawMessage(`{"incident_id":"Q1"}`)}}},
		{Role: model.User, Results: []model.Result{{CallID: id, Name: "look", Text: fmt.Sprintf("<<<E%d k3\nPLAT-%d took 12 min at 2026-03-20T14:02:00Z, user-service used 95%% of 2 GB, see https://wiki.example/%d\nk3 E%d>>>", n, n, n, n)}}},
	}
}

func TestSplitNeverSeparatesACallFromItsResult(t *testing.T) {
	var history []model.Message
	for n := range 5 {
		history = append(history, turn(n)...)
	}
	for keep := range 12 {
		old, recent := Split(history, keep)
		if len(old)+len(recent) != len(history) {
			t.Fatalf("keep %d lost messages", keep)
		}
		if len(recent) > 0 && recent[0].Role != model.Assistant {
			t.Errorf("keep %d begins with a %s message", keep, recent[0].Role)
		}
		if len(recent) < min(keep, len(history)) {
			t.Errorf("keep %d kept %d", keep, len(recent))
		}
	}
}

func TestDigestKeepsWhatALookupNeeds(t *testing.T) {
	d := Digest("", append(turn(1), turn(2)...))
	for _, want := range []string{"E1:", "E2:", "PLAT-1", "PLAT-2", "12 min", "2026-03-20T14:02:00Z", "95%", "2 GB", "https://wiki.example/2", "user-service", `{"incident_id":"Q1"}`} {
		if !strings.Contains(d, want) {
			t.Errorf("%q is lost in %s", want, d)
		}
	}
}

func TestDigestCarriesOnWhatWasKeptBefore(t *testing.T) {
	first := Join("one", Digest("", turn(1)))
	second := Join("two", Digest(first, turn(2)))
	if !strings.Contains(second, "PLAT-1") || !strings.Contains(second, "PLAT-2") || strings.Contains(second, "one") || strings.Count(second, "Kept word for word") != 1 {
		t.Error(second)
	}
}

func TestDigestIsBounded(t *testing.T) {
	var old []model.Message
	for n := range 500 {
		old = append(old, turn(n)...)
	}
	if d := Digest("", old); len(d) > maxDigest+8 {
		t.Errorf("%d bytes", len(d))
	}
}
