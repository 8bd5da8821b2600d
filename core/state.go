package core

import (
	"fmt"
	"reflect"
)

// FlowState is what a running flow knows so far: the trigger's data and the
// outputs of the steps that ran. Workflow side.
type FlowState struct {
	data    map[string]any
	outputs map[string]any
	ears    []ear
}

// GetOr returns the output of the step called name, or def when that step has
// not run. A value of another type is a mistake in the flow and also gives def.
func GetOr[T any](s *FlowState, name string, def T) T {
	if v, ok := s.outputs[name].(T); ok {
		return v
	}
	return def
}

// resolve finds the value of a reference. A step that was skipped has none.
func (s *FlowState) resolve(r Ref) (reflect.Value, bool) {
	if r.step == "" {
		v, ok := s.data[r.field]
		return reflect.ValueOf(v), ok
	}
	out, ok := s.outputs[r.step]
	if !ok {
		return reflect.Value{}, false
	}
	v := reflect.ValueOf(out)
	if r.field != "" {
		v = fieldValue(v, r.field)
	}
	return v, true
}

// input fills a step's input from its references.
func (s *FlowState) input(n *Node) (any, error) {
	s.listen()
	in := reflect.New(n.in).Elem()
	for _, field := range n.boundFields() {
		v, ok := s.resolve(n.bind[field])
		if !ok {
			continue
		}
		f := in.FieldByName(field)
		if !v.Type().AssignableTo(f.Type()) {
			return nil, fmt.Errorf("step %q: %s gives %s, %s wants %s", n.name, n.bind[field], v.Type(), field, f.Type())
		}
		f.Set(v)
	}
	if f := in; n.run == childNode && f.Kind() == reflect.Struct {
		if t := f.FieldByName("StepTimeout"); t.IsValid() {
			t.SetInt(int64(n.timeout))
		}
	}
	return in.Interface(), nil
}
