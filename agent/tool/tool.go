// Package tool says what a tool is to the agent: a name, a schema and a bounded
// answer. It is a leaf; its values cross into Temporal's history.
package tool

import "encoding/json"

// Def describes one callable tool as the model sees it.
type Def struct {
	// Name is what the model calls: mcp__<server>__<tool>, made safe for every
	// vendor (letters, digits, _ and -, at most 64 characters).
	Name        string          `json:"name"`
	Server      string          `json:"server"`
	Tool        string          `json:"tool"` // the server's own name for it
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema"` // a JSON Schema object
}

// Down is a server whose tools could not be had, and why.
type Down struct {
	Server string `json:"server"`
	Why    string `json:"why"` // one line, no URL with secrets, no token
}

// Result is what a tool answered. A failing tool is news for the model, not an
// error of the program.
type Result struct {
	Text string `json:"text"`
	// Failed is set when the server said so (isError) or when the answer is an
	// error in the clothes of a success ({"error":…}, {"ok":false}).
	Failed bool `json:"failed,omitempty"`
	// Mistake is set when the call itself was wrong: there is no such tool, or its
	// arguments cannot be read. Nothing was asked, and no source has failed.
	Mistake bool `json:"mistake,omitempty"`
	// Cut is set when the answer was longer than the cap and was shortened.
	Cut bool `json:"cut,omitempty"`
	// Tokens is about what the text takes of the model's window.
	Tokens int `json:"tokens,omitempty"`
}
