package core

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
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

func TestAReasonIsInTheWordsOfWhoeverFailed(t *testing.T) {
	step := temporal.NewApplicationErrorWithCause("step \"report\": activity error", "wrapError", temporal.NewApplicationError("slack answered 500", ErrorStep))
	slow := temporal.NewApplicationErrorWithCause("step \"report\": activity error", "wrapError", temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil))
	for want, err := range map[string]error{
		"slack answered 500":        fmt.Errorf("workflow execution error: %w", step),
		"it did not answer in time": slow,
		"no such file":              errors.New("no such file"),
	} {
		if got := Reason(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
