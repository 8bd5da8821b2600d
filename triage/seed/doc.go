// Package seed holds the three listings with which this product was asked for, as
// they were written: the flow, the tools and the worker. It has no code of its
// own; its test compiles and runs them, so that the public API stays what those
// who wrote against it expect. It has no part in a running flow.
package seed
