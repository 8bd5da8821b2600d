// Package modeltest is a language model's vendor for tests and for the demo: an
// HTTP server that speaks Anthropic's Messages API and OpenAI's Chat
// Completions, refuses what the real ones refuse, and answers what a Script
// says. Conformance is the suite that every provider passes.
//
// Worker side: it answers over HTTP and touches nothing else. It imports no
// vendor's SDK, so that a mistake in one is seen here.
//
// Invariants: a request that breaks a rule of its vendor never reaches the
// script and is answered with the vendor's own error; the same request gets the
// same answer, but for the cache counters of zero usage, which follow what was
// asked before.
package modeltest
