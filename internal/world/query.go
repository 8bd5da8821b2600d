package world

import (
	"fmt"
	"strings"
	"unicode"
)

// query is a JQL or CQL query, read. Both languages share this much: fields,
// operators, lists, AND, OR, NOT, brackets, ORDER BY.
type query struct {
	where *clause // nil: everything
	order []ordering
}

// clause is a tree: a test of a field, or others joined.
type clause struct {
	join string // "and", "or", "not"; empty for a test
	of   []*clause

	field, op string // lower case; op is = != ~ !~ < > <= >= in, "not in", is, "is not"
	values    []value
}

// value is a word, a string or a call such as now("-4w").
type value struct {
	text string
	call bool
	args []string
}

type ordering struct {
	field string
	down  bool
}

// queryError is a mistake in a query, with its place.
type queryError struct {
	what string
	at   int // bytes from the start
}

func (e *queryError) Error() string {
	return fmt.Sprintf("%s (line 1, character %d)", e.what, e.at+1)
}

type token struct {
	text   string
	quoted bool
	at     int
}

// lex splits a query into words, strings and signs.
func lex(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"' || c == '\'':
			text, end, err := lexString(s, i)
			if err != nil {
				return nil, err
			}
			out = append(out, token{text, true, i})
			i = end
		case strings.IndexByte("(),", c) >= 0:
			out = append(out, token{string(c), false, i})
			i++
		case strings.IndexByte("=!<>~&|", c) >= 0:
			end := i + 1
			for end < len(s) && end < i+2 && strings.IndexByte("=~&|", s[end]) >= 0 {
				end++
			}
			out = append(out, token{s[i:end], false, i})
			i = end
		default:
			end := i
			for end < len(s) && !strings.ContainsRune(" \t\r\n\"'(),=!<>~&|", rune(s[end])) {
				end++
			}
			if bad := strings.IndexFunc(s[i:end], reserved); bad >= 0 {
				return nil, &queryError{fmt.Sprintf("The character '%c' is a reserved character. You must enclose it in a string", s[i+bad]), i + bad}
			}
			out = append(out, token{s[i:end], false, i})
			i = end
		}
	}
	return out, nil
}

// reserved are the characters that may not stand outside a string.
func reserved(r rune) bool { return strings.ContainsRune("{}*/%^$#@?;+`\\", r) }

