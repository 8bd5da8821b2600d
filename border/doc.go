// Package border is the one border for bytes: text and answers from outside
// are made safe here, once, where they enter.
//
// Clean and Line make text safe to store, count, log and show; Cut shortens it
// without splitting what a reader sees as one character; DecodeJSON reads a
// body by exact keys; Redact takes secrets out of text before a model, a log
// or Slack sees it; Client, Do and JSON are the one HTTP policy of all readers.
//
// The text functions are pure and may be used on both sides of the workflow
// line. Client, Wall, Do and JSON touch network and clock: worker side only.
//
// Invariants: what Clean returns is valid UTF-8 without control characters
// other than line break and tab, and Clean, Line and Redact change nothing
// when applied twice; no error of this package carries a path, a query, a
// header or more than a short, redacted excerpt of a body; no credential
// follows a redirect to another host.
//
// The package is a leaf: it imports no other package of ours.
package border
