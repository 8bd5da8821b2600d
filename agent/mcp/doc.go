// Package mcp turns sessions with MCP servers into tools for the agent.
//
// A Pool holds one session a server: in memory for the built-in ones, a child
// process under its own supervision for commands, Streamable HTTP for
// addresses. Sessions are started when they are first needed, replaced when
// they die or hang, and ended by Close.
//
// Invariants: the allow list holds when tools are listed and again when one is
// called; a server that is down costs its tools, never the review, and says so;
// a call ends within its own time, whatever its server does, and is repeated at
// most once, when it reads or when its server cannot have seen it; every wait, page, line and
// answer is bounded; a child sees its own variables and a few of the parent's,
// and no process of its group outlives it; what leaves the package is clean,
// redacted and bounded, and every schema is one that every vendor takes.
//
// Worker side: processes, network, clock and secrets.
package mcp