func lexString(s string, start int) (string, int, error) {
	var b strings.Builder
	for i := start + 1; i < len(s); i++ {
		switch s[i] {
		case s[start]:
			return b.String(), i + 1, nil
		case '\\':
			i++
			if i >= len(s) {
				break
			}
			if strings.IndexByte(`"'\`, s[i]) < 0 && s[i] != 'n' && s[i] != 't' && s[i] != 'r' {
				return "", 0, &queryError{fmt.Sprintf("'\\%c' is an illegal escape sequence", s[i]), i - 1}
			}
			if s[i] == 'n' || s[i] == 't' || s[i] == 'r' {
				b.WriteByte(' ')
			} else {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, &queryError{fmt.Sprintf("The quoted string '%s' has not been completed", s[start+1:]), start}
}

type queryReader struct {
	tokens []token
	at     int
	end    int
}

// parseQuery reads a query.
func parseQuery(s string) (query, error) {
	tokens, err := lex(s)
	if err != nil {
		return query{}, err
	}
	r := &queryReader{tokens: tokens, end: len(s)}
	var q query
	if !r.done() && !r.word("order") {
		if q.where, err = r.or(); err != nil {
			return query{}, err
		}
	}
	if q.order, err = r.orderBy(); err != nil {
		return query{}, err
	}
	if !r.done() {
		return query{}, r.fail("Expecting either 'OR' or 'AND' but got '" + r.peek().text + "'")
	}
	return q, nil
}

func (r *queryReader) done() bool  { return r.at >= len(r.tokens) }
func (r *queryReader) peek() token { return r.tokens[r.at] }

// word reports whether the next token is this word, whatever its case.
func (r *queryReader) word(w string) bool {
	return !r.done() && !r.peek().quoted && strings.EqualFold(r.peek().text, w)
}

func (r *queryReader) take(w string) bool {
	if r.word(w) {
		r.at++
		return true
	}
	return false
}

func (r *queryReader) fail(what string) error {
	at := r.end
	if !r.done() {
		at = r.peek().at
	}
	return &queryError{what, at}
}

func (r *queryReader) or() (*clause, error)  { return r.joined("or", "||", r.and) }
func (r *queryReader) and() (*clause, error) { return r.joined("and", "&&", r.not) }

func (r *queryReader) joined(word, sign string, part func() (*clause, error)) (*clause, error) {
	first, err := part()
	if err != nil {
		return nil, err
	}
	all := []*clause{first}
	for r.take(word) || r.take(sign) {
		next, err := part()
		if err != nil {
			return nil, err
		}
		all = append(all, next)
	}
	if len(all) == 1 {
		return first, nil
	}
	return &clause{join: word, of: all}, nil
}

func (r *queryReader) not() (*clause, error) {
	switch {
	case r.take("not") || r.take("!"):
		inner, err := r.not()
		return &clause{join: "not", of: []*clause{inner}}, err
	case r.take("("):
		inner, err := r.or()
		if err == nil && !r.take(")") {
			err = r.fail("Expecting ')' before the end of the query")
		}
		return inner, err
	}
	return r.test()
}

var operators = []string{"=", "!=", "~", "!~", "<", ">", "<=", ">=", "in", "is"}

// test reads field, operator and value.
func (r *queryReader) test() (*clause, error) {
	if r.done() || strings.IndexFunc(r.peek().text, unicode.IsLetter) < 0 {
		return nil, r.fail("Expecting a field name")
	}
	c := &clause{field: strings.ToLower(r.peek().text)}
	r.at++
	if r.done() {
		return nil, r.fail("Expecting operator but reached the end of the query")
	}
	for _, op := range operators {
		if r.take(op) {
			c.op = op
			break
		}
	}
	switch {
	case c.op == "" && r.take("not") && r.take("in"):
		c.op = "not in"
	case c.op == "":
		return nil, r.fail("Expecting operator but got '" + r.tokens[min(r.at, len(r.tokens)-1)].text + "'. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'")
	case c.op == "is" && r.take("not"):
		c.op = "is not"
	}
	var err error
	c.values, err = r.valuesOf(c.op)
	return c, err
}

func (r *queryReader) valuesOf(op string) ([]value, error) {
	if !strings.HasSuffix(op, "in") {
		v, err := r.value()
		return []value{v}, err
	}
	if !r.take("(") {
		return nil, r.fail("Expecting '(' after IN")
	}
	var out []value
	for {
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if r.take(")") {
			return out, nil
		}
		if !r.take(",") {
			return nil, r.fail("Expecting ',' or ')' in a list")
		}
	}
}

func (r *queryReader) value() (value, error) {
	if r.done() || !r.peek().quoted && strings.ContainsAny(r.peek().text, "(),=!<>~&|") {
		return value{}, r.fail("Expecting either a value, list or function")
	}
	v := value{text: r.peek().text}
	quoted := r.peek().quoted
	r.at++
	if quoted || !r.take("(") {
		return v, nil
	}
	v.call = true
	for !r.take(")") {
		if r.done() {
			return v, r.fail("Expecting ')' before the end of the query")
		}
		if !r.take(",") {
			v.args = append(v.args, r.peek().text)
			r.at++
		}
	}
	return v, nil
}

func (r *queryReader) orderBy() ([]ordering, error) {
	if !r.take("order") {
		return nil, nil
	}
	if !r.take("by") {
		return nil, r.fail("Expecting 'by' after 'order'")
	}
	var out []ordering
	for {
		if r.done() {
			return nil, r.fail("Expecting a field name to order by")
		}
		o := ordering{field: strings.ToLower(r.peek().text)}
		r.at++
		o.down = r.take("desc")
		if !o.down {
			r.take("asc")
		}
		out = append(out, o)
		if !r.take(",") {
			return out, nil
		}
	}
}
