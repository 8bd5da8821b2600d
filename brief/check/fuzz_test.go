package check

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"
)

// texts are what the fuzz targets begin with: the forms that models, monitoring and
// people use, in several scripts, and what looks like one of them and is none.
var texts = []string{
	honest,
	"| a | `b \\| c` |\n|-|-|\n| PLAT-892 | x |",
	"POST /v2/bookings answers 502 at 11.4% (threshold 5%), 3 of 6 pods in CrashLoopBackOff",
	"the oldest message was 14 min old; 8,200 were left 10 minutes ago",
	"after 7 and 5 minutes, 90 seconds and 6 minutes, 1 h 15 min, 1.25 hours, two minutes",
	"from 13:00 to 15:00 UTC, 2:30 PM CET, 14:00Z, 19:30+05:30, 2 PM UTC, 14:30 XYZ",
	"Feb 15th, 2026, 15 February, 2026-02-15T03:10:00Z, 2月15日, 2026年2月15日",
	"8.4 %, 8,4%, ８.４％, ٨٫٤٪, 9.8k, 1,250,000, 1Gi, 1024Mi, 0.4 GB",
	"order-apiの5xx率は12.5%（しきい値5%）、order-api-5c4dの接続数は200/200",
	"Ольга Смирнова пишет, что order-api отвечает 502 с 13:55 UTC",
	"يوسف العلي: الطلبات تفشل منذ 13:55 UTC",
	"says Karl Brandt; assigned to Inês Duarte, cc @karl.b, ask 山田 太郎",
	"`kubectl -n rides rollout restart deploy/x` and rm /srv/*.lock in /var/log/app.log on db7.ams.example",
	"[RIDE-7](https://a.example/browse/RIDE-7), <https://b.example/x|b>, ![c](https://c.example/p.png), [d][1]\n\n[1]: https://d.example",
	"v2.31.0 of fare-engine (SHA256:9fTq4mW1demo, 1a2b3c4d5e), 198.51.100.7, P1, SEV-2, +47 22 99 10 10",
	"#4711 Q1GATEWAY502AA [E3], [E4; E5] \\[E6\\] E7",
	"> **RECURRING** | **Urgency:** High | Status: resolved - Service: x · ID: Q1",
	"“no space left on device”, \"no space left on device\"",
	"```\nrm -rf /\n```\n~~~\nls\n~~~",
	"UTF-8, SHA-256, 24/7, e.g. x.y, i.e. Node.js, follow-up, top-10, 5-minute",
	"\x00\xff\u202e\ufeff\u200b🔥👩‍💻 1\u00a0000 %",
	// What the targets found before: where a word, an address and a figure touch.
	"a000A0AAAA AAAAA:000", "0 500", "tim 1d", "# 500 500 eaaaaa on /000/v0%00000", "P1 SEV0+00000000A", "+0000  000", "0's 000",
	"2.1.0 b2-920019!1!7b09d072$19.1.91.09$P127072+877#00 0", "يًف ي:", "order-api-5c4dの接続数", "1/2/1/2/1/2", "aあaあ1", "1,000,000,000,",
}

// briefs are whole texts as models write them and as they are posted: honest, sloppy
// and lying ones of every incident file.
func briefs(f *testing.F) []string {
	f.Helper()
	files, err := filepath.Glob("../../triage/testdata/incidents/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d incident files: %v", len(files), err)
	}
	var out []string
	for _, name := range append(files, "testdata/forms.txtar") {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range a.Files {
			if strings.HasSuffix(part.Name, ".md") {
				out = append(out, string(part.Data))
			}
		}
	}
	return out
}

// FuzzAtoms takes any text apart. Every atom is a part of it that has a key, and
// only a quotation and the address in a command overlap another.
func FuzzAtoms(f *testing.F) {
	for _, s := range append(briefs(f), texts...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end, code := 0, false
		for _, a := range Atoms(text) {
			if a.Start < 0 || a.End > len(text) || a.Start >= a.End {
				t.Fatalf("%+v of %d bytes", a, len(text))
			}
			if a.Key == "" && a.Kind != Person {
				t.Errorf("%+v has no key", a)
			}
			if a.Kind == Quote {
				continue
			}
			if a.Start < end && !(code && a.Kind == Link && a.End <= end) {
				t.Errorf("%+v begins before %d", a, end)
			}
			end, code = max(end, a.End), a.Kind == Code || code && a.Start < end
		}
		for _, w := range words(text) {
			if w.start < 0 || w.end > len(text) || w.start >= w.end {
				t.Fatalf("word %+v of %d bytes", w, len(text))
			}
		}
	})
}

// FuzzCheck checks any text. No link that the evidence does not have survives, and
// a text that was checked has nothing left to repair or to remove.
func FuzzCheck(f *testing.F) {
	for _, s := range append(briefs(f), texts...) {
		f.Add(s)
	}
	x := NewIndex(sample(), nil)
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) { // the border lets no other through
			return
		}
		checked := Brief(text, x).Markdown
		fence := ""
		for line := range strings.SplitSeq(checked, "\n") {
			if mark := fenceLine.FindString(strings.TrimSpace(line)); mark != "" && (fence == "" || strings.HasPrefix(mark, fence)) {
				if fence == "" {
					fence = mark
				} else {
					fence = ""
				}
			}
			for _, a := range Atoms(line) {
				if a.Kind == Link && fence == "" && !x.has(Link, a.Key) && !strings.Contains(line, Mark) {
					t.Errorf("the link %s is still there: %q", a.Text, line)
				}
			}
		}
	})
}

var cited = regexp.MustCompile(`\\?\[?\bE\d+\b`)

// FuzzWhatTheEvidenceSays holds a line against evidence that is the same line:
// nothing in it is without evidence.
func FuzzWhatTheEvidenceSays(f *testing.F) {
	for _, s := range append(briefs(f), texts...) {
		for line := range strings.SplitSeq(s, "\n") {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\x00") {
			return
		}
		text = cited.ReplaceAllString(plainDigits(text), "") // the evidence here has no such number
		for listMarker.MatchString(text) {                   // as the evidence's lines are read
			text = listMarker.ReplaceAllString(text, "")
		}
		x := indexOf(text)
		l := x.readAs(text, Atoms(text))
		for _, a := range l.atoms {
			if a.Kind == Citation || a.Kind == Quote {
				continue
			}
			if x.judge(l, a) != supported {
				t.Errorf("%+v is not in %q", a, text)
			}
		}
	})
}
