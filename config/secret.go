package config

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every printed form of a set secret shows.
const redacted = "[redacted]"

// Secret is a value that must not be seen. It prints, logs and marshals as
// "[redacted]" with every verb and encoder, or as "" when it is not set; only
// Reveal gives the value. The zero Secret is not set.
type Secret struct {
	// A pointer, because fmt prints the unexported fields of a struct that
	// holds a Secret without asking the Secret's methods.
	value *string
}

// NewSecret wraps a value. An empty one gives the zero Secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the value itself. Call it where the value is sent, not before.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.value != nil }

// Equal compares the values.
func (s Secret) Equal(other Secret) bool { return s.Reveal() == other.Reveal() }

// String returns "[redacted]", or "" when the secret is not set.
func (s Secret) String() string {
	if s.IsSet() {
		return redacted
	}
	return ""
}

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, verb rune) {
	if verb == 'q' || f.Flag('#') {
		_, _ = fmt.Fprintf(f, "%q", s.String())
		return
	}
	_, _ = io.WriteString(f, s.String())
}

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, which JSON and YAML use too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets the value; it is how the environment is read.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
