package model

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestArgumentsAreReadInTheFormsThatModelsWrite(t *testing.T) {
	for in, want := range map[string]string{
		``:                                    `{}`,
		"  \n":                                `{}`,
		`null`:                                `{}`,
		`""`:                                  `{}`,
		`{}`:                                  `{}`,
		`{"a": 1,  "b":[ "x" ]}`:              `{"a":1,"b":["x"]}`,
		"```json\n{\"a\":1}\n```":             `{"a":1}`,
		"```\r\n{\"a\":1}\r\n```":             `{"a":1}`,
		"```JSON {\"a\":1} ```":               `{"a":1}`,
		"~~~\n{\"a\":1}\n~~~":                 `{"a":1}`,
		`"{\"a\":1}"`:                         `{"a":1}`,
		`"` + "```json\\n{\\\"a\\\":1}\\n```": ``, // an open string is no JSON
		"\"```json\\n{\\\"a\\\":1}\\n```\"":   `{"a":1}`,
		`{"n":12345678901234567890}`:          `{"n":12345678901234567890}`,
		`{"q":"a < b && c"}`:                  `{"q":"a < b && c"}`,
		`{"q":"` + "```x```" + `"}`:           `{"q":"` + "```x```" + `"}`,
		`{"s":"half \ud83d of it"}`:           `{"s":"half ` + "\ufffd" + ` of it"}`,
		`{"s":"a\u0000b\u001b[31mc"}`:         `{"s":"abc"}`,
		"{\"s\":\"caf\xe9\"}":                 `{"s":"caf` + "\ufffd" + `"}`,
		`{"n":12345678901234567890,"s":"\u0007"}`: `{"n":12345678901234567890,"s":""}`,
		`{"k\u0000":{"l":["\u0007x"]}}`:           `{"k":{"l":["x"]}}`,
	} {
		got, problem := ParseArguments(in)
		if want == "" {
			if problem == "" || string(got) != "{}" {
				t.Errorf("%q = %s, problem %q, want a problem", in, got, problem)
			}
			continue
		}
		if string(got) != want || problem != "" {
			t.Errorf("%q = %s, problem %q, want %s", in, got, problem, want)
		}
	}
}

func TestArgumentsThatAreNoObjectHaveAProblemAndNeverRun(t *testing.T) {
	for in, says := range map[string]string{
		`{"a":`:                              "not valid JSON",
		`{`:                                  "not valid JSON",
		`[{"a":1}]`:                          "an array",
		`17`:                                 "a number",
		`true`:                               "a boolean",
		`"words"`:                            "not valid JSON",
		`{"a":1}{"b":2}`:                     "not valid JSON",
		"see:\n```json\n{\"a\":1}\n```":      "not valid JSON",
		"```json\n{\"a\":1}\n```\n```\nx```": "not valid JSON",
		`{'a': 1}`:                           "not valid JSON",
		`{"a":"` + strings.Repeat("x", maxArguments) + `"}`: "longer than",
	} {
		got, problem := ParseArguments(in)
		if string(got) != "{}" || !strings.Contains(problem, says) || len(problem) > 300 {
			t.Errorf("%.40q = %s, problem %q, want one that says %q", in, got, problem, says)
		}
	}
}

func FuzzParseArguments(f *testing.F) {
	f.Add("```json\n{\"a\":1}\n```")
	f.Add(`"{\"a\":\"\\ud83d\"}"`)
	f.Fuzz(func(t *testing.T, in string) {
		got, _ := ParseArguments(in)
		var o map[string]any
		if json.Unmarshal(got, &o) != nil || o == nil {
			t.Errorf("%q = %q, which is no object", in, got)
		}
		again, problem := ParseArguments(string(got))
		if string(again) != string(got) || problem != "" {
			t.Errorf("%q is read again as %q, problem %q", got, again, problem)
		}
	})
}
