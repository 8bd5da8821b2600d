// Package openai asks a model over Chat Completions, with OpenAI's official SDK:
// OpenAI itself, and the servers that speak its API (Ollama, vLLM, llama.cpp,
// LM Studio, gateways). Those differ from it and from each other, so the request
// keeps to what all of them take, and nothing in an answer is taken on trust.
//
// Worker side: it holds the key and uses the network. One Complete is one
// request, never repeated (Temporal repeats), save where the server says that it
// wants the same request in another form; that is remembered.
//
// Invariants: the environment is not read, since settings come from config; the
// system message is first, tool_choice is a string, ids are nine letters or
// digits, arguments in the history are JSON objects; cached tokens are counted
// once.
package openai
