package evidence

import (
	"fmt"
	"time"
)

// State types a source's answer.
type State string

// The states.
const (
	Found    State = "found"
	Nothing  State = "nothing"    // somebody looked, and there is nothing
	Unread   State = "unread"     // could not look; Why says why
	NotSetUp State = "not_set_up" // nobody configured the source
)

// Item is one numbered piece of evidence. Frozen: histories hold it.
type Item struct {
	Number int       `json:"number"`
	Source string    `json:"source"`        // "PagerDuty alerts", or the name of a tool
	URL    string    `json:"url,omitempty"` // where a person can check it
	State  State     `json:"state"`
	Why    string    `json:"why,omitempty"`  // for Unread, and what was cut for Found
	Text   string    `json:"text,omitempty"` // what the model reads
	ReadAt time.Time `json:"read_at"`
	// Derived marks what code computed from other items, such as a count.
	Derived bool `json:"derived,omitempty"`
}

// ID is the item's name in a brief: "E7".
func (i Item) ID() string { return fmt.Sprintf("E%d", i.Number) }
