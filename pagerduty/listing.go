package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of paging. PagerDuty's largest page is 100 (its "Pagination" page);
// maxPages bounds the calls, should a server make its pages smaller.
const (
	pageSize = 100
	maxPages = 15
)

// page is one page of a list. Records that cannot be read are left out and
// still counted.
type page[T any] struct {
	records []T
	length  int // of the page as it came
	more    bool
	total   int // -1 when the answer did not say
}

// list reads one page of a list out of an answer.
func list[T any](ctx context.Context, c *Client, key string, send func(context.Context) error) (page[T], error) {
	p := page[T]{total: -1}
	fields, err := c.call(ctx, send)
	if err != nil {
		return p, err
	}
	raw, err := c.field(fields, key, '[')
	if err != nil {
		return p, err
	}
	var records []json.RawMessage
	if err := decodeSome(raw, &records); err != nil {
		return p, err
	}
	p.length = len(records)
	for _, r := range records {
		var v T
		if bytes.HasPrefix(bytes.TrimSpace(r), []byte("{")) && decodeSome(r, &v) == nil {
			p.records = append(p.records, v)
		}
	}
	p.more = string(fields["more"]) == "true"
	var total int
	if n := fields["total"]; len(n) > 0 && string(n) != "null" && border.DecodeJSON(n, &total) == nil {
		p.total = total
	}
	return p, nil
}

// listing is a list that comes in pages: A as the API writes its records, T as
// they are used.
type listing[A, T any] struct {
	key     string // where the list stands in the answer
	most    int    // records
	send    func(ctx context.Context, offset uint) error
	convert func(A) T
	id      func(T) string // a record without one is left out
}

// read reads page after page until the list ends, stops moving, or is long
// enough. Records that moved to another page while reading are taken once.
func (l listing[A, T]) read(ctx context.Context, c *Client) ([]T, incident.Cut, error) {
	var out []T
	seen := map[string]bool{}
	read, total := 0, -1
	for range maxPages {
		p, err := list[A](ctx, c, l.key, func(ctx context.Context) error { return l.send(ctx, uint(read)) })
		if err != nil {
			return nil, incident.Cut{}, err
		}
		before := len(out)
		for _, r := range p.records {
			if v := l.convert(r); l.id(v) != "" && !seen[l.id(v)] {
				seen[l.id(v)] = true
				out = append(out, v)
			}
		}
		read += p.length
		total = max(total, p.total)
		if !p.more {
			return out, incident.Cut{Shown: len(out), Total: max(total, len(out))}, nil
		}
		if read >= l.most || len(out) == before {
			break
		}
	}
	out = out[:min(len(out), l.most)]
	if total <= len(out) {
		total = -1 // there are more, and nobody said how many
	}
	return out, incident.Cut{Shown: len(out), Total: total}, nil
}

// withEnd adds the last page of a list of which the first ones were read.
func (l listing[A, T]) withEnd(ctx context.Context, c *Client, first []T, total int) ([]T, error) {
	offset := uint(max(len(first), total-pageSize))
	p, err := list[A](ctx, c, l.key, func(ctx context.Context) error { return l.send(ctx, offset) })
	if err != nil {
		return nil, err
	}
	for _, r := range p.records {
		v := l.convert(r)
		if l.id(v) != "" && !slices.ContainsFunc(first, func(o T) bool { return l.id(o) == l.id(v) }) {
			first = append(first, v)
		}
	}
	return first, nil
}
