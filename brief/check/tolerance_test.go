package check

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/evidence"
	"github.com/opsbuddy/opsbuddy/incident"
)

// edges are the nearest that is still equal and the nearest that is no more, for
// every row of the table in doc.go, under the heading that the row is about.
var edges = []struct {
	row, heading, evidence string
	same, other            []string
}{
	{"a link", "Notes", "see https://a.example/x/", []string{"https://a.example/x", "see https://a.example/x."}, []string{"https://a.example/x/y", "https://a.example/X"}},
	{"a name, a word", "Notes", "page Inês Duarte, db-7 is down", []string{"page INES DUARTE", "DB-7 is down"}, []string{"page Ines Duartes", "db-8 is down"}},
	{"a digit", "Notes", "errors: 8.4%", []string{"errors: ８.４％", "errors: ٨٫٤٪"}, []string{"errors: ８.５％", "errors: ٩٪"}},
	{"a number, a percent", "Notes", "errors: 8.4%\nrequests: 9750\n  share_rate: 0.114", []string{"8% errors", "9.8k requests", "9,750 requests", "11.4% share rate"}, []string{"0% errors", "9% errors", "8.3% errors", "9.6k requests", "9,751 requests", "11.5% share rate"}},
	{
		"a size", "Notes", "limit: 512Mi, disk: 1Gi, heap: 400 MB, swap: 10.4 GB",
		[]string{"limit 512Mi", "limit 537 MB", "limit 500 MB", "limit 0.5 GB", "disk 1000 MB", "disk 1024Mi", "disk 1 GB", "swap 10 GB"},
		[]string{"limit 500Mi", "limit 540 MB", "limit 480 MB", "limit 511Mi", "heap 390 MB", "heap 399 MB", "swap 11 GB", "disk 900 MB"},
	},
	{"a duration", "Notes", "copy took 690 s, scan took 779 s", []string{"copy took 12 min", "copy took 11 min", "scan took 12 min", "scan took 12 min 59 s", "scan took twelve minutes"}, []string{"copy took 10 min", "copy took 13 min", "scan took 11 min", "scan took 14 min", "copy took 691 s"}},
	{"\"ago\"", "Notes", "- 2026-03-20 12:22 UTC started", []string{"started 100 minutes ago", "started 110 minutes ago", "started 90 minutes ago", "started 2 hours ago"}, []string{"started 115 minutes ago", "started 85 minutes ago", "started 3 hours ago"}},
	{"\"in 58 minutes\"", "Notes", "the cut-off is at 15:00 UTC", []string{"the cut-off is in 58 minutes", "the cut-off is in 59 minutes", "the cut-off is in 57 minutes", "the cut-off is in 1 hour"}, []string{"the cut-off is in 60 minutes", "the cut-off is in 56 minutes", "the cut-off is in 3 hours"}},
	{"a range", "Notes", "copy took 12 min", []string{"copy took 12 to 15 minutes", "copy took between 3 and 12 minutes", "copy took 10–15 min"}, []string{"copy took 13 to 15 minutes", "copy took between 2 and 11 minutes", "copy took 2–12 min"}},
	{"how far apart", "Notes", "the import began at 13:40 UTC", []string{"the import began at 13:40 UTC, 19 minutes before the first alert", "the import began at 13:40 UTC, 22 minutes earlier"}, []string{"the import began at 13:40 UTC, 18 minutes before the first alert", "the import began at 13:40 UTC, 31 minutes earlier"}},
	{"a time of day", "Notes", "down since 09:00 UTC", []string{"down since 9:01 UTC", "down since 08:59Z", "down since 10:01 CET"}, []string{"down since 09:02 UTC", "down since 08:58 UTC", "down since 09:00 CET", "down since 09:00 IST"}},
	{
		"a unit left out", "Notes", "- slow from 13:46 to 13:53 UTC, waited 14 min (threshold 10 min)\n- the copies took 7 min and 5 min",
		[]string{"slow between 1:46 and 1:53 PM UTC", "waited 14 min; we alert at 10.", "the copies took 7 and 5 minutes"},
		[]string{"slow between 1:36 and 1:53 PM UTC", "slow between 1:46 and 1:53 AM UTC", "waited 14 min; we alert at 20.", "the copies took 8 and 5 minutes"},
	},
	{"a date", "Notes", "on 2026-02-15", []string{"on Feb 15th", "on 15 February 2026", "2月15日", "in February"}, []string{"on Feb 14", "on 15 February 2025", "in April"}},
	{"a number in words", "Notes", "reloads: 7, broken files: 45, downtime: 28 min, errors: 15%", []string{"seven reloads", "forty-five broken files", "downtime of half an hour", "fifteen percent errors"}, []string{"six reloads", "forty-six broken files", "fifty percent errors"}},
	{"a count", "Has This Happened Before?", "", []string{"- the third time", "- 3rd time", "- three times", "- it came twice before"}, []string{"- the second time", "- 4th time", "- four times"}},
	{"a status", "Notes", "", []string{"PLAT-892 is open", "PLAT-892 is in progress", "PLAT-892 [In Progress]"}, []string{"PLAT-892 is done", "PLAT-892 is closed", "PLAT-892 is to do"}},
	{"a quotation", "Notes", "it says: no space left, on device!", []string{"“No space left on device”"}, []string{"“no space left on a device”", "“no memory left on device”"}},
	{"a command", "Notes", "run `ship drain <node> --now` on user-service-7d9f", []string{"`ship drain user-service-7d9f --now`", "`SHIP  drain user-service-7d9f --now`"}, []string{"`ship drain user-service-7d9f --now --force`", "`ship drain user-service-9x1b --now`"}},
	{"a ticket's summary", "Open Tickets", "", []string{"| PLAT-892 | leak of memory found today |"}, []string{"| PLAT-892 | leak found today again |", "| PLAT-892 | memory leak in db-7 |"}},
	{"what somebody said", "Notes", "- 2026-03-20 14:01 UTC Omar Haddad: customers cannot pay", []string{"Omar Haddad says customers cannot finish orders today"}, []string{"Omar Haddad says customers finish long orders twice today"}},
	{"an earlier incident", "Has This Happened Before?", "", []string{"- #4502: restarted user-service quickly", "- #4502: restarted slowly, errors stopped quickly"}, []string{"- #4502: electricity vanished quickly after restarting"}},
	{"a sentence", "What's Happening?", "pods crash while memory grows", []string{"- pods crash, colours fade loudly", "- purple memory"}, []string{"- purple colours fade loudly near windows"}},
}

