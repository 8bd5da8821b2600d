package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// setting is one variable, as the struct's tags and fields describe it.
type setting struct {
	group    string // the sub-struct
	name     string // the variable
	fallback string
	doc      string
	check    string // name of its check, with an argument after a colon
	empty    string // what set but empty means; "" = not set
	field    reflect.Value
}

func (s setting) secret() bool {
	switch s.field.Interface().(type) {
	case Secret, []Secret:
		return true
	}
	return false
}

func (s setting) list() bool { return s.field.Kind() == reflect.Slice }

// text is the value as the environment would hold it, secrets redacted.
func (s setting) text() string {
	if !s.list() {
		return fmt.Sprint(s.field.Interface())
	}
	parts := make([]string, s.field.Len())
	for i := range parts {
		parts[i] = fmt.Sprint(s.field.Index(i).Interface())
	}
	return strings.Join(parts, ",")
}

// settings lists every variable in the order of the struct, with its value.
func (c *Config) settings() []setting {
	var all []setting
	groups := reflect.ValueOf(c).Elem()
	for i := range groups.NumField() {
		group, name := groups.Field(i), groups.Type().Field(i).Name
		if group.Kind() != reflect.Struct {
			continue
		}
		for j := range group.NumField() {
			tag := group.Type().Field(j).Tag
			if tag.Get("env") == "" {
				continue
			}
			all = append(all, setting{
				group: name, name: tag.Get("env"), fallback: tag.Get("envDefault"), doc: tag.Get("doc"),
				check: tag.Get("check"), empty: tag.Get("empty"), field: group.Field(j),
			})
		}
	}
	return all
}

// Print writes the configuration in force as NAME=value lines, secrets as
// "[redacted]".
func (c Config) Print(w io.Writer) error {
	var b strings.Builder
	for _, s := range c.settings() {
		fmt.Fprintf(&b, "%s=%s\n", s.name, s.text())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Secrets returns the value of every secret that is set, for redaction and for
// tests that look for leaks; those of the tools file are among them.
func (c Config) Secrets() []string {
	var values []string
	for _, s := range c.settings() {
		switch v := s.field.Interface().(type) {
		case Secret:
			values = append(values, v.Reveal())
		case []Secret:
			for _, one := range v {
				values = append(values, one.Reveal())
			}
		}
	}
	for _, v := range c.Tools.secrets {
		values = append(values, v.Reveal())
	}
	return withoutEmpty(append(values, c.Telemetry.secrets()...))
}

func withoutEmpty(values []string) []string {
	kept := make([]string, 0, len(values))
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			kept = append(kept, v)
		}
	}
	return kept
}
