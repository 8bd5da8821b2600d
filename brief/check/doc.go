// Package check holds a brief against its evidence, in code: prompts that ask
// for honesty do not give it.
//
// Brief takes the text apart line by line into atoms (links, ids, tickets,
// people, dates, times, durations, numbers, paths, commands) and looks each up
// in an Index that the same extraction made from the evidence. Membership is not
// enough, so relations are checked too: this ticket has that status, that past
// incident took so long and had that fix, the header is the incident's.
//
// What the evidence does not carry is repaired when it has exactly one right
// value, marked at the end of its line when it matters, and removed with its
// line when it names an identifier, a link or a person that does not exist.
// Prose without atoms is not judged.
//
// Pure functions on values, on either side of the workflow line; the only clock
// is the one in the facts.
package check
