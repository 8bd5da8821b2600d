package triage

// Answer is for tests that compose a brief from a review without the flow.
var Answer = answer
