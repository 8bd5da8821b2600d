package agent

import "testing"

func TestWhatTheFactsSayIsNotSentAgain(t *testing.T) {
	k := linesOf("Review it.\n<<<E1 m\n- Q1 disk full on db-3\n  mount: /var\n\n  free: 0 B\n- Q2 replica lags\nm E1>>>\n")
	for name, c := range map[string]struct{ text, want string }{
		"all of it":                {"- Q1 disk full on db-3\n  mount: /var\n  free: 0 B", "(3 lines as in the facts above)"},
		"with an empty line":       {"- Q1 disk full on db-3\n  mount: /var\n\n  free: 0 B\n", "(3 lines as in the facts above)\n"},
		"indented otherwise":       {"- Q1 disk full on db-3\n    mount: /var\n    free: 0 B", "(3 lines as in the facts above)"},
		"between what is new":      {"2 alerts\n- Q1 disk full on db-3\n  mount: /var\n  since: 03:04\n- Q3 new", "2 alerts\n(2 lines as in the facts above)\n  since: 03:04\n- Q3 new"},
		"one line":                 {"- Q2 replica lags\n  by: 900 s", "- Q2 replica lags\n  by: 900 s"},
		"shorter than the word":    {"  free: 0 B\n  free: 0 B", "  free: 0 B\n  free: 0 B"},
		"nothing known":            {"- Q9\n\n- Q8", "- Q9\n\n- Q8"},
		"nothing":                  {"", ""},
		"almost the same":          {"- Q1 disk full on db-31\n  mount: /var2", "- Q1 disk full on db-31\n  mount: /var2"},
		"empty lines before a new": {"- Q1 disk full on db-3\n  mount: /var\n\nnew", "(2 lines as in the facts above)\n\nnew"},
	} {
		if got := k.leaveOut(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
