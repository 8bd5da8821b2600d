package border

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Loose is a text in what a model wrote, also where it wrote a number: it does so
// for the number of an incident and for the time stamp of a message.
type Loose string

// UnmarshalJSON accepts a text or a number, and takes the rest for not given.
func (l *Loose) UnmarshalJSON(data []byte) error {
	var text string
	var number json.Number
	if json.Unmarshal(data, &text) == nil {
		*l = Loose(strings.TrimSpace(text))
	} else if json.Unmarshal(data, &number) == nil {
		*l = Loose(number)
	}
	return nil
}

// Count is a number of records, 0 when none was given.
func (l Loose) Count() int {
	n, err := strconv.Atoi(string(l))
	if err != nil || n < 0 {
		return 0
	}
	return n
}
