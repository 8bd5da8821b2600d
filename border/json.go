package border

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	kjson "sigs.k8s.io/json"
)

// FieldError says that a value of the body did not fit the field it is for.
// Everything that fits was decoded all the same, so a caller that can do
// without that field may go on.
type FieldError struct {
	Reason string // which field and what stood there, short
}

func (e *FieldError) Error() string { return "unexpected JSON value: " + e.Reason }

// DecodeJSON reads one JSON value into v. Bytes that are not UTF-8 and unpaired
// surrogate escapes become U+FFFD, a leading byte order mark is ignored, keys
// match exactly (encoding/json would let "ID" overwrite "id"), and fields that
// v does not have are ignored. Texts still have to pass Clean.
//
// Errors never quote the body. A *FieldError means that the rest was decoded;
// any other error means that data is not one JSON value, or that a type with
// its own UnmarshalJSON refused one, which ends the decoding: read a time that
// may be odd as a string.
func DecodeJSON(data []byte, v any) error {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	data = bytes.ToValidUTF8(data, []byte("\ufffd"))
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 {
		return errors.New("not JSON: the body is empty")
	}
	err := kjson.UnmarshalCaseSensitivePreserveInts(data, v)
	if err == nil {
		return nil
	}
	syntax, offset := kjson.SyntaxErrorOffset(err)
	switch {
	case syntax && trimmed[0] == '<':
		return errors.New("not JSON: the body is an HTML or XML page")
	case syntax && offset >= int64(len(data)):
		return fmt.Errorf("not JSON: the body ends too early, after %d bytes", len(data))
	case syntax:
		return fmt.Errorf("not JSON: byte %d is not what JSON allows there", offset)
	}
	// The error's type is internal to kjson, so its text has to tell.
	reason, mismatch := strings.CutPrefix(err.Error(), "json: cannot unmarshal ")
	reason, _ = Cut(Redact(Line(reason)), 160)
	if !mismatch {
		return fmt.Errorf("unexpected JSON value: %s", reason)
	}
	return &FieldError{Reason: reason}
}
