// Package archtest holds the rules of the house as tests: who may import whom,
// where a vendor's SDK may appear, that every package says which side of the
// workflow line it lives on, and that the documents name files that exist. It
// has no code of its own.
package archtest
