// Package anthropic asks a model over Anthropic's Messages API, with the
// official SDK. It also serves other servers that speak that API (llama-server,
// Ollama, gateways), which is why nothing in an answer is taken on trust.
//
// Worker side: it holds the key and uses the network. One Complete is one
// request, never repeated (Temporal repeats), save once when the vendor says by
// how much the answer's bound is too high.
//
// Invariants: the environment is not read, since settings come from config;
// tools and system prompt are the same bytes on every turn of a run, so that
// the vendor's cache holds; thinking goes back unchanged, and only to the model
// that made it; no sampling parameter is sent, since newer models refuse them.
package anthropic
