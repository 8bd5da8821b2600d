package config

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is one mistake in the settings.
type Problem struct {
	Name string // the variable
	Read string // what it holds; empty for secrets and when that says nothing
	Text string // what is wrong or wanted, and what to do
}

func (p Problem) Error() string {
	if p.Read == "" {
		return p.Name + ": " + p.Text
	}
	return fmt.Sprintf("%s=%q: %s", p.Name, p.Read, p.Text)
}

// Problems are all mistakes found at once, one line each.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each Problem to errors.Is and errors.As.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i := range p {
		errs[i] = p[i]
	}
	return errs
}

// orNil keeps an empty list from becoming a non-nil error.
func (p Problems) orNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Join puts the results of Load and of the checks of a command together, so
// that a person sees every mistake at once. Nil errors are left out.
func Join(errs ...error) error {
	var all Problems
	for _, err := range errs {
		var some Problems
		switch {
		case err == nil:
		case errors.As(err, &some):
			all = append(all, some...)
		default:
			all = append(all, Problem{Name: "configuration", Text: err.Error()})
		}
	}
	return all.orNil()
}

// Warning is something that works and may not be meant.
type Warning struct {
	Name string // the variable
	Text string
}

func (w Warning) String() string { return w.Name + ": " + w.Text }
