// Package brief writes what the operator reads.
//
// FactsOnly makes a brief from evidence alone, without a model: it is what the
// channel gets within seconds, and all it gets when no model can be used.
// Compose takes the agent's answer, or the facts when there is none, adds what
// could not be checked, and says which outcome this is. Prompt is what the
// model starts from.
//
// A brief is Markdown in one form: title, status line, then the sections of
// Sections. Text from outside enters it through Text, so that it can change
// neither form nor links.
//
// Workflow side and worker side alike: pure functions on values, no clock.
package brief
