// Package mcp turns sessions with MCP servers into tools for the agent.
//
// A Pool holds one session a server: in memory for the built-in ones, a child
// process under our own supervision for commands, Streamable HTTP for addresses.
// The allow list is applied when tools are listed and again when one is called.
// A server that is down costs its tools, never the review.
//
// Worker side.
package mcp
