package border

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestCleanKeepsTheWordsAndDropsWhatBreaksThem(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"plain text":                      {"disk 91% full on db-1 (/var/lib)", "disk 91% full on db-1 (/var/lib)"},
		"line breaks and tabs stay":       {"a\n\tb", "a\n\tb"},
		"windows line breaks":             {"a\r\nb\r\n", "a\nb\n"},
		"old mac and progress bars":       {"10%\r20%\r30%", "10%\n20%\n30%"},
		"unicode line breaks":             {"a\u2028b\u2029c\u0085d\ve\ff", "a\nb\nc\nd\ne\nf"},
		"nul and bell":                    {"db\x00 down\a now\x7f", "db down now"},
		"colour":                          {"\x1b[31mCRIT\x1b[0m gateway", "CRIT gateway"},
		"colour with many parameters":     {"\x1b[38;2;255;0;0mCRIT\x1b[m", "CRIT"},
		"cursor moves and erase":          {"ok\x1b[2K\x1b[1Afailed", "okfailed"},
		"eight bit CSI":                   {"\u009b31mCRIT", "CRIT"},
		"terminal title":                  {"\x1b]0;owned\aCRIT", "CRIT"},
		"terminal hyperlink":              {"\x1b]8;;https://x.example\x1b\\runbook\x1b]8;;\x1b\\", "runbook"},
		"title that never ends":           {"\x1b]0;all of this must stay", "0;all of this must stay"},
		"charset switch":                  {"\x1b(Bdone", "done"},
		"escape before a word":            {"\x1bword", "word"},
		"escape at the end":               {"end\x1b", "end"},
		"latin-1 byte":                    {"caf\xe9 down", "caf\ufffd down"},
		"a run of bad bytes":              {"x\xff\xfe\xfdy", "x\ufffdy"},
		"a run of replacement characters": {"x\ufffd\ufffd\ufffdy", "x\ufffdy"},
		"bad bytes around a control":      {"\xff\x00\xff", "\ufffd"},
		"half an emoji in CESU-8":         {"Pool \xed\xa0\xbd exhausted", "Pool \ufffd exhausted"},
		"a whole emoji in CESU-8":         {"Pool \xed\xa0\xbd\xed\xb8\x80 ok", "Pool 😀 ok"},
		"direction override":              {"safe\u202egpj.exe\u202c", "safegpj.exe"},
		"isolates and marks":              {"\u2066a\u2069\u200f\u200e\u061cb", "ab"},
		"zero width between letters":      {"pass\u200bwo\u2060rd\ufeff", "password"},
		"joiner between latin letters":    {"pay\u200dpal pay\u200cpal", "paypal paypal"},
		"soft hyphen":                     {"in\u00adcident", "incident"},
		"tags hidden in a title":          {"ok\U000e0069\U000e0067\U000e006e", "ok"},
		"tags hidden behind a flag":       {"🏴\U000e0069\U000e0020", "🏴"},
		"variation selectors as a code":   {"😀\U000e0101\U000e0102\U000e0103", "😀\U000e0101"},
		"noncharacters":                   {"a\ufffeb\uffffc", "abc"},
		"family emoji":                    {"👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"},
		"heart on fire":                   {"❤️‍🔥", "❤️‍🔥"},
		"flag of Wales":                   {"🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f", "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"},
		"persian half space":              {"می\u200cخواهم", "می\u200cخواهم"},
		"indic conjunct":                  {"क्\u200dष", "क्\u200dष"},
		"combining marks":                 {"e\u0301", "e\u0301"},
		"chinese, arabic, hebrew":         {"数据库 قاعدة מסד", "数据库 قاعدة מסד"},
		"no-break space":                  {"5\u00a0GB", "5\u00a0GB"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := Clean(tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Clean(%q) (-want +got):\n%s", tt.in, diff)
			}
			checkClean(t, tt.in)
		})
	}
}

func TestCleanDropsEveryControlCharacter(t *testing.T) {
	for r := rune(0); r < 0xa0; r++ {
		if !unicode.IsControl(r) {
			continue
		}
		checkClean(t, "before"+string(r)+"after")
		if got := Clean("before" + string(r) + "after"); !strings.HasPrefix(got, "before") || !strings.HasSuffix(got, "after") {
			t.Errorf("U+%04X took words along: %q", r, got)
		}
	}
}

func TestCleanLimitsWhatOneSequenceMaySwallow(t *testing.T) {
	long := "\x1b]0;" + strings.Repeat("x", 3*maxControlString) + "\a tail"
	if got := Clean(long); len(got) < 3*maxControlString {
		t.Errorf("one escape sequence swallowed %d bytes", len(long)-len(got))
	}
}

func TestLineIsOneTrimmedLine(t *testing.T) {
	tests := map[string]string{
		"  a\r\n\r\n  b\tc  ": "a b c",
		"rm  -rf  x":          "rm  -rf  x",
		"\n\t \n":             "",
		"a \x1b[1m\n b":       "a b",
		"a\u2028b":            "a b",
	}
	for in, want := range tests {
		got := Line(in)
		if got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
		if again := Line(got); again != got {
			t.Errorf("Line is not stable: %q, then %q", got, again)
		}
	}
}

// checkClean holds for every input.
func checkClean(t *testing.T, in string) {
	t.Helper()
	got := Clean(in)
	if !utf8.ValidString(got) {
		t.Errorf("Clean(%q) = %q is not UTF-8", in, got)
	}
	if again := Clean(got); again != got {
		t.Errorf("Clean is not stable: %q, then %q, then %q", in, got, again)
	}
	if strings.Contains(got, "\ufffd\ufffd") {
		t.Errorf("Clean(%q) = %q has a run of U+FFFD", in, got)
	}
	for _, r := range got {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u200b' {
			t.Errorf("Clean(%q) = %q still has %U", in, got, r)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a\x1b[31mb", "\x1b]0;t\a", "\xed\xa0\xbd\xed\xb8\x80", "🏴\U000e0067\U000e007f", "می\u200cx", "\r\r\n", "\u009d\u009c", "👩🏽\u200d🚒️️"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkClean(t, s)
		if l := Line(s); strings.ContainsAny(l, "\n\t") || Line(l) != l {
			t.Errorf("Line(%q) = %q", s, l)
		}
	})
}