func TestEachToleranceIsTheOneWrittenDown(t *testing.T) {
	for _, e := range edges {
		t.Run(e.row, func(t *testing.T) {
			f := sample()
			f.Incident.CreatedAt = now
			if e.evidence != "" {
				f.Items = append(f.Items, evidence.Item{Number: 8, Source: "notes", State: evidence.Found, Text: e.evidence})
			}
			f.Incident.Service = incident.Ref{ID: "PSVC001", Name: "api-gateway"}
			x := NewIndex(f, nil)
			above := "## " + e.heading + "\n"
			if e.heading == "Open Tickets" {
				above += "| Ticket | Summary |\n|---|---|\n"
			}
			for want, lines := range map[bool][]string{true: e.same, false: e.other} {
				for _, line := range lines {
					if r := Brief(above+line, x); r.Clean() != want {
						t.Errorf("%q: equal %v, want %v: %s", line, r.Clean(), want, strings.TrimPrefix(r.Markdown, above))
					}
				}
			}
		})
	}
}

func TestEachRowOfTheTableOfTolerancesHasItsEdges(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^//\t(\S.*?)(?:  +.*)?$`).FindAllStringSubmatch(string(doc), -1)
	if len(rows) != len(edges) {
		t.Errorf("%d rows, %d with edges", len(rows), len(edges))
	}
	for _, row := range rows {
		if !slices.ContainsFunc(edges, func(e struct {
			row, heading, evidence string
			same, other            []string
		}) bool {
			return e.row == row[1]
		}) {
			t.Errorf("the row %q has no edges", row[1])
		}
	}
}

func TestNumbersInWordsAreNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"seven restarts":                    "number 7",
		"Forty-five open files":             "number 45",
		"after thirty minutes":              "duration 1800",
		"half an hour":                      "duration 1800",
		"half a minute":                     "duration 30",
		"from fifteen percent on":           "percentage 15",
		"two causes":                        "",
		"seven":                             "",
		"four out of ten charges":           "",
		"a hundred and sixty workers":       "",
		"six of the pods":                   "",
		"the five nines that nobody counts": "number 5",
	} {
		var got []string
		for _, a := range Atoms(text) {
			got = append(got, string(a.Kind)+" "+number(a.Value))
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%q holds %q, want %q", text, s, want)
		}
	}
}
