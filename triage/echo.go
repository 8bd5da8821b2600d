package triage

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// What a model asks for comes back in many answers: "no page matches X", "the value X
// does not exist". Such an answer is no evidence of X. Else a model could have any claim
// vouched for by asking a tool for it first.

// echoed stands for the model's own words in a tool's answer.
const echoed = "…"

var aWord = regexp.MustCompile(`[\p{L}\p{N}_](?:[\p{L}\p{N}_.:/@#-]*[\p{L}\p{N}_])?`)

// withoutWords takes the words of a call out of what a tool said when it failed.
func withoutWords(text, tool string, arguments json.RawMessage) string {
	asked := map[string]bool{}
	for _, v := range append(valuesIn(arguments), tool) {
		for _, w := range aWord.FindAllString(v, -1) {
			asked[strings.ToLower(w)] = true
		}
	}
	return aWord.ReplaceAllStringFunc(text, func(w string) string {
		if asked[strings.ToLower(w)] {
			return echoed
		}
		return w
	})
}

// withoutQuoted takes the phrases of a call out of an answer that quotes them. One word in
// quotes stays: it is the key of the ticket that was asked for, and is there.
func withoutQuoted(text string, arguments json.RawMessage) string {
	for _, v := range valuesIn(arguments) {
		if !strings.ContainsAny(strings.TrimSpace(v), " \t\n") {
			continue
		}
		for _, marks := range []string{`""`, "''", "``", "“”"} {
			m := []rune(marks)
			text = strings.ReplaceAll(text, string(m[0])+v+string(m[1]), string(m[0])+echoed+string(m[1]))
		}
	}
	return text
}

// valuesIn are the texts and numbers of a call's arguments, however deep.
func valuesIn(arguments json.RawMessage) []string {
	var v any
	if json.Unmarshal(arguments, &v) != nil {
		return []string{string(arguments)}
	}
	return flattened(v)
}

func flattened(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case map[string]any:
		var all []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(append(all, key), flattened(v[key])...)
		}
		return all
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, flattened(one)...)
		}
		return all
	case nil, bool:
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return []string{string(text)}
}
