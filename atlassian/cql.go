package atlassian

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// cqlString is text from outside as a string of CQL.
func cqlString(s string) string { return quoted(s) }

// cqlWords is a text search for all of these words; a "#" or "*" inside such a
// string is an error 400 or another query than meant.
func cqlWords(ws ...string) string { return cqlString(strings.Join(ws, " ")) }

// cqlPhrase is a text search for these words next to each other.
func cqlPhrase(name string) string {
	p := phrase(name)
	if strings.ContainsAny(p, " .-") {
		return cqlString(`"` + p + `"`)
	}
	return cqlString(p)
}

// cqlStart recognises a query that is CQL already: a field of CQL, an operator.
var cqlStart = regexp.MustCompile(`(?i)^[\s(]*(not\s+)?(ancestor|container|content|content\.property\S*|contributor|created|creator|` +
	`favourite|favorite|id|label|lastmodified|macro|mention|parent|sitesearch|space(\.\w+)?|text|title|type|user(\.\w+)?|watcher)` +
	`\s*(=|!=|~|!~|<|>|<=|>=|\s+(not\s+)?in\s*\()`)

// pageQuery turns what somebody searches for into CQL, first for all of its
// words and, for when that finds nothing, for any of them ("" when the query
// is CQL already or one word only).
func pageQuery(query string) (all, anyOf string, err error) {
	query = strings.TrimSpace(query)
	if len(query) > maxQuery {
		return "", "", fmt.Errorf("the query is %d bytes long; %d are allowed", len(query), maxQuery)
	}
	if cqlStart.MatchString(query) {
		return query, "", nil
	}
	ws := tellingWords(query, nil)
	if len(ws) == 0 {
		ws = words(query)
	}
	ws = ws[:min(len(ws), maxWords)]
	if len(ws) == 0 {
		return "", "", errors.New("the query holds no word to search for; write words or CQL")
	}
	all = "type = page AND text ~ " + cqlWords(ws...)
	if len(ws) > 1 {
		anyOf = "type = page AND (" + anyWord("text", ws) + ")"
	}
	return all, anyOf, nil
}

func anyWord(field string, ws []string) string {
	clauses := make([]string, 0, len(ws))
	for _, w := range ws {
		clauses = append(clauses, field+" ~ "+cqlWords(w))
	}
	return strings.Join(clauses, " OR ")
}
