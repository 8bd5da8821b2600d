package border

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCutStaysWithinTheLimitAndMarksTheCut(t *testing.T) {
	tests := map[string]struct {
		in   string
		max  int
		want string
		cut  bool
	}{
		"short enough":             {"gateway", 7, "gateway", false},
		"runes count, not bytes":   {"数据库慢", 4, "数据库慢", false},
		"one too many":             {"gateway down", 11, "gateway do…", true},
		"blanks before the mark":   {"gateway down", 9, "gateway…", true},
		"limit one":                {"gateway", 1, "…", true},
		"limit zero":               {"gateway", 0, "", true},
		"limit below zero":         {"", -1, "", false},
		"empty":                    {"", 0, "", false},
		"letter with its mark":     {"ae\u0301xx", 3, "a…", true},
		"mark fits":                {"ae\u0301xx", 4, "ae\u0301…", true},
		"skin tone":                {"a👍🏽bcd", 3, "a…", true},
		"variation selector":       {"a❤\ufe0fbcd", 3, "a…", true},
		"joined family":            {"a👨‍👩‍👧‍👦bc", 8, "a…", true},
		"joined family fits":       {"a👨‍👩‍👧‍👦bc", 9, "a👨‍👩‍👧‍👦…", true},
		"second of two flags":      {"🇩🇪🇫🇷xx", 4, "🇩🇪…", true},
		"keycap":                   {"a1\ufe0f\u20e3bcd", 4, "a…", true},
		"flag with tags":           {"a🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007fbc", 8, "a…", true},
		"one character over limit": {"👨‍👩‍👧‍👦", 3, "…", true},
		"windows line break":       {"a\r\nbc", 3, "a…", true},
		"conjunct":                 {"aक्\u200dषxyz", 4, "a…", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, cut := Cut(tt.in, tt.max)
			if got != tt.want || cut != tt.cut {
				t.Errorf("Cut(%q, %d) = %q, %v; want %q, %v", tt.in, tt.max, got, cut, tt.want, tt.cut)
			}
			checkCut(t, tt.in, tt.max)
		})
	}
}

func TestCutOfALongTitleWithEmojiHasNoHalfCharacter(t *testing.T) {
	title := strings.Repeat("x", 146) + "🔥🔥🔥🔥🔥"
	got, cut := Cut(title, 150)
	if !cut || utf8.RuneCountInString(got) != 150 || got != strings.Repeat("x", 146)+"🔥🔥🔥…" {
		t.Errorf("Cut = %q, %v", got, cut)
	}
}

func checkCut(t *testing.T, s string, max int) {
	t.Helper()
	got, cut := Cut(s, max)
	if n := utf8.RuneCountInString(got); n > max && n > 0 {
		t.Errorf("Cut(%q, %d) has %d runes", s, max, n)
	}
	if !cut && got != s {
		t.Errorf("Cut(%q, %d) = %q without saying so", s, max, got)
	}
	if cut && max > 0 && !strings.HasSuffix(got, "…") {
		t.Errorf("Cut(%q, %d) = %q has no mark", s, max, got)
	}
	if kept := strings.TrimSuffix(got, "…"); cut && !strings.HasPrefix(s, kept) {
		t.Errorf("Cut(%q, %d) = %q is no beginning of it", s, max, got)
	}
	if utf8.ValidString(s) && !utf8.ValidString(got) {
		t.Errorf("Cut(%q, %d) = %q is not UTF-8", s, max, got)
	}
	if again, cutAgain := Cut(got, max); max > 0 && (again != got || cutAgain) {
		t.Errorf("Cut(%q, %d) is not stable: %q, then %q", s, max, got, again)
	}
}

func FuzzCut(f *testing.F) {
	f.Add("a👨‍👩‍👧‍👦bc", 4)
	f.Add("🇩🇪🇫🇷", 3)
	f.Add("e\u0301\u0301\xff\xfe", 2)
	f.Fuzz(func(t *testing.T, s string, max int) {
		if max > 1<<20 {
			return
		}
		checkCut(t, s, max)
		rest := s
		for len(rest) > 0 {
			n, _ := cluster(rest)
			if n <= 0 {
				t.Fatalf("cluster of %q is empty", rest)
			}
			rest = rest[n:]
		}
	})
}
