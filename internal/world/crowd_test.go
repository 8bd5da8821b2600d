package world

import "testing"

func TestCrowdHasDistinctIncidents(t *testing.T) {
	company, err := Crowd(20, 20)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Start(company, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	seen := map[string]bool{}
	for i := range 20 {
		seen[w.IncidentID(CrowdName(i))] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d distinct incidents of 20", len(seen))
	}
}
