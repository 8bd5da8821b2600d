package core

import (
	"errors"
	"strings"
	"testing"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// TestFailureThatIsCutInACharacterReachesTemporal marshals what a worker sends.
func TestFailureThatIsCutInACharacterReachesTemporal(t *testing.T) {
	for _, text := range []string{strings.Repeat("ä", maxErrorText), "x" + strings.Repeat("ä", maxErrorText), "bytes \xff of a child"} {
		err := forTemporal(errors.New(text), func(s string) string { return s })
		f := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: converter.GetDefaultDataConverter()}).ErrorToFailure(err)
		if raw, err := proto.Marshal(f); err != nil || len(raw) < len("bytes  of a child") {
			t.Errorf("%.10q…: %d bytes, %v", text, len(raw), err)
		}
	}
}
