package core

import (
	"fmt"
	"reflect"
	"strings"
)

// Ref points at a value that exists only when the flow runs: a field of an
// earlier step's output, or an item of the trigger's data. The zero Ref is "not
// set" and leaves the step's input at its zero value.
type Ref struct {
	step  string // name of the step, empty for the trigger's data
	field string // dotted Go field names, or the key of the trigger's data
	maybe bool   // the step may have been skipped
}

// Bind says which reference fills which field of a step's input.
type Bind map[string]Ref

// Output refers to an earlier step's output: "review" is the whole output,
// "review.Response" one field of it, by the Go name of the field.
func Output(path string) Ref {
	step, field, _ := strings.Cut(path, ".")
	return Ref{step: step, field: field}
}

// InputData refers to an item of what the trigger hands to the flow. A webhook
// hands over "webhook_payload" (string) and "webhook_headers"
// (map[string]string).
func InputData(key string) Ref { return Ref{field: key} }

// OrZero allows the step to have been skipped by a When that has ended: then the
// field keeps its zero value.
func (r Ref) OrZero() Ref {
	r.maybe = true
	return r
}

// IsZero reports whether the reference is not set.
func (r Ref) IsZero() bool { return r == Ref{} }

func (r Ref) String() string {
	switch {
	case r.step == "":
		return fmt.Sprintf("core.InputData(%q)", r.field)
	case r.field == "":
		return fmt.Sprintf("core.Output(%q)", r.step)
	default:
		return fmt.Sprintf("core.Output(%q)", r.step+"."+r.field)
	}
}

// fieldType finds the type at the end of a dotted path of exported fields.
func fieldType(t reflect.Type, path string) (reflect.Type, error) {
	for name := range strings.SplitSeq(path, ".") {
		if t.Kind() != reflect.Struct {
			return nil, fmt.Errorf("%s has no fields, so no %q", t, name)
		}
		f, ok := t.FieldByName(name)
		if !ok || !f.IsExported() {
			return nil, fmt.Errorf("%s has no field %q; it has %s", t, name, fieldNames(t))
		}
		t = f.Type
	}
	return t, nil
}

func fieldNames(t reflect.Type) string {
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		if f.IsExported() && !f.Anonymous {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// fieldValue reads the value at the end of a path that Build has checked.
func fieldValue(v reflect.Value, path string) reflect.Value {
	for name := range strings.SplitSeq(path, ".") {
		v = v.FieldByName(name)
	}
	return v
}
