package atlassian

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxQuery bounds a query that a model wrote.
const maxQuery = 4000

// maxPairs bounds the clauses that a title adds to a query.
const maxPairWords = 4

// Query asks for tickets in words. Any text is safe in it.
type Query struct {
	// Service is the name of a service; tickets that name it match.
	Service string
	// Words, for example an incident's title, match tickets whose summary
	// holds two of them, or the only one.
	Words []string
	// ClosedDays includes tickets closed within so many days; 0 asks for open
	// tickets only.
	ClosedDays int
	// Limit is the most tickets wanted, 1 to 100; 0 means 20.
	Limit int
}

// jqlString is text from outside as a string of JQL.
func jqlString(s string) string { return quoted(s) }

// jqlWords is a text search for all of these words. They hold letters, digits
// and "_" only, since the text inside the quotes is a language of its own:
// + - & | ! ( ) { } [ ] ^ ~ * ? \ : have a meaning there.
func jqlWords(ws ...string) string { return jqlString(strings.Join(ws, " ")) }

// jqlPhrase is a text search for these words next to each other.
func jqlPhrase(name string) string {
	p := phrase(name)
	if strings.ContainsAny(p, " .-") {
		return jqlString(`"` + p + `"`)
	}
	return jqlString(p)
}

// quoted is a string in double quotes, as JQL and CQL both read it.
func quoted(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// jql writes the query.
func (q Query) jql() (string, error) {
	var about []string
	if phrase(q.Service) != "" {
		about = append(about, "text ~ "+jqlPhrase(q.Service))
	}
	ws := tellingWords(strings.Join(q.Words, " "), words(q.Service))
	ws = ws[:min(len(ws), maxPairWords)]
	for i := range ws {
		for _, other := range ws[i+1:] {
			about = append(about, "summary ~ "+jqlWords(ws[i], other))
		}
	}
	if len(ws) == 1 {
		about = append(about, "summary ~ "+jqlWords(ws[0]))
	}
	if len(about) == 0 {
		return "", errors.New("nothing to search Jira for: neither a service nor a word that says something")
	}
	return "(" + strings.Join(about, " OR ") + ") AND " + q.when() + " ORDER BY updated DESC", nil
}

// when is the clause about open and recently closed tickets. A ticket can be
// done without a resolution date, then its last change counts.
func (q Query) when() string {
	if q.ClosedDays <= 0 {
		return "statusCategory != Done"
	}
	return fmt.Sprintf("(statusCategory != Done OR resolved >= -%[1]dd OR (resolved is EMPTY AND updated >= -%[1]dd))", q.ClosedDays)
}

var orderBy = regexp.MustCompile(`(?i)\border\s+by\b`)

// newestFirst orders a query that has no order of its own.
func newestFirst(jql string) (string, error) {
	jql = strings.TrimSpace(jql)
	switch {
	case jql == "":
		return "", errors.New("the JQL is empty; write one, for example: text ~ \"checkout\" AND statusCategory != Done")
	case len(jql) > maxQuery:
		return "", fmt.Errorf("the JQL is %d bytes long; %d are allowed", len(jql), maxQuery)
	case orderBy.MatchString(outsideQuotes(jql)):
		return jql, nil
	}
	return jql + " ORDER BY updated DESC", nil
}

// outsideQuotes is a query with the contents of its strings blanked.
func outsideQuotes(query string) string {
	var b strings.Builder
	var open rune
	escaped := false
	for _, r := range query {
		switch {
		case open == 0 && (r == '"' || r == '\''):
			open = r
		case open == 0:
			b.WriteRune(r)
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == open:
			open = 0
			b.WriteRune(' ')
		}
	}
	return b.String()
}
